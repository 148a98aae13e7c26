# SPDX-License-Identifier: Apache-2.0
"""What a runtime may leave behind: processes of its own, directories of state, cgroups, mounts."""
import os
import pathlib
import re
import time

from . import machine, runtimes

# Where the clients here let the runtimes keep their state: each directory in it is a container.
STATES = ["/run/{name}", "/run/user/*/{name}", "/run/containerd/runc/*", "/var/run/docker/runtime-runc/*"]
DEADLINE = 20                                   # conmon and shims call `delete` when their client has gone already
# The names of containers in cgroups; what clients make above them stays, as that of a pod of Podman does on v1.
CONTAINER = re.compile(r"(?<!/libpod_parent/)[0-9a-f]{64}|/c\d+$|conmon-check")


def found(name):
    """A set of lines about what is there now."""
    return {*processes(runtimes.path(name)), *states(name), *cgroups(), *mounts()}


def processes(path):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)") == path:
                yield f"process {machine.describe(pid)}"
        except OSError:                         # it has ended
            pass


def states(name):
    for pattern in STATES:
        for directory in pathlib.Path("/").glob(pattern.format(name=name).lstrip("/")):
            yield from (f"state {path}" for path in directory.iterdir() if path.is_dir() and path.name[0] != ".")


def cgroups():
    for point in set(machine.hierarchies().values()):
        yield from (f"cgroup {path}" for path in machine.walk_cgroups(point) if CONTAINER.search(path))


def mounts():
    for line in machine.read("/proc/self/mountinfo").splitlines():
        number, target = line.split()[0], line.split()[4]
        # Podman binds its storage onto itself now and then; networks are the engines', which keep some.
        if not target.endswith("/storage/overlay") and "/netns" not in target:
            yield f"mount {number} {target}"


def expect_none(name, before):
    end = time.monotonic() + DEADLINE * machine.PATIENCE
    while left := found(name) - before:
        assert time.monotonic() < end, "left behind:\n" + "\n".join(sorted(left))
        time.sleep(0.05)
