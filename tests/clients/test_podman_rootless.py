# SPDX-License-Identifier: Apache-2.0
"""Podman as an ordinary user: the runtime runs in Podman's user namespace."""
import os
import re
import subprocess

import pytest

from harness import image, kube, machine, payload
from harness.image import NAME as BOX
from harness.inside import USER_ID

quick = pytest.mark.quick
MIB = 1 << 20
LIMITS = [("memory", "", "memory.max"), ("pids", "", "pids.max"), ("cpu", "", "cpu.max")]


@quick
def test_run(rootless):
    assert rootless.run(BOX, "sh", "-c", "id -u; echo hello").lines == ["0", "hello"]


def test_run_exit_code(rootless):
    rootless.run(BOX, "sh", "-c", "exit 41", code=41)


def test_run_tty(rootless):
    assert rootless.terminal("run", "--rm", "-it", "--network=none", BOX, "tty").text == "/dev/pts/0"


@quick
def test_exec(rootless):
    name = rootless.detached()

    assert rootless("exec", name, "echo", "inside").text == "inside"
    rootless("exec", "-u", "user", name, "sh", "-c", "exit $(id -u | cut -c1-2)", code=10)


def test_exec_tty(rootless):
    name = rootless.detached()

    out = rootless.terminal("exec", "-it", name, "sh", "-c", "tty; stty size", rows=33, columns=101)

    assert re.fullmatch(r"/dev/pts/\d+", out.lines[0])


def test_stop(rootless):
    name = rootless.detached()

    rootless("stop", "-t", "1", name)

    assert rootless.inspect(name, ".State.ExitCode") == "137"


def test_kill(rootless):
    name = rootless.detached()

    rootless("kill", name)

    assert rootless("wait", name).text == "137"


def test_pause(rootless, place):
    place.needs_user_cgroups()
    name = rootless.detached()

    rootless("pause", name)
    assert rootless.state(name) == "paused"
    rootless("exec", name, "true", code=255)
    rootless("unpause", name)

    assert rootless.state(name) == "running"
    rootless("exec", name, "true")


def test_stats(rootless, place):
    place.needs_user_cgroups()
    name = rootless.detached()

    row, = rootless("stats", "--no-stream", "--format", "json", name).json

    assert row["name"] == name and row["pids"] == "1"


def test_limits(rootless, place):
    place.needs_user_cgroups()
    name = rootless.detached("--memory=64m", "--pids-limit=33", "--cpus=0.5")

    assert [rootless.limit(name, *where) for where in LIMITS] == [str(64 * MIB), "33", "50000 100000"]


def test_update(rootless, place):
    place.needs_user_cgroups()
    name = rootless.detached("--memory=64m", "--pids-limit=33", "--cpus=0.5")

    rootless("update", "--memory=96m", "--cpus=0.25", name)

    assert [rootless.limit(name, *where) for where in LIMITS] == [str(96 * MIB), "33", "25000 100000"]


def test_error_pids(rootless, place):
    place.needs_user_cgroups()

    assert "can't fork" in rootless.run("--pids-limit=1", BOX, "sh", "-c", "true & wait", code=2).err


def test_top(rootless):
    name = rootless.detached()

    payload.wait_shown(lambda: rootless("top", name, "pid", "args"), ["sleep 1000"])


def test_logs(rootless):
    name = rootless.detached(command=["sh", "-c", "echo out; echo err >&2"])
    rootless("wait", name)

    out = rootless("logs", name)

    assert (out.out, out.err) == ("out\n", "err\n")


def test_restart(rootless):
    name = rootless.detached(command=["sh", "-c", "date +%s%N >>/tmp/starts; exec sleep 1000"])
    rootless("restart", "-t", "0", name)

    machine.wait_until(lambda: len(rootless("exec", name, "cat", "/tmp/starts").lines) == 2, 10)


def test_restart_policy(rootless):
    name = rootless.detached("--restart=on-failure:2", command=["sh", "-c", "echo again; exit 3"])

    machine.wait_until(lambda: rootless.state(name) == "exited" and rootless("logs", name).lines == ["again"] * 3, 30)


def test_health(rootless):
    rootless.check_health()


def test_parallel(rootless):
    count = 20
    started = [rootless.start("run", "--rm", "--network=none", BOX, "echo", f"number-{i}", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(count)]
    outputs = [process.communicate(timeout=300 * machine.PATIENCE) for process in started]

    assert [process.returncode for process in started] == [0] * count, outputs
    assert [out.decode() for out, _ in outputs] == [f"number-{i}\n" for i in range(count)]


def test_error_missing_program(rootless):
    assert "no-such-program" in rootless.run(BOX, "no-such-program", code=127).err


def test_error_not_executable(rootless):
    assert "permission denied" in rootless.run(BOX, image.NOT_EXECUTABLE, code=126).err.lower()


def test_error_exec(rootless):
    name = rootless.detached()

    assert "no-such-program" in rootless("exec", name, "no-such-program", code=127).err
    assert "permission denied" in rootless("exec", name, image.NOT_EXECUTABLE, code=126).err.lower()


def test_error_working_directory(rootless):
    out = rootless.run("--workdir=/etc/passwd", BOX, "true", code=None)

    assert out.code in (126, 127) and "/etc/passwd" in out.err and "not a directory" in out.err.lower(), out


def test_error_seccomp_profile(rootless, source):
    (source / "bad.json").write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}', encoding="utf-8")

    assert "SCMP_ACT_NONSENSE" in rootless.run("--security-opt", f"seccomp={source}/bad.json", BOX, "true", code=126).err


def test_user(rootless):
    assert rootless.run("--user", "user", BOX, "id", "-un").text == "user"
    assert rootless.run("--user", "77:88", BOX, "sh", "-c", "id -u; id -g").lines == ["77", "88"]


def test_keep_groups(rootless):
    """Annotation run.oci.keep_original_groups."""
    out = rootless.run("--group-add=keep-groups", BOX, "grep", "Groups", "/proc/self/status")

    assert out.text.startswith("Groups:")


def test_capabilities(rootless):
    out = rootless.run("--cap-drop=all", "--cap-add=net_admin", BOX, "grep", "CapEff", "/proc/self/status")

    assert int(out.text.split()[1], 16) == 1 << 12


def test_privileged(rootless):
    assert rootless.run("--privileged", BOX, "sh", "-c", "mount -t tmpfs x /mnt && echo mounted").text == "mounted"


def test_seccomp(rootless):
    assert rootless.run(BOX, "grep", "^Seccomp:", "/proc/self/status").text == "Seccomp:\t2"


def test_sysctl(rootless):
    assert rootless.run("--sysctl", "net.ipv4.ip_forward=1", BOX, "cat", "/proc/sys/net/ipv4/ip_forward").text == "1"


def test_devices(rootless):
    """Bound: a user namespace makes no devices."""
    assert rootless.run("--device", "/dev/full:/dev/other", BOX, "stat", "-c", "%t:%T", "/dev/other").text == "1:7"


@quick
def test_volume(rootless):
    volume = "v" + rootless.fresh()
    rootless.run("-v", f"{volume}:/data", BOX, "sh", "-c", "echo kept >/data/file")

    assert rootless.run("-v", f"{volume}:/data:ro", BOX, "cat", "/data/file").text == "kept"


@quick
def test_bind(rootless, source):
    os.chown(source, USER_ID, USER_ID)

    out = rootless.run("-v", f"{source}:/data", BOX, "sh", "-c", "cat /data/file; echo new >/data/new")

    assert out.text == "content"
    assert os.stat(source / "new").st_uid == USER_ID


def test_bind_options(rootless, source):
    out = rootless.run("-v", f"{source}:/data:ro,noexec", BOX, "cat", "/proc/self/mountinfo")

    options = next(line.split()[5] for line in out.lines if line.split()[4] == "/data")
    assert {"noexec", "ro"} <= set(options.split(","))


def test_tmpfs(rootless):
    assert rootless.run("--tmpfs", "/scratch:size=1m", BOX, "sh", "-c", "df -k /scratch | tail -1").text.split()[1] == "1024"


def test_read_only(rootless):
    out = rootless.run("--read-only", BOX, "sh", "-c", "touch /file || echo refused; touch /tmp/file && echo fine")

    assert out.lines == ["refused", "fine"]


def test_init(rootless):
    assert rootless.run("--init", BOX, "cat", "/proc/1/comm").text in ("catatonit", "podman-init")


def test_userns_keep_id(rootless, source):
    os.chown(source, USER_ID, USER_ID)

    out = rootless.run("--userns=keep-id", "-v", f"{source}:/data", BOX, "sh", "-c", "id -u; stat -c %u /data")

    assert out.lines == [str(USER_ID)] * 2


def test_userns_nomap(rootless):
    out = rootless.run("--userns=nomap", BOX, "cat", "/proc/self/uid_map")

    assert len(out.lines) == 1 and out.text.split()[0] == "0"


def test_userns_auto(rootless):
    out = rootless.run("--userns=auto:size=1000", BOX, "cat", "/proc/self/uid_map")

    assert out.text.split()[0::2] == ["0", "1000"]


def test_userns_exec(rootless):
    name = rootless.detached("--userns=keep-id")

    assert rootless("exec", name, "id", "-u").text == str(USER_ID)


def test_network_slirp(rootless):
    out = rootless("run", "--rm", "--network=slirp4netns", BOX, "ls", "/sys/class/net")

    assert sorted(out.lines) == ["lo", "tap0"]


def test_network_bridge(rootless):
    """The network of a container with an address of its own, in the network that Podman makes for its user."""
    out = rootless("run", "--rm", "--network=bridge", BOX, "sh", "-c", "ip -4 -o address show eth0; ip route")

    address = re.search(r"inet ([0-9.]+)/", out.out)[1]
    assert f"default via {address.rpartition('.')[0]}.1 " in out.out


def test_network_host(rootless):
    assert "uplink" in rootless("run", "--rm", "--network=host", BOX, "sh", "-c", "cut -d: -f1 /proc/net/dev").out


@pytest.mark.peers(runc="it has no --cgroup-manager=disabled, so Podman refuses")
def test_cgroups_disabled(rootless):
    assert rootless.run("--cgroups=disabled", BOX, "echo", "hello").text == "hello"


def test_pod(rootless, place):
    place.needs_pods()
    pod = "p" + rootless.fresh()
    rootless("pod", "create", "--name", pod, "--network=none", "--hostname", "together")
    try:
        assert rootless("run", "--rm", "--pod", pod, BOX, "hostname").text == "together"
    finally:
        rootless("pod", "rm", "-f", "-t", "0", pod)


@pytest.mark.peers(runc="a memory limit is an error where the user has no cgroups")
def test_kube_play(rootless, place, source):
    kube.check_play(rootless, place, source)


def test_build(rootless, source):
    (source / "Containerfile").write_text(f"FROM {BOX}\nRUN id -u >/built && chown user /built\nUSER user\n"
                                          "RUN id -u >>/built\n", encoding="utf-8")
    name = f"localhost/{source.name}"

    rootless("build", "--quiet", "--pull=never", "--network=none", "--isolation=oci", "-t", name, source)

    assert rootless.run(name, "cat", "/built").lines == ["0", "1000"]
    rootless("rmi", name)


def test_copy(rootless):
    name = rootless.detached()

    rootless("cp", f"{name}:/etc/hostname", "copied")
    rootless("cp", "copied", f"{name}:/tmp/copied")

    assert rootless("exec", name, "cat", "/tmp/copied").out != ""
