# SPDX-License-Identifier: Apache-2.0
"""The machine as it is, in the place of a view of the integration tests; and who its user is.

Outside of a virtual machine the tests look at views.  Inside one (DAVIT_VM_LAYOUT says which) the
machine itself is what is to be seen: no private mounts, no cgroup namespace.
"""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

from harness import bundle, container, machine, views
from vmlib.layouts import LAYOUTS

LAYOUT = LAYOUTS.get(os.environ.get("DAVIT_VM_LAYOUT"))


class Hierarchies(dict):
    """Controllers that are mounted together (cpu,cpuacct) share a mount point: who walks sees it once."""

    def items(self):
        return [(name, point) for point, name in {point: name for name, point in super().items()}.items()]

    def values(self):
        return [point for _name, point in self.items()]


class Host:
    """What harness.views.View offers, for the real machine."""

    unavailable = None
    holder = None

    def __init__(self, group, name="host"):
        names = set(machine.hierarchies())
        self.name = name
        self.has_unified = "unified" in names
        self.has_v1 = bool(names - {"unified"})
        self.has_cgroups = bool(names)
        self.has_v1_freezer = "freezer" in names
        self.can_pause = self.has_v1_freezer or self.has_unified
        self.cgroup_parent = f"/{group}"

    def path(self, path):
        return path

    def prefix(self):
        return [machine.tool("in-view")]

    def shim(self):
        return [machine.tool("deny-syscalls"), views.NEW_CALLS, "--"] if LAYOUT.name == "oldkernel" else []

    def mountinfo(self):
        return machine.read("/proc/self/mountinfo").splitlines()

    def strays(self):
        """What a runtime made in the empty directory of a freezer that is not there."""
        place = "/sys/fs/cgroup/freezer"
        if self.has_v1_freezer or not self.has_v1 or not os.path.isdir(place):
            return []
        return [f"{place}/{name}" for name in os.listdir(place)]

    def close(self):
        pass


class DelegatedUser(Host):
    """Commands start in a cgroup that systemd has delegated to the ordinary user (guest/agent)."""

    def __init__(self, group):
        super().__init__(group)
        self.unit = os.environ["DAVIT_VM_DELEGATED"]
        self.cgroup_parent = self.unit

    def prefix(self):
        enter = f"echo 0 > /sys/fs/cgroup{self.unit}/main/cgroup.procs"
        return ["sh", "-ec", f'{enter}; exec "$@"', "sh", *super().prefix()]


def of_layout(group, name="host"):
    """What the containers of this layout see."""
    return DelegatedUser(group) if LAYOUT.user == "delegated" else Host(group, name)


def take_over():
    """Makes the harness see this machine."""
    found = {name: point for name, point in machine.hierarchies().items() if not name.startswith("release_agent=")}
    machine.hierarchies = lambda: Hierarchies(found)
    if LAYOUT.user == "delegated":
        bundle.UNPRIVILEGED = container.OWNERS["rootless"] = bundle.RANGES["rootless"][0]["hostID"] = 1000
