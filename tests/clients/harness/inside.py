# SPDX-License-Identifier: Apache-2.0
"""The private environment, seen from inside: pid 1.  Mounts, files of /etc, the network, an init.

Everything is on a tmpfs or on an overlay of one, in our own mount namespace.
"""
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys

from . import environment, machine, runtimes

WORK = pathlib.Path("/run/clients")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Changes go to a tmpfs: clients write to /etc/containers/networks whatever they are told.
OVERLAID = ["/etc", "/var/lib"]
# Fresh.  Podman's locks are in /dev/shm, its images below /var/lib; they are no overlay of an overlay.
EMPTY = ["/dev/shm", "/home", "/var/lib/containers", "/var/lib/docker", "/var/lib/containerd", "/var/lib/cni"]
USER, USER_ID = "tester", 1234                  # the ordinary user of rootless clients
CONFIG = machine.REPO / "config"

CONTAINERS_CONF = f"""[containers]
log_driver = "k8s-file"
%s
[engine]
cgroup_manager = "%s"
events_logger = "file"

[engine.runtimes]
{runtimes.table()}

[network]
network_backend = "netavark"
"""
STORAGE_CONF = """[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
"""


def run(*words):
    subprocess.run(words, check=True, env={"PATH": PATH})


def mount(kind, target, options="", source="davit-clients"):
    run("mount", "-t", kind, *(["-o", options] if options else []), source, target)


def mount_cgroups(view, hierarchies):
    """The old tree has to go first: a hidden cgroup mount would stay in mountinfo, with the root `/..`."""
    run("umount", "-R", "/sys")
    mount("sysfs", "/sys", "nosuid,nodev,noexec")
    if view == "v2":
        mount("cgroup2", "/sys/fs/cgroup", "nosuid,nodev,noexec")
        # A cgroup with processes cannot hand controllers to the cgroups below it.
        os.mkdir("/sys/fs/cgroup/runner")
        machine.write("/sys/fs/cgroup/runner/cgroup.procs", "0")
        return
    mount("tmpfs", "/sys/fs/cgroup", "mode=755")
    names = {}
    for name, point in hierarchies.items():             # cpu and cpuacct may be one hierarchy
        names.setdefault(point, []).append(name)
    for point, together in names.items():
        target = f"/sys/fs/cgroup/{os.path.basename(point)}"
        if together == ["unified"]:
            if view == "hybrid":
                os.mkdir(target)
                mount("cgroup2", target, "nosuid,nodev,noexec")
            continue
        os.mkdir(target)
        options = ",".join("none,name=systemd" if name == "systemd" else name for name in together)
        mount("cgroup", target, options)


def mount_private():
    mount("tmpfs", "/run", "mode=755")
    WORK.mkdir()
    for path in OVERLAID:
        upper, work = (WORK / ".changes" / (path.replace("/", "-") + name) for name in ("", "-work"))
        upper.mkdir(parents=True)
        work.mkdir()
        mount("overlay", path, f"lowerdir={path},upperdir={upper},workdir={work}")
    make_devices()
    for path in EMPTY:
        os.makedirs(path, exist_ok=True)
        mount("tmpfs", path, "mode=1777" if path == "/dev/shm" else "mode=755")
    # As on a real host: clients want to hand mounts on to containers.
    run("mount", "--make-rshared", "/")


def shipped(name):
    """The ready file of that name, as `make install` would write it."""
    return (CONFIG / f"{name}.in").read_text(encoding="utf-8").replace("@bindir@/davit", runtimes.path("davit"))


def write_etc(view):
    containers = pathlib.Path("/etc/containers")
    (containers / "containers.conf.d").mkdir(parents=True, exist_ok=True)
    # The file that davit ships, and what is particular to this place.
    (containers / "containers.conf").write_text(shipped("containers.conf"), encoding="utf-8")
    # Podman limits the number of processes without asking whether that can be done.
    able = view != "v2" or "pids" in machine.read("/sys/fs/cgroup/cgroup.controllers").split()
    settings = CONTAINERS_CONF % ("" if able else "pids_limit = 0\n", "systemd" if view == environment.IN_MACHINE else "cgroupfs")
    (containers / "containers.conf.d/clients.conf").write_text(settings, encoding="utf-8")
    (containers / "storage.conf").write_text(STORAGE_CONF, encoding="utf-8")
    (containers / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}\n', encoding="utf-8")
    (containers / "registries.conf").write_text("", encoding="utf-8")
    for name in ("passwd", "group", "subuid", "subgid"):
        path = pathlib.Path("/etc", name)
        kept = [line for line in machine.read(path).splitlines() if not line.startswith((f"{USER}:", "containers:"))]
        kept += {"passwd": [f"{USER}:x:{USER_ID}:{USER_ID}::/home/{USER}:/bin/sh"],
                 "group": [f"{USER}:x:{USER_ID}:"]}.get(
                     name, [f"{USER}:500000:65536", "containers:1000000:1048576"])
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    # A name is then not found at once, instead of after ten seconds.
    resolver = pathlib.Path("/etc/resolv.conf")
    resolver.unlink(missing_ok=True)
    resolver.write_text("nameserver 127.0.0.1\n", encoding="utf-8")


def make_user():
    home = pathlib.Path("/home", USER)
    runtime_dir = pathlib.Path("/run/user", str(USER_ID))
    for path, mode in ((home, 0o755), (runtime_dir, 0o700)):
        path.mkdir(mode=mode, parents=True)
        os.chown(path, USER_ID, USER_ID)


def start_session():
    """The user's own systemd, which makes the user's runtime directory."""
    run("loginctl", "enable-linger", USER)
    machine.wait_until(lambda: os.path.exists(f"/run/user/{USER_ID}/bus"), 120, "a session of the user")


# Everybody may use these on most hosts: rootless Podman has its network and its overlay from them.
FOR_ALL = ["/dev/net/tun", "/dev/fuse"]


def make_devices():
    """The host's devices as nodes of our own: some runtimes change the owner of those that they bind."""
    own = WORK / "dev"
    own.mkdir()
    mount("tmpfs", str(own), "mode=755")
    for folder in ("/dev", "/dev/net"):
        (own / folder.removeprefix("/dev").lstrip("/")).mkdir(exist_ok=True)
        for entry in os.scandir(folder) if os.path.isdir(folder) else ():
            copy, status = own / os.path.relpath(entry.path, "/dev"), entry.stat(follow_symlinks=False)
            if entry.is_symlink():
                copy.symlink_to(os.readlink(entry.path))
            elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                os.mknod(copy, status.st_mode, status.st_rdev)
                os.chown(copy, status.st_uid, status.st_gid)
                os.chmod(copy, 0o666 if entry.path in FOR_ALL else stat.S_IMODE(status.st_mode))
    (own / "pts").mkdir()
    run("mount", "--bind", "/dev/pts", str(own / "pts"))
    run("mount", "--move", str(own), "/dev")


def make_network():
    """Loopback, and a device with a default route, which docker wants to see."""
    run("ip", "link", "set", "lo", "up")
    for words in ("ip link add uplink type veth peer name uplink-end", "ip link set uplink-end up",
                  "ip address add 192.0.2.2/24 dev uplink", "ip link set uplink up",
                  "ip route add default via 192.0.2.1"):
        run(*words.split())


def reap_until_end(process):
    """We are pid 1: what clients leave behind becomes our child.  The status of PROCESS."""
    while True:
        try:
            pid, status = os.wait()
        except InterruptedError:
            continue
        if pid == process:
            return os.waitstatus_to_exitcode(status)


def make_work():
    for name in ("tmp", "here", "bin"):
        (WORK / name).mkdir()
    # The ordinary user has to reach it, too.
    shutil.copy(machine.RUNTIME, runtimes.path("davit"))
    os.chmod(WORK / "tmp", 0o1777)


def variables(view):
    """Of the command."""
    result = {**os.environ, environment.INSIDE: view, "PATH": PATH, "HOME": "/root", "TMPDIR": str(WORK / "tmp")}
    for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "NOTIFY_SOCKET", "CONTAINERS_CONF", "CONTAINER_HOST"):
        result.pop(name, None)
    return result


def be_the_machine(view, command):
    """A machine that is thrown away: its init is systemd, and all of it is ours."""
    os.umask(0o022)
    # On the disk: Linux 6.1 has no id-mapped mounts of a tmpfs.
    disk = pathlib.Path("/var/lib/clients")
    for path in (disk, WORK):
        path.mkdir()
    run("mount", "--bind", str(disk), str(WORK))
    make_work()
    # The machine has this user with another id.
    run("groupmod", "-g", str(USER_ID), USER)
    run("usermod", "-u", str(USER_ID), "-g", str(USER_ID), USER)
    write_etc(view)
    start_session()
    for module in ("tun", "fuse", "overlay", "bridge", "veth"):
        run("modprobe", module)
    for path in FOR_ALL:
        os.chmod(path, 0o666)
    run("mount", "--make-rshared", "/")
    make_network()
    os.execvpe(command[0], command, variables(view))


def main():
    if sys.argv[1] == environment.IN_MACHINE:
        be_the_machine(sys.argv[1], sys.argv[3:])
    view, tell, hierarchies, _dashes, *command = sys.argv[1:]
    tell = int(tell)
    os.set_inheritable(tell, False)
    os.write(tell, b"!")
    os.umask(0o022)
    mount_private()
    mount_cgroups(view, json.loads(hierarchies))
    write_etc(view)
    make_user()
    make_network()
    make_work()
    child = os.posix_spawnp(command[0], command, variables(view))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: machine.send(child, number))
    status = reap_until_end(child)
    os.write(tell, str(status if status >= 0 else 128 - status).encode())


if __name__ == "__main__":
    main()
