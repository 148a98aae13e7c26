# SPDX-License-Identifier: Apache-2.0
"""Docker: limits, security, files, networks, builds."""
import json
import re
import subprocess

import pytest

from harness import machine
from harness.image import NAME as BOX
from harness.inside import WORK

CLIENT = "docker"
MIB = 1 << 20
CAPABILITIES = 0xa80425fb                       # Docker's default set


# --- limits ----------------------------------------------------------------------------------------------

def test_limits_memory(docker, place):
    place.needs("memory")
    name = docker.detached("--memory=64m", "--memory-reservation=32m")

    assert docker.limit(name, "memory", "memory.limit_in_bytes", "memory.max") == str(64 * MIB)
    assert docker.limit(name, "memory", "memory.soft_limit_in_bytes", "memory.low") == str(32 * MIB)


def test_limits_pids(docker, place):
    """The limit is set, and it bites.  runc itself needs about ten for an exec."""
    place.needs("pids")
    name = docker.detached("--pids-limit=20")

    assert docker.limit(name, "pids", "pids.max", "pids.max") == "20"
    out = docker("exec", name, "sh", "-c", "for i in $(seq 30); do sleep 60 & done; echo all", code=None)
    assert "can't fork" in out.err and "all" not in out.out


def test_limits_cpu(docker, place):
    place.needs("cpu")
    name = docker.detached("--cpus=0.5", "--cpu-shares=512")

    assert docker.limit(name, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"
    if not place.is_v2:
        assert docker.limit(name, "cpu", "cpu.shares", "") == "512"


def test_limits_cpuset(docker, place):
    place.needs("cpuset")
    name = docker.detached("--cpuset-cpus=0", "--cpuset-mems=0")

    assert docker.limit(name, "cpuset", "cpuset.cpus", "cpuset.cpus") == "0"
    assert docker("exec", name, "nproc").text == "1"


def test_limits_oom(docker, place):
    """Docker hears of it from the cgroup of the container."""
    place.needs("memory")
    name = docker.detached("--memory=16m", "--memory-swap=16m", command=["sh", "-c", "exec tail /dev/zero"])

    assert docker("wait", name).text == "137"
    assert docker.inspect(name, ".State.OOMKilled") == "true"


def test_update(docker, place):
    place.needs("memory", "cpu")
    name = docker.detached("--memory=64m", "--memory-swap=256m")

    docker("update", "--memory=96m", "--cpus=0.25", "--pids-limit=77", name)

    assert docker.limit(name, "memory", "memory.limit_in_bytes", "memory.max") == str(96 * MIB)
    assert docker.limit(name, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "25000"
    assert docker.limit(name, "pids", "pids.max", "pids.max") == "77"


def test_ulimit(docker):
    out = docker.run("--ulimit", "nofile=100:200", "--ulimit", "nproc=50:60", BOX, "sh", "-c",
                     "ulimit -Sn; ulimit -Hn; grep 'Max processes' /proc/self/limits")

    assert out.out.split() == ["100", "200", "Max", "processes", "50", "60", "processes"]


def test_oom_score(docker):
    name = docker.detached("--oom-score-adj=500")

    assert docker("exec", name, "cat", "/proc/1/oom_score_adj").text == "500"


def test_cgroup_path(docker, place):
    name = docker.detached()
    controller = "" if place.is_v2 else "freezer"

    assert place.cgroup_of(docker.pid(name), controller).endswith(f"/docker/{docker.inspect(name, '.Id')}")


def test_cgroup_parent(docker, place):
    name = docker.detached("--cgroup-parent=/davit-parent")
    controller = "" if place.is_v2 else "freezer"

    path = place.cgroup_of(docker.pid(name), controller)
    assert path.endswith(f"/davit-parent/{docker.inspect(name, '.Id')}")
    docker("rm", "-f", name)
    machine.wait_until(lambda: path not in machine.walk_cgroups(path), 10, "the end of the cgroup")


def test_cgroupns_private(docker):
    out = docker.run("--cgroupns=private", BOX, "cat", "/proc/self/cgroup")

    assert {line.split(":")[2] for line in out.lines if ":freezer:" in line or line.startswith("0:")} == {"/"}


# --- users, capabilities, security -------------------------------------------------------------------------

def test_user(docker):
    assert docker.run("--user", "user", BOX, "id").text == "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)"
    assert docker.run("--user", "77:88", "--group-add=99", BOX, "sh", "-c", "id -u; id -G").lines == ["77", "88 99"]


def capability_sets(out):
    return {name: int(value, 16) for name, value in re.findall(r"Cap(\w+):\t(\w+)", out.out)}


def test_capabilities(docker):
    one = ("grep", "^Cap", "/proc/self/status")
    ordinary = capability_sets(docker.run(BOX, *one))
    more = capability_sets(docker.run("--cap-drop=all", "--cap-add=net_admin", "--cap-add=sys_time", BOX, *one))
    user = capability_sets(docker.run("--user", "1000", BOX, *one))

    assert ordinary["Eff"] == ordinary["Prm"] == ordinary["Bnd"] == CAPABILITIES
    assert more["Eff"] == more["Prm"] == more["Bnd"] == 1 << 12 | 1 << 25
    assert (user["Eff"], user["Bnd"]) == (0, CAPABILITIES)


def test_privileged(docker):
    mine = int(re.search(r"CapBnd:\t(\w+)", machine.read("/proc/self/status"))[1], 16)
    last = int(machine.read("/proc/sys/kernel/cap_last_cap"))
    if mine != (1 << last + 1) - 1:
        pytest.skip("Docker asks for all capabilities, and root does not have all of them on this machine")

    out = docker.run("--privileged", BOX, "sh", "-c", "grep ^Cap /proc/self/status; mount -t tmpfs x /mnt && echo mounted")

    assert capability_sets(out)["Eff"] == mine and "mounted" in out.lines


def test_seccomp(docker):
    one = ("sh", "-c", "grep ^Seccomp: /proc/self/status; unshare -m true || echo refused")

    assert docker.run(BOX, *one).lines == ["Seccomp:\t2", "refused"]
    assert docker.run("--cap-add=sys_admin", BOX, *one).lines == ["Seccomp:\t2"]
    assert docker.run("--security-opt", "seccomp=unconfined", BOX, *one).lines[0] == "Seccomp:\t0"


def test_seccomp_profile(docker):
    profile = WORK / "here" / "no-mkdir.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}), encoding="utf-8")

    out = docker.run("--security-opt", f"seccomp={profile}", BOX, "mkdir", "/tmp/x", code=1)

    assert "No space left on device" in out.err


def test_no_new_privileges(docker):
    out = docker.run("--security-opt=no-new-privileges", BOX, "grep", "NoNewPrivs", "/proc/self/status")

    assert out.text.split() == ["NoNewPrivs:", "1"]


def test_masked_paths(docker):
    out = docker.run(BOX, "sh", "-c", "cat /proc/kcore | wc -c; ls /proc/acpi /sys/firmware | wc -l; "
                                      "echo 1 >/proc/sys/kernel/pid_max || echo read-only")

    assert out.lines[0] == "0" and out.lines[-1] == "read-only"


def test_unmasked(docker):
    out = docker.run("--security-opt=systempaths=unconfined", BOX, "cat", "/proc/self/mountinfo")

    assert not {"/proc/keys", "/sys/firmware", "/proc/sys"} & {line.split()[4] for line in out.lines}


def test_sysctl(docker):
    out = docker.run("--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.shmmax=65536", BOX, "cat",
                     "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shmmax")

    assert out.lines == ["1", "65536"]


def test_devices(docker):
    out = docker.run("--device", "/dev/zero:/dev/nothing:r", BOX, "sh", "-c",
                     "head -c 3 /dev/nothing | od -An -tx1; stat -c '%t:%T' /dev/nothing /dev/null; ls /dev")

    assert out.lines[:3] == [" 00 00 00", "1:5", "1:3"]
    assert {"full", "null", "ptmx", "pts", "random", "shm", "tty", "urandom", "zero"} <= set(out.lines[3:])


def test_devices_denied(docker):
    """/dev/kmsg: 1:11 is in no list; the kernel asks for CAP_SYSLOG, too."""
    look = ("--cap-add=syslog", BOX, "sh", "-c", "mknod /tmp/kmsg c 1 11; head -c 0 /tmp/kmsg || echo refused")

    assert docker.run(*look).text == "refused"
    assert docker.run("--device-cgroup-rule=c 1:11 r", *look).text == ""


# --- files -----------------------------------------------------------------------------------------------

@pytest.fixture
def folder(docker):
    """A directory of the host with one file."""
    path = WORK / "here" / f"docker-{docker.fresh()}"
    path.mkdir()
    (path / "file").write_text("content\n", encoding="utf-8")
    return path


def test_volume(docker):
    volume = "v" + docker.fresh()
    docker.run("-v", f"{volume}:/data", BOX, "sh", "-c", "echo kept >/data/file")

    assert docker.run("-v", f"{volume}:/data", BOX, "cat", "/data/file").text == "kept"
    assert "Read-only" in docker.run("-v", f"{volume}:/data:ro", BOX, "touch", "/data/other", code=1).err
    docker("volume", "rm", volume)


def test_volume_copy(docker):
    """A new volume starts with what the image has there."""
    assert "passwd" in docker.run("-v", "/etc", BOX, "ls", "/etc").lines


def test_bind(docker, folder):
    out = docker.run("-v", f"{folder}:/data", "-v", f"{folder}/file:/one:ro", BOX, "sh", "-c",
                     "cat /data/file /one; echo new >/data/new; echo x >/one || echo read-only")

    assert out.lines == ["content", "content", "read-only"]
    assert (folder / "new").read_text(encoding="utf-8") == "new\n"


def test_bind_propagation(docker, folder):
    """What is mounted on the host later is seen with rslave, and not with rprivate."""
    (folder / "slave").mkdir()
    names = [docker.detached("-v", f"{folder}:/data:{kind}") for kind in ("rslave", "rprivate")]
    subprocess.run(["mount", "-t", "tmpfs", "later", folder / "slave"], check=True)
    try:
        (folder / "slave" / "new").touch()
        seen = [docker("exec", name, "ls", "/data/slave").text for name in names]
    finally:
        subprocess.run(["umount", folder / "slave"], check=True)

    assert seen == ["new", ""]


def test_tmpfs(docker):
    out = docker.run("--tmpfs", "/scratch:size=1m,mode=700", BOX, "sh", "-c",
                     "stat -c %a /scratch; df -k /scratch | tail -1; grep ' /scratch ' /proc/self/mountinfo")

    assert out.lines[0] == "700" and out.lines[1].split()[1] == "1024"
    assert {"nosuid", "nodev", "noexec"} <= set(out.lines[2].split()[5].split(","))


def test_read_only(docker):
    out = docker.run("--read-only", "--tmpfs", "/tmp", BOX, "sh", "-c",
                     "touch /file || echo refused; touch /tmp/file && echo fine")

    assert out.lines == ["refused", "fine"]


def test_shm_size(docker):
    assert docker.run("--shm-size=2m", BOX, "sh", "-c", "df -k /dev/shm | tail -1").text.split()[1] == "2048"


def test_working_directory(docker):
    assert docker.run("-w", "/new/folder", BOX, "pwd").text == "/new/folder"


def test_environment(docker):
    out = docker.run("-e", "A=one two", "--hostname=box1", BOX, "sh", "-c",
                     'echo "$A"; echo $HOME; hostname; cat /etc/hostname')

    assert out.lines == ["one two", "/root", "box1", "box1"]


def test_copy(docker, folder):
    name = docker.detached()

    docker("cp", f"{folder}/file", f"{name}:/tmp/copied")
    docker("cp", f"{name}:/tmp/copied", f"{folder}/back")

    assert docker("exec", name, "cat", "/tmp/copied").text == "content"
    assert (folder / "back").read_text(encoding="utf-8") == "content\n"


def test_diff_commit(docker):
    name = docker.detached()
    docker("exec", name, "sh", "-c", "echo new >/new")

    assert "A /new" in docker("diff", name).lines
    docker("commit", name, f"localhost/{name}")

    assert docker.run(f"localhost/{name}", "cat", "/new").text == "new"
    docker("rmi", f"localhost/{name}")


def test_build(docker, folder):
    docker.be_default()
    (folder / "Dockerfile").write_text(f"FROM {BOX}\nRUN echo built >/built && id -u >>/built\nCOPY file /copied\n"
                                       "USER user\nRUN id -u >/tmp/user\n"
                                       "CMD [\"cat\", \"/built\", \"/tmp/user\", \"/copied\"]\n", encoding="utf-8")
    name = f"localhost/{folder.name}"

    docker("build", "--network=none", "-t", name, folder)

    assert docker.run(name).lines == ["built", "0", "1000", "content"]
    docker("rmi", name)


def test_build_fails(docker, folder):
    docker.be_default()
    (folder / "Dockerfile").write_text(f"FROM {BOX}\nRUN echo before; exit 6\n", encoding="utf-8")

    out = docker("build", "--no-cache", "--network=none", folder, code=6)

    assert "before" in out.out and "returned a non-zero code: 6" in out.err


# --- namespaces and networks ------------------------------------------------------------------------------

def test_init(docker):
    name = docker.detached("--init")

    assert docker("exec", name, "cat", "/proc/1/comm").text in ("docker-init", "tini")
    docker("exec", "-d", name, "probe", "daemon")
    assert docker("exec", name, "pidof", "sleep").code == 0


def test_pid_host(docker):
    name = docker.detached("--pid=host")

    assert docker("exec", name, "cat", "/proc/1/comm").text == machine.read("/proc/1/comm").strip()
    docker("kill", name)
    assert docker("wait", name).text == "137"


def test_pid_of_other(docker):
    first = docker.detached()
    second = docker.detached(f"--pid=container:{first}", command=["sleep", "2000"])

    shown = docker("exec", first, "ps", "-o", "args").lines
    assert {"sleep 1000", "sleep 2000"} <= set(shown)
    docker("kill", second)

    assert docker("wait", second).text == "137" and docker.state(first) == "running"


def test_ipc(docker):
    first = docker.detached("--ipc=shareable", command=["sh", "-c", "echo shared >/dev/shm/file; exec sleep 1000"])

    machine.wait_until(lambda: docker("exec", first, "ls", "/dev/shm").text == "file", 30)
    assert docker.run(f"--ipc=container:{first}", BOX, "cat", "/dev/shm/file").text == "shared"


def test_uts_host(docker):
    assert docker.run("--uts=host", BOX, "hostname").text == machine.read("/proc/sys/kernel/hostname").strip()


def devices(out):
    return sorted(line.split(":")[0].strip() for line in out.lines if ":" in line)


def test_network_none(docker):
    assert devices(docker.run("--network=none", BOX, "cat", "/proc/net/dev")) == ["lo"]


def test_network_host(docker):
    assert "uplink" in devices(docker.run("--network=host", BOX, "cat", "/proc/net/dev"))


def test_network_bridge(docker):
    """Docker's hook moves a device into the namespace of the container."""
    server = docker.detached("--network=bridge", command=["sh", "-c",
                             "mkdir /www; echo page >/www/index.html; exec httpd -f -p 8080 -h /www"])
    address = docker.inspect(server, ".NetworkSettings.IPAddress")
    assert re.fullmatch(r"172\.\d+\.\d+\.\d+", address)

    fetch = f"for i in 1 2 3 4 5 6 7 8 9; do timeout 8 wget -qO- http://{address}:8080/ && break; sleep 0.3; done"
    assert docker.run("--network=bridge", BOX, "sh", "-c", fetch).text == "page"


def test_network_of_other(docker):
    first = docker.detached("--network=bridge")

    one, two = (docker("exec", first, "ip", "-4", "address", "show", "eth0").out,
                docker.run(f"--network=container:{first}", BOX, "ip", "-4", "address", "show", "eth0").out)

    assert one == two and "inet 172." in one


def test_network_own(docker):
    """A network that is made and connected while the container runs."""
    network = "n" + docker.fresh()
    docker("network", "create", network)
    name = docker.detached("--network=bridge")
    docker("network", "connect", network, name)

    assert devices(docker("exec", name, "cat", "/proc/net/dev")) == ["eth0", "eth1", "lo"]
    docker("rm", "-f", name)
    docker("network", "rm", network)
