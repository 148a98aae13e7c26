# SPDX-License-Identifier: Apache-2.0
"""Docker: life, processes, errors."""
import os
import re
import subprocess

import pytest

from harness import image, machine, payload
from harness.image import NAME as BOX
from harness.inside import WORK

TRAP = ("sh", "-c", "trap 'echo term; exit 9' TERM; trap 'echo usr1; exit 3' USR1; echo ready; while :; do sleep 0.1; done")


def wait_ready(docker, name):
    machine.wait_until(lambda: docker("logs", name).out == "ready\n", 30, f"a line of {name}")


# --- life ------------------------------------------------------------------------------------------------

def test_run(docker):
    assert docker.run(BOX, "echo", "hello").out == "hello\n"


def test_run_input(docker):
    assert docker.run("-i", BOX, "cat", input="typed" * 10000).out == "typed" * 10000


def test_run_exit_code(docker):
    docker.run(BOX, "sh", "-c", "exit 41", code=41)


def test_run_signal(docker):
    docker.run(BOX, "sh", "-c", "probe segv; exit $?", code=139)


def test_run_tty(docker):
    assert docker.terminal("run", "--rm", "-it", *docker.options([]), BOX, "tty").text == "/dev/pts/0"


def test_run_tty_size(docker):
    out = docker.terminal("run", "--rm", "-it", *docker.options([]), BOX, "sh", "-c",
                          "until [ \"$(stty size 2>/dev/null)\" = '31 99' ]; do sleep 0.1; done; stty size", rows=31, columns=99)

    assert out.lines[-1] == "31 99"


def test_run_tty_input(docker):
    out = docker.terminal("run", "--rm", "-it", *docker.options([]), BOX, "sh", "-c", "echo ready; read x; echo got-$x",
                          type=[("ready", "word\n")])

    assert "got-word" in out.lines


def test_detach(docker):
    name = docker.detached()

    assert docker.state(name) == "running"
    payload.wait_runs(docker.pid(name), "sleep", "1000")


def test_create_start_wait(docker):
    name = docker.fresh()
    docker("create", "--name", name, *docker.options([]), BOX, "sh", "-c", "echo started; exit 5")
    assert docker.state(name) == "created"

    assert docker("start", "-a", name, code=5).out == "started\n"
    assert docker("wait", name).text == "5"


def test_start_again(docker):
    name = docker.detached(command=["echo", "again"])
    docker("wait", name)

    docker("start", "-a", name)

    assert docker("logs", name).out == "again\nagain\n"


def test_attach(docker):
    name = docker.detached("-it", command=["sh", "-c", "until read -t 1 x; do echo ready; done; echo got-$x; exit 4"])

    out = docker.terminal("attach", name, type=[("ready", "word\n")], code=4)

    assert "got-word" in out.lines


def test_stop(docker):
    name = docker.detached(command=TRAP)
    wait_ready(docker, name)

    docker("stop", "-t", "20", name)

    assert docker.inspect(name, ".State.ExitCode") == "9"


def test_stop_by_force(docker):
    name = docker.detached()                    # PID 1 without a handler ignores SIGTERM

    docker("stop", "-t", "1", name)

    assert docker.inspect(name, ".State.ExitCode") == "137"


def test_kill(docker):
    name = docker.detached()

    docker("kill", name)

    assert docker("wait", name).text == "137"


def test_kill_signal(docker):
    name = docker.detached(command=TRAP)
    wait_ready(docker, name)

    docker("kill", "-s", "USR1", name)

    assert docker("wait", name).text == "3"
    assert docker("logs", name).out == "ready\nusr1\n"


def test_kill_stopped(docker):
    name = docker.detached(command=["true"])
    docker("wait", name)

    assert "is not running" in docker("kill", name, code=1).err


def test_pause(docker):
    name = docker.detached(command=["sh", "-c", "while :; do echo tick; sleep 0.05; done"])
    docker("pause", name)
    assert docker.state(name) == "paused"

    before = docker("logs", name).out
    assert docker("logs", name).out == before
    assert "is paused" in docker("exec", name, "true", code=1).err
    docker("unpause", name)

    assert docker.state(name) == "running"
    machine.wait_until(lambda: len(docker("logs", name).out) > len(before), 30)


def test_remove_paused(docker):
    name = docker.detached()
    docker("pause", name)

    docker("rm", "-f", name)

    docker("inspect", name, code=1)


def test_restart(docker):
    name = docker.detached()
    first = docker.pid(name)

    docker("restart", "-t", "0", name)

    assert docker.state(name) == "running" and docker.pid(name) != first


def test_restart_policy(docker):
    name = docker.detached("--restart=on-failure:2", command=["sh", "-c", "echo once; exit 3"])

    machine.wait_until(lambda: docker.inspect(name, ".RestartCount") == "2" and docker.state(name) == "exited", 60)

    assert docker("logs", name).out == "once\n" * 3


def test_top(docker):
    name = docker.detached(command=["sh", "-c", "sleep 1000 & exec sleep 2000"])

    payload.wait_shown(lambda: docker("top", name, "-o", "pid,args"), ["sleep 1000", "sleep 2000"])


def test_stats(docker, place):
    place.needs("memory", "pids")
    name = docker.detached("--memory=64m")

    row = docker("stats", "--no-stream", "--format", "{{json .}}", name).json

    assert row["Name"] == name and row["PIDs"] == "1"
    assert re.fullmatch(r"[0-9.]+[KM]?i?B / 64MiB", row["MemUsage"]), row


def test_logs(docker):
    name = docker.detached(command=["sh", "-c", "echo out; echo err >&2; echo out2"])
    docker("wait", name)

    out = docker("logs", name)

    assert (out.out, out.err) == ("out\nout2\n", "err\n")


def test_logs_follow(docker):
    name = docker.detached(command=["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done"])

    assert docker("logs", "-f", name).out == "1\n2\n3\n"
    assert docker("logs", "--tail", "1", name).out == "3\n"


def test_events(docker):
    name = docker.detached(command=["true"])
    docker("wait", name)
    full = docker.inspect(name, ".Id")
    docker("rm", name)

    def seen():
        out = docker("events", "--since=1h", "--until=0s", "--filter", f"container={full}", "--format", "{{.Action}}").lines
        return [word for word in out if word in ("create", "start", "die", "destroy")]
    machine.wait_until(lambda: seen() == ["create", "start", "die", "destroy"], 20)


def test_health(docker):
    name = docker.detached("--health-cmd", "test -e /tmp/well", "--health-interval=500ms", "--health-retries=1")
    machine.wait_until(lambda: docker.inspect(name, ".State.Health.Status") == "unhealthy", 60)

    docker("exec", name, "touch", "/tmp/well")

    machine.wait_until(lambda: docker.inspect(name, ".State.Health.Status") == "healthy", 60)


def test_parallel(docker):
    count = 20
    started = [docker.start("run", "--rm", *docker.options([]), BOX, "echo", f"number-{i}", stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(count)]
    outputs = [process.communicate(timeout=300 * machine.PATIENCE) for process in started]

    assert [process.returncode for process in started] == [0] * count, outputs
    assert [out.decode() for out, _ in outputs] == [f"number-{i}\n" for i in range(count)]


def test_daemon_restart(docker):
    kept, ended = docker.detached("--restart=always"), docker.detached()

    docker.daemon.stop()
    docker.daemon.start()

    machine.wait_until(lambda: docker.state(kept) == "running", 60)
    assert docker.state(ended) == "exited" and docker.inspect(ended, ".State.ExitCode") == "137"
    assert docker("exec", kept, "echo", "inside").text == "inside"


def test_daemon_live_restore(docker):
    """The container stays while the daemon is away; the daemon finds it again."""
    name = docker.detached(command=TRAP)
    wait_ready(docker, name)
    pid = docker.pid(name)
    docker.daemon.set("live-restore", True, ".LiveRestoreEnabled")
    try:
        docker.daemon.stop()
        assert machine.is_alive(pid)
        docker.daemon.start()

        assert (docker.state(name), docker.pid(name)) == ("running", pid)
        assert docker("exec", name, "echo", "inside").text == "inside"
        docker("stop", "-t", "20", name)
        assert docker.inspect(name, ".State.ExitCode") == "9"
        assert docker("logs", name).out == "ready\nterm\n"
    finally:
        docker.daemon.set("live-restore", False, ".LiveRestoreEnabled")


# --- exec ------------------------------------------------------------------------------------------------

def test_exec(docker):
    name = docker.detached()

    assert docker("exec", name, "echo", "inside").out == "inside\n"
    docker("exec", name, "sh", "-c", "exit 7", code=7)


def test_exec_tty(docker):
    name = docker.detached()

    out = docker.terminal("exec", "-it", name, "sh", "-c",
                          "tty; until [ \"$(stty size 2>/dev/null)\" = '33 101' ]; do sleep 0.1; done; stty size", rows=33, columns=101)

    assert re.fullmatch(r"/dev/pts/\d+", out.lines[0]) and out.lines[1:] == ["33 101"]


def test_exec_tty_input(docker):
    name = docker.detached()

    out = docker.terminal("exec", "-it", name, "sh", type=[("#", "echo $((40+2))\n"), ("42", "exit 6\n")], code=6)

    assert "42" in out.lines


def test_exec_input(docker):
    name = docker.detached()

    assert docker("exec", "-i", name, "cat", input="typed" * 10000).out == "typed" * 10000


def test_exec_detached(docker):
    name = docker.detached()

    docker("exec", "-d", name, "sh", "-c", "echo done >/tmp/file; exec sleep 500")

    machine.wait_until(lambda: docker("exec", name, "cat", "/tmp/file", code=None).out == "done\n", 30)
    machine.wait_until(lambda: docker("exec", name, "pidof", "sleep").text.count(" ") == 1, 30)


def test_exec_user(docker):
    name = docker.detached()

    out = docker("exec", "-u", "user", "-w", "/tmp", "-e", "A=b", name, "sh", "-c", "id -un; id -g; pwd; echo $A")

    assert out.lines == ["user", "1000", "/tmp", "b"]


def test_exec_limits(docker, place):
    """An exec belongs to the cgroups, namespaces and filter of its container."""
    name = docker.detached("--oom-score-adj=300")
    pid = docker.pid(name)
    look = "readlink /proc/self/ns/pid; readlink /proc/self/ns/mnt; cat /proc/self/cgroup; grep ^Seccomp: /proc/self/status"

    out = docker("exec", name, "sh", "-c", look).lines

    assert out[:2] == [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("pid", "mnt")]
    assert out[2:-1] == docker("exec", name, "cat", "/proc/1/cgroup").lines and out[-1] == "Seccomp:\t2"


# --- errors as the client shows them -----------------------------------------------------------------------

crun_words = pytest.mark.peers(crun="its words are not the ones that Docker's client looks for: 125")


@crun_words
def test_error_missing_program(docker):
    out = docker.run(BOX, "no-such-program", code=127)

    assert "no-such-program" in out.err and "not found" in out.err


@crun_words
def test_error_missing_path(docker):
    out = docker.run(BOX, "/no/such/program", code=127)

    assert "/no/such/program" in out.err and "no such file or directory" in out.err.lower()


@crun_words
def test_error_not_executable(docker):
    out = docker.run(BOX, image.NOT_EXECUTABLE, code=126)

    assert image.NOT_EXECUTABLE in out.err and "permission denied" in out.err.lower()


@crun_words
def test_error_directory(docker):
    out = docker.run(BOX, "/etc", code=126)

    assert "permission denied" in out.err.lower() or "is a directory" in out.err.lower()


def test_error_working_directory(docker):
    out = docker.run("-w", "/etc/passwd", BOX, "true", code=None)

    assert out.code in (125, 126, 127) and "/etc/passwd" in out.err and "not a directory" in out.err.lower()


@crun_words
def test_error_detached(docker):
    name = docker.fresh()
    out = docker("run", "-d", "--name", name, *docker.options([]), BOX, "no-such-program", code=None)

    assert out.code in (125, 127) and "no-such-program" in out.err
    assert docker.state(name) == "created" and docker.inspect(name, ".State.ExitCode") == str(out.code)


def test_error_exec(docker):
    """Docker 20.10 calls all of them 126 or 127."""
    name = docker.detached()

    out = docker("exec", name, "no-such-program", code=None)
    assert out.code in (126, 127) and "no-such-program" in out.out + out.err
    out = docker("exec", name, image.NOT_EXECUTABLE, code=126)
    assert "permission denied" in (out.out + out.err).lower()
    out = docker("exec", "-w", "/nowhere", name, "true", code=None)
    assert out.code in (126, 127) and "/nowhere" in out.out + out.err


def test_error_exec_tty(docker):
    name = docker.detached()

    out = docker.terminal("exec", "-it", name, "no-such-program", code=None)

    assert out.code in (126, 127) and "no-such-program" in out.out


@pytest.mark.peers(runc="exec in a full cgroup does not say why")
def test_error_pids(docker, place):
    place.needs("pids")
    name = docker.detached("--pids-limit=1")

    assert "can't fork" in docker.run("--pids-limit=1", BOX, "sh", "-c", "true & wait", code=2).err
    out = docker("exec", name, "sh", "-c", "true & wait", code=None)
    assert out.code != 0 and re.search("can't fork|temporarily unavailable", out.out + out.err), out
    docker("stop", "-t", "0", name)


def test_error_seccomp_profile(docker):
    profile = WORK / "here" / "bad.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}', encoding="utf-8")

    out = docker.run("--security-opt", f"seccomp={profile}", BOX, "true", code=125)

    assert "SCMP_ACT_NONSENSE" in out.err


def test_error_mount(docker):
    out = docker.run("-v", "/etc/hosts:/etc/passwd/below", BOX, "true", code=None)

    assert out.code in (125, 126, 127) and "/etc/passwd/below" in out.err and "not a directory" in out.err.lower()


def test_error_sysctl(docker):
    out = docker.run("--sysctl", "net.no_such_name=1", BOX, "true", code=None)

    assert out.code in (125, 126, 127) and re.search(r"net[./]no_such_name", out.err)


def test_error_cgroup_limit(docker, place):
    """Docker asks the kernel about little: a cpu that is not there is refused by it, a huge page by the runtime."""
    place.needs("cpuset")

    out = docker.run("--cpuset-cpus=4095", BOX, "true", code=125)

    assert "4095" in out.err


def test_error_client(docker):
    docker("run", "--no-such-option", BOX, code=125)
    docker("run", "--pull=never", "localhost/no-such-image", "true", code=125)


def test_error_leaves_nothing(docker, place):
    """After a failed start there is neither a cgroup nor a process of it."""
    name = docker.fresh()
    docker("run", "-d", "--name", name, *docker.options([]), BOX, "no-such-program", code=None)
    full = docker.inspect(name, ".Id")

    points = set(machine.hierarchies().values())
    assert [path for point in points for path in machine.walk_cgroups(point) if full in path] == []
    docker("rm", name)
