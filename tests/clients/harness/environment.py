# SPDX-License-Identifier: Apache-2.0
"""The private environment in which clients run: outside, what makes and removes it.

enter() starts a command below `unshare` with its own mounts, network, processes, IPC, host name and
cgroups.  Our cgroup davit-clients-PID in each hierarchy is what the command sees as the root.  The
rest is made from inside (inside.py), so it is gone with the last process; only the cgroups have to be
removed, and that happens here.  Nothing else of the host is touched.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys

from . import machine

VIEWS = {
    "v1": "the v1 controllers, no v2 hierarchy",
    "hybrid": "the v1 controllers, and v2 at /sys/fs/cgroup/unified",
    "v2": "v2 alone",
    "systemd": "v2 with systemd, which Podman asks for its cgroups, in a virtual machine",
}
PREFIX = "davit-clients-"
# What each view needs of the host.
LAYOUTS = {"v1": ("v1", "hybrid"), "hybrid": ("hybrid",), "v2": ("v2", "hybrid")}
IN_MACHINE = "systemd"                      # tests/vm has the machine; it is thrown away, so nothing in it is private
UNSHARE = ["unshare", "-C", "-m", "-n", "-p", "-i", "-u", "--fork", "--kill-child", "--mount-proc"]
INSIDE = "DAVIT_CLIENTS_INSIDE"             # the view; set inside only


def wanted_view():
    return os.environ.get("DAVIT_CLIENTS_VIEW") or ("v2" if machine.host_layout() == "v2" else "v1")


class Groups:
    """Our cgroup in each hierarchy of the host."""

    def __init__(self):
        self.name = f"{PREFIX}{os.getpid()}"
        self.points = sorted(set(machine.hierarchies().values()))
        self.paths = [f"{point}/{self.name}" for point in self.points]

    def make(self):
        for path in self.paths:
            os.mkdir(path)
            for name in ("cpuset.cpus", "cpuset.mems"):         # v1 cpusets start empty
                if os.path.exists(f"{path}/cgroup.clone_children") and os.path.exists(f"{path}/{name}"):
                    machine.write(f"{path}/{name}", machine.read(f"{os.path.dirname(path)}/{name}"))
                    machine.write(f"{path}/cgroup.clone_children", "1")

    def enter(self):
        """For a child between fork and exec: its cgroup namespace will start here."""
        for path in self.paths:
            with open(f"{path}/cgroup.procs", "w", encoding="ascii") as f:
                f.write("0")

    def leave(self, pid):
        """unshare(1) waits where we are: v2 controllers pass only through cgroups without processes."""
        own = {}
        for line in machine.read("/proc/self/cgroup").splitlines():
            _number, names, path = line.split(":", 2)
            own.update({name.removeprefix("name="): path for name in names.split(",")})
        for name, point in machine.hierarchies().items():
            path = own.get("" if name == "unified" else name, "/")
            machine.write(f"{point}{path}/cgroup.procs", str(pid))

    def remove(self):
        return [path for path in self.paths if not machine.remove_cgroup(path)]


def with_modules():
    return {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).resolve().parents[1])}


def stop(process, groups):
    """Ends the namespace.  A process that is frozen on v1 does not even die of SIGKILL."""
    machine.send(process.pid, signal.SIGTERM)
    for path in groups.paths:
        machine.thaw(path)
    if not machine.wait_for_end(process, 5):
        process.kill()
    for path in groups.paths:
        machine.thaw(path)
    process.wait()


def enter(view, command, cwd=None):
    """Runs COMMAND inside; its status, after everything is gone."""
    assert view in VIEWS, f"there is no view {view}: {' '.join(VIEWS)}"
    if os.geteuid() != 0:
        raise SystemExit("clients: run the checks as root; they make the ordinary user themselves")
    if view == IN_MACHINE:
        if "DAVIT_VM_LAYOUT" not in os.environ:
            raise SystemExit("clients: the view systemd is for a machine of tests/vm: tests/clients/run --view systemd")
        return subprocess.run([sys.executable, "-B", "-m", "harness.inside", view, "--", *command], cwd=cwd, check=False,
                              env=with_modules()).returncode
    if machine.host_layout() not in LAYOUTS[view]:
        raise SystemExit(f"clients: the view {view} needs a host with {' or '.join(LAYOUTS[view])}, "
                         f"this one has {machine.host_layout()}")
    machine.remove_stale(PREFIX)
    groups = Groups()
    told, tell = os.pipe()                      # the namespaces are there
    process = None
    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        groups.make()
        process = subprocess.Popen(
            [*UNSHARE, sys.executable, "-B", "-m", "harness.inside", view, str(tell),
             json.dumps(machine.hierarchies()), "--", *command],
            cwd=cwd, pass_fds=[tell], preexec_fn=groups.enter, env=with_modules())
        os.close(tell)
        tell = None
        if os.read(told, 1):
            groups.leave(process.pid)
        # The status comes first: what is left inside may be frozen, and then pid 1 cannot end.
        status = os.read(told, 16)
        stop(process, groups)
        return int(status) if status else process.returncode or 1
    finally:
        if process and process.poll() is None:
            stop(process, groups)
        for descriptor in (told, tell):
            if descriptor is not None:
                os.close(descriptor)
        left = groups.remove()
        for number, handler in previous.items():
            signal.signal(number, handler)
        if left:
            raise SystemExit(f"clients: cannot remove {' '.join(left)}")


def interrupt(number, _frame):
    """Python then unwinds, and the environment ends with us."""
    raise SystemExit(128 + number)
