# SPDX-License-Identifier: Apache-2.0
"""Podman as root: limits, security, files, namespaces, networks, pods."""
import json
import os
import re
import subprocess

import pytest

from harness import kube, machine
from harness.image import NAME as BOX
from harness.inside import WORK

CLIENT = "podman"
MIB = 1 << 20
quick = pytest.mark.quick


# --- limits ----------------------------------------------------------------------------------------------

@quick
def test_limits_memory(podman, place):
    place.needs("memory")
    name = podman.detached("--memory=64m")

    assert podman.limit(name, "memory", "memory.limit_in_bytes", "memory.max") == str(64 * MIB)


def test_limits_pids(podman, place):
    place.needs("pids")
    name = podman.detached("--pids-limit=33")

    assert podman.limit(name, "pids", "pids.max", "pids.max") == "33"


def test_limits_cpu(podman, place):
    place.needs("cpu")
    name = podman.detached("--cpus=0.5", "--cpu-shares=512")

    assert podman.limit(name, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"
    if not place.is_v2:
        assert podman.limit(name, "cpu", "cpu.shares", "") == "512"


def test_limits_cpuset(podman, place):
    place.needs("cpuset")
    name = podman.detached("--cpuset-cpus=0", "--cpuset-mems=0")

    assert podman.limit(name, "cpuset", "cpuset.cpus", "cpuset.cpus") == "0"


def test_limits_oom(podman, place):
    place.needs("memory")

    out = podman.run("--memory=16m", BOX, "sh", "-c", "exec tail /dev/zero", code=137)

    assert out.out == ""


@quick
def test_update(podman, place):
    place.needs("memory", "cpu")
    name = podman.detached("--memory=64m")

    podman("update", "--memory=96m", "--cpus=0.25", name)

    assert podman.limit(name, "memory", "memory.limit_in_bytes", "memory.max") == str(96 * MIB)
    assert podman.limit(name, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "25000"


def test_ulimit(podman):
    out = podman.run("--ulimit", "nofile=100:200", "--ulimit", "nproc=50:60", BOX, "sh", "-c",
                     "ulimit -Sn; ulimit -Hn; grep 'Max processes' /proc/self/limits")

    assert out.out.split() == ["100", "200", "Max", "processes", "50", "60", "processes"]


def test_oom_score(podman):
    assert podman.run("--oom-score-adj=500", BOX, "cat", "/proc/self/oom_score_adj").text == "500"


@pytest.mark.peers(runc="it has no --cgroup-manager=disabled, so Podman refuses")
@quick
def test_cgroups_disabled(podman, place):
    name = podman.detached("--cgroups=disabled")
    pid = podman.inspect(name, ".State.Pid")
    conmon = machine.read(f"/proc/{pid}/status").partition("PPid:")[2].split()[0]

    assert machine.read(f"/proc/{pid}/cgroup") == machine.read(f"/proc/{conmon}/cgroup")
    assert podman("exec", name, "echo", "inside").text == "inside"


def test_cgroup_parent(podman, place):
    parent = "davit.slice" if place.has_systemd else "/davit-parent"
    name = podman.detached(f"--cgroup-parent={parent}")
    pid = podman.inspect(name, ".State.Pid")

    controller = "" if place.is_v2 else "freezer"
    assert f"/{parent.lstrip('/')}/" in place.cgroup_of(pid, controller)


def test_cgroupns_private(podman):
    out = podman.run("--cgroupns=private", BOX, "cat", "/proc/self/cgroup")

    assert {line.split(":")[2] for line in out.lines if ":freezer:" in line or line.startswith("0:")} == {"/"}


def test_systemd_mounts(podman):
    out = podman.run("--systemd=always", BOX, "sh", "-c", "touch /run/file /run/lock/file; cat /proc/self/mountinfo")

    points = {line.split()[4] for line in out.lines}
    assert {"/run", "/run/lock", "/tmp"} <= points


# --- users, capabilities, security -------------------------------------------------------------------------

@quick
def test_user(podman):
    assert podman.run("--user", "user", BOX, "id").text == "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)"
    assert podman.run("--user", "77:88", BOX, "sh", "-c", "id -u; id -g").lines == ["77", "88"]


def test_user_groups(podman):
    out = podman.run("--user", "77:88", "--group-add=99", BOX, "id", "-G")

    assert out.text == "88 99"


def capability_sets(out):
    return {name: int(value, 16) for name, value in re.findall(r"Cap(\w+):\t(\w+)", out.out)}


@quick
def test_capabilities(podman):
    one = ("grep", "^Cap", "/proc/self/status")
    ordinary = capability_sets(podman.run(BOX, *one))
    more = capability_sets(podman.run("--cap-drop=all", "--cap-add=net_admin,sys_time", BOX, *one))
    user = capability_sets(podman.run("--user", "1000", BOX, *one))

    assert ordinary["Eff"] == ordinary["Prm"] == ordinary["Bnd"] == 0x800405fb
    assert more["Eff"] == more["Prm"] == more["Bnd"] == 1 << 12 | 1 << 25
    assert (user["Eff"], user["Bnd"]) == (0, 0x800405fb)


def test_privileged(podman):
    out = podman.run("--privileged", BOX, "sh", "-c", "grep ^Cap /proc/self/status; mount -t tmpfs x /mnt && echo mounted")

    mine = int(re.search(r"CapBnd:\t(\w+)", machine.read("/proc/self/status"))[1], 16)
    assert capability_sets(out)["Eff"] == mine
    assert "mounted" in out.lines


@quick
def test_seccomp(podman):
    one = ("sh", "-c", "grep ^Seccomp: /proc/self/status; unshare -m true || echo refused")

    assert podman.run(BOX, *one).lines == ["Seccomp:\t2", "refused"]
    assert podman.run("--cap-add=sys_admin", BOX, *one).lines == ["Seccomp:\t2"]
    assert podman.run("--security-opt", "seccomp=unconfined", BOX, *one).lines[0] == "Seccomp:\t0"


def test_seccomp_profile(podman):
    profile = WORK / "here" / "no-mkdir.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}), encoding="utf-8")

    out = podman.run("--security-opt", f"seccomp={profile}", BOX, "mkdir", "/tmp/x", code=1)

    assert "No space left on device" in out.err


def test_no_new_privileges(podman):
    out = podman.run("--security-opt=no-new-privileges", BOX, "grep", "NoNewPrivs", "/proc/self/status")

    assert out.text.split() == ["NoNewPrivs:", "1"]


def test_masked_paths(podman):
    out = podman.run(BOX, "sh", "-c", "cat /proc/kcore | wc -c; ls /proc/acpi /sys/firmware | wc -l; "
                                      "echo 1 >/proc/sys/kernel/pid_max || echo read-only")

    assert out.lines[0] == "0" and out.lines[-1] == "read-only"


def test_unmasked(podman):
    out = podman.run("--security-opt=unmask=/proc/sysrq-trigger:/sys/firmware", BOX, "cat", "/proc/self/mountinfo")

    points = {line.split()[4] for line in out.lines}
    assert "/sys/firmware" not in points and "/proc/keys" in points


def test_sysctl(podman):
    out = podman.run("--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.shmmax=65536", BOX, "cat",
                     "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shmmax")

    assert out.lines == ["1", "65536"]


def test_devices(podman):
    out = podman.run("--device", "/dev/zero:/dev/nothing:r", BOX, "sh", "-c",
                     "head -c 3 /dev/nothing | od -An -tx1; stat -c '%t:%T' /dev/nothing /dev/null")

    assert out.lines == [" 00 00 00", "1:5", "1:3"]


def test_devices_denied(podman):
    """/dev/fuse is in no list."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("no /dev/fuse")
    look = "mknod /dev/fuse c 10 229; (: </dev/fuse) || echo refused"

    assert podman.run("--cap-add=mknod", BOX, "sh", "-c", look).text == "refused"
    assert podman.run("--cap-add=mknod", "--device-cgroup-rule=c 10:229 rm", BOX, "sh", "-c", look).text == ""


# --- files -----------------------------------------------------------------------------------------------

@quick
def test_volume(podman):
    volume = "v" + podman.fresh()
    podman.run("-v", f"{volume}:/data", BOX, "sh", "-c", "echo kept >/data/file")

    assert podman.run("-v", f"{volume}:/data", BOX, "cat", "/data/file").text == "kept"
    assert "Read-only" in podman.run("-v", f"{volume}:/data:ro", BOX, "touch", "/data/other", code=1).err


def test_volume_copy(podman):
    volume = "v" + podman.fresh()

    assert podman.run("-v", f"{volume}:/etc", BOX, "cat", "/etc/group", code=None).code == 0
    assert "passwd" in podman.run("-v", f"{volume}:/data", BOX, "ls", "/data").lines


@quick
def test_bind(podman, source):
    out = podman.run("-v", f"{source}:/data", "-v", f"{source}/file:/one:ro", BOX, "sh", "-c",
                     "cat /data/file /one; echo new >/data/new; echo x >/one || echo read-only")

    assert out.lines == ["content", "content", "read-only"]
    assert (source / "new").read_text(encoding="utf-8") == "new\n"


def test_bind_options(podman, source):
    out = podman.run("-v", f"{source}:/data:noexec,nosuid,nodev,ro", BOX, "cat", "/proc/self/mountinfo")

    options = next(line.split()[5] for line in out.lines if line.split()[4] == "/data")
    assert {"noexec", "nosuid", "nodev", "ro"} <= set(options.split(","))


def test_bind_propagation(podman, source):
    """What is mounted on the host later is seen with rslave, and not with rprivate."""
    (source / "slave").mkdir()
    names = [podman.detached("-v", f"{source}:/data:{kind}") for kind in ("rslave", "rprivate")]
    subprocess.run(["mount", "-t", "tmpfs", "later", source / "slave"], check=True)
    try:
        (source / "slave" / "new").touch()
        seen = [podman("exec", name, "ls", "/data/slave").text for name in names]
    finally:
        subprocess.run(["umount", source / "slave"], check=True)

    assert seen == ["new", ""]


def test_bind_chown(podman, source):
    out = podman.run("--user", "1000:1000", "-v", f"{source}:/data:U", BOX, "stat", "-c", "%u:%g", "/data/file")

    assert out.text == "1000:1000"


@pytest.mark.peers(runc="ignores that the mount is to be id-mapped")
def test_bind_idmap(podman, source):
    out = podman.run("--uidmap=0:100000:1000", "--gidmap=0:100000:1000", "-v", f"{source}:/data:idmap", BOX,
                     "sh", "-c", "stat -c %u:%g /data/file; touch /data/new")

    assert out.text == "0:0"
    assert os.stat(source / "new").st_uid == 0


def test_overlay_volume(podman, source):
    out = podman.run("-v", f"{source}:/data:O", BOX, "sh", "-c", "echo new >/data/file; cat /data/file")

    assert out.text == "new"
    assert (source / "file").read_text(encoding="utf-8") == "content\n"


def test_tmpfs(podman):
    out = podman.run("--tmpfs", "/scratch:size=1m,mode=700", BOX, "sh", "-c",
                     "stat -c %a /scratch; df -k /scratch | tail -1")

    assert out.lines[0] == "700" and out.lines[1].split()[1] == "1024"


def test_tmpfs_copy(podman):
    assert "passwd" in podman.run("--mount", "type=tmpfs,target=/etc,tmpcopyup", BOX, "ls", "/etc").lines


@quick
def test_read_only(podman):
    out = podman.run("--read-only", BOX, "sh", "-c", "touch /file || echo refused; touch /tmp/file /run/file && echo fine")

    assert out.lines == ["refused", "fine"]
    assert "Read-only" in podman.run("--read-only", "--read-only-tmpfs=false", BOX, "touch", "/tmp/file", code=1).err


def test_shm_size(podman):
    assert podman.run("--shm-size=2m", BOX, "sh", "-c", "df -k /dev/shm | tail -1").text.split()[1] == "2048"


def test_working_directory(podman):
    assert podman.run("-w", "/var/log", BOX, "pwd").text == "/var/log"


def test_environment(podman):
    out = podman.run("-e", "A=one two", "--hostname=box1", BOX, "sh", "-c", 'echo "$A"; echo $HOME; hostname; cat /etc/hostname')

    assert out.lines == ["one two", "/root", "box1", "box1"]


def test_secret(podman):
    name = "s" + podman.fresh()
    podman("secret", "create", name, "-", input="hidden")

    assert podman.run("--secret", f"{name},mode=0400", BOX, "sh", "-c", f"cat /run/secrets/{name}").text == "hidden"
    assert podman.run("--secret", f"{name},type=env,target=S", BOX, "sh", "-c", "echo $S").text == "hidden"
    podman("secret", "rm", name)


def test_copy(podman, source):
    """Podman pauses the container meanwhile."""
    name = podman.detached()

    podman("cp", f"{source}/file", f"{name}:/tmp/copied")
    podman("cp", f"{name}:/tmp/copied", f"{source}/back")

    assert podman("exec", name, "cat", "/tmp/copied").text == "content"
    assert (source / "back").read_text(encoding="utf-8") == "content\n"


def test_commit(podman):
    name = podman.detached()
    podman("exec", name, "sh", "-c", "echo new >/new")

    podman("commit", "--quiet", name, f"localhost/{name}")

    assert podman.run(f"localhost/{name}", "cat", "/new").text == "new"
    podman("rmi", f"localhost/{name}")


@quick
def test_build(podman, source):
    (source / "Containerfile").write_text(f"FROM {BOX}\nRUN echo built >/built && id -u >>/built\nCOPY file /copied\n"
                                          "USER user\nRUN id -u >/tmp/user\nCMD [\"cat\", \"/built\", \"/tmp/user\"]\n",
                                          encoding="utf-8")
    name = f"localhost/{source.name}"

    podman("build", "--quiet", "--pull=never", "--network=none", "--isolation=oci", "-t", name, source)

    assert podman.run(name).lines == ["built", "0", "1000"]
    podman("rmi", name)


def test_build_fails(podman, source):
    (source / "Containerfile").write_text(f"FROM {BOX}\nRUN no-such-program\n", encoding="utf-8")

    out = podman("build", "--pull=never", "--network=none", "--isolation=oci", source, code=127)

    assert "no-such-program: not found" in out.out + out.err


def test_hooks(podman, source):
    (source / "hook.json").write_text(json.dumps({
        "version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["sh", "-c", f"cat >{source}/state"]},
        "when": {"always": True}, "stages": ["prestart"]}), encoding="utf-8")

    podman("--hooks-dir", source, "run", "--rm", "--network=none", BOX, "true")

    assert json.loads((source / "state").read_text(encoding="utf-8"))["pid"] > 0


# --- namespaces and networks ------------------------------------------------------------------------------

@quick
def test_init(podman):
    out = podman.run("--init", BOX, "sh", "-c", "cat /proc/1/comm")

    assert out.text in ("catatonit", "podman-init")


def test_pid_host(podman):
    name = podman.detached("--pid=host")

    assert podman("exec", name, "cat", "/proc/1/comm").text == machine.read("/proc/1/comm").strip()
    podman("stop", "-t", "0", name)             # kill --all: no init of a namespace takes the others with it
    assert podman.inspect(name, ".State.ExitCode") == "137"


def test_shared_namespaces(podman):
    name = podman.detached("--ipc=shareable")
    look = ["sh", "-c", "for kind in pid ipc net uts; do readlink /proc/self/ns/$kind; done"]

    out = podman("run", "--rm", f"--pid=container:{name}", f"--ipc=container:{name}", f"--network=container:{name}",
                 f"--uts=container:{name}", BOX, *look)

    assert out.lines == podman("exec", name, *look).lines and len(out.lines) == 4


def test_network_none(podman):
    assert podman.run(BOX, "ls", "/sys/class/net").lines == ["lo"]


def test_network_host(podman):
    assert "uplink" in podman("run", "--rm", "--network=host", BOX, "ls", "/sys/class/net").lines


@quick
def test_network_bridge(podman):
    podman("run", "-d", "--name", (name := podman.fresh()), "--network=podman", "--stop-timeout=1", BOX,
           "httpd", "-f", "-p", "80", "-h", "/etc")
    address = podman.inspect(name, ".NetworkSettings.IPAddress")

    out = podman("run", "--rm", "--network=podman", BOX, "timeout", "8", "wget", "-q", "-O", "-", f"http://{address}/group")

    assert out.lines[0] == "root:x:0:"


def test_network_port(podman):
    podman("run", "-d", "--name", (name := podman.fresh()), "--network=podman", "-p", "18080:80", "--stop-timeout=1",
           BOX, "httpd", "-f", "-p", "80", "-h", "/etc")
    address = podman.inspect(name, ".NetworkSettings.Gateway")

    def answer():
        done = subprocess.run(["timeout", "8", "busybox", "wget", "-q", "-O", "-", f"http://{address}:18080/group"],
                              capture_output=True, check=False)
        return done.stdout.startswith(b"root:x:0:")

    machine.wait_until(answer, 10, "an answer at the port")


def test_network_names(podman):
    network = "n" + podman.fresh()
    podman("network", "create", network)
    try:
        podman("run", "-d", "--name", (name := podman.fresh()), f"--network={network}", "--stop-timeout=1", BOX,
               "httpd", "-f", "-p", "80", "-h", "/etc")
        out = podman("run", "--rm", f"--network={network}", BOX, "timeout", "8", "wget", "-q", "-O", "-",
                     f"http://{name}/group")
        assert out.lines[0] == "root:x:0:"
    finally:
        podman("rm", "-af", "-t", "0")
        podman("network", "rm", network)


@quick
def test_userns_map(podman):
    name = podman.detached("--uidmap=0:100000:5000", "--gidmap=0:200000:5000")

    assert podman("exec", name, "cat", "/proc/self/uid_map").text.split() == ["0", "100000", "5000"]
    assert podman("exec", name, "id", "-u").text == "0"
    assert os.stat(f"/proc/{podman.inspect(name, '.State.Pid')}").st_uid == 100000


def test_userns_auto(podman):
    first, second = (podman.run("--userns=auto:size=1024", BOX, "cat", "/proc/self/uid_map").text.split()
                     for _ in range(2))

    assert first[0] == "0" and int(first[1]) >= 1000000 and first[2] == "1024"
    assert second[2] == "1024"


def test_userns_limits(podman, place):
    place.needs("pids")
    name = podman.detached("--userns=auto:size=1024", "--pids-limit=20")

    assert podman.limit(name, "pids", "pids.max", "pids.max") == "20"
    podman("pause", name)
    podman("unpause", name)


# --- pods ------------------------------------------------------------------------------------------------

def test_pod(podman, place):
    place.needs_pods()
    pod = "p" + podman.fresh()
    podman("pod", "create", "--name", pod, "--network=none", "--hostname", "together")
    try:
        name = podman.fresh()
        podman("run", "-d", "--pod", pod, "--name", name, BOX, "sleep", "1000")
        assert podman("run", "--rm", "--pod", pod, BOX, "hostname").text == "together"
        assert podman("exec", name, "readlink", "/proc/self/ns/net").text == podman(
            "run", "--rm", "--pod", pod, BOX, "readlink", "/proc/self/ns/net").text
        podman("pod", "pause", pod)
        assert podman.state(name) == "paused"
        podman("pod", "unpause", pod)
        podman("pod", "stop", "-t", "0", pod)
        assert podman.state(name) == "exited"
    finally:
        podman("pod", "rm", "-f", "-t", "0", pod)


def test_kube_play(podman, place, source):
    kube.check_play(podman, place, source)
