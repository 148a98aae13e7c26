# SPDX-License-Identifier: Apache-2.0
"""cgroups with the cgroupfs driver: where the process is, what the limits say, what is left."""
import os
import re

import pytest

from harness import machine
from harness.machine import wait_until

ON_V1 = pytest.mark.views("hybrid", "v1")
ANY_V1 = "devices"  # a controller that each v1 host has


def refused(container, *texts):
    out = container.run(["true"], check=False)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []
    return out


# --- place -----------------------------------------------------------------------------------------------------------

@pytest.mark.row("CL-31", "CL-37")
@ON_V1
def test_the_process_is_in_its_cgroup_in_every_hierarchy_when_create_returns(container):
    container.create(["sleep", "1000"])

    seen = container.cgroup_of()

    for name in machine.hierarchies():
        if name == "unified" and not container.view.has_unified:
            continue
        if name == "unified" and machine.runtime_kind() == "crun":
            continue
        assert seen[name] == container.linux["cgroupsPath"], name


@pytest.mark.views("v2")
def test_on_v2_the_process_is_in_its_cgroup(container):
    container.create(["sleep", "1000"])

    assert container.cgroup_of()["unified"].endswith(f"/{container.id}")


@pytest.mark.row("CL-34")
@pytest.mark.views("hybrid", "v1", "v2")
@pytest.mark.root(why="nobody else may make a cgroup at the top")
def test_without_a_cgroups_path_the_id_is_the_path(container):
    del container.linux["cgroupsPath"]
    container.up()

    assert container.cgroup_of()["unified" if container.view.name == "v2" else ANY_V1].endswith(f"/{container.id}")
    container.force_delete()
    assert container.cgroup_dirs() == []


@pytest.mark.row("CL-31", "CL-32")
@ON_V1
def test_a_relative_path_and_an_absolute_one_are_the_same(container):
    container.linux["cgroupsPath"] = container.linux["cgroupsPath"].lstrip("/")
    container.up()

    assert container.cgroup_of()[ANY_V1] == "/" + container.linux["cgroupsPath"]


@pytest.mark.row("CL-33")
@ON_V1
@pytest.mark.parametrize("form", ["absolute", "relative"])
def test_the_place_does_not_depend_on_where_we_stand(container, form):
    """Neither on the working directory of the caller nor on its cgroup."""
    place = container.linux["cgroupsPath"]
    container.linux["cgroupsPath"] = place if form == "absolute" else place.lstrip("/")
    group = f"{machine.hierarchies()[ANY_V1]}/{container.session.group}"

    for cwd, wrapper in (("/", []), (container.rootfs, ["sh", "-ec", f'echo 0 > {group}/cgroup.procs; exec "$@"', "sh"])):
        container.wrapper = wrapper
        container.args = ["sleep", "1000"]
        container.write_config()
        container.runtime("create", "-b", str(container.bundle), "--pid-file", container.pid_file, container.id, cwd=cwd)

        assert container.cgroup_of()[ANY_V1] == place
        container.force_delete()


@pytest.mark.row("CL-36")
@pytest.mark.davit_only
@pytest.mark.views("hybrid", "v2")
def test_new_parents_are_made_and_removed_again(container):
    """Every peer leaves the parents."""
    base = f"{container.view.cgroup_parent}/{container.id}"
    container.linux["cgroupsPath"] = base + "/new/deep"
    seen = container.run(["cat", "/proc/self/cgroup"]).stdout
    assert f"{base}/new/deep\n" in seen

    prefix = f"/{container.session.group}" if container.view.name == "v2" else ""
    left = [f"{point}{prefix}{base}" for point in machine.hierarchies().values()
            if os.path.isdir(f"{point}{prefix}{base}")]
    assert left == []


@pytest.mark.row("RT-49")
@ON_V1
def test_parents_that_were_there_before_stay(container):
    base = f"{container.view.cgroup_parent}/{container.id}-parent"
    made = [f"{point}{base}" for point in machine.hierarchies().values()]
    for path in made:
        os.mkdir(path)
    container.linux["cgroupsPath"] = f"{base}/inner"

    container.run(["true"])

    assert all(os.path.isdir(path) for path in made)
    for path in made:
        os.rmdir(path)      # only empty ones can be removed


@pytest.mark.row("CL-35")
@pytest.mark.davit_only
@pytest.mark.views("hybrid", "v2")
@pytest.mark.parametrize("path", ["/../x", "a/../../x", "/a/..", "..", "/" + "n" * 300, "/a/" + "b/" * 3000, "/a\nb"])
def test_a_path_that_leaves_its_place_is_refused(container, path):
    container.linux["cgroupsPath"] = path

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "cgroupsPath" in out.stderr or "cgroup" in out.stderr
    assert not container.state_dir.exists()


@ON_V1
def test_exec_puts_its_process_into_the_same_cgroup(container):
    container.up()

    out = container.exec(["cat", "/proc/self/cgroup"])

    assert f":{ANY_V1}:{container.linux['cgroupsPath']}\n" in out.stdout


@pytest.mark.views("v2")
def test_on_v2_exec_puts_its_process_into_the_same_cgroup(container):
    container.up()

    assert container.exec(["cat", "/proc/self/cgroup"]).stdout.strip().endswith(f"/{container.id}")


@ON_V1
def test_exec_into_a_sub_cgroup(container):
    container.up()
    for path in container.cgroup_dirs():
        os.mkdir(f"{path}/sub")
        machine.delegate(f"{path}/sub", container.owner)

    out = container.exec(["cat", "/proc/self/cgroup"], options=["--cgroup", "sub"])

    assert f":{ANY_V1}:{container.linux['cgroupsPath']}/sub\n" in out.stdout


@pytest.mark.davit_only
@ON_V1
@pytest.mark.parametrize("path", ["..", "../x", "sub/../../x", "/../x"])
def test_exec_cannot_leave_the_cgroup_of_the_container(container, path):
    container.up()

    out = container.exec(["true"], options=["--cgroup", path], check=False)

    assert out.returncode == 255
    assert ".." in out.stderr


@ON_V1
def test_exec_into_a_sub_cgroup_that_does_not_exist_is_refused(container):
    container.up()

    assert container.exec(["true"], options=["--cgroup", "nosuch"], check=False).returncode in (1, 255)


@pytest.mark.views("hybrid", "v1", "v2")
def test_delete_removes_sub_cgroups_that_the_payload_made(container):
    container.up()
    for path in container.cgroup_dirs():
        os.makedirs(f"{path}/one/two", exist_ok=True)
        container.give(f"{path}/one", f"{path}/one/two")

    container.force_delete()

    assert container.cgroup_dirs() == []


# --- limits on v1 ---------------------------------------------------------------------------------------------------

MIB = 1 << 20


@pytest.mark.row("CL-46", "CL-47", "CL-49", "CL-53", "CL-54", "CL-56", "CL-64")
@ON_V1
@pytest.mark.parametrize("resources, controller, file, value", [
    ({"memory": {"limit": 64 * MIB}}, "memory", "memory.limit_in_bytes", str(64 * MIB)),
    ({"memory": {"limit": 64 * MIB, "swap": 128 * MIB}}, "memory", "memory.memsw.limit_in_bytes", str(128 * MIB)),
    ({"memory": {"reservation": 32 * MIB}}, "memory", "memory.soft_limit_in_bytes", str(32 * MIB)),
    ({"memory": {"swappiness": 17}}, "memory", "memory.swappiness", "17"),
    ({"pids": {"limit": 20}}, "pids", "pids.max", "20"),
    ({"pids": {"limit": -1}}, "pids", "pids.max", "max"),
    ({"cpu": {"shares": 333}}, "cpu", "cpu.shares", "333"),
    ({"cpu": {"quota": 40000, "period": 80000}}, "cpu", "cpu.cfs_quota_us", "40000"),
    ({"cpu": {"quota": 40000, "period": 80000}}, "cpu", "cpu.cfs_period_us", "80000"),
    ({"cpu": {"quota": -1}}, "cpu", "cpu.cfs_quota_us", "-1"),
    ({"cpu": {"period": 50000}}, "cpu", "cpu.cfs_period_us", "50000"),
    ({"cpu": {"cpus": "0"}}, "cpuset", "cpuset.cpus", "0"),
    ({"cpu": {"mems": "0"}}, "cpuset", "cpuset.mems", "0"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_a_limit_is_written(container, resources, controller, file, value):
    container.set_resources(**resources)
    container.create(["sleep", "1000"])

    assert container.cgroup_file(controller, file) == value


@pytest.mark.row("CL-46", "CL-48", "CL-50", "CL-51", "CL-54", "CL-57")
@pytest.mark.davit_only
@ON_V1
@pytest.mark.parametrize("resources, controller, file, value", [
    ({"memory": {"limit": -1}}, "memory", "memory.limit_in_bytes", None),
    ({"memory": {"limit": -1, "swap": -1}}, "memory", "memory.memsw.limit_in_bytes", None),
    ({"memory": {"reservation": -1}}, "memory", "memory.soft_limit_in_bytes", None),
    ({"memory": {"kernelTCP": 64 * MIB}}, "memory", "memory.kmem.tcp.limit_in_bytes", str(64 * MIB)),
    ({"cpu": {"quota": 40000, "period": 80000, "burst": 10000}}, "cpu", "cpu.cfs_burst_us", "10000"),
    ({"cpu": {"idle": 1}}, "cpu", "cpu.idle", "1"),
    ({"memory": {"disableOOMKiller": True}}, "memory", "memory.oom_control", "oom_kill_disable 1"),
    ({"memory": {"useHierarchy": True}}, "memory", "memory.use_hierarchy", "1"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_a_newer_limit_is_written(container, resources, controller, file, value):
    container.set_resources(**resources)
    container.create(["sleep", "1000"])

    text = container.cgroup_file(controller, file)
    assert value in text if value else int(text) > 2**60


@pytest.mark.row("CL-48")
@ON_V1
def test_a_limit_on_kernel_memory_is_accepted(container):
    """The specification discourages it; since 5.16 Linux takes the value and does nothing with it."""
    container.set_resources(memory={"kernel": 64 * MIB})

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.row("CL-64", "UB-50")
@ON_V1
def test_a_pids_limit_of_zero_is_none(container):
    """The specification calls 0 a real limit, under which nothing could start; engines send it for "not limited"
    and every peer of ours takes it for that."""
    container.set_resources(pids={"limit": 0})
    container.create(["sleep", "1000"])

    assert container.cgroup_file("pids", "pids.max") == "max"


@pytest.mark.row("CL-60")
@ON_V1
def test_block_io_throttles_are_written(container):
    root = os.stat("/").st_dev
    device = {"major": os.major(root), "minor": os.minor(root)}
    members = {"throttleReadBpsDevice": ("read_bps", 1 << 20), "throttleWriteBpsDevice": ("write_bps", 1 << 21),
               "throttleReadIOPSDevice": ("read_iops", 100), "throttleWriteIOPSDevice": ("write_iops", 200)}
    container.set_resources(blockIO={member: [{**device, "rate": rate}] for member, (_, rate) in members.items()})
    container.create(["sleep", "1000"])

    for file, rate in members.values():
        assert container.cgroup_file("blkio", f"blkio.throttle.{file}_device") == f"{device['major']}:{device['minor']} {rate}"


@pytest.mark.davit_only
@pytest.mark.row("CL-58")
@ON_V1
@pytest.mark.parametrize("member, files", [("weight", ["blkio.weight", "blkio.bfq.weight"]), ("leafWeight", ["blkio.leaf_weight"])])
def test_a_block_io_weight_is_written_or_refused(container, member, files):
    """crun and runc forget it where the kernel has no file for it."""
    there = [name for name in files if os.path.exists(f"{machine.hierarchies()['blkio']}/{container.session.container_group}/{name}")]
    container.set_resources(blockIO={member: 500})
    if not there:
        refused(container, f"linux.resources.blockIO.{member}")
        return
    container.create(["sleep", "1000"])

    assert container.cgroup_file("blkio", there[0]).split()[-1] == "500"


@pytest.mark.davit_only
@pytest.mark.row("CL-55")
@ON_V1
def test_real_time_is_given_as_far_as_the_parent_has_it(container):
    parent = f"{machine.hierarchies()['cpu']}/{container.session.container_group}/cpu.rt_runtime_us"
    container.set_resources(cpu={"realtimePeriod": 500000, "realtimeRuntime": 4000})
    if not machine.write(parent, "10000"):
        refused(container, "linux.resources.cpu.realtime")
        return
    container.create(["sleep", "1000"])

    assert container.cgroup_file("cpu", "cpu.rt_period_us") == "500000"
    assert container.cgroup_file("cpu", "cpu.rt_runtime_us") == "4000"
    container.force_delete()
    for _ in range(5):      # the kernel counts the share of a removed cgroup a little longer
        container.create(["sleep", "1000"])
        container.force_delete()
    container.set_resources(cpu={"realtimePeriod": 500000, "realtimeRuntime": 400000})
    refused(container, "linux.resources.cpu.realtimeRuntime")


@ON_V1
def test_a_pids_limit_works(container):
    container.set_resources(pids={"limit": 5})

    out = container.run(["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done"], check=False)

    assert "fork" in out.stderr


@ON_V1
def test_a_memory_limit_works(container):
    container.set_resources(memory={"limit": 32 * MIB, "swap": 32 * MIB})

    out = container.run(["probe", "alloc", str(64 * MIB)], check=False)

    assert out.returncode == 137
    assert "touched" not in out.stdout


@pytest.mark.lean
@ON_V1
def test_a_small_memory_limit_is_enough_to_start(container):
    """runc once needed 6 MiB; the payload here is a static busybox."""
    container.set_resources(memory={"limit": 4 * MIB, "swap": 4 * MIB})

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.lean
@pytest.mark.davit_only
@ON_V1
def test_a_start_with_very_little_memory(container):
    container.set_resources(memory={"limit": 1 * MIB, "swap": 1 * MIB})

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.row("CL-36", "CL-56")
@ON_V1
def test_parents_of_a_new_cpuset_are_initialised(container):
    container.linux["cgroupsPath"] += "/deep/er"
    container.create(["sleep", "1000"])

    assert container.cgroup_file("cpuset", "cpuset.cpus") != ""
    assert container.cgroup_file("cpuset", "cpuset.mems") != ""
    container.force_delete()
    for point in machine.hierarchies().values():
        machine.remove_cgroup(f"{point}{container.view.cgroup_parent}/{container.id}")


# --- wrong limits -----------------------------------------------------------------------------------------------------

def without(controller, *values):
    """A case of hosts that do not have CONTROLLER."""
    return pytest.param(*values, marks=pytest.mark.skipif(controller in machine.hierarchies(), reason=f"{controller} is here"))


@pytest.mark.row("CL-47", "CL-49", "CL-54", "CL-56", "CL-62", "CL-63")
@ON_V1
@pytest.mark.parametrize("resources", [
    {"cpu": {"cpus": "99"}}, {"cpu": {"cpus": "banana"}}, {"cpu": {"mems": "77"}},
    {"memory": {"limit": 64 * MIB, "swap": 32 * MIB}}, {"memory": {"swappiness": 101}},
    {"cpu": {"quota": 1}}, {"cpu": {"period": 99}},
    {"hugepageLimits": [{"pageSize": "3MB", "limit": 0}]},
    without("net_cls", {"network": {"classID": 1}}),
], ids=str)
def test_a_limit_that_cannot_be_set_is_refused_and_leaves_nothing(container, resources):
    """crun leaves nine cgroups behind, with the limits that were written; the next container inherits them."""
    if machine.runtime_kind() == "crun" and "swappiness" in str(resources):
        pytest.skip("crun writes 101")
    container.set_resources(**resources)

    refused(container)


@pytest.mark.row("CL-54", "CL-57", "CL-59", "CL-60", "CL-63", "CL-65", "CL-68")
@pytest.mark.davit_only
@ON_V1
@pytest.mark.parametrize("resources, text", [
    ({"cpu": {"cpus": "99"}}, "cpu"), ({"memory": {"swappiness": 101}}, "linux.resources.memory.swappiness"),
    ({"memory": {"limit": "64m"}}, "linux.resources.memory.limit"),
    ({"memory": {"limit": 64 * MIB, "swap": 32 * MIB}}, "swap"),
    ({"pids": {"limit": "5"}}, "linux.resources.pids.limit"),
    ({"cpu": {"shares": -1}}, "linux.resources.cpu.shares"),
    ({"hugepageLimits": [{"pageSize": "banana", "limit": 0}]}, "linux.resources.hugepageLimits[0].pageSize"),
    ({"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}}, "linux.resources.blockIO.weightDevice[0]"),
    ({"rdma": {"mlx5_0": {}}}, "rdma"), ({"unified": {"memory.max": "1"}}, "unified"),
    ({"unified": {"a/b": "1"}}, "unified"), without("net_cls", {"network": {"classID": 1}}, "net_cls"),
    without("net_prio", {"network": {"priorities": [{"name": "lo", "priority": 1}]}}, "net_prio"),
    ({"network": {"priorities": [{"name": "lo"}]}}, "linux.resources.network.priorities[0].priority"),
    ({"blockIO": {"weightDevice": [{"minor": 0, "weight": 5}]}}, "linux.resources.blockIO.weightDevice[0].major"),
    ({"blockIO": {"throttleReadBpsDevice": [{"major": 8, "rate": 5}]}}, "linux.resources.blockIO.throttleReadBpsDevice[0].minor"),
    ({"cpu": {"quota": 40000, "period": 80000, "burst": 50000}}, "linux.resources.cpu.burst"),
    ({"cpu": {"idle": 2}}, "linux.resources.cpu.idle"),
], ids=str)
def test_a_wrong_limit_is_refused_with_its_name(container, resources, text):
    container.set_resources(**resources)

    refused(container, text)


@pytest.mark.row("CL-62")
@pytest.mark.views("v1")
def test_a_huge_page_limit_without_the_controller_is_refused(container):
    if "hugetlb" in machine.hierarchies():
        pytest.skip("v1 has the hugetlb controller here")
    container.set_resources(hugepageLimits=[{"pageSize": "2MB", "limit": 4 * MIB}])

    refused(container, "hugetlb")


@pytest.mark.davit_only
@ON_V1
@pytest.mark.parametrize("wrong", [[], "x", 5])
def test_resources_of_another_shape_are_refused(container, wrong):
    container.linux["resources"] = wrong

    refused(container, "linux.resources")


@ON_V1
def test_after_a_refused_limit_the_next_container_does_not_inherit_it(container):
    container.set_resources(cpu={"shares": 77, "cpus": "99"})
    refused(container)
    container.linux["resources"] = {"devices": container.linux["resources"]["devices"]}
    container.create(["sleep", "1000"])

    assert container.cgroup_file("cpu", "cpu.shares") == "1024"


@pytest.mark.davit_only
@ON_V1
def test_an_existing_empty_cgroup_does_not_hand_its_limits_on(container):
    """"Reset or refuse": either is right, silent inheritance is not."""
    path = f"{machine.hierarchies()['cpu']}{container.linux['cgroupsPath']}"
    os.mkdir(path)
    machine.write(f"{path}/cpu.shares", "77")

    out = container.run(["cat", "/proc/self/cgroup"], check=False)

    if out.returncode == 0:
        container.create(["sleep", "1000"])
        assert container.cgroup_file("cpu", "cpu.shares") == "1024"
    else:
        assert "cgroup" in out.stderr
        os.rmdir(path)


@pytest.mark.row("RT-49")
@ON_V1
def test_an_existing_empty_cgroup_becomes_the_containers_own(container):
    """The specification would leave it at delete.  No peer does, nor we: its limits and counters are the container's, and
    who wants to keep a cgroup keeps its parent."""
    os.mkdir(container.cgroup_places()[0])

    container.up()
    container.force_delete()

    assert container.cgroup_dirs() == []


@pytest.mark.row("CL-30", "UB-04")
@pytest.mark.davit_only
@pytest.mark.views("hybrid", "v1", "v2")
def test_a_cgroup_that_is_in_use_is_refused(container, session):
    """runc since 1.1; crun accepts it."""
    hierarchy = "unified" if container.view.name == "v2" else ANY_V1
    prefix = f"/{session.group}" if container.view.name == "v2" else ""
    path = f"{machine.hierarchies()[hierarchy]}{prefix}{container.linux['cgroupsPath']}"
    os.mkdir(path)
    stranger = session.spawn(["sleep", "1000"], stdout=None, stderr=None)
    machine.write(f"{path}/cgroup.procs", str(stranger.pid))
    try:
        out = container.run(["true"], check=False)

        assert out.returncode == 1
        assert "cgroup" in out.stderr
        assert stranger.poll() is None
        assert os.path.isdir(path)
    finally:
        stranger.kill()
        stranger.wait()
        session.forget(stranger)
        wait_until(lambda: not machine.cgroup_pids(path))
        os.rmdir(path)


@pytest.mark.davit_only
@pytest.mark.views("hybrid", "v1", "v2")
@pytest.mark.parametrize("command", [["kill", "--all", "ID", "KILL"], ["delete", "ID"], ["delete", "--force", "ID"]],
                         ids=" ".join)
def test_a_stopped_container_has_no_power_over_its_successor(container, new_container, command):
    """Both name the same cgroup; the peers kill the second one's processes."""
    container.up()
    container.stop()
    successor = new_container(view=container.view)
    successor.linux["cgroupsPath"] = container.linux["cgroupsPath"]
    successor.up()

    container.runtime(*[container.id if word == "ID" else word for word in command])

    assert successor.status() == "running"
    assert machine.is_alive(successor.pid)
    assert successor.exec(["true"]).returncode == 0


@pytest.mark.row("CL-30", "UB-03")
@pytest.mark.davit_only
@pytest.mark.views("hybrid", "v2")
@pytest.mark.parametrize("how", ["create", "run"])
def test_a_frozen_cgroup_is_refused_at_once(container, session, how):
    """crun hangs for ever."""
    if container.view.name == "v2":
        path = f"{machine.hierarchies()['unified']}/{session.group}{container.linux['cgroupsPath']}"
        os.mkdir(path)
        machine.write(f"{path}/cgroup.freeze", "1")
    else:
        path = f"{machine.hierarchies()['freezer']}{container.linux['cgroupsPath']}"
        os.mkdir(path)
        machine.write(f"{path}/freezer.state", "FROZEN")

    out = getattr(container, how)(["true"], check=False, timeout=5)

    assert out.returncode == 1
    assert "frozen" in out.stderr.lower()
    assert not container.state_dir.exists()
    os.rmdir(path)


# --- other managers ----------------------------------------------------------------------------------------------------

@pytest.mark.all_views
@pytest.mark.skipif(machine.runtime_kind() != "davit", reason="only davit everywhere")
def test_with_the_manager_disabled_there_is_no_cgroup(container):
    container.linux.pop("resources", None)
    container.run_detached(["sleep", "1000"], globals=["--cgroup-manager=disabled"])

    assert container.status() == "running"
    assert container.cgroup_dirs() == []
    assert container.exec(["echo", "in"]).stdout == "in\n"
    container.kill("KILL")
    container.wait_dead()
    assert container.status() == "stopped"
    container.delete()


@pytest.mark.davit_only
def test_limits_with_the_manager_disabled_are_not_silently_forgotten(container):
    container.set_resources(pids={"limit": 5})

    out = container.run(["echo", "ok"], globals=["--cgroup-manager", "disabled", "--log-level", "warning"], check=False)

    assert out.returncode == 1 or "pids" in out.stderr or "resources" in out.stderr or "limit" in out.stderr


@pytest.mark.davit_only
def test_kill_all_with_the_manager_disabled_is_no_silent_no_op(container):
    container.drop_namespace("pid")
    container.linux.pop("resources", None)
    container.run_detached(["probe", "fork", "2"], globals=["--cgroup-manager=disabled"])
    container.wait_for_output("forked")

    processes = machine.tree_of(container.pid)
    out = container.kill("--all", "KILL", check=False)

    assert out.returncode != 0 or not any(machine.is_alive(pid) for pid in processes)
    for pid in processes:
        machine.send(pid, 9)


@pytest.mark.davit_only
def test_pause_with_the_manager_disabled_says_why_it_fails(container):
    container.linux.pop("resources", None)
    container.run_detached(["sleep", "1000"], globals=["--cgroup-manager=disabled"])

    out = container.pause(check=False)

    assert out.returncode == 1
    assert "cgroup" in out.stderr


def test_an_unknown_manager_is_refused(container):
    if machine.runtime_kind() == "runc":
        pytest.skip("runc has no such option")
    out = container.run(["true"], globals=["--cgroup-manager=banana"], check=False)

    assert out.returncode in (1, 64)
    assert "cgroup" in out.stderr


# --- v2 ------------------------------------------------------------------------------------------------------------------

@pytest.mark.row("CL-67", "UB-34")
@pytest.mark.davit_only
@pytest.mark.views("v2")
def test_unified_values_are_written(container):
    container.set_resources(unified={"cgroup.max.depth": "5", "cgroup.max.descendants": "7"})
    container.create(["sleep", "1000"])

    assert container.cgroup_file("unified", "cgroup.max.depth") == "5"
    assert container.cgroup_file("unified", "cgroup.max.descendants") == "7"


def available_on_v2(container):
    return machine.read(container.view.path("/sys/fs/cgroup/cgroup.controllers")).split()


@pytest.mark.davit_only
@pytest.mark.views("v2")
def test_a_hugetlb_limit_on_v2(container):
    if "hugetlb" not in available_on_v2(container):
        pytest.skip("v2 has no hugetlb controller here")
    sizes = [name.removeprefix("hugepages-").removesuffix("kB") for name in os.listdir("/sys/kernel/mm/hugepages")]
    if "2048" not in sizes:
        pytest.skip("no 2 MB pages")
    container.set_resources(hugepageLimits=[{"pageSize": "2MB", "limit": 4 * MIB}])
    container.create(["sleep", "1000"])

    assert container.cgroup_file("unified", "hugetlb.2MB.max") == str(4 * MIB)


@pytest.mark.row("CL-68", "CL-69")
@pytest.mark.davit_only
@pytest.mark.views("v2")
@pytest.mark.parametrize("resources, text", [
    ({"memory": {"limit": 64 * MIB}}, "memory"), ({"pids": {"limit": 5}}, "pids"),
    ({"unified": {"nosuch.max": "1"}}, "nosuch"), ({"unified": {"memory.max": "1000000"}}, "memory"),
    ({"network": {"classID": 1}}, "net"), ({"memory": {"swappiness": 5}}, "swappiness")], ids=str)
def test_a_limit_without_its_controller_is_refused_with_the_reason(container, resources, text):
    """On a hybrid host the v2 hierarchy has hugetlb at most."""
    if text in available_on_v2(container):
        pytest.skip(f"v2 has the {text} controller here")
    container.set_resources(**resources)

    refused(container, text)


@pytest.mark.davit_only
@pytest.mark.views("hybrid")
def test_in_hybrid_nothing_of_the_hosts_root_cgroup_is_changed(container, session):
    before = session.subtree_control
    container.run(["true"])

    assert machine.read(f"{session.unified}/cgroup.subtree_control") == before


# --- ps ----------------------------------------------------------------------------------------------------------------

@pytest.mark.views("hybrid", "v1", "v2")
@pytest.mark.row("UB-47")
def test_ps_lists_every_process_of_the_cgroup(container):
    container.up(["probe", "fork", "3"])
    container.wait_for_output("forked")

    pids = container.ps()

    assert sorted(pids) == sorted(machine.tree_of(container.pid))


@pytest.mark.views("hybrid", "v1", "v2")
def test_ps_lists_processes_in_sub_cgroups(container):
    container.up(["probe", "fork", "1"])
    container.wait_for_output("forked")
    child = machine.children_of(container.pid)[0]
    for path in container.cgroup_dirs():
        os.makedirs(f"{path}/sub", exist_ok=True)
        machine.write(f"{path}/sub/cgroup.procs", str(child))

    assert sorted(container.ps()) == sorted([container.pid, child])


@pytest.mark.row("UB-47")
def test_ps_prints_a_table(container):
    """crun: the pids alone; runc: the columns of ps(1)."""
    container.up(["sleep", "4711"])

    header, *rows = container.runtime("ps", container.id).stdout.splitlines()

    assert "PID" in header.split()
    assert len(rows) == 1 and str(container.pid) in rows[0].split()


@pytest.mark.skipif(machine.runtime_kind() == "crun", reason="crun refuses them")
@pytest.mark.row("UB-47")
def test_ps_passes_more_arguments_on(container):
    """containerd: ps --format table ID OPTIONS."""
    container.up(["sleep", "4711"])

    out = container.runtime("ps", "--format", "table", container.id, "-e", "-x", "-o", "pid,args")

    assert re.search(rf"^\s*{container.pid}\s+sleep 4711", out.stdout, re.M)


@pytest.mark.row("UB-47")
def test_ps_of_a_stopped_container_is_empty_or_refused(container):
    container.up(["true"])
    container.wait_dead()

    out = container.runtime("ps", "--format", "json", container.id, check=False)

    assert (out.returncode == 0 and out.json in ([], None)) or (out.returncode in (1, 255) and out.stderr.strip())


# --- rootless ------------------------------------------------------------------------------------------------------------

@pytest.mark.davit_only
@pytest.mark.rootless
def test_rootless_with_a_limit_that_cannot_be_set_is_refused(container):
    container.linux["cgroupsPath"] = f"/{container.session.group}-c/{container.id}"
    container.set_resources(pids={"limit": 10})

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "pids" in out.stderr or "cgroup" in out.stderr


@pytest.mark.davit_only
@pytest.mark.rootless
def test_rootless_a_limit_without_a_path_is_refused_too(container):
    """crun drops it and says nothing."""
    container.linux.pop("cgroupsPath", None)
    container.set_resources(pids={"limit": 10})

    out = container.run(["cat", "/proc/self/cgroup"], check=False)

    assert (out.returncode == 0 and container.id in out.stdout) or (
        out.returncode == 1 and "linux.resources.pids.limit needs a cgroup" in out.stderr)


@pytest.mark.davit_only
@pytest.mark.userns
def test_in_an_engines_user_namespace_a_limit_without_a_path_may_be_lost_and_is_told(container):
    """Podman's `kube play` hands limits on where its user has no cgroups.  crun says nothing, runc refuses."""
    container.linux.pop("cgroupsPath", None)
    container.set_resources(pids={"limit": 10})

    out = container.run(["cat", "/proc/self/cgroup"], globals=["--log-level=warning"], check=False)

    if out.returncode != 0 and container.session.delegated_to:  # a cgroup could be had in some hierarchies: nothing is given up
        assert "linux.resources.pids.limit needs a cgroup" in out.stderr
    else:
        assert out.returncode == 0, out
        assert container.id in out.stdout or "linux.resources.pids.limit cannot be applied" in out.stderr


def tries_to_escape(container):
    """A payload that makes a cgroup wherever it can; returns what it said.  Outside of the container none was made."""
    container.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "rw"])
    container.up(["sh", "-c", "find /sys/fs/cgroup -maxdepth 3 -name cgroup.procs | while read f; do"
                              " mkdir ${f%/*}/davit-test-escape && echo made; done 2>/dev/null; echo all; sleep 1000"])
    container.wait_for_output("all\n")

    for point in machine.hierarchies().values():
        for path in machine.walk_cgroups(point):
            assert os.path.basename(path) != "davit-test-escape" or f"/{container.id}/" in path
    return container.output()


@pytest.mark.davit_only
@pytest.mark.rootless
def test_rootless_a_cgroup_mount_is_not_a_writable_hierarchy_of_the_host(container):
    """CVE-2023-25809.  Only a cgroup that is the container's own can be written, if the user was delegated one."""
    said = tries_to_escape(container)

    assert "made" not in said or container.cgroup_of()["unified"].endswith(f"/{container.id}")


@pytest.mark.davit_only
@ON_V1
def test_a_cgroup_mount_is_the_part_of_the_container_alone(container):
    """CVE-2023-25809, of a caller to whom more of the hierarchy belongs."""
    assert "made" in tries_to_escape(container)
