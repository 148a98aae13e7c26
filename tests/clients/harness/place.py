# SPDX-License-Identifier: Apache-2.0
"""The environment as the checks see it: the controllers of this view, and what a check left behind."""
import os

import pytest

from . import machine


class Place:
    def __init__(self, view):
        self.view = view

    @property
    def is_v2(self):
        return self.view == "v2"

    def controllers(self):
        if self.is_v2:
            return set(machine.read("/sys/fs/cgroup/cgroup.controllers").split())
        return set(machine.hierarchies())

    def needs(self, *controllers):
        """Skips the check where the view has no such controllers."""
        missing = [name for name in controllers if name not in self.controllers()]
        if missing:
            pytest.skip(f"no {' and '.join(missing)} controller in this view")

    def cgroup_of(self, pid, controller):
        """The directory of the cgroup of PID for CONTROLLER."""
        for line in machine.read(f"/proc/{pid}/cgroup").splitlines():
            _number, names, path = line.split(":", 2)
            if (self.is_v2 and not names) or controller in names.split(","):
                return (machine.hierarchies()["unified" if self.is_v2 else controller] + path).rstrip("/")
        raise AssertionError(f"{pid} has no cgroup for {controller}")

    def processes(self):
        """All in here but us and those that run since the start."""
        return {int(name) for name in os.listdir("/proc") if name.isdigit()}
