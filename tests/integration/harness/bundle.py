# SPDX-License-Identifier: Apache-2.0
"""Bundles: a root file system of busybox (all applets as hard links) and a default config.json."""
import os
import pathlib
import shutil
import subprocess

from . import machine

BUSYBOX = "/bin/busybox"
DIRECTORIES = ["bin", "dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "usr/bin", "usr/sbin",
               "sbin", "var/log", "var/tmp", "mnt"]
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
                  "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
                  "user:x:1000:1000:A User:/home/user:/bin/sh\n",
    "etc/group": "root:x:0:\ndaemon:x:1:\nuser:x:1000:\nextra:x:2000:user\n",
    "etc/hostname": "image\n",
}


class Template:
    """Files that every root file system shares by hard links; made once a session."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(mode=0o755)
        self.busybox = self.directory / "busybox"
        self.probe = self.directory / "probe"
        shutil.copyfile(BUSYBOX, self.busybox)
        shutil.copyfile(machine.tool("probe"), self.probe)
        for path in (self.busybox, self.probe):
            path.chmod(0o755)
        self.original = self.busybox.read_bytes()
        self.stamp = self._stamp()
        applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True)
        self.applets = [name for name in applets.stdout.split() if name not in ("busybox", "probe")]

    def _stamp(self):
        return [(p.stat().st_mtime_ns, p.stat().st_size) for p in (self.busybox, self.probe)]

    def was_changed(self):
        """Whether a test wrote through a hard link; then the template is made new."""
        if self._stamp() == self.stamp:
            return False
        for path, content in ((self.busybox, self.original),
                              (self.probe, pathlib.Path(machine.tool("probe")).read_bytes())):
            path.unlink()
            path.write_bytes(content)
            path.chmod(0o755)
        self.stamp = self._stamp()
        return True

    def make_rootfs(self, path):
        """A fresh root file system: own directories and small files, shared programs."""
        path = str(path)
        os.mkdir(path, 0o755)
        for name in DIRECTORIES:
            os.makedirs(f"{path}/{name}", 0o755, exist_ok=True)
        os.chmod(f"{path}/tmp", 0o1777)
        for name, text in FILES.items():
            with open(f"{path}/{name}", "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(f"{path}/{name}", 0o644)
        os.link(self.busybox, f"{path}/bin/busybox")
        os.link(self.probe, f"{path}/bin/probe")
        for name in self.applets:
            os.link(self.busybox, f"{path}/bin/{name}")


CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]


def default_spec(mode):
    """What `spec` of the peers writes, without a terminal, fitted to the mode."""
    namespaces = [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")]
    devpts = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
    spec = {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": ["true"],
            "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {name: list(CAPABILITIES)
                             for name in ("bounding", "effective", "permitted")},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": False},
        "hostname": "davit-test",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": devpts + (["gid=5"] if mode != "rootless" else [])},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
             "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
             "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs",
             "options": ["nosuid", "noexec", "nodev", "ro"]},
        ],
        "linux": {
            "namespaces": namespaces,
            "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                            "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                              "/proc/sysrq-trigger"],
        },
    }
    if mode == "rootless":
        namespaces.append({"type": "user"})
        for table in ID_TABLES:
            spec["linux"][table] = [{"containerID": 0, "hostID": UNPRIVILEGED, "size": 1}]
    return spec


# The id of nobody in particular: no name in /etc/passwd, no sub-ids unless a test gives him some.
UNPRIVILEGED = 54321
SUB_ID = 700000

# The map of a user namespace of a container, for each kind of caller.
ID_TABLES = ("uidMappings", "gidMappings")
RANGES = {
    "root": [{"containerID": 0, "hostID": 200000, "size": 65536}],
    "userns": [{"containerID": 0, "hostID": 65536, "size": 65536}],
    "rootless": [{"containerID": 0, "hostID": UNPRIVILEGED, "size": 1},
                 {"containerID": 1, "hostID": SUB_ID, "size": 65535}],
}
