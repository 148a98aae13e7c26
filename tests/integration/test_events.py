# SPDX-License-Identifier: Apache-2.0
"""events: statistics in runc's shape, a table, Prometheus text, and the word when memory runs out."""
import json
import os
import re
import time

import pytest

from harness import machine
from harness.machine import wait_until

ON_V1 = pytest.mark.views("hybrid", "v1")
MIB = 1024 * 1024
MEMBERS = ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"]


def stats(container, *words):
    out = container.runtime("events", "--stats", *words, container.id)
    event = json.loads(out.stdout)

    assert out.stdout.count("\n") == 1
    assert event["type"] == "stats"
    assert event["id"] == container.id
    return event["data"]


def events_of(running, kind=None):
    found = [json.loads(line) for line in running.output().splitlines(keepends=True) if line.endswith("\n")]
    return [event for event in found if kind in (None, event["type"])]


@pytest.mark.all_views
def test_the_shape_is_that_of_runc(container):
    container.up()
    if not container.view.has_cgroups:
        out = container.runtime("events", "--stats", container.id, check=False)
        assert out.returncode == 1
        assert "has no cgroup" in out.stderr
        return

    data = stats(container)

    assert list(data) == MEMBERS
    assert set(data["cpu"]) >= {"usage", "throttling"}
    assert set(data["cpu"]["usage"]) >= {"total", "kernel", "user"}
    assert set(data["memory"]) >= {"cache", "usage", "swap", "kernel", "kernelTCP"}
    assert set(data["memory"]["usage"]) == {"limit", "usage", "max", "failcnt"}
    assert set(data["pids"]) == {"current", "limit"}


@ON_V1
@pytest.mark.row("UB-37")
def test_the_numbers_are_those_of_the_kernel(container):
    container.set_resources(memory={"limit": 64 * MIB, "swap": 96 * MIB}, pids={"limit": 30}, cpu={"cpus": "0"})
    container.up(["sh", "-c", "sleep 1000 & sleep 1000 & wait"])
    wait_until(lambda: len(container.ps()) == 3, 5, "three processes")

    data = stats(container)

    assert data["memory"]["usage"]["limit"] == 64 * MIB
    assert data["memory"]["swap"]["limit"] == 96 * MIB
    assert 0 < data["memory"]["usage"]["usage"] <= data["memory"]["usage"]["max"] <= 64 * MIB
    assert data["memory"]["raw"]["hierarchical_memory_limit"] == 64 * MIB
    assert data["pids"] == {"current": 3, "limit": 30}
    assert data["cpuset"]["cpus"] == [0]
    assert data["cpuset"]["mems"] == [0]
    assert data["cpu"]["usage"]["total"] <= int(container.cgroup_file("cpuacct", "cpuacct.usage"))
    assert sum(data["cpu"]["usage"]["percpu"]) == data["cpu"]["usage"]["total"]


@pytest.mark.views("v2")
def test_the_numbers_are_those_of_the_kernel_on_v2(container):
    have = machine.read(machine.hierarchies()["unified"] + "/cgroup.controllers").split()
    if not {"memory", "pids", "cpu", "cpuset"} <= set(have):
        pytest.skip("v2 has not enough controllers here")
    container.set_resources(memory={"limit": 64 * MIB, "swap": 96 * MIB}, pids={"limit": 30},
                            cpu={"quota": 40000, "cpus": "0"})
    container.up(["sh", "-c", "sleep 1000 & sleep 1000 & wait"])
    wait_until(lambda: len(container.ps()) == 3, 5, "three processes")

    data = stats(container)

    assert data["memory"]["usage"]["limit"] == 64 * MIB
    assert data["memory"]["swap"]["limit"] == 96 * MIB
    assert 0 < data["memory"]["usage"]["usage"] <= data["memory"]["swap"]["usage"]
    assert "file" in data["memory"]["raw"]
    assert data["pids"] == {"current": 3, "limit": 30}
    assert data["cpuset"]["cpus"] == [0]
    assert data["cpu"]["usage"]["total"] > 0


@ON_V1
def test_no_limit_of_pids_is_0_as_in_runc(container):
    container.up()

    assert stats(container)["pids"]["limit"] == 0


@pytest.mark.views("hybrid", "v2")
def test_cpu_time_and_pressure(container):
    container.up(["sh", "-c", "while :; do :; done"])
    first = stats(container)

    wait_until(lambda: stats(container)["cpu"]["usage"]["total"] >= first["cpu"]["usage"]["total"] + 50_000_000,
               8, "50 ms of CPU time")
    data = stats(container)

    if os.path.exists(container_unified(container) + "/cpu.pressure"):
        for where in ("cpu", "memory", "blkio"):
            assert set(data[where]["psi"]) == {"some", "full"}
            assert set(data[where]["psi"]["some"]) == {"avg10", "avg60", "avg300", "total"}


def container_unified(container):
    point = machine.hierarchies()["unified"]
    return [path for path in container.cgroup_dirs() if path.startswith(point)][0]


@ON_V1
def test_throttling_is_told(container):
    container.set_resources(cpu={"quota": 2000, "period": 100000})
    container.up(["sh", "-c", "while :; do :; done"])

    wait_until(lambda: stats(container)["cpu"]["throttling"]["throttledTime"] > 0, 8, "throttling")
    told = stats(container)["cpu"]["throttling"]

    assert told["periods"] >= told["throttledPeriods"] > 0
    assert told["throttledTime"] > 0


@pytest.mark.views("hybrid")
def test_huge_pages_are_told(container):
    if "hugetlb" not in machine.read(f"{machine.hierarchies().get('unified')}/cgroup.controllers").split():
        pytest.skip("no hugetlb controller on v2")
    container.set_resources(hugepageLimits=[{"pageSize": "2MB", "limit": 8 * MIB}])
    container.up()

    # Which sizes there are is the processor's matter.
    told = stats(container)["hugetlb"]
    assert len(told) == len(os.listdir("/sys/kernel/mm/hugepages"))
    assert told["2MB"] == {"usage": 0, "max": 0, "failcnt": 0}
    # The view v2 enters our subtree from the top, which must not hand out controllers then.
    container.force_delete()
    machine.write(f"{machine.hierarchies()['unified']}/{container.session.group}/cgroup.subtree_control", "-hugetlb")


def test_the_interfaces_are_those_of_the_container(container):
    container.up()
    assert stats(container)["network_interfaces"] == []
    container.force_delete()

    container.drop_namespace("network")
    container.up()
    assert stats(container)["network_interfaces"] == []     # the host's are not its own


# --- again and again ---------------------------------------------------------------------------------------------------

def test_statistics_come_in_the_interval_until_the_container_ends(container):
    container.up()
    running = container.launch("events", "--interval", "100ms", container.id)
    wait_until(lambda: len(events_of(running, "stats")) >= 4, 8, "four statistics")

    container.stop()
    out = running.wait(3)

    assert out.returncode == 0
    assert out.stderr == ""


@pytest.mark.views("hybrid", "oldkernel", "nofreezer-gone-v1", "v2")
def test_it_ends_at_once_with_a_long_interval(container):
    container.up()
    running = container.launch("events", "--interval=1h", container.id)
    wait_until(lambda: events_of(running), 5, "the first statistics")
    before = time.monotonic()

    container.stop()
    running.wait(5)

    assert time.monotonic() - before < 2 * machine.PATIENCE


def test_the_interval_is_kept(container):
    container.up()
    running = container.launch("events", "--interval", "1s", container.id)
    begin = time.monotonic()
    wait_until(lambda: len(events_of(running)) >= 3, 8, "three statistics")
    passed = time.monotonic() - begin
    container.stop()
    running.wait()

    assert passed > 1.8


def needs_memory(container):
    """On the v2 view the machine of the tests may have no controllers."""
    if container.view.name == "v2" and \
            "memory" not in machine.read(machine.hierarchies()["unified"] + "/cgroup.controllers").split():
        pytest.skip("v2 has no memory controller here")


@pytest.mark.views("hybrid", "v1", "v2")
@pytest.mark.row("UB-37")
def test_a_kill_for_memory_is_told_within_a_second(container):
    needs_memory(container)
    container.set_resources(memory={"limit": 16 * MIB, "swap": 16 * MIB})
    container.up(["sh", "-c", "while :; do while [ ! -e /go ]; do sleep 0.02; done; rm /go;"
                  " probe alloc 67108864; echo ended $?; done"])
    running = container.launch("events", "--interval", "1h", container.id)
    wait_until(lambda: events_of(running, "stats"), 5, "the first statistics")

    for times in (1, 2):
        (container.rootfs / "go").touch()
        wait_until(lambda: container.output().count("ended 137") == times, 8, "the kill")
        before = time.monotonic()
        wait_until(lambda: len(events_of(running, "oom")) >= times, 3, "the notice")
        assert time.monotonic() - before < 1 * machine.PATIENCE
    container.stop()
    running.wait()

    assert events_of(running, "oom") == [{"type": "oom", "id": container.id}] * 2


@pytest.mark.views("hybrid", "v1", "v2")
def test_the_kill_of_the_init_process_is_the_last_word(container):
    needs_memory(container)
    container.set_resources(memory={"limit": 16 * MIB, "swap": 16 * MIB})
    container.create(["probe", "alloc", str(64 * MIB)])
    running = container.launch("events", "--interval", "1h", container.id)
    wait_until(lambda: events_of(running, "stats"), 5, "the first statistics")

    container.start()
    out = running.wait(5)

    assert out.returncode == 0
    assert events_of(running)[-1] == {"type": "oom", "id": container.id}


@ON_V1
def test_the_removal_of_a_cgroup_is_no_lack_of_memory(container):
    foreground = container.start_run(["sleep", "1000"])
    wait_until(lambda: container.runtime("state", container.id, check=False).returncode == 0 and
               container.status() == "running", 5, "a running container")
    running = container.launch("events", "--interval", "1h", container.id)
    wait_until(lambda: events_of(running, "stats"), 5, "the first statistics")

    container.kill("KILL")          # `run` removes the cgroup then, which v1 signals too
    foreground.wait()
    out = running.wait(5)

    assert out.returncode == 0
    assert events_of(running, "oom") == []


# --- several of them -----------------------------------------------------------------------------------------------------

def test_several_containers_in_one_call(new_container):
    one, two = new_container(), new_container()
    one.up()
    two.up()

    out = one.runtime("events", "--stats", one.id, two.id)
    assert [json.loads(line)["id"] for line in out.stdout.splitlines()] == [one.id, two.id]

    running = one.launch("events", "--interval", "50ms", one.id, two.id)
    wait_until(lambda: len(events_of(running)) >= 4, 5, "statistics of both")
    one.stop()
    seen = len(events_of(running))
    wait_until(lambda: len(events_of(running)) >= seen + 5, 5, "more statistics of the other")
    two.stop()
    running.wait(3)

    assert [event["id"] for event in events_of(running)[-3:]] == [two.id] * 3


def test_one_that_is_not_there_does_not_hide_the_others(container):
    container.up()

    out = container.runtime("events", "--stats", "no-such-one", container.id, check=False)

    assert out.returncode == 1
    assert "`no-such-one` does not exist" in out.stderr
    assert json.loads(out.stdout)["id"] == container.id


def test_all_of_them(new_container):
    one, two, three = new_container(), new_container(), new_container()
    one.up()
    two.create(["sleep", "1000"])
    three.up()
    three.stop()

    out = one.runtime("events", "--stats", "--all")

    assert sorted(json.loads(line)["id"] for line in out.stdout.splitlines()) == sorted([one.id, two.id])


# --- other formats ---------------------------------------------------------------------------------------------------------

def test_a_table_for_people(container):
    container.set_resources(memory={"limit": 64 * MIB}, pids={"limit": 7})
    container.up()

    lines = container.runtime("events", "--stats", "--format", "table", container.id).stdout.splitlines()

    assert lines[0].split()[:4] == ["ID", "CPU", "TIME", "CPU"]
    assert lines[1].split()[0] == container.id
    assert "/64.0M" in lines[1]
    assert "1/7" in lines[1]


def test_a_table_shows_the_share_of_a_processor(container):
    container.up(["sh", "-c", "while :; do :; done"])
    running = container.launch("events", "--interval", "300ms", "--format", "table", container.id)

    wait_until(lambda: len(running.output().splitlines()) >= 4, 8, "three lines")
    container.stop()
    lines = running.wait().stdout.splitlines()

    assert sum("CPU TIME" in line for line in lines) == 1
    assert lines[1].split()[2] == "-"
    assert re.fullmatch(r"\d+\.\d\d%", lines[2].split()[2])
    assert float(lines[2].split()[2][:-1]) <= 101 * (os.cpu_count() or 1)


def test_prometheus_takes_it(new_container):
    one, two = new_container(), new_container()
    one.set_resources(memory={"limit": 64 * MIB})
    one.up()
    two.up()

    text = one.runtime("events", "--stats", "--format", "prometheus", one.id, two.id).stdout

    sample = re.compile(r'^(davit_[a-z_]+)\{id="([^"]+)"(,[a-z]+="[^"]*")*\} [0-9.]+$')
    seen, current = {}, None
    for line in text.splitlines():
        if line.startswith("#"):
            current = line.split()[2]
            assert line.startswith("# HELP ") == (current not in seen), line
            seen.setdefault(current, [])
            continue
        found = sample.match(line)
        assert found, line
        assert found.group(1) == current, "samples of a metric stand together"
        seen[current].append(found.group(2))
    assert seen["davit_cpu_usage_seconds_total"] == [one.id, two.id]
    assert seen["davit_memory_limit_bytes"] == [one.id]
    assert f'davit_memory_limit_bytes{{id="{one.id}"}} {64 * MIB}\n' in text
    assert f'davit_pids{{id="{two.id}"}} 1\n' in text


# --- mistakes ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, text", [
    (["--interval", "0"], "invalid interval"), (["--interval", "soon"], "invalid interval"),
    (["--interval", "-1s"], "invalid interval"), (["--interval", "5 s"], "invalid interval"),
    (["--format", "xml"], "json, table or prometheus"), (["--all"], "exclude each other"),
])
def test_a_wrong_option_is_refused(container, words, text):
    container.up()

    out = container.runtime("events", *words, container.id, check=False)

    assert out.returncode == 1
    assert text in out.stderr


def test_a_container_is_needed(container):
    out = container.runtime("events", "--stats", check=False)

    assert out.returncode == 1
    assert "please specify a ID" in out.stderr


def test_a_stopped_container_has_no_statistics(container):
    container.up()
    container.stop()

    out = container.runtime("events", "--stats", container.id, check=False)

    assert out.returncode == 1
    assert "is not running" in out.stderr


@pytest.mark.views("v1")
def test_a_cgroup_that_has_vanished_is_no_hang(container):
    container.up()
    for path in container.cgroup_dirs():
        if "/unified/" in path:
            continue
        for pid in machine.cgroup_pids(path):
            machine.write(os.path.dirname(path) + "/cgroup.procs", str(pid))
        os.rmdir(path)

    out = container.runtime("events", "--interval", "100ms", container.id, check=False)

    assert out.returncode == 1
    assert "has vanished" in out.stderr
