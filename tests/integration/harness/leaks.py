# SPDX-License-Identifier: Apache-2.0
"""After a test nothing may be left: no process, cgroup, mount or state."""
import os
import signal
import stat
import time

from . import machine


# The host's devices are one file system with ours: a runtime that changes their owner, or puts a
# file in their place, changes the host.  Name: number.
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9),
           "tty": (5, 0)}


def changed_devices():
    """Devices of the host that are not what they were; they are put right."""
    found = []
    for name, number in DEVICES.items():
        path = f"/dev/{name}"
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            status = None
        if status and stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(*number):
            if (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, 0, 0o666):
                continue
            found.append(f"{path} belongs to {status.st_uid}:{status.st_gid}, mode {status.st_mode:o}")
            os.chown(path, 0, 0)
            os.chmod(path, 0o666)
            continue
        found.append(f"{path} is no device any more")
        if status:
            os.unlink(path)
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(*number))
        os.chmod(path, 0o666)
    return found


class Snapshot:
    """What is there before the test; `leftovers` tells what is there too much after it."""

    def __init__(self, session, view, mode):
        changed_devices()
        self.session = session
        self.spaces = [view]
        if mode == "userns":
            self.spaces.append(session.user_namespace(view))
        self.view = view
        self.mounts = [set(space.mountinfo()) for space in self.spaces]
        self.orphans = set(session.orphans())
        self.cgroups = set(self._cgroups())

    def add(self, view):
        """Looks at the mounts of another view, too."""
        self.spaces.append(view)
        self.mounts.append(set(view.mountinfo()))

    def _cgroups(self):
        session, found = self.session, []
        for point in machine.hierarchies().values():
            for group in session.groups:
                ours = f"{point}/{group}"
                found += [path for path in machine.walk_cgroups(ours)
                          if path not in (ours, f"{ours}/runner")]
            # Containers without a cgroupsPath live below the root of each hierarchy.
            found += [entry.path for entry in os.scandir(point)
                      if entry.name.startswith(f"t{os.getpid()}-")]
        return found

    def _leftovers(self):
        found = []
        for pid in set(self.session.orphans()) - self.orphans:
            found += ["process: " + machine.describe(p) for p in machine.tree_of(pid)
                      if machine.is_alive(p)]
        for path in set(self._cgroups()) - self.cgroups:
            found.append(f"cgroup: {path} with processes {machine.cgroup_pids(path)}")
        for space, before in zip(self.spaces, self.mounts):
            found += [f"mount: {line}" for line in space.mountinfo() if line not in before]
        found += [f"created outside any cgroup file system: {path}" for path in self.view.strays()]
        return found

    def leftovers(self, containers, seconds=1.0):
        """A list of lines; what is only on its way out gets a moment."""
        end = time.monotonic() + seconds * machine.PATIENCE
        while True:
            found = self._leftovers()
            if not found or time.monotonic() > end:
                break
            time.sleep(0.01)
        found += [f"device of the host: {line}" for line in changed_devices()]
        if self.session.template.was_changed():
            found.append("written: the shared busybox or probe, through a hard link")
        for root in {c.root for c in containers}:
            if os.path.isdir(root):
                found += [f"state: {root}/{name}" for name in sorted(os.listdir(root))
                          if not name.startswith(".")]
        return found

    def sweep(self):
        """Removes by force what a failed test left, so that the next one starts clean."""
        for cgroup in set(self._cgroups()) - self.cgroups:
            machine.remove_cgroup(cgroup)
        for pid in set(self.session.orphans()) - self.orphans:
            for p in reversed(machine.tree_of(pid)):
                machine.send(p, signal.SIGKILL)
        end = time.monotonic() + 5
        while set(self.session.orphans()) - self.orphans and time.monotonic() < end:
            time.sleep(0.01)
