# SPDX-License-Identifier: Apache-2.0
"""Podman as root: life, processes, errors."""
import os
import re
import shutil
import subprocess

import pytest

from harness import image, machine, payload
from harness.image import NAME as BOX
from harness.inside import WORK

quick = pytest.mark.quick


# --- life ------------------------------------------------------------------------------------------------

@quick
def test_run(podman):
    assert podman.run(BOX, "echo", "hello").out == "hello\n"


def test_run_input(podman):
    assert podman.run("-i", BOX, "cat", input="typed").out == "typed"


@quick
def test_run_exit_code(podman):
    podman.run(BOX, "sh", "-c", "exit 41", code=41)


@quick
def test_run_tty(podman):
    assert podman.terminal("run", "--rm", "-it", "--network=none", BOX, "tty").text == "/dev/pts/0"


def test_run_tty_size(podman):
    out = podman.terminal("run", "--rm", "-it", "--network=none", BOX, "sh", "-c", "sleep 0.5; stty size",
                          rows=31, columns=99)

    assert out.text == "31 99"


def test_run_tty_input(podman):
    out = podman.terminal("run", "--rm", "-it", "--network=none", BOX, "sh", "-c", "echo ready; read x; echo got-$x",
                          type=[("ready", "word\n")])

    assert "got-word" in out.lines


@quick
def test_detach(podman):
    name = podman.detached()

    assert podman.state(name) == "running"
    pid = int(podman.inspect(name, ".State.Pid"))
    payload.wait_runs(pid, "sleep", "1000")


def test_create_start_wait(podman):
    name = podman.fresh()
    podman("create", "--name", name, "--network=none", BOX, "sh", "-c", "echo started; exit 5")
    assert podman.state(name) == "created"

    assert podman("start", "-a", name, code=5).out == "started\n"
    assert podman("wait", name).text == "5"


def test_start_again(podman):
    name = podman.detached(command=["echo", "again"])
    podman("wait", name)

    podman("start", "-a", name)

    assert podman("logs", name).out == "again\nagain\n"


def test_attach(podman):
    name = podman.detached("-i", command=["sh", "-c", "read x; echo got-$x"])

    assert podman("attach", name, input="word\n").text == "got-word"


@quick
def test_stop(podman):
    name = podman.detached(command=["sh", "-c", "trap 'exit 9' TERM; while :; do sleep 0.1; done"])
    machine.wait_until(lambda: "TERM" in podman("exec", name, "sh", "-c", "echo TERM").out, 5)

    podman("stop", "-t", "10", name)

    assert podman.inspect(name, ".State.ExitCode") == "9"


def test_stop_by_force(podman):
    name = podman.detached()                    # PID 1 without a handler ignores SIGTERM

    podman("stop", "-t", "1", name)

    assert podman.inspect(name, ".State.ExitCode") == "137"


def test_kill(podman):
    name = podman.detached()

    podman("kill", name)

    assert podman("wait", name).text == "137"


def test_kill_signal(podman):
    name = podman.detached(command=["sh", "-c", "trap 'echo usr1; exit 3' USR1; echo ready; while :; do sleep 0.1; done"])
    machine.wait_until(lambda: podman("logs", name).out == "ready\n", 10)

    podman("kill", "-s", "USR1", name)

    assert podman("wait", name).text == "3"
    assert podman("logs", name).out == "ready\nusr1\n"


@quick
def test_pause(podman):
    name = podman.detached(command=["sh", "-c", "while :; do echo tick; sleep 0.05; done"])

    podman("pause", name)
    assert podman.state(name) == "paused"
    before = podman("logs", name).out
    assert podman("logs", name).out == before
    podman("exec", name, "true", code=255)
    podman("unpause", name)

    assert podman.state(name) == "running"
    machine.wait_until(lambda: len(podman("logs", name).out) > len(before), 10)


def test_remove_paused(podman):
    name = podman.detached()
    podman("pause", name)

    podman("rm", "-f", "-t", "0", name)

    podman("inspect", name, code=125)


def test_restart(podman):
    name = podman.detached()
    first = podman.inspect(name, ".State.Pid")

    podman("restart", "-t", "0", name)

    assert podman.state(name) == "running"
    assert podman.inspect(name, ".State.Pid") != first


def test_restart_policy(podman):
    name = podman.detached("--restart=on-failure:2", command=["sh", "-c", "echo once; exit 3"])

    machine.wait_until(lambda: podman.inspect(name, ".RestartCount") == "2" and podman.state(name) == "exited", 30)

    assert podman("logs", name).out == "once\n" * 3


def test_timeout(podman):
    name = podman.detached("--timeout=1")

    podman("wait", name)

    assert podman.state(name) == "exited"


def test_top(podman):
    name = podman.detached(command=["sh", "-c", "sleep 1000 & exec sleep 2000"])

    payload.wait_shown(lambda: podman("top", name, "pid", "args"), ["sleep 1000", "sleep 2000"])


def test_stats(podman, place):
    place.needs("memory")
    name = podman.detached()

    row, = podman("stats", "--no-stream", "--format", "json", name).json

    assert row["name"] == name and row["pids"] == "1"
    assert re.match(r"[0-9.]+[kM]?B / ", row["mem_usage"]), row


@quick
def test_logs(podman):
    name = podman.detached(command=["sh", "-c", "echo out; echo err >&2; echo out2"])
    podman("wait", name)

    out = podman("logs", name)

    assert (out.out, out.err) == ("out\nout2\n", "err\n")


def test_logs_follow(podman):
    name = podman.detached(command=["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done"])

    assert podman("logs", "-f", name).out == "1\n2\n3\n"
    assert podman("logs", "--tail", "1", name).out == "3\n"


def test_events(podman):
    name = podman.detached(command=["true"])
    podman("wait", name)
    machine.wait_until(lambda: podman.state(name) == "exited", 10)

    out = podman("events", "--stream=false", "--filter", f"container={name}", "--format", "{{.Status}}").lines

    assert [word for word in out if word in ("create", "init", "start", "died")] == ["create", "init", "start", "died"]


def test_health(podman):
    podman.check_health()


def test_sdnotify(podman, place):
    with place.notify_socket() as (path, wait_ready):
        podman.variables["NOTIFY_SOCKET"] = str(path)
        name = podman.detached("--sdnotify=container", command=["probe", "notify", "READY=1"])

        wait_ready()
        del podman.variables["NOTIFY_SOCKET"]
        assert podman.state(name) == "running"


def test_parallel(podman):
    count = 20
    started = [podman.start("run", "--rm", "--network=none", BOX, "echo", f"number-{i}", stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(count)]
    outputs = [process.communicate(timeout=300 * machine.PATIENCE) for process in started]

    assert [process.returncode for process in started] == [0] * count, outputs
    assert [out.decode() for out, _ in outputs] == [f"number-{i}\n" for i in range(count)]


def test_checkpoint(podman):
    if not shutil.which("criu"):
        pytest.skip("there is no CRIU; Debian 12's cannot dump on Linux 6.18")
    if subprocess.run(["criu", "check"], check=False, capture_output=True).returncode:
        pytest.skip("CRIU cannot work with this kernel")
    name = podman.detached()
    podman("container", "checkpoint", name)
    podman("container", "restore", name)
    assert podman.state(name) == "running"


# --- exec ------------------------------------------------------------------------------------------------

@quick
def test_exec(podman):
    name = podman.detached()

    assert podman("exec", name, "echo", "inside").out == "inside\n"
    podman("exec", name, "sh", "-c", "exit 7", code=7)


@quick
def test_exec_tty(podman):
    name = podman.detached()

    out = podman.terminal("exec", "-it", name, "sh", "-c", "tty; stty size", rows=33, columns=101)

    assert re.fullmatch(r"/dev/pts/\d+", out.lines[0]) and len(out.lines) == 2


def test_exec_tty_input(podman):
    name = podman.detached()

    out = podman.terminal("exec", "-it", name, "sh", type=[("#", "echo $((40+2))\n"), ("42", "exit 6\n")], code=6)

    assert "42" in out.lines


def test_exec_input(podman):
    name = podman.detached()

    assert podman("exec", "-i", name, "cat", input="typed" * 10000).out == "typed" * 10000


def test_exec_detached(podman):
    name = podman.detached()

    podman("exec", "-d", name, "sh", "-c", "echo done >/tmp/file; exec sleep 500")

    machine.wait_until(lambda: podman("exec", name, "cat", "/tmp/file", code=None).out == "done\n", 10)
    assert podman("exec", name, "pidof", "sleep").text.count(" ") == 1


def test_exec_user(podman):
    name = podman.detached()

    out = podman("exec", "-u", "user", "-w", "/tmp", "-e", "A=b", name, "sh", "-c", "id -un; id -g; pwd; echo $A")

    assert out.lines == ["user", "1000", "/tmp", "b"]


def test_exec_privileged(podman):
    name = podman.detached()
    capabilities = "grep CapEff /proc/self/status"

    ordinary, full = (podman("exec", *option, name, "sh", "-c", capabilities).text
                      for option in ([], ["--privileged"]))

    assert int(full.split()[1], 16) > int(ordinary.split()[1], 16)


def test_exec_preserve_fds(podman):
    name = podman.detached()
    read, write = os.pipe()
    os.write(write, b"handed\n")
    os.close(write)
    saved = os.dup(3) if os.path.exists("/proc/self/fd/3") and read != 3 else None
    os.dup2(read, 3)
    try:
        process = podman.start("exec", "--preserve-fds=1", name, "sh", "-c", "cat <&3", pass_fds=[3],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=60)
    finally:
        os.dup2(saved, 3) if saved is not None else os.close(3)

    assert out == b"handed\n", err


# --- errors as the client shows them -----------------------------------------------------------------------

@quick
def test_error_missing_program(podman):
    out = podman.run(BOX, "no-such-program", code=127)

    assert "no-such-program" in out.err and "not found" in out.err


@quick
@pytest.mark.peers(crun="does not name the program")
def test_error_not_executable(podman):
    out = podman.run(BOX, image.NOT_EXECUTABLE, code=126)

    assert image.NOT_EXECUTABLE in out.err and "permission denied" in out.err.lower()


def test_error_directory(podman):
    out = podman.run(BOX, "/etc", code=126)

    assert "permission denied" in out.err.lower() or "is a directory" in out.err.lower()


def test_error_working_directory(podman):
    out = podman.run("-w", "/etc/passwd", BOX, "true", code=126)

    assert "/etc/passwd" in out.err and "not a directory" in out.err.lower()


def test_error_detached(podman):
    out = podman("run", "-d", "--network=none", BOX, "no-such-program", code=127)

    assert "no-such-program" in out.err


def test_error_exec(podman):
    name = podman.detached()

    assert "no-such-program" in podman("exec", name, "no-such-program", code=127).err
    assert "permission denied" in podman("exec", name, image.NOT_EXECUTABLE, code=126).err.lower()
    assert "/nowhere" in podman("exec", "-w", "/nowhere", name, "true", code=127).err


def test_error_exec_tty(podman):
    name = podman.detached()

    assert "no-such-program" in podman.terminal("exec", "-it", name, "no-such-program", code=127).out


@pytest.mark.peers(runc="exec in a full cgroup does not say why")
def test_error_pids(podman, place):
    place.needs("pids")
    name = podman.detached("--pids-limit=1")

    assert "can't fork" in podman.run("--pids-limit=1", BOX, "sh", "-c", "true & wait", code=2).err
    # To join a full cgroup is no fork, to be born in it (v2) is one.
    out = podman("exec", name, "sh", "-c", "true & wait", code=None)
    assert out.code != 0 and ("can't fork" in out.err or "temporarily unavailable" in out.err), out


def test_error_seccomp_profile(podman):
    profile = WORK / "here" / "bad.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}', encoding="utf-8")

    out = podman.run("--security-opt", f"seccomp={profile}", BOX, "true", code=126)

    assert "SCMP_ACT_NONSENSE" in out.err


def test_error_mount(podman):
    out = podman.run("--mount", "type=bind,source=/etc/hosts,target=/etc/passwd/below", BOX, "true", code=None)

    assert out.code in (126, 127) and "/etc/passwd/below" in out.err


def test_error_sysctl(podman):
    out = podman.run("--sysctl", "net.no_such_name=1", BOX, "true", code=None)

    assert out.code in (126, 127) and re.search(r"net[./]no_such_name", out.err)


def test_error_client(podman):
    podman("run", "--no-such-option", BOX, code=125)
    podman("run", "--pull=never", "localhost/no-such-image", "true", code=125)
