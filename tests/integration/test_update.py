# SPDX-License-Identifier: Apache-2.0
"""update: limits of a living container, read back from the kernel and seen to bite."""
import json
import os
import threading

import pytest

from harness import machine
from harness.machine import wait_until

ON_V1 = pytest.mark.views("hybrid", "v1")
MIB = 1024 * 1024
FUSE = {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o666}


def update(container, *words, **more):
    return container.runtime("update", *words, container.id, **more)


def update_with(container, resources, *words, **more):
    return container.runtime("update", *words, "--resources", "-", container.id, input=json.dumps(resources), **more)


def kept(container):
    return json.loads((container.state_dir / "resources.json").read_text())


def pids_max(container):
    return container.cgroup_file("unified" if container.view.name == "v2" else "pids", "pids.max")


def memory_limit(container):
    if container.view.name == "v2":
        return container.cgroup_file("unified", "memory.max")
    return container.cgroup_file("memory", "memory.limit_in_bytes")


def refused(container, *words, texts=(), **more):
    out = update(container, *words, check=False, **more)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    return out


# --- each controller: the kernel has the value ------------------------------------------------------------------------

@ON_V1
@pytest.mark.parametrize("flags, controller, file, value", [
    (["--memory", "64M"], "memory", "memory.limit_in_bytes", str(64 * MIB)),
    (["--memory", "67108864"], "memory", "memory.limit_in_bytes", str(64 * MIB)),
    (["--memory=64m", "--memory-swap=0.125g"], "memory", "memory.memsw.limit_in_bytes", str(128 * MIB)),
    (["--memory-reservation", "32MiB"], "memory", "memory.soft_limit_in_bytes", str(32 * MIB)),
    (["--pids-limit", "20"], "pids", "pids.max", "20"),
    (["--pids-limit", "-1"], "pids", "pids.max", "max"),
    (["--cpu-share", "333"], "cpu", "cpu.shares", "333"),
    (["--cpu-shares", "334"], "cpu", "cpu.shares", "334"),
    (["--cpu-quota", "40000", "--cpu-period", "80000"], "cpu", "cpu.cfs_period_us", "80000"),
    (["--cpu-quota", "40000", "--cpu-burst", "10000"], "cpu", "cpu.cfs_burst_us", "10000"),
    (["--cpu-idle", "1"], "cpu", "cpu.idle", "1"),
    (["--cpuset-cpus", "0"], "cpuset", "cpuset.cpus", "0"),
    (["--cpuset-mems", "0"], "cpuset", "cpuset.mems", "0"),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_flag_reaches_the_kernel(container, flags, controller, file, value):
    container.up()

    update(container, *flags)

    assert container.cgroup_file(controller, file) == value


@pytest.mark.row("UB-44")
def test_options_may_follow_the_id(container):
    container.up()

    container.runtime("update", container.id, "--pids-limit", "21")

    assert pids_max(container) == "21"


@ON_V1
def test_a_document_reaches_the_kernel_from_a_file_and_from_standard_input(container):
    container.up()
    path = container.directory / "resources.json"
    path.write_text(json.dumps({"pids": {"limit": 31}, "cpu": {"shares": 512}}))

    update(container, f"--resources={path}")
    assert container.cgroup_file("pids", "pids.max") == "31"
    assert container.cgroup_file("cpu", "cpu.shares") == "512"

    update_with(container, {"pids": {"limit": 32}})
    assert container.cgroup_file("pids", "pids.max") == "32"
    assert container.cgroup_file("cpu", "cpu.shares") == "512"


@ON_V1
def test_flags_count_more_than_the_document(container):
    """crun and runc ignore them then."""
    container.up()

    update_with(container, {"pids": {"limit": 31}, "cpu": {"shares": 512}}, "--pids-limit", "33")

    assert container.cgroup_file("pids", "pids.max") == "33"
    assert container.cgroup_file("cpu", "cpu.shares") == "512"


@ON_V1
def test_a_throttle_of_one_device_leaves_the_other_kinds(container):
    root = os.stat("/").st_dev
    device = {"major": os.major(root), "minor": os.minor(root)}
    container.set_resources(blockIO={"throttleReadBpsDevice": [{**device, "rate": 1 << 20}]})
    container.up()

    update_with(container, {"blockIO": {"throttleWriteBpsDevice": [{**device, "rate": 2 << 20}]}})

    name = f"{device['major']}:{device['minor']}"
    assert container.cgroup_file("blkio", "blkio.throttle.read_bps_device") == f"{name} {1 << 20}"
    assert container.cgroup_file("blkio", "blkio.throttle.write_bps_device") == f"{name} {2 << 20}"
    assert set(kept(container)["blockIO"]) == {"throttleReadBpsDevice", "throttleWriteBpsDevice"}


@pytest.mark.row("CL-61", "CL-62")
@pytest.mark.views("hybrid")
def test_a_hugepage_limit_on_the_v2_side_of_a_hybrid_host(container):
    if "hugetlb" not in machine.read(f"{machine.hierarchies().get('unified')}/cgroup.controllers").split():
        pytest.skip("no hugetlb controller on v2")
    container.set_resources(hugepageLimits=[{"pageSize": "2MB", "limit": 8 * MIB}])
    container.up()

    update_with(container, {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]})

    assert container.cgroup_file("unified", "hugetlb.2MB.max") == str(4 * MIB)
    assert container.cgroup_file("unified", "hugetlb.2MB.rsvd.max") == str(4 * MIB)
    assert kept(container)["hugepageLimits"] == [{"pageSize": "2MB", "limit": 4 * MIB}]
    # The view v2 enters our subtree from the top, which must not hand out controllers then.
    container.force_delete()
    machine.write(f"{machine.hierarchies()['unified']}/{container.session.group}/cgroup.subtree_control", "-hugetlb")


@pytest.mark.row("CL-66")
@pytest.mark.views("hybrid")
def test_a_controller_that_a_file_by_name_needs_is_enabled(container):
    unified = machine.hierarchies().get("unified")
    if "hugetlb" not in machine.read(f"{unified}/cgroup.controllers").split():
        pytest.skip("no hugetlb controller on v2")
    container.linux["cgroupsPath"] += "/deep"
    container.set_resources(unified={"hugetlb.2MB.max": str(4 * MIB)})
    container.create(["sleep", "1000"])

    assert container.cgroup_file("unified", "hugetlb.2MB.max") == str(4 * MIB)
    parent = f"{unified}{container.view.cgroup_parent}"
    for path in (parent, f"{parent}/{container.id}"):
        assert "hugetlb" in machine.read(f"{path}/cgroup.subtree_control").split()


def needs_v2(container, *controllers):
    """A running container on a v2 host that has these controllers; the machine of the tests may have none."""
    have = machine.read(machine.hierarchies()["unified"] + "/cgroup.controllers").split()
    for name in controllers:
        if name not in have:
            pytest.skip(f"v2 has no {name} controller here")
    container.up()
    return lambda name: container.cgroup_file("unified", name)


@pytest.mark.views("v2")
@pytest.mark.parametrize("flags, controller, file, value", [
    (["--memory", "64M"], "memory", "memory.max", str(64 * MIB)),
    (["--memory", "64M", "--memory-swap", "96M"], "memory", "memory.swap.max", str(32 * MIB)),
    (["--memory", "64M", "--memory-swap", "-1"], "memory", "memory.swap.max", "max"),
    (["--memory-reservation", "32M"], "memory", "memory.low", str(32 * MIB)),
    (["--pids-limit", "20"], "pids", "pids.max", "20"),
    (["--cpu-share", "512"], "cpu", "cpu.weight", "59"),
    (["--cpu-quota", "40000", "--cpu-period", "80000"], "cpu", "cpu.max", "40000 80000"),
    (["--cpu-quota", "40000", "--cpu-burst", "10000"], "cpu", "cpu.max.burst", "10000"),
    (["--cpu-idle", "1"], "cpu", "cpu.idle", "1"),
    (["--cpuset-cpus", "0"], "cpuset", "cpuset.cpus", "0"),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_flag_reaches_the_kernel_on_v2(container, flags, controller, file, value):
    read = needs_v2(container, controller)

    update(container, *flags)

    assert read(file) == value


@pytest.mark.views("v2")
@pytest.mark.row("UB-31")
def test_quota_and_period_leave_each_other_alone_on_v2(container):
    """crun: --cpu-period alone drops the quota, --cpu-quota alone the period, --cpu-quota -1 does nothing."""
    read = needs_v2(container, "cpu")

    update(container, "--cpu-quota", "40000", "--cpu-period", "80000")
    update(container, "--cpu-period", "50000")
    assert read("cpu.max") == "40000 50000"
    update(container, "--cpu-quota", "30000")
    assert read("cpu.max") == "30000 50000"
    update(container, "--cpu-quota", "-1")
    assert read("cpu.max") == "max 50000"


@pytest.mark.views("v2")
def test_swap_alone_counts_from_the_memory_limit_in_force(container):
    """crun: cannot set swap limit without the memory limit."""
    read = needs_v2(container, "memory")
    refused(container, "--memory-swap", "96M", texts=["without the memory limit"])

    update(container, "--memory", "64M")
    update(container, "--memory-swap", "96M")
    assert read("memory.swap.max") == str(32 * MIB)
    update(container, "--memory", "128M")

    assert read("memory.swap.max") == str(32 * MIB)
    assert kept(container)["memory"] == {"limit": 128 * MIB, "swap": 160 * MIB}


@pytest.mark.row("CL-52")
@pytest.mark.views("v2")
def test_a_check_before_the_update_refuses_what_would_kill(container):
    read = needs_v2(container, "memory")

    out = update_with(container, {"memory": {"limit": 4096, "checkBeforeUpdate": True}}, check=False)

    assert out.returncode == 1
    assert "is not above the current usage" in out.stderr
    assert read("memory.max") == "max"
    assert container.status() == "running"


@pytest.mark.views("v2")
@pytest.mark.parametrize("wrong", [
    {"unified": {"memory.high": "nonsense"}}, {"cpu": {"quota": 1}}, {"memory": {"limit": 8 * MIB, "kernel": 5}},
    {"blockIO": {"throttleReadBpsDevice": [{"major": 4095, "minor": 1, "rate": 1}]}},
], ids=str)
def test_all_of_it_or_nothing_on_v2(container, wrong):
    read = needs_v2(container, "memory", "cpu", "pids", "io")
    update(container, "--pids-limit", "100", "--cpu-quota", "40000", "--cpu-share", "200", "--memory", "256M")
    files = ["pids.max", "cpu.max", "cpu.weight", "memory.max", "memory.high", "io.max"]
    before, record = [read(name) for name in files], kept(container)

    out = update_with(container, {"pids": {"limit": 7}, "cpu": {"shares": 300}, **wrong}, check=False)

    assert out.returncode == 1
    assert [read(name) for name in files] == before
    assert kept(container) == record


@pytest.mark.views("v2")
@pytest.mark.row("UB-34")
def test_files_of_v2_by_name(container):
    read = needs_v2(container, "memory", "pids")

    update_with(container, {"unified": {"memory.high": str(32 * MIB), "pids.max": "33"}})

    assert read("memory.high") == str(32 * MIB)
    assert read("pids.max") == "33"
    assert kept(container)["unified"] == {"memory.high": str(32 * MIB), "pids.max": "33"}


# --- and it bites ----------------------------------------------------------------------------------------------------

ANY = pytest.mark.views("hybrid", "v1", "v2")


def needs(container, controller):
    """On the v2 view the machine of the tests may have no controllers."""
    if container.view.name == "v2" and \
            controller not in machine.read(machine.hierarchies()["unified"] + "/cgroup.controllers").split():
        pytest.skip(f"v2 has no {controller} controller here")


@pytest.mark.row("CL-52")
@ON_V1
def test_a_check_before_the_update_keeps_what_is_in_use(container):
    """v1 refuses by itself, with the member or without."""
    container.set_resources(memory={"limit": 64 * MIB, "swap": 64 * MIB})
    container.up(["sh", "-c", "dd if=/dev/zero of=/dev/shm/x bs=1M count=32 2>/dev/null; echo filled; exec sleep 1000"])
    container.wait_for_output("filled")

    out = update_with(container, {"memory": {"limit": 8 * MIB, "swap": 8 * MIB, "checkBeforeUpdate": True}}, check=False)

    assert out.returncode == 1
    assert "linux.resources.memory.limit" in out.stderr
    assert container.cgroup_file("memory", "memory.limit_in_bytes") == str(64 * MIB)
    assert container.status() == "running"


@ANY
def test_a_lowered_memory_limit_kills(container):
    needs(container, "memory")
    container.up(["sh", "-c", "while [ ! -e /go ]; do sleep 0.05; done; probe alloc 67108864; echo ended $?"])

    update(container, "--memory", "32M", "--memory-swap", "32M")
    (container.rootfs / "go").touch()

    assert "ended 137" in container.wait_for_output("ended")


@ANY
def test_a_lowered_pids_limit_refuses_a_fork(container):
    needs(container, "pids")
    container.up(["sh", "-c", "while [ ! -e /go ]; do sleep 0.05; done;"
                  " for i in 1 2 3 4 5 6 7 8; do sleep 9 & done"])

    update(container, "--pids-limit", "4")
    (container.rootfs / "go").touch()

    wait_until(lambda: "fork" in container.log.errors(), 5, "a refused fork")


@ANY
def test_a_quota_slows_down(container):
    needs(container, "cpu")
    container.up(["sh", "-c", "while :; do :; done"])
    v2 = container.view.name == "v2"

    update(container, "--cpu-quota", "5000", "--cpu-period", "100000")

    def stat(name):
        return int(dict(line.split() for line in
                        container.cgroup_file("unified" if v2 else "cpu", "cpu.stat").splitlines())[name])

    def usage():
        return stat("usage_usec") * 1000 if v2 else int(container.cgroup_file("cpuacct", "cpuacct.usage"))
    start, first = usage(), stat("nr_throttled")
    wait_until(lambda: stat("nr_throttled") >= first + 10, 8, "ten throttled periods")
    used = usage() - start
    periods = stat("nr_throttled") - first
    assert used <= (periods + 3) * 2 * 5_000_000, f"{used} ns in {periods} periods of 5 ms"


@pytest.mark.views("hybrid", "v1", "v2")
def test_device_rules_can_be_changed(container):
    """runc cannot; on v2 the program is replaced, so what was denied can be allowed."""
    container.linux["devices"] = [FUSE]
    container.up()

    def opened():
        return container.exec(["probe", "open", "/dev/fuse", "r"], check=False).stdout.strip()
    deny = {"allow": False, "access": "rwm"}
    allow = {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"}
    if opened() != "EPERM":
        pytest.skip("this kernel enforces no device rules here")

    update_with(container, {"devices": [deny, allow]})
    assert opened() != "EPERM"

    update_with(container, {"devices": []})         # nothing said, nothing changed
    assert opened() != "EPERM"

    update_with(container, {"devices": [deny]})
    assert opened() == "EPERM"
    assert container.exec(["sh", "-c", ": > /dev/null"]).returncode == 0

    update_with(container, {"devices": [{"allow": True, "access": "rwm"}]})
    assert opened() != "EPERM"

    update_with(container, {"devices": [deny]})
    assert opened() == "EPERM"


@ON_V1
@pytest.mark.row("UB-32")
def test_the_same_device_rules_again_change_nothing(container):
    """containerd sends them with every update; a container with cgroups of its own has to bear it."""
    container.up()
    before = container.cgroup_file("devices", "devices.list")
    os.mkdir([path for path in container.cgroup_dirs() if "/devices/" in path][0] + "/inner")

    update_with(container, {"devices": container.linux["resources"]["devices"], "pids": {"limit": 50}})

    assert container.cgroup_file("devices", "devices.list") == before
    assert container.cgroup_file("pids", "pids.max") == "50"


# --- what is not named stays -------------------------------------------------------------------------------------------

@ON_V1
@pytest.mark.row("UB-31")
def test_quota_and_period_leave_each_other_alone(container):
    container.set_resources(cpu={"quota": 40000, "period": 80000})
    container.up()

    update(container, "--cpu-period", "50000")
    assert container.cgroup_file("cpu", "cpu.cfs_quota_us") == "40000"
    update(container, "--cpu-quota", "30000")
    assert container.cgroup_file("cpu", "cpu.cfs_period_us") == "50000"
    update(container, "--cpu-quota", "-1")

    assert container.cgroup_file("cpu", "cpu.cfs_quota_us") == "-1"
    assert container.cgroup_file("cpu", "cpu.cfs_period_us") == "50000"
    assert kept(container)["cpu"] == {"quota": -1, "period": 50000}


@pytest.mark.row("CL-47")
@ON_V1
def test_memory_goes_up_and_down_with_its_swap(container):
    container.set_resources(memory={"limit": 64 * MIB, "swap": 64 * MIB})
    container.up()

    for size in ("128M", "32M", "96M"):
        update(container, "--memory", size, "--memory-swap", size)
        assert container.cgroup_file("memory", "memory.limit_in_bytes") == str(int(size[:-1]) * MIB)
        assert container.cgroup_file("memory", "memory.memsw.limit_in_bytes") == str(int(size[:-1]) * MIB)
    update(container, "--memory", "-1")

    assert int(container.cgroup_file("memory", "memory.limit_in_bytes")) > 2**60


@ON_V1
def test_a_zero_is_no_wish(container):
    """Docker sends 0 for every member that was not asked for."""
    container.set_resources(memory={"limit": 64 * MIB})
    container.up()

    update_with(container, {"memory": {"limit": 0, "reservation": 0, "kernel": 0, "swap": 0}, "cpu": {"shares": 300},
                            "blockIO": {"weight": 0}, "pids": {"limit": 0}})

    assert container.cgroup_file("memory", "memory.limit_in_bytes") == str(64 * MIB)
    assert container.cgroup_file("cpu", "cpu.shares") == "300"
    assert kept(container)["memory"] == {"limit": 64 * MIB}


def test_updates_add_up_in_the_record(container):
    container.set_resources(pids={"limit": 100})
    container.up()
    config = (container.state_dir / "config.json").read_text()

    update(container, "--cpu-share", "300")
    update(container, "--cpuset-cpus", "0")

    assert kept(container)["pids"] == {"limit": 100}
    assert kept(container)["cpu"] == {"shares": 300, "cpus": "0"}
    assert (container.state_dir / "config.json").read_text() == config


def test_a_damaged_record_is_no_obstacle(container):
    container.up()
    (container.state_dir / "resources.json").write_text("{")

    out = container.runtime("--log-level", "warning", "update", "--pids-limit", "44", container.id)

    assert "damaged" in out.stderr
    assert pids_max(container) == "44"
    assert kept(container)["pids"] == {"limit": 44}


@ON_V1
@pytest.mark.parametrize("wrong", [
    {"cpu": {"shares": 300, "cpus": "99"}}, {"cpu": {"shares": 300}, "unified": {"nosuch.max": "1"}},
    {"cpu": {"quota": 1}},
    {"memory": {"limit": 128 * MIB, "swap": 64 * MIB}},
    {"blockIO": {"throttleReadBpsDevice": [{"major": 4095, "minor": 1, "rate": 1}]}},
], ids=str)
def test_all_of_it_or_nothing(container, wrong):
    """crun and runc leave what they wrote before the one that failed."""
    container.set_resources(pids={"limit": 100}, cpu={"shares": 200, "quota": 40000, "period": 80000},
                            memory={"limit": 256 * MIB, "swap": 256 * MIB})
    container.up()
    files = [("pids", "pids.max"), ("cpu", "cpu.shares"), ("cpu", "cpu.cfs_quota_us"), ("cpu", "cpu.cfs_period_us"),
             ("memory", "memory.limit_in_bytes"), ("memory", "memory.memsw.limit_in_bytes"),
             ("memory", "memory.swappiness"), ("devices", "devices.list")]
    before = [container.cgroup_file(*file) for file in files]

    out = update_with(container, {"pids": {"limit": 7}, "devices": [{"allow": True, "access": "rwm"}], **wrong},
                      check=False)

    assert out.returncode == 1
    assert "linux.resources." in out.stderr
    assert [container.cgroup_file(*file) for file in files] == before
    assert not (container.state_dir / "resources.json").exists()


def test_updates_at_the_same_time_all_count(container):
    container.up()
    errors = []

    def one(*words):
        try:
            update(container, *words)
        except AssertionError as e:
            errors.append(e)
    wishes = [("--pids-limit", "40"), ("--cpu-share", "300"), ("--memory", "128M"), ("--cpuset-cpus", "0")]
    threads = [threading.Thread(target=one, args=wish) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert kept(container)["pids"] == {"limit": 40}
    assert kept(container)["cpu"] == {"shares": 300, "cpus": "0"}
    assert kept(container)["memory"] == {"limit": 128 * MIB}


# --- when, and when not ------------------------------------------------------------------------------------------------

@pytest.mark.pauses
@pytest.mark.row("UB-33")
def test_a_created_and_a_paused_container_can_be_updated(container):
    container.create(["sleep", "1000"])
    update(container, "--pids-limit", "30")
    container.start()
    container.pause()
    update(container, "--pids-limit", "31")

    assert pids_max(container) == "31"
    assert container.status() == "paused"


@pytest.mark.views("nofreezer-dir", "nofreezer-dir-v1", "nofreezer-gone", "nofreezer-gone-v1", "oldkernel")
def test_an_update_needs_no_freezer_and_no_new_kernel(container):
    container.up()

    update(container, "--pids-limit", "31", "--memory", "64M")

    assert container.cgroup_file("pids", "pids.max") == "31"
    assert container.cgroup_file("memory", "memory.limit_in_bytes") == str(64 * MIB)


@pytest.mark.views("nocgroup")
def test_without_a_cgroup_it_says_so(container):
    container.up()

    refused(container, "--pids-limit", "31", texts=["linux.resources.pids: the container has no cgroup"])
    update(container)


@pytest.mark.views("v2")
def test_a_controller_that_is_missing_is_named(container):
    if "pids" in machine.read(f"{machine.hierarchies()['unified']}/cgroup.controllers").split():
        pytest.skip("v2 has the pids controller here")
    container.up()

    refused(container, "--pids-limit", "31", texts=["linux.resources.pids.limit", "pids", "hint: "])


def test_a_stopped_or_unknown_container_has_a_message(container):
    container.up()
    container.stop()
    refused(container, "--cpuset-cpus", "99", texts=[container.id])
    container.delete()

    refused(container, "--pids-limit", "3", texts=["does not exist"])


@pytest.mark.parametrize("words, text", [
    (["--memory", "abc"], "invalid memory specified: `abc`"),
    (["--memory", "50mm"], "invalid memory"), (["--memory", ""], "invalid memory"),
    (["--memory", "1 g"], "invalid memory"), (["--memory", "-5"], "invalid memory"),
    (["--memory", "99999999999g"], "too large"), (["--memory", "0x10"], "invalid memory"),
    (["--pids-limit", "1x"], "invalid pids-limit specified: `1x`"), (["--pids-limit", "-2"], "invalid pids-limit"),
    (["--cpu-period", "-1"], "invalid cpu-period"), (["--cpu-quota", "10ms"], "invalid cpu-quota"),
    (["--cpu-idle", "2"], "invalid cpu-idle"), (["--blkio-weight", "70000"], "invalid blkio-weight"),
    (["--l3-cache-schema", "L3:0=f"], "resctrl"), (["-r", "/nonexistent"], "/nonexistent"),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_wrong_value_is_refused_and_nothing_happens(container, words, text):
    """crun HEAD turns `--memory abc` into a limit of 0."""
    container.set_resources(memory={"limit": 64 * MIB})
    container.up()

    refused(container, *words, "--pids-limit", "9", texts=[text]) if "--pids-limit" not in words else \
        refused(container, *words, texts=[text])

    assert memory_limit(container) == str(64 * MIB)
    assert pids_max(container) == "max"
    assert container.status() == "running"


@pytest.mark.parametrize("document, text", [
    ("{", "line 1"), ("[]", "object"), ('{"memory": {"limit": "64m"}}', "memory.limit"),
    ('{"pids": {"limit": 1.5}}', "pids.limit"), ("", "resources document"),
    ('{"unified": {"../x": "1"}}', "unified"),
])
def test_a_wrong_document_is_refused(container, document, text):
    container.up()

    out = container.runtime("update", "-r", "-", container.id, input=document, check=False)

    assert out.returncode == 1
    assert text in out.stderr
