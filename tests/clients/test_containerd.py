# SPDX-License-Identifier: Apache-2.0
"""containerd through `ctr`: its shim calls the runtime."""
import json
import os
import re
import subprocess

import pytest

from harness import image, machine, payload
from harness.bundle import default_spec
from harness.inside import WORK

MIB = 1 << 20


# --- life ------------------------------------------------------------------------------------------------

def test_run(ctr):
    assert ctr.run("echo", "hello").out == "hello\n"


def test_run_input(ctr):
    """ctr 1.6 does not hand on an end of the input that comes before the task is there."""
    assert ctr.run("head", "-c", "50000", input="typed" * 10000).out == "typed" * 10000


def test_run_exit_code(ctr):
    ctr.run("sh", "-c", "exit 41", code=41)


def test_run_tty(ctr):
    assert "/dev/pts/0" in ctr.run("sh", "-c", "tty; read x; echo got-$x", terminal=[("/dev/pts/0", "word\n")]).out


def test_detach(ctr):
    name = ctr.detached()

    pid, state = ctr.tasks()[name]

    assert state == "RUNNING"
    payload.wait_runs(pid, "sleep", "1000")
    assert ctr("task", "ps", name).lines[1].split()[0] == str(pid)


def test_attach(ctr):
    name = ctr.detached(command=("sh", "-c", "sleep 2; exit 4"))

    ctr("task", "attach", name, code=4)


def test_kill(ctr):
    name = ctr.detached(command=("sh", "-c", "trap 'exit 9' USR1; touch /tmp/ready; while :; do sleep 0.1; done"))
    machine.wait_until(lambda: ctr.exec(name, "test", "-e", "/tmp/ready", code=None).code == 0, 30)

    ctr("task", "kill", "-s", "SIGUSR1", name)

    ctr.wait_state(name, "STOPPED")
    assert "exit code 9" in ctr("task", "rm", name).err


def test_kill_all(ctr):
    """A signal for every process of the container."""
    name = ctr.detached(command=("sh", "-c", "trap '' TERM; sleep 1000 & wait; while :; do sleep 1; done"))
    pid = ctr.tasks()[name][0]
    others = machine.wait_until(lambda: machine.children_of(pid), 30)

    ctr("task", "kill", "-a", "-s", "SIGKILL", name)

    ctr.wait_state(name, "STOPPED")
    machine.wait_until(lambda: not any(machine.is_alive(other) for other in others), 10)


def test_kill_stopped(ctr):
    name = ctr.detached(command=("true",))
    ctr.wait_state(name, "STOPPED")

    out = ctr("task", "kill", name, code=1)

    assert "not found" in out.err or "already finished" in out.err


def test_pause(ctr):
    name = ctr.detached(command=("sh", "-c", "while :; do sleep 0.05; done"))
    pid = ctr.tasks()[name][0]

    ctr("task", "pause", name)
    assert ctr.state(name) == "PAUSED"
    before = children_made(pid)
    assert "paused" in ctr.exec(name, "true", code=1).err
    assert children_made(pid) == before
    ctr("task", "resume", name)

    assert ctr.state(name) == "RUNNING"
    machine.wait_until(lambda: children_made(pid) > before, 30)


def children_made(pid):
    """minflt of the children that were waited for: grows with each."""
    return int(machine.read(f"/proc/{pid}/stat").rpartition(")")[2].split()[8])


def test_remove_by_force(ctr):
    name = ctr.detached()
    pid = ctr.tasks()[name][0]

    ctr("task", "rm", "--force", name, code=None)

    assert ctr.state(name) is None and not machine.is_alive(pid)


def test_metrics(ctr, place):
    place.needs("memory", "pids", "cpu")
    name = ctr.detached("--memory-limit", 64 * MIB)

    data = ctr("task", "metrics", "--format", "json", name).json

    memory = data["memory"]
    limit = memory.get("usage", {}).get("limit") or memory.get("usage_limit")
    assert int(limit) == 64 * MIB and int(data["pids"]["current"]) == 1


def test_processes(ctr):
    name = ctr.detached(command=("sh", "-c", "sleep 500 & exec sleep 600"))
    pid = ctr.tasks()[name][0]
    child, = machine.wait_until(lambda: machine.children_of(pid), 30)

    machine.wait_until(lambda: {line.split()[0] for line in ctr("task", "ps", name).lines[1:]} == {str(pid), str(child)}, 30)


def test_events(ctr):
    listener = ctr.start("events", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.set_blocking(listener.stdout.fileno(), False)
    seen = b""

    def topics():
        nonlocal seen
        seen += listener.stdout.read() or b""
        return re.findall(r" (/[a-z]+/[a-z-]+) ", seen.decode())
    try:
        # It tells nothing when it begins to listen.
        machine.wait_until(lambda: ctr("image", "label", f"{image.NAME}:latest", f"x={ctr.fresh()}") and topics(), 60)
        ctr.run("true")
        machine.wait_until(lambda: "/tasks/delete" in topics(), 60, "the end of the task")
    finally:
        listener.kill()
        listener.wait()

    tasks = [topic for topic in topics() if topic.startswith("/tasks/")]
    assert tasks == ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]


def test_parallel(ctr):
    count = 20
    started = [ctr.start("run", "--rm", *ctr.options([]), f"{image.NAME}:latest", ctr.fresh(), "echo", f"number-{i}",
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(count)]
    outputs = [process.communicate(timeout=300 * machine.PATIENCE) for process in started]

    assert [process.returncode for process in started] == [0] * count, outputs
    assert [out.decode() for out, _ in outputs] == [f"number-{i}\n" for i in range(count)]


def test_checkpoint(ctr):
    try:
        able = subprocess.run(["criu", "check"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        pytest.skip("there is no CRIU; Debian 12's cannot dump on Linux 6.18")
    if not able:
        pytest.skip("CRIU cannot work with this kernel")
    name = ctr.detached()
    ctr("task", "checkpoint", name)
    assert ctr.state(name) == "RUNNING"


def test_nothing_left(ctr):
    name = ctr.fresh()
    ctr("run", "--rm", *ctr.options([]), f"{image.NAME}:latest", name, "true")

    points = set(machine.hierarchies().values())
    machine.wait_until(lambda: not [path for point in points for path in machine.walk_cgroups(point)
                                    if path.endswith(f"/default/{name}")], 10, "no cgroup")
    assert name not in os.listdir("/run/containerd/runc/default")


# --- exec ------------------------------------------------------------------------------------------------

def test_exec(ctr):
    name = ctr.detached()

    assert ctr.exec(name, "echo", "inside").out == "inside\n"
    ctr.exec(name, "sh", "-c", "exit 7", code=7)


def test_exec_input(ctr):
    name = ctr.detached()

    assert ctr.exec(name, "head", "-c", "5", input="typed").out == "typed"


def test_exec_tty(ctr):
    name = ctr.detached()

    out = ctr.terminal("task", "exec", "--tty", "--exec-id", ctr.fresh(), name, "sh", "-c", "tty; read x; echo got-$x",
                       type=[("/dev/pts/", "word\n")])

    assert re.search(r"^/dev/pts/\d+", out.out) and "got-word" in out.lines


def test_exec_user(ctr):
    name = ctr.detached()

    assert ctr.exec(name, "sh", "-c", "id -u; id -g; pwd", options=["--user", "user", "--cwd", "/tmp"]).lines == [
        "1000", "1000", "/tmp"]


def test_exec_detached(ctr):
    name = ctr.detached()

    ctr.exec(name, "sleep", "500", options=["--detach"])

    machine.wait_until(lambda: ctr.exec(name, "pidof", "sleep").text.count(" ") == 1, 30)


# --- settings --------------------------------------------------------------------------------------------

def test_limits_memory(ctr, place):
    place.needs("memory")
    name = ctr.detached("--memory-limit", 64 * MIB)

    assert ctr.limit(name, "memory", "memory.limit_in_bytes", "memory.max") == str(64 * MIB)


def test_limits_cpu(ctr, place):
    place.needs("cpu")
    name = ctr.detached("--cpus", "0.5")

    assert ctr.limit(name, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"


def test_cgroup(ctr, place):
    name = ctr.detached("--cgroup", "/davit-own/group")
    controller = "" if place.is_v2 else "freezer"

    assert place.cgroup_of(ctr.tasks()[name][0], controller).endswith("/davit-own/group")


def test_settings(ctr):
    out = ctr.run("sh", "-c", "pwd; echo $A; touch /file || echo read-only; touch /mnt/file || echo refused",
                  options=["--read-only", "--cwd", "/tmp", "--env", "A=b",
                           "--mount", "type=tmpfs,dst=/mnt,options=ro"])

    assert out.lines == ["/tmp", "b", "read-only", "refused"]


def test_bind(ctr):
    source = WORK / "here" / f"ctr-{ctr.fresh()}"
    source.mkdir()
    (source / "file").write_text("content\n", encoding="utf-8")

    out = ctr.run("cat", "/data/file", options=["--mount", f"type=bind,src={source},dst=/data,options=rbind:ro"])

    assert out.text == "content"


def test_capabilities(ctr):
    out = ctr.run("grep", "^CapEff", "/proc/self/status", options=["--cap-drop", "CAP_CHOWN", "--cap-add", "CAP_SYS_TIME"])

    value = int(out.text.split()[1], 16)
    assert not value & 1 and value & 1 << 25


def test_seccomp(ctr):
    assert ctr.run("grep", "^Seccomp:", "/proc/self/status", options=["--seccomp"]).text.split()[1] == "2"
    assert ctr.run("grep", "^Seccomp:", "/proc/self/status").text.split()[1] == "0"


def test_device(ctr):
    out = ctr.run("stat", "-c", "%t:%T", "/dev/kmsg", options=["--device", "/dev/kmsg"])

    assert out.text == "1:b"


def test_network_host(ctr):
    assert "uplink" in ctr.run("cat", "/proc/net/dev", options=["--net-host"]).out
    assert "uplink" not in ctr.run("cat", "/proc/net/dev").out


def own_spec(ctr, *command, **linux):
    """The file of a configuration that is given whole: the runtime gets it as it is."""
    image.archive()
    spec = default_spec("root")
    spec["root"]["path"] = str(WORK / "rootfs")
    spec["process"]["args"] = list(command)
    spec["linux"].update(linux)
    file = WORK / "here" / f"{ctr.fresh()}.json"
    file.write_text(json.dumps(spec), encoding="utf-8")
    return file


def test_own_spec(ctr):
    file = own_spec(ctr, "sh", "-c", "echo own; exit 6")

    assert ctr("run", "--rm", *ctr.options([]), "--config", file, ctr.fresh(), code=6).text == "own"


# --- errors as the client shows them -----------------------------------------------------------------------

def test_error_missing_program(ctr):
    out = ctr.run("no-such-program", code=1)

    assert "no-such-program" in out.err and "not found" in out.err


def test_error_not_executable(ctr):
    assert "permission denied" in ctr.run(image.NOT_EXECUTABLE, code=1).err.lower()


def test_error_working_directory(ctr):
    out = ctr.run("true", options=["--cwd", "/etc/passwd"], code=1)

    assert "/etc/passwd" in out.err and "not a directory" in out.err.lower()


def test_error_pids(ctr, place):
    place.needs("pids")
    file = own_spec(ctr, "sh", "-c", "true & wait", cgroupsPath="/default/full", resources={"pids": {"limit": 1}})

    out = ctr("run", "--rm", *ctr.options([]), "--config", file, ctr.fresh(), code=2)

    assert "can't fork" in out.err


def test_error_seccomp_profile(ctr):
    profile = WORK / "here" / "ctr-bad.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}', encoding="utf-8")

    out = ctr.run("true", options=["--seccomp", "--seccomp-profile", profile], code=1)

    assert "SCMP_ACT_NONSENSE" in out.err


def test_error_exec(ctr):
    name = ctr.detached()

    out = ctr.exec(name, "no-such-program", code=1)

    assert "no-such-program" in out.err and "not found" in out.err
    assert ctr.state(name) == "RUNNING"


def test_error_runtime(ctr):
    """A binary that is not there is not taken for another one."""
    out = ctr("run", "--rm", "--runc-binary", "/no/such/runtime", f"{image.NAME}:latest", ctr.fresh(), "true", code=1)

    assert "/no/such/runtime" in out.err
