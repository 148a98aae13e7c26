# SPDX-License-Identifier: Apache-2.0
"""The environment as the checks see it: the controllers of this view, and what a check left behind."""
import contextlib
import itertools
import os
import socket

import pytest

from . import machine
from .inside import WORK


class Place:
    def __init__(self, view):
        self.view = view
        self.count = itertools.count(1)

    @property
    def is_v2(self):
        return self.view in ("v2", "systemd")

    @property
    def has_systemd(self):
        return self.view == "systemd"

    def controllers(self):
        if self.is_v2:
            return set(machine.read("/sys/fs/cgroup/cgroup.controllers").split())
        return set(machine.hierarchies())

    def needs(self, *controllers):
        """Skips the check where the view has no such controllers."""
        missing = [name for name in controllers if name not in self.controllers()]
        if missing:
            pytest.skip(f"no {' and '.join(missing)} controller in this view")

    def needs_pods(self):
        """Skips the check where Podman makes none."""
        if self.is_v2 and "pids" not in self.controllers():
            pytest.skip("Podman makes no pods without controllers")

    def needs_user_cgroups(self):
        """Skips the check where an ordinary user has no cgroups; there a systemd of the user's has them delegated."""
        if not self.has_systemd:
            pytest.skip("an ordinary user has no cgroups without systemd")

    def cgroup_of(self, pid, controller):
        """The directory of the cgroup of PID for CONTROLLER."""
        for line in machine.read(f"/proc/{pid}/cgroup").splitlines():
            _number, names, path = line.split(":", 2)
            if (self.is_v2 and not names) or controller in names.split(","):
                return (machine.hierarchies()["unified" if self.is_v2 else controller] + path).rstrip("/")
        raise AssertionError(f"{pid} has no cgroup for {controller}")

    @contextlib.contextmanager
    def cgroup(self, name, controller):
        """(path in the hierarchy, directory) of a cgroup for CONTROLLER, in which a client makes its own."""
        directory = machine.hierarchies()["unified" if self.is_v2 else controller] + f"/{name}"
        os.mkdir(directory)
        try:
            yield f"/{name}", directory
        finally:
            machine.write(f"{directory}/pids.max", "max") if os.path.exists(f"{directory}/pids.max") else None
            assert machine.remove_cgroup(directory), f"{directory} is in use"

    def fresh_directory(self):
        path = WORK / "here" / f"d{next(self.count)}"
        path.mkdir()
        return path

    @contextlib.contextmanager
    def notify_socket(self):
        """(path, function that waits for READY=1) of a listener as a service manager has one."""
        path = self.fresh_directory() / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(path))
            os.chmod(path, 0o777)
            listener.settimeout(20)

            def wait_ready():
                while b"READY=1" not in listener.recv(4096):    # MAINPID=... comes, too
                    pass

            yield path, wait_ready
