# SPDX-License-Identifier: Apache-2.0
"""Limits in each layout: what the kernel says of them, whether they bite, and what is said where they
cannot be had.
"""
import os
import re
import time

import pytest

import host
from harness import machine

MIB = 1 << 20
KMSG = {"type": "c", "major": 1, "minor": 11}


def block_device():
    """MAJOR:MINOR of a whole disk, which a throttle can be set for."""
    for name in sorted(os.listdir("/sys/block")):
        if os.path.exists(f"/sys/block/{name}/device"):
            return machine.read(f"/sys/block/{name}/dev").strip()
    return None


def throttle(device):
    major, minor = map(int, device.split(":"))
    return {"blockIO": {"throttleReadBpsDevice": [{"major": major, "minor": minor, "rate": MIB}]}}


DISK = block_device()

# controller (v1 name): resources, file and value on v1, file and value on v2 (None: not there)
LIMITS = {
    "memory": ({"memory": {"limit": 64 * MIB}},
               ("memory.limit_in_bytes", str(64 * MIB)), ("memory.max", str(64 * MIB))),
    "memory-reservation": ({"memory": {"reservation": 32 * MIB}},
                           ("memory.soft_limit_in_bytes", str(32 * MIB)), ("memory.low", str(32 * MIB))),
    "pids": ({"pids": {"limit": 55}}, ("pids.max", "55"), ("pids.max", "55")),
    "cpu-quota": ({"cpu": {"quota": 50000, "period": 100000}},
                  ("cpu.cfs_quota_us", "50000"), ("cpu.max", "50000 100000")),
    # The quadratic formula: 512 shares are 59, not 20 as the linear one says.
    "cpu-shares": ({"cpu": {"shares": 512}}, ("cpu.shares", "512"), ("cpu.weight", "59")),
    "cpuset": ({"cpu": {"cpus": "0", "mems": "0"}}, ("cpuset.cpus", "0"), ("cpuset.cpus", "0")),
    "hugetlb": ({"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]},
                ("hugetlb.2MB.limit_in_bytes", str(4 * MIB)), ("hugetlb.2MB.max", str(4 * MIB))),
    "net_cls": ({"network": {"classID": 0x100001}}, ("net_cls.classid", str(0x100001)), None),
    "net_prio": ({"network": {"priorities": [{"name": "lo", "priority": 3}]}}, ("net_prio.ifpriomap", "lo 3"), None),
}
if DISK:
    LIMITS["blkio"] = (throttle(DISK), ("blkio.throttle.read_bps_device", f"{DISK} {MIB}"),
                       ("io.max", f"{DISK} rbps={MIB} wbps=max riops=max wiops=max"))


def mounted_on_v1(view, controller):
    for line in view.mountinfo():
        left, _, right = line.partition(" - ")
        if right.split()[0] == "cgroup" and controller in right.split()[-1].split(","):
            return left.split()[4]
    return None


def v2_parent(view):
    """The directory that the container's v2 cgroup is made below, as the test process can open it."""
    if not view.has_unified:
        return None
    if view.name == "v2":
        return view.path("/sys/fs/cgroup")
    return machine.hierarchies()["unified"] + getattr(view, "unit", "")


def home_of(place, controller):
    """"v1", "v2" or None: where this caller can have the controller for a container."""
    view, mode = place
    if mounted_on_v1(view, controller):
        return "v1" if mode == "root" else None
    parent = v2_parent(view)
    if not parent or (mode == "rootless" and not hasattr(view, "unit")):
        return None
    listed = machine.read(f"{parent}/cgroup.controllers").split()
    return "v2" if {"blkio": "io"}.get(controller, controller) in listed else None


def read_back(container, home, controller, name):
    places, mounts = container.cgroup_of(), machine.hierarchies()
    key = controller if home == "v1" else "unified"
    return machine.read(f"{mounts[key]}{places[key]}/{name}").strip()


@pytest.fixture
def container(bench):
    container = bench.container()
    container.linux.pop("resources", None)
    return container


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_what_the_kernel_says_or_refused(container, place, name):
    resources, on_v1, on_v2 = LIMITS[name]
    controller = name.partition("-")[0]
    home = home_of(place, controller)
    container.set_resources(**resources)

    if home and (on_v1 if home == "v1" else on_v2):
        container.up()
        file, value = on_v1 if home == "v1" else on_v2
        assert value in read_back(container, home, controller, file).splitlines()
        return
    out = container.run(["true"], check=False)
    # "io" is what v2 calls blkio; the member is named in any case.
    assert out.returncode == 1
    assert "linux.resources." + next(iter(resources)) in out.stderr
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []


def needs(place, controller):
    home = home_of(place, controller)
    if not home:
        pytest.skip(f"the {controller} controller cannot be had here: see the test above")
    return home


def test_memory_runs_out(container, place):
    home = needs(place, "memory")
    swap = {} if home == "v1" and not os.path.exists(
        mounted_on_v1(place[0], "memory") + "/memory.memsw.limit_in_bytes") else {"swap": 32 * MIB}
    container.set_resources(memory={"limit": 32 * MIB, **swap})

    out = container.run(["probe", "alloc", str(96 * MIB)], check=False)

    assert out.returncode == 137
    assert "touched" not in out.stdout


def test_forks_are_refused(container, place):
    needs(place, "pids")
    container.set_resources(pids={"limit": 5})

    out = container.run(["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done"], check=False)

    assert "fork" in out.stderr


def cpu_ticks(pid):
    fields = machine.read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_cpu_time_stays_under_the_quota(container, place):
    needs(place, "cpu")
    container.set_resources(cpu={"quota": 20000, "period": 100000})
    container.up(["sh", "-c", "while :; do :; done"])
    first, since = cpu_ticks(container.pid), time.monotonic()

    time.sleep(3)

    used = (cpu_ticks(container.pid) - first) / os.sysconf("SC_CLK_TCK")
    share = used / (time.monotonic() - since)
    assert 0 < share < 0.4, f"{share:.2f} of a processor instead of 0.2"


@pytest.mark.parametrize("allowed", [False, True], ids=["denied", "allowed"])
def test_a_device_opens_only_when_it_may(container, place, allowed):
    view, mode = place
    if mode != "root" or not (mounted_on_v1(view, "devices") or (view.has_unified and not view.has_v1)):
        pytest.skip("no device rules can be had here")
    container.linux["devices"] = [{"path": "/dev/kmsg-here", **KMSG, "fileMode": 0o666}]
    rules = [{"allow": False, "access": "rwm"}] + ([{"allow": True, "access": "r", **KMSG}] if allowed else [])
    container.set_resources(devices=rules)
    for capabilities in container.process["capabilities"].values():      # /dev/kmsg's own condition
        capabilities.append("CAP_SYSLOG")

    out = container.run(["sh", "-c", ": < /dev/kmsg-here && echo opened"], check=False)

    assert ("opened" in out.stdout) == allowed
    assert allowed or re.search("not permitted", out.stderr)


def test_an_update_bites(container, place):
    needs(place, "pids")
    container.set_resources(pids={"limit": 100})
    container.up()

    container.runtime("update", "--pids-limit", "4", container.id)

    home = home_of(place, "pids")
    assert read_back(container, home, "pids", "pids.max") == "4"
    out = container.exec(["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done"], check=False)
    assert "fork" in out.stderr


# --- doctor ------------------------------------------------------------------------------------------------------------

def test_doctor_knows_the_layout(container, place):
    """Name, each controller's place, the freezer: independently looked up here."""
    view, mode = place
    report = container.runtime("doctor", "--format", "json", check=False).json["cgroup"]
    base = "hybrid" if view.has_v1 and view.has_unified else "v1" if view.has_v1 else "v2" if view.has_unified else "none"

    assert report["layout"].split()[0] == base
    freezer = "v1" if view.has_v1_freezer else "v2" if view.has_unified else "none"
    assert report["freezer"]["kind"] == freezer
    for controller in ("memory", "pids", "cpu", "cpuset", "hugetlb", "net_cls", "blkio"):
        told = report["controllers"][controller]
        on_v1 = mounted_on_v1(view, controller)
        if on_v1:
            assert (told["place"], told["mount"]) == ("v1", on_v1), controller
        elif mode == "root" or hasattr(view, "unit"):
            home = home_of(place, controller)
            assert told["place"] == "v2" if home else told["place"] not in ("v1", "v2"), controller
            assert bool(told["why"]) == (home is None), controller


@pytest.mark.skipif(not host.LAYOUT or "-no" not in host.LAYOUT.name, reason="this host lacks nothing")
def test_doctor_says_which_kernel_option_took_it(container):
    missing = host.LAYOUT.name.partition("-no")[2]
    report = container.runtime("doctor", "--format", "json", check=False).json["cgroup"]["controllers"][missing]

    if host.LAYOUT.name == "hybrid-nofreezer":
        assert report["place"] == "v2"
        return
    assert report["place"] in ("disabled", "not-mounted", "unknown")
    assert missing in report["why"]
    assert "cgroup_no_v1" in report["why"] + (report["hint"] or "") or "cgroup_disable" in report["why"] + (report["hint"] or "")
