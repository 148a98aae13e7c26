# SPDX-License-Identifier: Apache-2.0
"""The systemd cgroup driver, against tests/tools/fake-systemd: units, waits, refusals, the end.

What a real systemd makes of the properties is tested in the virtual machines.
"""
import json
import os
import re
import signal
import socket
import subprocess

import pytest

from harness import machine

pytestmark = [pytest.mark.davit_only,
              pytest.mark.root(why="it asks the system's manager; the tests marked rootless ask a user's")]
LAYOUTS = pytest.mark.views("hybrid", "v1", "v2")
SYSTEMD = ["--systemd-cgroup"]
WARNINGS = ["--log-level", "warning"]


class FakeSystemd:
    """One manager on one socket, in the view of the test."""

    def __init__(self, session, view, directory):
        self.session, self.view, self.directory = session, view, directory
        self.below = f"{view.cgroup_parent}/sd-{os.path.basename(directory)}"
        self.socket = directory / "bus"
        self.log = directory / "calls"
        self.process = None

    @property
    def address(self):
        return f"unix:path={self.socket}"

    def start(self, *options):
        self.socket.unlink(missing_ok=True)
        self.process = self.session.spawn(
            self.view.prefix() + ["--", str(machine.TOOLS / "fake-systemd"), str(self.socket),
                                  "--below", self.below, "--log", str(self.log), *options],
            stdout=subprocess.PIPE, stderr=None)
        assert self.process.stdout.readline() == b"ready\n"
        return self

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()
            self.session.forget(self.process)
            self.process = None

    def calls(self, member=None):
        lines = [json.loads(line) for line in machine.read(self.log).splitlines()]
        return [line["args"] for line in lines if member in (None, line["call"])]

    def names(self):
        return [json.loads(line)["call"] for line in machine.read(self.log).splitlines()]

    def properties(self, member="StartTransientUnit"):
        return {name: value for name, value in self.calls(member)[-1][2]}

    def directories(self):
        """All cgroups below the manager's own, as the host sees them."""
        inner = "" if self.view.name != "v2" else f"/{self.session.group}"
        found = []
        for point in machine.hierarchies().values():
            top = f"{point}{inner}{self.below}"
            found += [path for path, _dirs, _files in os.walk(top, topdown=False)]
        return found

    def scopes(self):
        return [path for path in self.directories() if path.endswith(".scope")]

    def unit_directories(self):
        """Those that systemd itself has made."""
        return [path for path in self.scopes() if "/unified/" in path or "/systemd/" in path]

    def remove_slices(self):
        for path in self.directories():
            os.rmdir(path)


@pytest.fixture
def systemd(session, view, new_container):
    directory = session.directory / session.next_name()
    directory.mkdir(mode=0o755)
    fake = FakeSystemd(session, view, directory)
    yield fake
    for container in new_container.containers:
        container.finish()
    try:
        machine.wait_until(lambda: not fake.process or not fake.scopes(), 2, "the end of all scopes")
        assert not fake.scopes()
    finally:
        fake.stop()
        fake.remove_slices()


@pytest.fixture
def unit(container, systemd):
    """A container that is to run in machine-x.slice/davit-ID.scope of a manager that works."""
    container.linux["cgroupsPath"] = f"machine-x.slice:davit:{container.id}"
    container.env["DBUS_SYSTEM_BUS_ADDRESS"] = systemd.address
    container.env["DAVIT_SYSTEMD_TIMEOUT"] = "2"
    container.scope = f"davit-{container.id}.scope"
    return container


def cgroup_of_units(container):
    groups = container.cgroup_of()
    return groups["unified"] if container.view.name == "v2" else groups["systemd"]


@LAYOUTS
def test_a_container_lives_in_its_scope(unit, systemd):
    systemd.start()

    unit.up(globals=SYSTEMD)

    place = f"{systemd.below}/machine.slice/machine-x.slice/{unit.scope}"
    inner = "/container" if unit.view.name == "v2" else ""
    assert cgroup_of_units(unit).endswith(place + inner)
    state = unit.state()
    assert state["status"] == "running"
    assert state["systemd-scope"] == unit.scope
    properties = systemd.properties()
    assert properties["PIDs"] == [unit.pid]
    assert properties["Slice"] == "machine-x.slice"
    assert properties["Delegate"] is True
    assert properties["DefaultDependencies"] is False
    assert properties["CollectMode"] == "inactive-or-failed"
    assert all(properties[f"{what}Accounting"] for what in ("CPU", "Memory", "IO", "Tasks"))


@pytest.mark.views("hybrid", "v1")
def test_the_scope_is_the_cgroup_in_every_hierarchy(unit, systemd):
    systemd.start()

    unit.up(globals=SYSTEMD)

    places = unit.cgroup_of()
    if unit.view.name == "v1":
        places.pop("unified", None)
    assert {os.path.basename(path) for path in places.values()} == {unit.scope}


@LAYOUTS
def test_the_manager_is_remembered_and_asked_to_stop_the_unit(unit, systemd):
    systemd.start()
    unit.up(globals=SYSTEMD)

    unit.force_delete()     # without --systemd-cgroup, as conmon calls it

    assert systemd.names()[-1] in ("StopUnit", "ResetFailedUnit")
    assert systemd.calls("StopUnit")[-1] == [unit.scope, "replace"]
    assert not systemd.scopes()
    assert not unit.state_dir.exists()


@LAYOUTS
def test_nothing_but_create_update_and_delete_touches_the_bus(unit, systemd):
    systemd.start()
    unit.create(["sleep", "1000"], globals=SYSTEMD)
    before = len(systemd.calls())
    unit.env["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nowhere"

    unit.start()
    assert unit.state()["status"] == "running"
    assert unit.listed()["pid"] == unit.pid
    assert unit.ps() == [unit.pid]
    out = unit.exec(["cat", "/proc/self/cgroup"])
    assert unit.scope in out.stdout or unit.namespace("cgroup")
    unit.pause()
    assert unit.status() == "paused"
    unit.resume()
    unit.stop()

    assert len(systemd.calls()) == before


@LAYOUTS
def test_delete_works_when_systemd_is_gone(unit, systemd):
    systemd.start()
    unit.up(globals=SYSTEMD)
    systemd.stop()

    out = unit.runtime(*WARNINGS, "delete", "--force", unit.id)

    assert f"the unit {unit.scope} may stay" in out.stderr
    assert not systemd.scopes()
    assert not unit.state_dir.exists()


@pytest.mark.parametrize("silent", ["StopUnit", "JobRemoved"])
def test_delete_does_not_wait_for_ever(unit, systemd, silent):
    systemd.start()
    unit.up(globals=SYSTEMD)
    systemd.stop()
    systemd.start("--existing", unit.scope, "--silent", silent)

    out = unit.runtime(*WARNINGS, "delete", "--force", unit.id)

    assert out.seconds < 5 * machine.PATIENCE
    assert f"the unit {unit.scope} may stay" in out.stderr
    assert not unit.state_dir.exists()


def test_create_fails_when_there_is_no_bus(unit, systemd):
    out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    assert ("cannot prepare the cgroup: the system's systemd cannot be reached: "
            f"{systemd.address}: there is no such socket") in out.stderr
    assert "use --cgroup-manager=cgroupfs" in out.stderr
    # An engine would take this for a missing program.
    assert "No such file" not in out.stderr
    assert not unit.state_dir.exists()


@pytest.mark.parametrize("silent, said", [
    ("Get", "the question for its ControlGroup"),
    ("StartTransientUnit", "StartTransientUnit of {scope}"),
    ("JobRemoved", "the job that starts {scope}"),
])
def test_a_silent_systemd_is_named_with_bus_and_unit(unit, systemd, silent, said):
    systemd.start("--silent", silent)

    out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    assert 2 <= out.seconds < 5 * machine.PATIENCE
    assert (f"systemd at {systemd.address} does not answer in time: "
            + said.format(scope=unit.scope)) in out.stderr
    assert "DAVIT_SYSTEMD_TIMEOUT" in out.stderr
    assert not unit.state_dir.exists()


def test_a_bus_that_does_not_greet_is_not_waited_for(unit, systemd):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(systemd.socket))
        server.listen(1)

        out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    assert "does not answer in time" in out.stderr
    assert out.seconds < 5 * machine.PATIENCE


def test_a_slow_systemd_is_waited_for(unit, systemd):
    systemd.start("--slow", "1")

    unit.up(globals=SYSTEMD)

    assert unit.status() == "running"


def test_a_refusal_says_who_and_why(unit, systemd):
    systemd.start("--refuse", "StartTransientUnit")

    out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    assert (f"cannot start the systemd scope: systemd at {systemd.address} refuses "
            f"StartTransientUnit of {unit.scope}: Interactive authentication required."
            ) in out.stderr
    assert "this manager is not yours" in out.stderr
    assert not unit.state_dir.exists()


def test_a_failed_unit_is_reset_and_the_start_repeated(unit, systemd):
    systemd.start("--fail", "1")

    unit.up(globals=SYSTEMD)

    assert systemd.names()[1:] == ["StartTransientUnit", "ResetFailedUnit", "StartTransientUnit"]


def test_a_unit_that_keeps_failing_is_an_error(unit, systemd):
    systemd.start("--fail", "9")

    out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    assert f"could not start {unit.scope}: the job's result is `failed`" in out.stderr
    assert f"journalctl --unit {unit.scope}" in out.stderr
    assert systemd.names().count("StartTransientUnit") == 2


def test_a_unit_of_somebody_else_is_left_alone(unit, systemd):
    systemd.start("--existing", unit.scope)

    out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    assert "was already loaded" in out.stderr
    assert f"systemctl status {unit.scope}" in out.stderr
    assert "StopUnit" not in systemd.names()
    assert not unit.state_dir.exists()


def test_properties_that_an_old_systemd_lacks_are_left_out(unit, systemd):
    systemd.start("--unknown", "CollectMode", "--unknown", "IOAccounting", "--unknown", "KillMode")
    unit.spec.setdefault("annotations", {})["org.systemd.property.KillMode"] = "'mixed'"

    out = unit.create(["true"], globals=SYSTEMD + WARNINGS)

    assert "annotations.org.systemd.property.KillMode is ignored" in out.stderr
    assert "CollectMode" not in systemd.properties()
    assert systemd.properties()["Delegate"] is True


def test_annotations_reach_the_unit(unit, systemd):
    systemd.start()
    unit.spec.setdefault("annotations", {}).update({
        "org.systemd.property.TimeoutStopSec": "uint64 7",
        "org.systemd.property.After": "['a.service', 'b.service']",
        "org.systemd.property.SendSIGHUP": "true",
        "org.systemd.property.OOMScoreAdjust": "-5"})

    unit.create(["true"], globals=SYSTEMD)

    properties = systemd.properties()
    assert properties["TimeoutStopUSec"] == 7000000
    assert properties["After"] == ["a.service", "b.service"]
    assert properties["SendSIGHUP"] is True
    assert properties["OOMScoreAdjust"] == -5


@pytest.mark.views("v1")
def test_limits_are_in_the_unit_and_in_the_files(unit, systemd):
    systemd.start()
    unit.set_resources(memory={"limit": 64 << 20}, pids={"limit": 33},
                       cpu={"shares": 512, "quota": 50000, "period": 100000})

    unit.up(globals=SYSTEMD)

    properties = systemd.properties()
    assert properties["MemoryLimit"] == 64 << 20
    assert properties["TasksMax"] == 33
    assert properties["CPUShares"] == 512
    assert properties["CPUQuotaPerSecUSec"] == 500000
    place = unit.cgroup_of()["pids"]
    pids = machine.read(f"{machine.hierarchies()['pids']}{place}/pids.max")
    assert pids.strip() == "33"


@pytest.mark.views("v1")
def test_update_reaches_the_unit_and_the_files(unit, systemd):
    systemd.start()
    unit.set_resources(pids={"limit": 33})
    unit.up(globals=SYSTEMD)

    unit.runtime("update", "--pids-limit", "44", unit.id)

    name, runtime, properties = systemd.calls("SetUnitProperties")[-1]
    assert (name, runtime, properties) == (unit.scope, True, [["TasksMax", 44]])
    place = unit.cgroup_of()["pids"]
    assert machine.read(f"{machine.hierarchies()['pids']}{place}/pids.max").strip() == "44"


@pytest.mark.views("v1")
def test_an_update_that_systemd_refuses_changes_nothing(unit, systemd):
    systemd.start("--refuse", "SetUnitProperties")
    unit.set_resources(pids={"limit": 33})
    unit.up(globals=SYSTEMD)

    out = unit.runtime("update", "--pids-limit", "44", unit.id, check=False)

    assert out.returncode == 1
    assert "refuses SetUnitProperties" in out.stderr
    place = unit.cgroup_of()["pids"]
    assert machine.read(f"{machine.hierarchies()['pids']}{place}/pids.max").strip() == "33"


@pytest.mark.views("v2")
@pytest.mark.parametrize("name", ["", "inner"])
def test_the_sub_cgroup_can_be_chosen(unit, systemd, name):
    systemd.start()
    unit.spec.setdefault("annotations", {})["run.oci.systemd.subgroup"] = name

    unit.up(globals=SYSTEMD)

    assert cgroup_of_units(unit).endswith(unit.scope + (f"/{name}" if name else ""))


def test_a_failure_after_the_start_stops_the_unit(unit, systemd):
    systemd.start()

    out = unit.create(["/no/such/program"], globals=SYSTEMD, check=False)

    assert out.returncode != 0
    assert systemd.calls("StopUnit") == [[unit.scope, "replace"]]
    assert not systemd.scopes()
    assert not unit.state_dir.exists()


def test_a_container_that_ended_is_deleted_with_its_unit(unit, systemd):
    systemd.start()

    unit.run(["true"], globals=SYSTEMD)

    assert not systemd.scopes()


@LAYOUTS
def test_what_the_container_leaves_running_is_killed(unit, systemd):
    systemd.start()
    unit.drop_namespace("pid")
    unit.up(["sh", "-c", "sleep 1000 & sleep 1000 & wait"], globals=SYSTEMD)
    machine.wait_until(lambda: len(unit.ps()) == 3, 5, "three processes")

    unit.force_delete()

    assert not systemd.scopes()


def test_a_path_is_refused_before_anything_happens(unit, systemd):
    systemd.start()
    unit.linux["cgroupsPath"] = "/machine/web"

    out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    assert "linux.cgroupsPath: `/machine/web` does not name a systemd unit" in out.stderr
    assert "slice:prefix:name" in out.stderr
    assert systemd.calls() == []


def test_the_plan_shows_unit_and_properties_without_a_bus(unit):
    unit.write_config()

    out = unit.runtime(*SYSTEMD, "run", "--plan", unit.id)

    assert f"unit {unit.scope} of the system's manager" in out.stdout
    assert re.search(r"property Slice = s machine-x\.slice", out.stdout)


def test_the_connection_is_not_in_the_container(unit, systemd):
    systemd.start()

    out = unit.run(["sh", "-c", "ls -l /proc/self/fd; cat /proc/net/unix"], globals=SYSTEMD)

    assert "socket:" not in out.stdout


@pytest.mark.rootless
def test_rootless_without_a_user_session_says_what_is_missing(unit):
    unit.env.pop("XDG_RUNTIME_DIR", None)
    unit.linux["cgroupsPath"] = f"user.slice:davit:{unit.id}"
    unit.set_resources(pids={"limit": 33})

    out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    if "cannot be reached" in out.stderr:
        assert "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set" in out.stderr
        assert "enable-linger" in out.stderr


@pytest.mark.rootless
def test_rootless_takes_the_bus_of_the_session(unit, systemd):
    systemd.start("--refuse", "StartTransientUnit")
    unit.env["DBUS_SESSION_BUS_ADDRESS"] = systemd.address
    unit.linux["cgroupsPath"] = f"user.slice:davit:{unit.id}"

    unit.create(["true"], globals=SYSTEMD, check=False)

    assert systemd.names()[0] == "Get"
    assert systemd.properties()["Slice"] == "user.slice"


@pytest.mark.rootless
@pytest.mark.views("v2")
def test_rootless_lives_in_a_scope_of_the_users_manager(unit, systemd):
    systemd.start("--owner", str(unit.owner))
    unit.env["DBUS_SESSION_BUS_ADDRESS"] = systemd.address
    unit.linux["cgroupsPath"] = f":davit:{unit.id}"

    unit.up(globals=SYSTEMD)

    assert cgroup_of_units(unit).endswith(f"{systemd.below}/user.slice/{unit.scope}/container")
    unit.stop()
    unit.delete()
    assert systemd.calls("StopUnit") in ([], [[unit.scope, "replace"]])


@pytest.mark.rootless
@pytest.mark.views("v2")
def test_rootless_finds_the_bus_in_the_runtime_directory(unit, systemd):
    systemd.start("--owner", str(unit.owner))
    os.symlink(systemd.socket, f"{unit.env['XDG_RUNTIME_DIR']}/bus")

    unit.up(globals=SYSTEMD)

    assert systemd.names()[0] == "Get"
    unit.force_delete()


@LAYOUTS
def test_a_new_unit_of_the_same_name_is_left_alone(unit, systemd, new_container):
    systemd.start()
    unit.up(["true"], globals=SYSTEMD)
    unit.wait_dead()
    machine.wait_until(lambda: not systemd.unit_directories(), 2, "the end of the scope")
    other = new_container()
    other.linux["cgroupsPath"] = unit.linux["cgroupsPath"]
    other.env = unit.env
    other.up(globals=SYSTEMD)

    unit.delete()

    assert other.status() == "running"
    assert "StopUnit" not in systemd.names()
