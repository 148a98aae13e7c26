# SPDX-License-Identifier: Apache-2.0
"""The systemd driver with a real systemd: what it makes of the properties, and what outlives a reload.

How davit behaves towards a systemd that is slow, silent or refuses: tests/integration/test_systemd.py.
"""
import os
import subprocess

import pytest

import host
from harness import machine

pytestmark = pytest.mark.skipif(
    not host.LAYOUT or host.LAYOUT.init != "systemd" or host.LAYOUT.user != "root"
    or host.LAYOUT.name == "oldkernel", reason="needs a systemd: tests/vm/vm check v2-systemd")

SYSTEMD = ["--systemd-cgroup"]
MEMORY, PIDS = 64 << 20, 55
IS_V2 = bool(host.LAYOUT) and host.LAYOUT.name == "v2-systemd"
MEMORY_PROPERTY = "MemoryMax" if IS_V2 else "MemoryLimit"


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False, timeout=60).stdout


@pytest.fixture
def unit(bench):
    container = bench.container()
    container.linux["cgroupsPath"] = f"machine-t.slice:davit:{container.id}"
    container.set_resources(memory={"limit": MEMORY}, pids={"limit": PIDS},
                            cpu={"shares": 512, "quota": 50000, "period": 100000},
                            devices=[{"allow": False, "access": "rwm"}])
    container.scope = f"davit-{container.id}.scope"
    yield container
    container.finish()
    assert container.scope not in systemctl("list-units", "--all", "--no-legend")


def shown(unit, *names):
    lines = systemctl("show", unit.scope, *[f"-p{name}" for name in names]).splitlines()
    return dict(line.split("=", 1) for line in lines)


def control_file(unit, controller, v1_name, v2_name):
    """The value in the cgroup in which the container's process is."""
    places = unit.cgroup_of()
    if IS_V2:
        return machine.read(f"/sys/fs/cgroup{places['unified']}/{v2_name}").strip()
    return machine.read(f"/sys/fs/cgroup/{controller}{places[controller]}/{v1_name}").strip()


def memory_limit(unit):
    return control_file(unit, "memory", "memory.limit_in_bytes", "memory.max")


def pids_limit(unit):
    return control_file(unit, "pids", "pids.max", "pids.max")


def test_systemd_shows_the_properties(unit):
    unit.spec.setdefault("annotations", {})["org.systemd.property.TimeoutStopSec"] = "uint64 7"
    unit.up(globals=SYSTEMD)

    properties = shown(unit, "ActiveState", "Slice", "ControlGroup", "Delegate", "CollectMode",
                       "DefaultDependencies", "TasksMax", "CPUQuotaPerSecUSec", "TimeoutStopUSec",
                       "Description", MEMORY_PROPERTY)

    assert properties == {
        "ActiveState": "active", "Slice": "machine-t.slice", "Delegate": "yes",
        "ControlGroup": f"/machine.slice/machine-t.slice/{unit.scope}",
        "CollectMode": "inactive-or-failed", "DefaultDependencies": "no", "TasksMax": str(PIDS),
        "CPUQuotaPerSecUSec": "500ms", "TimeoutStopUSec": "7s",
        "Description": f"davit container {unit.id}", MEMORY_PROPERTY: str(MEMORY)}
    assert memory_limit(unit) == str(MEMORY)
    assert pids_limit(unit) == str(PIDS)


def test_limits_and_device_rules_outlive_a_reload(unit):
    os.mknod(unit.rootfs / "kmsg", 0o666 | 0o020000, os.makedev(1, 11))
    unit.up(globals=SYSTEMD)

    systemctl("daemon-reload")

    assert memory_limit(unit) == str(MEMORY)
    assert pids_limit(unit) == str(PIDS)
    assert unit.scope in str(unit.cgroup_of())
    denied = unit.exec(["cat", "/kmsg"], check=False)
    assert "Operation not permitted" in denied.stderr
    unit.exec(["cat", "/dev/null"])


def test_an_update_reaches_the_unit(unit):
    unit.up(globals=SYSTEMD)

    unit.runtime("update", "--memory", str(2 * MEMORY), "--pids-limit", "66", unit.id)
    systemctl("daemon-reload")

    assert shown(unit, MEMORY_PROPERTY, "TasksMax") == {MEMORY_PROPERTY: str(2 * MEMORY), "TasksMax": "66"}
    assert memory_limit(unit) == str(2 * MEMORY)
    assert pids_limit(unit) == "66"


def test_a_unit_that_ran_out_of_memory_does_not_stay(unit):
    unit.linux["resources"]["memory"] = {"limit": 8 << 20, "swap": 8 << 20}
    for _ in range(2):
        out = unit.run(["sh", "-c", "x=x; while :; do x=$x$x; done"], globals=SYSTEMD, check=False, timeout=30)
        assert out.returncode != 0

    assert unit.scope not in systemctl("list-units", "--all", "--failed", "--no-legend")


def test_a_unit_of_somebody_else_is_left_alone(unit):
    other = subprocess.Popen(["systemd-run", "--quiet", "--scope", f"--unit={unit.scope}", "sleep", "1000"])
    machine.wait_until(lambda: systemctl("is-active", unit.scope).strip() == "active", 10, "the other unit")

    out = unit.create(["true"], globals=SYSTEMD, check=False)

    assert out.returncode == 1
    assert "was already loaded" in out.stderr
    assert systemctl("is-active", unit.scope).strip() == "active"
    other.kill()
    other.wait()
    machine.wait_until(lambda: unit.scope not in systemctl("list-units", "--all", "--no-legend"), 10, "its end")


def test_without_resources_in_the_config(unit):
    """crun 1.27 crashes here on v1."""
    del unit.linux["resources"]

    assert unit.run(["echo", "ok"], globals=SYSTEMD).stdout == "ok\n"


def test_over_the_message_bus(unit):
    unit.env["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/run/dbus/system_bus_socket"

    assert unit.run(["echo", "ok"], globals=SYSTEMD).stdout == "ok\n"


def test_paused_and_deleted(unit):
    unit.up(globals=SYSTEMD)
    paused = unit.pause(check=unit.view.can_pause)
    assert unit.status() == ("paused" if unit.view.can_pause else "running")
    assert unit.view.can_pause or "cgroup_no_v1=freezer" in paused.stderr

    unit.force_delete()

    assert not os.path.exists(unit.state_dir)
