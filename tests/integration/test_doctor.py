# SPDX-License-Identifier: Apache-2.0
"""doctor: what the host offers, by name, and what to do about the rest."""
import json
import os
import subprocess

import pytest

from harness import machine

LAYOUTS = {"hybrid": "hybrid", "v1": "v1", "nofreezer-dir": "hybrid", "nofreezer-dir-v1": "v1",
           "nofreezer-gone": "hybrid", "nofreezer-gone-v1": "v1", "v2": "v2", "nocgroup": "none", "oldkernel": "hybrid"}
PLACES = {"v1", "v2", "disabled", "not-mounted", "not-delegated", "unknown"}
CONTROLLERS = ["cpu", "cpuacct", "cpuset", "memory", "blkio", "pids", "devices", "freezer", "hugetlb", "net_cls",
               "net_prio", "perf_event", "rdma", "misc"]


@pytest.fixture(autouse=True)
def only_davit():
    if machine.runtime_kind() != "davit":
        pytest.skip("no peer has doctor")


def doctor(container, **more):
    return container.runtime("doctor", "--format", "json", **more).json


def check(report, group, name):
    found = [c for c in report["checks"] if (c["group"], c["name"]) == (group, name)]
    assert len(found) == 1, (group, name, found)
    return found[0]


@pytest.mark.all_views
def test_the_layout_is_named(container):
    if machine.host_layout() != "hybrid":
        pytest.skip("the names below are those of a hybrid host's views")

    report = doctor(container)

    assert report["cgroup"]["layout"] == LAYOUTS[container.view.name]
    assert check(report, "cgroup", "layout")["value"] == LAYOUTS[container.view.name]
    assert report["canRun"] is True


def test_the_layout_of_this_machine_is_named(container):
    """Also in a virtual machine, where systemd mounts cpu and cpuacct together."""
    mounted = machine.hierarchies()
    points = [mounted[name] for name in CONTROLLERS if name in set(mounted)]
    wanted = {"nocgroup": "none"}.get(machine.host_layout(), machine.host_layout())
    if wanted == "v1" and len(set(points)) < len(points):
        wanted = "v1 co-mounted"

    assert doctor(container)["cgroup"]["layout"] == wanted


@pytest.mark.all_views
def test_the_freezer_is_the_one_that_pause_uses(container):
    report = doctor(container)
    freezer = report["cgroup"]["freezer"]
    container.up()

    if not container.view.can_pause:
        assert freezer == {"kind": "none", "mount": None}
        assert check(report, "cgroup", "freezer")["status"] == "note"
        assert container.pause(check=False).returncode == 1
        return
    container.pause()
    name = freezer["mount"] + ("/" + container.id if container.view.name == "v2" else
                               container.linux["cgroupsPath"])
    if freezer["kind"] == "v1":
        assert machine.read(container.view.path(name + "/freezer.state")).strip() == "FROZEN"
    else:
        assert "v2" == freezer["kind"]
    assert freezer["kind"] == ("v1" if container.view.has_v1_freezer else "v2")
    container.resume()


@pytest.mark.all_views
def test_each_controller_has_a_place_or_a_reason(container):
    report = doctor(container)

    assert list(report["cgroup"]["controllers"]) == CONTROLLERS
    for name, ctl in report["cgroup"]["controllers"].items():
        assert ctl["place"] in PLACES
        if ctl["place"] in ("v1", "v2"):
            assert ctl["why"] is None
            mount = ctl["mount"]
            assert any(h["mount"] == mount and h["version"] == int(ctl["place"][1])
                       for h in report["cgroup"]["hierarchies"])
        else:
            assert ctl["mount"] is None
            assert name.removeprefix("blk") in ctl["why"] or "no cgroup" in ctl["why"]      # v2 says io


@pytest.mark.views("hybrid", "v1")
def test_the_places_are_those_of_mountinfo(container):
    report = doctor(container)

    for name, point in machine.hierarchies().items():
        if name in CONTROLLERS:
            assert report["cgroup"]["controllers"][name] == {"place": "v1", "mount": point, "why": None, "hint": None}


@pytest.mark.views("nofreezer-dir-v1", "nofreezer-gone-v1")
def test_a_missing_freezer_comes_with_the_way_out(container):
    found = check(doctor(container), "cgroup", "freezer")

    assert found["status"] == "note"
    assert "freezer" in found["value"]
    assert "paused" in found["meaning"]
    assert "mount" in found["hint"]


@pytest.mark.views("nocgroup")
def test_without_cgroups_the_way_to_them_is_told(container):
    report = doctor(container)

    assert report["cgroup"]["hierarchies"] == []
    assert "mount -t cgroup2" in check(report, "cgroup", "layout")["hint"]


@pytest.mark.views("hybrid", "oldkernel")
def test_system_calls_are_asked_for(container):
    report = doctor(container)
    calls = {c["name"]: c for c in report["checks"] if c["group"] == "calls"}

    assert set(calls) == {"openat2", "clone3", "pidfd_open", "pidfd_send_signal", "close_range", "open_tree",
                          "move_mount", "fsopen", "mount_setattr"}
    wanted = "note" if container.view.name == "oldkernel" else "ok"
    for name, found in calls.items():
        assert found["status"] == wanted, found
        if wanted == "note":
            assert "Linux 5." in found["hint"]
            assert found["meaning"]


def test_id_mapped_mounts_are_tried(container):
    assert check(doctor(container), "mounts", "id-mapped")["status"] in ("ok", "note")


@pytest.mark.all_modes
def test_containers_can_run_in_each_mode(container):
    report = doctor(container)

    assert report["canRun"] is True
    assert report["rootless"] is (container.mode != "root")
    assert check(report, "namespaces", "user")["status"] == "ok"
    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.fixture
def no_sub_ids(container):
    """No ids for anybody in the view, where a run as an ordinary user gives him some."""
    enter = container.enter()
    subprocess.run(enter + ["mount", "--bind", "/dev/null", "/etc/subuid"], check=True)
    yield
    subprocess.run(enter + ["umount", "/etc/subuid"], check=True)


@pytest.mark.rootless
def test_a_user_without_ranges_is_told(container, no_sub_ids):
    found = check(doctor(container), "ids", "ranges")

    assert found["status"] == "note"
    assert "subuid" in found["value"]
    assert "usermod" in found["hint"]


@pytest.mark.rootless
def test_a_state_root_that_cannot_be_used_is_a_problem(container):
    out = container.runtime("--root", "/proc/nowhere", "doctor", root=False, check=False)

    assert out.returncode == 1
    assert "PROBLEM" in out.stdout
    assert "/proc/nowhere cannot be used" in out.stdout
    assert "--root" in out.stdout
    assert "Containers cannot run here" in out.stdout


def test_the_text_is_for_people(container):
    out = container.runtime("doctor")

    assert out.stderr == ""
    assert "Containers can run here." in out.stdout
    assert f"layout             {doctor(container)['cgroup']['layout']}" in out.stdout


@pytest.mark.all_views
def test_nothing_is_changed(container):
    before = {point: sorted(os.listdir(f"{point}/{container.session.group}"))
              for point in machine.hierarchies().values()}

    doctor(container)

    assert not container.root.exists()
    assert {point: sorted(os.listdir(f"{point}/{container.session.group}"))
            for point in machine.hierarchies().values()} == before


def test_every_string_is_there_and_the_order_is_stable(container):
    one, two = doctor(container), doctor(container)

    assert list(one) == ["canRun", "rootless", "kernel", "version", "stateRoot", "cgroup", "checks"]
    assert [(c["group"], c["name"]) for c in one["checks"]] == [(c["group"], c["name"]) for c in two["checks"]]
    for c in one["checks"]:
        assert list(c) == ["group", "name", "status", "value", "meaning", "hint"]
        assert c["status"] in ("ok", "note", "problem")
    assert one["kernel"] == os.uname().release
    assert one["stateRoot"] == str(container.root)
    json.dumps(one)
