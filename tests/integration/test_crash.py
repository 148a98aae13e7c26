# SPDX-License-Identifier: Apache-2.0
"""Crash consistency: the runtime, or the container's init, is killed at every point.  Afterwards
`delete --force` clears everything and the same id can be created again."""
import os
import signal
import time

import pytest

from harness import machine
from harness.container import Hang

pytestmark = pytest.mark.slow

POINTS = int(os.environ.get("DAVIT_TEST_CRASH_POINTS", "24"))


def count_calls(container, words, in_child=False):
    """How many system calls the command makes when nobody disturbs it."""
    note = container.directory / "note"
    container.wrapper = kill_at(container, 10**9, in_child)
    container.runtime(*words, check=False)
    container.wrapper = []
    return int(note.read_text().split()[-1])


def kill_at(container, number, in_child=False, stop_init=False):
    return [machine.tool("kill-at")] + (["-c"] if in_child else ["-s"] if stop_init else []) + [str(number), str(container.directory / "note")]


def points(total, wanted=POINTS):
    """Evenly spread, different in every run, so that in time every point has its turn."""
    wanted = min(wanted, total)
    step = total / wanted
    return sorted({min(total, 1 + int(step * (i + 0.5))) for i in range(wanted)})


def what_is_left(new_container, container):
    return new_container.snapshot.leftovers([container], seconds=2)


def clear_and_use_again(new_container, container, label, problems):
    """The promise: after any crash, these work."""
    try:
        listed = container.list()
        # "unknown": the folder is there and nothing is in it yet.
        assert all(e["status"] in ("creating", "created", "running", "paused", "stopped", "unknown") for e in listed), listed
        shown = container.runtime("state", container.id, check=False)
        assert shown.returncode in (0, 1)
        gone = container.runtime("delete", "--force", container.id, check=False)
        assert gone.returncode == 0, gone
        left = what_is_left(new_container, container)
        if left:
            new_container.snapshot.sweep()
        assert not left, left
        again = container.runtime("run", container.id, check=False)
        assert again.returncode == 0, again
    except (AssertionError, Hang) as problem:
        problems.append(f"{label}: {str(problem)[:600]}")
        container.runtime("delete", "--force", container.id, check=False)
        new_container.snapshot.sweep()


def prepare(container, until):
    """Brings the container to where the command under test begins."""
    if until in ("created", "running", "stopped"):
        container.runtime("create", "--pid-file", container.pid_file, container.id)
    if until in ("running", "stopped"):
        container.runtime("start", container.id)
    if until == "stopped":
        pid = container.pid
        container.runtime("kill", container.id, "KILL")
        container.wait_dead(pid)


COMMANDS = {
    "create": (None, ["create", "ID"]), "run": (None, ["run", "ID"]), "run --detach": (None, ["run", "--detach", "ID"]),
    "start": ("created", ["start", "ID"]), "exec": ("running", ["exec", "ID", "true"]), "kill": ("running", ["kill", "ID", "KILL"]),
    "delete": ("stopped", ["delete", "ID"]), "delete --force": ("running", ["delete", "--force", "ID"]),
    "pause": ("running", ["pause", "ID"]), "resume": ("running", ["resume", "ID"]),
    # The init process gets no processor meanwhile, so it does not go away by itself.
    "create, init stopped": (None, ["create", "ID"]), "run, init stopped": (None, ["run", "ID"]),
}


@pytest.mark.davit_only
@pytest.mark.parametrize("view_name", ["hybrid", "v2"])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.row("UB-01")
def test_kill_9_of_the_runtime_at_many_points(new_container, session, command, view_name):
    """Every peer leaves cgroups, processes or a state that cannot be deleted."""
    container = new_container(view=session.view(view_name)) if view_name != "hybrid" else new_container()
    if view_name == "v2" and command not in ("create", "run", "delete --force", "create, init stopped"):
        pytest.skip("the other commands do nothing there that differs")
    before, words = COMMANDS[command]
    words = [container.id if w == "ID" else w for w in words]
    container.without_ranges()          # a newuidmap that is stopped stays
    container.args = ["true"] if command.startswith("run") and "detach" not in command or command == "exec" else ["sleep", "1000"]
    if before == "running":
        container.args = ["sleep", "1000"]
    container.write_config()
    prepare(container, before)
    total = count_calls(container, words)
    container.runtime("delete", "--force", container.id)
    problems = []
    for number in points(total, POINTS if before is None else max(8, POINTS // 2)):
        container.args = ["true"] if words[0] == "run" and "--detach" not in words else ["sleep", "1000"]
        container.write_config()
        prepare(container, before)
        container.wrapper = kill_at(container, number, stop_init="stopped" in command)
        try:
            container.runtime(*words, check=False)
        except Hang as hang:
            problems.append(f"at {number}: {str(hang)[:300]}")
        container.wrapper = []
        container.args = ["true"]
        container.write_config()
        note = (container.directory / "note").read_text().strip()
        clear_and_use_again(new_container, container, f"{command}, {note} of {total}", problems)
    assert not problems, "\n".join(problems)


@pytest.mark.davit_only
@pytest.mark.parametrize("command", ["create", "run", "start"])
@pytest.mark.row("UB-01")
def test_kill_9_of_init_at_many_points(new_container, command):
    """The runtime says that it died, ends, and cleans up itself."""
    container = new_container()
    container.args = ["true"]
    container.write_config()
    words = ["create" if command == "start" else command, container.id]
    total = count_calls(container, words, in_child=True)
    container.runtime("delete", "--force", container.id)
    problems = []
    for number in points(total):
        container.wrapper = kill_at(container, number, in_child=True)
        out = None
        try:
            out = container.runtime(*words, check=False, timeout=5)
            note = (container.directory / "note").read_text().strip()
            killed_before_the_end = note.startswith("killed")
            if out.returncode == 1:
                assert out.stderr.strip(), "no message"
                left = what_is_left(new_container, container)
                assert not left, left
            else:
                # The program itself, or a created container that died while waiting.
                assert not killed_before_the_end or out.returncode in (0, 137), out
        except (AssertionError, Hang) as problem:
            problems.append(f"{command}, init at {number} of {total}: {str(problem)[:600]}")
        container.wrapper = []
        clear_and_use_again(new_container, container, f"{command}, init at {number} of {total}", problems)
    assert not problems, "\n".join(problems)


@pytest.mark.davit_only
@pytest.mark.parametrize("command", ["create", "run"])
@pytest.mark.row("UB-02")
def test_sigterm_at_many_points_cleans_up(new_container, command):
    """Told to end while it works, the runtime takes back what it did."""
    container = new_container()
    container.args = ["sleep", "1000"]
    problems = []
    for step in range(25):
        container.write_config()
        running = container.launch(command, container.id)
        time.sleep(step * 0.0006)
        try:
            os.kill(running.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        try:
            # sleep as process 1 of a pid namespace ignores a forwarded TERM: end it by force.
            end = time.monotonic() + 0.3
            while running.process.poll() is None and time.monotonic() < end:
                time.sleep(0.002)
            if running.process.poll() is None:
                container.runtime("kill", container.id, "KILL", check=False)
            running.wait(5)
        except Hang as hang:
            problems.append(f"step {step}: {hang}")
        container.args = ["true"]
        container.write_config()
        clear_and_use_again(new_container, container, f"{command} step {step}", problems)
        container.args = ["sleep", "1000"]
    assert not problems, "\n".join(problems)


@pytest.mark.row("RT-04")
@pytest.mark.davit_only
def test_a_half_made_container_is_listed_as_creating(new_container):
    """A hook that hangs is a moment that can be watched."""
    container = new_container()
    mark = container.directory / "mark"
    container.spec["hooks"] = {"createRuntime": [{"path": container.host_script("hang", f"touch {mark}; exec sleep 1000\n")}]}
    running = container.start_run(["true"])
    machine.wait_until(mark.exists)

    listed = container.listed()
    assert listed["status"] == "creating"
    assert container.status() == "creating"
    # `start` waits for the lock, up to its deadline: create may be about to end.
    for words in (["exec", container.id, "true"], ["pause", container.id], ["ps", container.id]):
        out = container.runtime(*words, check=False, timeout=4)
        assert out.returncode in (1, 255) and "creat" in out.stderr, out

    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    container.force_delete()


@pytest.mark.davit_only
def test_delete_force_takes_a_container_away_from_a_create_that_still_runs(new_container):
    container = new_container()
    mark = container.directory / "mark"
    container.spec["hooks"] = {"createRuntime": [{"path": container.host_script("hang", f"touch {mark}; exec sleep 1000\n")}]}
    running = container.start_run(["true"])
    machine.wait_until(mark.exists)

    container.force_delete(check=False, timeout=8)
    out = running.wait(5)

    assert out.returncode != 0
    container.force_delete()


@pytest.mark.davit_only
def test_the_record_is_written_before_the_first_cgroup(new_container):
    """By the order of the system calls: state first."""
    container = new_container()
    trace = container.directory / "trace"
    container.args = ["true"]
    container.write_config()
    container.wrapper = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=mkdir,mkdirat,rename,renameat,renameat2"]
    container.runtime("run", container.id)
    container.wrapper = []

    lines = machine.read(trace).splitlines()
    path = container.linux["cgroupsPath"].lstrip("/")
    first_cgroup = next(i for i, line in enumerate(lines) if f'"{path}"' in line or f'/{path}"' in line)
    first_record = next(i for i, line in enumerate(lines) if "rename" in line)
    assert first_record < first_cgroup, "\n".join(lines[:20])
