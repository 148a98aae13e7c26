# SPDX-License-Identifier: Apache-2.0
"""Scheduling: policy, flags and nice value, I/O priority, and on which CPUs exec runs."""
import os
import re
import subprocess

import pytest

from harness import machine
from test_exec import process_file
from test_process import refused

pytestmark = [pytest.mark.skipif(machine.runtime_kind() == "runc", reason="newer than runc 1.1"),
              pytest.mark.usefixtures("nice_0")]
FLAGS = ["RESET_ON_FORK", "RECLAIM", "DL_OVERRUN", "KEEP_POLICY", "KEEP_PARAMS", "UTIL_CLAMP_MIN", "UTIL_CLAMP_MAX"]
OWN_CPUS = re.search(r"Cpus_allowed_list:\s*(\S+)", machine.read("/proc/self/status")).group(1)
TWO_CPUS = pytest.mark.skipif(os.sched_getaffinity(0) < {0, 1}, reason="CPUs 0 and 1 are needed")


def traced(container, *calls):
    """Puts strace before the runtime; returns its output file."""
    trace = container.directory / "trace"
    container.wrapper = ["strace", "-f", "-qq", "-y", "-s", "40", "-o", str(trace), "-e", "trace=" + ",".join(calls)]
    return trace


# --- policy --------------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-46", "UB-52")
@pytest.mark.parametrize("policy, number", [("SCHED_OTHER", 0), ("SCHED_BATCH", 3), ("SCHED_IDLE", 5)])
def test_the_scheduling_policy(container, policy, number):
    container.process["scheduler"] = {"policy": policy}

    assert container.probe()["policy"] == number


@pytest.mark.row("CF-46")
@pytest.mark.parametrize("scheduler, shown", [
    ({"policy": "SCHED_FIFO", "priority": 7}, ["SCHED_FIFO", "priority: 7"]),
    ({"policy": "SCHED_RR", "priority": 99}, ["SCHED_RR", "priority: 99"]),
    ({"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 20000000, "period": 30000000},
     ["SCHED_DEADLINE", "priority: 0", "1000000/20000000/30000000"])], ids=lambda v: v["policy"] if "policy" in v else None)
def test_a_real_time_policy(container, scheduler, shown):
    """Without a cgroup: one of v1 has no real-time budget of its own."""
    container.process["scheduler"] = scheduler
    del container.linux["resources"], container.linux["cgroupsPath"]
    if container.mode != "root":
        refused(container, "process.scheduler: sched_setattr: Operation not permitted", "CAP_SYS_NICE")
        return
    try:
        container.create(["sleep", "1000"], globals=["--cgroup-manager", "disabled"])
    except AssertionError as failure:
        own = subprocess.run(["chrt", "-f", "1", "true"], capture_output=True, check=False)
        if own.returncode != 0:
            pytest.skip("no real-time scheduling here")
        raise failure
    container.start()

    out = subprocess.run(["chrt", "-p", str(container.pid)], capture_output=True, text=True, check=True).stdout

    for text in shown:
        assert text in out


@pytest.mark.row("CF-47")
@pytest.mark.root(why="nobody else may lower a nice value")
def test_what_a_scheduler_does_not_set_is_0(container):
    """Not what the caller has."""
    container.process["scheduler"] = {"policy": "SCHED_OTHER"}

    assert container.run(["probe"], preexec_fn=lambda: os.nice(5)).json["nice"] == 0

    trace = traced(container, "sched_setattr")
    container.run(["true"], preexec_fn=lambda: os.nice(5))
    for member in ("flags", "nice", "priority", "runtime", "deadline", "period"):
        assert f"sched_{member}=0" in trace.read_text(), member


def test_without_a_scheduler_the_nice_value_is_the_callers(container):
    assert container.run(["probe"], preexec_fn=lambda: os.nice(5)).json["nice"] == 5


def test_the_nice_value(container):
    container.process["scheduler"] = {"policy": "SCHED_OTHER", "nice": 7}

    assert container.probe()["nice"] == 7


@pytest.mark.row("CF-48")
def test_the_flag_that_resets_on_fork(container):
    container.process["scheduler"] = {"policy": "SCHED_BATCH", "flags": ["SCHED_FLAG_RESET_ON_FORK"]}

    assert container.probe()["policy"] == os.SCHED_BATCH | os.SCHED_RESET_ON_FORK


@pytest.mark.row("CF-48")
@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_reaches_the_kernel(container, flag):
    container.process["scheduler"] = {"policy": "SCHED_OTHER", "flags": [f"SCHED_FLAG_{flag}"]}
    trace = traced(container, "sched_setattr")

    out = container.run(["true"], check=False)

    assert f"SCHED_FLAG_{flag}" in trace.read_text()
    # A kernel may be built without clamps.
    assert out.returncode == 0 or (flag.startswith("UTIL_CLAMP") and "Operation not supported" in out.stderr), out


@pytest.mark.davit_only
@pytest.mark.row("CF-46", "CF-48")
@pytest.mark.parametrize("scheduler, member", [
    ({"policy": "SCHED_BANANA"}, "process.scheduler.policy"), ({}, "process.scheduler.policy"),
    ({"policy": "SCHED_ISO"}, "process.scheduler.policy"),      # Linux never had it
    ({"policy": "SCHED_FIFO"}, "process.scheduler.priority"),
    ({"policy": "SCHED_DEADLINE", "deadline": 5}, "process.scheduler.runtime"),
    ({"policy": "SCHED_OTHER", "nice": 50}, "process.scheduler.nice"),
    ({"policy": "SCHED_OTHER", "flags": ["BANANA"]}, "process.scheduler.flags[0]")])
def test_a_wrong_scheduler_is_refused_with_its_member(container, scheduler, member):
    container.process["scheduler"] = scheduler

    refused(container, member)


# --- I/O priority ----------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-50", "UB-52")
@pytest.mark.parametrize("name, number", [("IOPRIO_CLASS_RT", 1), ("IOPRIO_CLASS_BE", 2), ("IOPRIO_CLASS_IDLE", 3)])
def test_the_io_priority(container, name, number):
    container.process["ioPriority"] = {"class": name, "priority": 5}

    if container.mode != "root" and name == "IOPRIO_CLASS_RT":
        refused(container, "process.ioPriority", "needs CAP_SYS_ADMIN or CAP_SYS_NICE")
        return
    value = container.probe()["ioprio"]
    assert value >> 13 == number
    assert value & 7 == 5 or number == 3


@pytest.mark.row("CF-50")
def test_every_process_of_the_container_has_the_io_priority(container):
    container.process["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 6}
    container.up(["sh", "-c", "probe; sleep 1000"])
    container.wait_for_output('"ioprio": %d,' % (2 << 13 | 6))

    assert container.exec(["probe"]).json["ioprio"] == 2 << 13 | 6


@pytest.mark.davit_only
@pytest.mark.row("CF-50")
@pytest.mark.parametrize("value, member", [({"class": "IOPRIO_CLASS_X", "priority": 1}, "process.ioPriority.class"),
                                           ({"class": "IOPRIO_CLASS_BE", "priority": 9}, "process.ioPriority.priority")])
def test_a_wrong_io_priority_is_refused_with_its_member(container, value, member):
    container.process["ioPriority"] = value

    refused(container, member)


# --- the CPUs of exec --------------------------------------------------------------------------------------------------

@TWO_CPUS
@pytest.mark.davit_only
@pytest.mark.row("CF-51", "CF-53", "UB-53")
def test_the_affinity_of_exec_is_not_that_of_init(container):
    container.process["execCPUAffinity"] = {"initial": "0-1", "final": "1"}
    container.up(["sh", "-c", "probe; sleep 1000"])
    container.wait_for_output(f'"Cpus_allowed_list": "{OWN_CPUS}"')

    assert container.exec(["probe"]).json["Cpus_allowed_list"] == "1"


@TWO_CPUS
@pytest.mark.davit_only
@pytest.mark.row("CF-53")
def test_the_affinity_of_a_process_file(container):
    container.up()
    path = process_file(container, ["probe"], execCPUAffinity={"initial": "0", "final": "1"})

    assert container.runtime("exec", "--process", path, container.id).json["Cpus_allowed_list"] == "1"


@TWO_CPUS
@pytest.mark.davit_only
@pytest.mark.views("hybrid", "v1")
@pytest.mark.row("CF-52", "UB-53")
def test_the_initial_affinity_is_set_before_the_cgroup_is_entered(container):
    container.process["execCPUAffinity"] = {"initial": "0", "final": "1"}
    container.up()
    trace = traced(container, "sched_setaffinity", "clone3", "openat")

    container.exec(["true"])

    lines = trace.read_text().splitlines()
    initial = [i for i, line in enumerate(lines) if "sched_setaffinity(0, " in line and "[0]" in line]
    final = [i for i, line in enumerate(lines) if "sched_setaffinity(" in line and "[1]" in line]
    entered = [i for i, line in enumerate(lines) if "cgroup.procs" in line or "CLONE_INTO_CGROUP" in line]
    assert initial[0] < entered[0] <= entered[-1] < final[0]


@TWO_CPUS
@pytest.mark.davit_only
@pytest.mark.views("hybrid", "v1")
@pytest.mark.row("CF-53", "UB-53")
@pytest.mark.parametrize("affinity", [None, {}, {"initial": "0"}, {"initial": "0", "final": ""}])
def test_without_a_final_affinity_exec_has_the_cpus_of_the_cgroup(container, affinity):
    container.set_resources(cpu={"cpus": "1"})
    if affinity is not None:
        container.process["execCPUAffinity"] = affinity
    container.up()

    assert container.exec(["probe"]).json["Cpus_allowed_list"] == "1"


@pytest.mark.davit_only
@pytest.mark.parametrize("affinity, member", [({"initial": "x"}, "process.execCPUAffinity.initial"),
                                              ({"final": "a-b"}, "process.execCPUAffinity.final"),
                                              ({"final": 1}, "process.execCPUAffinity.final")])
def test_a_wrong_affinity_is_refused_with_its_member(container, affinity, member):
    container.process["execCPUAffinity"] = affinity

    refused(container, member)
