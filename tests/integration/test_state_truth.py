# SPDX-License-Identifier: Apache-2.0
"""The state is true, whatever the cgroups look like: the process first, the freezer second."""
import calendar
import json
import os
import re
import signal
import time

import pytest

from harness import machine, views
from harness.machine import wait_until

COUNTER = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i > /count; done"]


def moves(container, seconds):
    """Whether the counter of COUNTER changes within SECONDS."""
    seen, end = set(), time.monotonic() + seconds
    while time.monotonic() < end:
        seen.add(machine.read(container.rootfs / "count"))
        if len(seen - {""}) > 1:
            return True
        time.sleep(0.005)
    return False


def makes_progress(container):
    return moves(container, 5 * machine.PATIENCE)


def stands_still(container):
    return not moves(container, 0.15)


# --- no freezer on this host ------------------------------------------------------------------------------

@pytest.mark.views(*views.NO_FREEZER)
def test_without_a_v1_freezer_a_running_container_is_running(container):
    container.up()

    assert container.status() == "running"
    assert container.state()["pid"] == container.pid
    assert container.listed()["status"] == "running"
    table = container.runtime("list").stdout
    assert "running" in table and container.id in table


@pytest.mark.views(*views.NO_FREEZER)
def test_without_a_v1_freezer_every_other_command_works(container):
    container.create(["sleep", "1000"])
    assert container.status() == "created"
    container.start()
    assert container.pid in container.ps()
    assert container.exec(["echo", "inside"]).stdout == "inside\n"

    container.kill("KILL")
    container.wait_dead()

    assert container.status() == "stopped"
    container.delete()


@pytest.mark.views(*views.NO_FREEZER)
def test_without_a_v1_freezer_kill_all_and_delete_force_reach_everything(container):
    container.drop_namespace("pid")
    container.up(["probe", "fork", "3"])
    container.wait_for_output("forked")
    processes = container.ps()
    assert len(processes) == 4

    container.kill("--all", "KILL")
    wait_until(lambda: container.session.orphans() == [], what="the end of all processes")
    assert container.status() == "stopped"
    container.delete()


@pytest.mark.davit_only
@pytest.mark.views("nofreezer-dir-v1", "nofreezer-gone-v1")
def test_pause_says_that_there_is_no_freezer(container):
    container.up(COUNTER)

    out = container.pause(check=False)

    assert out.returncode == 1
    assert "freezer" in out.stderr
    assert container.status() == "running"
    assert makes_progress(container)
    assert container.resume(check=False).returncode in (0, 1)
    assert container.status() == "running"


@pytest.mark.davit_only
@pytest.mark.views("nofreezer-dir", "nofreezer-gone")
def test_in_hybrid_without_the_v1_freezer_pausing_works_through_v2(container):
    container.up(COUNTER)

    container.pause()
    assert container.status() == "paused"
    assert stands_still(container)

    container.resume()
    assert container.status() == "running"
    assert makes_progress(container)


@pytest.mark.davit_only
@pytest.mark.views("nofreezer-dir", "nofreezer-gone")
def test_in_hybrid_without_the_v1_freezer_a_paused_container_can_be_deleted(container):
    container.up(COUNTER)
    container.pause()
    pid = container.pid

    assert container.delete(check=False).returncode == 1
    container.force_delete()

    container.wait_dead(pid)


@pytest.mark.views("nocgroup")
@pytest.mark.davit_only
def test_without_any_cgroup_pause_fails_and_says_why(container):
    container.up()

    out = container.pause(check=False)

    assert out.returncode == 1
    assert "cgroup" in out.stderr
    assert container.status() == "running"


@pytest.mark.views("nocgroup")
@pytest.mark.davit_only
def test_without_any_cgroup_a_limit_is_refused_not_forgotten(container):
    container.set_resources(pids={"limit": 10})

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "cgroup" in out.stderr
    assert "pids" in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.views("nofreezer-dir-v1", "nofreezer-gone-v1", "nocgroup")
@pytest.mark.davit_only
def test_nothing_is_created_where_no_cgroup_file_system_is(container):
    """crun makes plain directories and a regular file freezer.state there."""
    container.up()
    container.pause(check=False)

    assert container.view.strays() == []


# --- pause and resume -------------------------------------------------------------------------------------

PAUSING = pytest.mark.views("hybrid", "v1", "v2", "oldkernel")


@pytest.mark.row("RT-04")
@PAUSING
def test_a_paused_container_stands_still_until_it_is_resumed(container):
    container.up(COUNTER)
    assert makes_progress(container)

    container.pause()
    assert container.status() == "paused"
    assert container.listed()["status"] == "paused"
    assert stands_still(container)

    container.resume()
    assert container.status() == "running"
    assert makes_progress(container)


@PAUSING
def test_a_paused_container_is_deleted_only_by_force(container):
    container.up()
    container.pause()
    pid = container.pid

    assert container.delete(check=False).returncode == 1
    assert container.status() == "paused"
    container.force_delete()

    container.wait_dead(pid)


@PAUSING
def test_a_killed_paused_container_ends_at_the_latest_when_resumed(container):
    container.up()
    container.pause()

    container.kill("KILL")
    if machine.is_alive(container.pid):
        container.resume(check=False)

    container.wait_dead()
    assert container.status() == "stopped"


def freezer_file(container):
    """(the control file that freezes, what it says when everything is frozen)."""
    if "freezer" in machine.hierarchies():
        return f"{machine.hierarchies()['freezer']}{container.cgroup_of()['freezer']}/freezer.state", "FROZEN"
    return f"{machine.hierarchies()['unified']}{container.cgroup_of()['unified']}/cgroup.freeze", "1"


def is_frozen(container):
    path, frozen = freezer_file(container)
    if frozen == "FROZEN":
        return machine.read(path).strip() == frozen
    return "frozen 1" in machine.read(path.replace("cgroup.freeze", "cgroup.events"))


@pytest.mark.pauses
def test_pause_returns_when_everything_is_frozen(container):
    """crun does not wait."""
    container.up(["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sh -c 'while :; do :; done' & done; wait"])
    wait_until(lambda: len(container.ps()) >= 9, what="the processes")

    container.pause()

    assert is_frozen(container)


@pytest.mark.davit_only
@pytest.mark.pauses
@pytest.mark.row("UB-07")
def test_exec_in_a_paused_container_is_refused_with_255(container):
    container.up()
    container.pause()

    out = container.exec(["true"], check=False)

    assert out.returncode == 255
    assert "paused" in out.stderr


@pytest.mark.davit_only
@pytest.mark.pauses
@pytest.mark.row("UB-07")
def test_exec_ignore_paused_waits_for_the_thaw(container):
    container.up()
    container.pause()
    running = container.start_exec(["echo", "late"], options=["--ignore-paused"])
    time.sleep(0.1)
    assert running.process.poll() is None
    assert running.output() == ""

    container.resume()

    assert running.wait().stdout == "late\n"


@pytest.mark.parametrize("command", ["pause", "resume", "exec"])
def test_a_stopped_container_is_not_paused_resumed_or_entered(container, command):
    container.up(["true"])
    container.wait_dead()

    words = [command, container.id] + (["true"] if command == "exec" else [])
    out = container.runtime(*words, check=False)

    assert out.returncode in (1, 255)
    assert out.stderr.strip()
    assert container.status() == "stopped"


def test_a_start_of_a_paused_created_container_is_refused(container):
    """crun starts it."""
    container.create(["echo", "ran"])
    if container.pause(check=False).returncode != 0:
        assert container.status() == "created"
        return

    out = container.start(check=False)

    assert out.returncode == 1
    assert container.output() == ""
    container.resume()


# --- the process first -------------------------------------------------------------------------------------

def test_a_stopped_process_is_still_running(container):
    container.up()
    os.kill(container.pid, signal.SIGSTOP)
    wait_until(lambda: machine.proc_state(container.pid) == "T")

    assert container.status() == "running"


def test_a_zombie_is_stopped(container, monkeypatch):
    container.up()
    pid = container.pid
    # We are its parent; while we do not reap it, it stays a zombie.
    monkeypatch.setattr(container.session, "orphans", lambda: [])
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: machine.proc_state(pid) == "Z")

    assert container.status() == "stopped"
    assert container.listed()["status"] == "stopped"
    out = container.kill("TERM", check=False)
    assert out.returncode == 1 and "container not running" in out.stderr
    assert container.exec(["true"], check=False).returncode in (1, 255)
    container.delete()
    monkeypatch.undo()
    container.wait_dead(pid)


def test_a_process_killed_from_outside_is_stopped(container):
    container.up()
    os.kill(container.pid, signal.SIGKILL)
    container.wait_dead()

    assert container.status() == "stopped"
    assert container.listed()["status"] == "stopped"
    assert container.listed()["pid"] == 0


def move_away(container):
    """Puts init into other cgroups in every hierarchy, and returns them."""
    places = []
    for name, point in machine.hierarchies().items():
        places.append(f"{point}/{container.session.group}/{container.id}-away")
        os.mkdir(places[-1])
        for file in ("cpuset.cpus", "cpuset.mems") if name == "cpuset" else ():
            for place in (os.path.dirname(places[-1]), places[-1]):
                if not machine.read(f"{place}/{file}").strip():
                    machine.write(f"{place}/{file}", machine.read(f"{point}/{file}"))
        assert machine.write(f"{places[-1]}/cgroup.procs", str(container.pid)), name
    return places


@pytest.mark.views("hybrid", "v1")
@pytest.mark.row("UB-05")
def test_a_living_container_whose_cgroups_are_gone_is_running(container):
    container.up()
    pid = container.pid
    places = move_away(container)
    for path in container.cgroup_dirs():
        os.rmdir(path)

    assert container.status() == "running"
    assert container.listed()["status"] == "running"
    container.kill("KILL")
    container.wait_dead(pid)
    assert container.status() == "stopped"
    for path in places:
        os.rmdir(path)


@pytest.mark.views("hybrid", "v1")
@pytest.mark.row("UB-05")
def test_a_dead_container_whose_cgroups_are_gone_is_stopped_and_can_be_deleted(container):
    container.up()
    container.stop()
    for path in container.cgroup_dirs():
        os.rmdir(path)

    assert container.status() == "stopped"
    container.delete()


@pytest.mark.pauses
def test_a_container_frozen_from_outside_is_paused(container):
    container.up()
    machine.write(*freezer_file(container))
    wait_until(lambda: is_frozen(container))

    assert container.status() == "paused"
    container.resume()
    assert container.status() == "running"


@pytest.mark.views("v2")
def test_on_v2_a_container_frozen_from_outside_is_paused(container):
    container.up()
    path = container.cgroup_dirs()[0]
    machine.write(f"{path}/cgroup.freeze", "1")
    wait_until(lambda: "frozen 1" in machine.read(f"{path}/cgroup.events"))

    assert container.status() == "paused"
    container.resume()
    assert container.status() == "running"


@pytest.mark.views("hybrid", "v1")
def test_a_container_that_moved_to_another_cgroup_keeps_its_state(container):
    container.up()
    other = f"{machine.hierarchies()['devices']}/{container.session.group}/{container.id}-other"
    os.mkdir(other)
    machine.delegate(other, container.owner)
    machine.write(f"{other}/cgroup.procs", str(container.pid))

    assert container.status() == "running"
    assert container.exec(["echo", "in"]).stdout == "in\n"
    container.force_delete()
    assert os.path.isdir(other)         # not ours to remove
    os.rmdir(other)


@pytest.mark.davit_only
@pytest.mark.views("v2")
@pytest.mark.row("UB-08")
def test_exec_follows_an_init_that_made_its_own_subgroup(container):
    """A nested engine moves its init into a child cgroup; crun's exec then fails with EBUSY."""
    container.up()
    path = container.cgroup_dirs()[0]
    os.mkdir(f"{path}/inner")
    machine.delegate(f"{path}/inner", container.owner)
    machine.write(f"{path}/inner/cgroup.procs", str(container.pid))

    assert container.exec(["echo", "in"]).stdout == "in\n"


# --- what state prints -------------------------------------------------------------------------------------

@pytest.mark.row("RT-02", "RT-03", "RT-10", "RT-31")
def test_state_has_the_keys_that_clients_read(container):
    container.spec["annotations"] = {"org.example.a": "1", "org.example.b": ""}
    container.up()

    state = container.state()

    assert state["id"] == container.id
    assert state["pid"] == container.pid
    assert state["status"] == "running"
    assert state["bundle"] == str(container.bundle)
    assert re.fullmatch(r"1\.\d+\.\d+.*", state["ociVersion"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", state["created"])
    assert state["annotations"] == {"org.example.a": "1", "org.example.b": ""}
    assert state["owner"] in ("davit-test" if container.mode == "rootless" else "root", "")
    assert state["rootfs"] in ("rootfs", str(container.rootfs))


@pytest.mark.davit_only
def test_the_keys_of_state_come_in_cruns_order(container):
    container.spec["annotations"] = {"a": "b"}
    container.up()

    assert list(container.state()) == ["ociVersion", "id", "pid", "status", "bundle", "rootfs",
                                       "created", "systemd-scope", "owner", "annotations"]


@pytest.mark.row("RT-09")
def test_annotations_keep_their_order_and_need_not_be_there(container):
    container.spec["annotations"] = {"z": "1", "a": "2", "m": "3"}
    container.up()

    if machine.runtime_kind() != "runc":
        assert list(container.state()["annotations"]) == ["z", "a", "m"]
    assert container.state()["annotations"] == {"z": "1", "a": "2", "m": "3"}


@pytest.mark.row("RT-09")
@pytest.mark.parametrize("annotations", [None, {}])
def test_without_annotations_the_state_has_none(container, annotations):
    container.spec["annotations"] = annotations
    if annotations is None:
        del container.spec["annotations"]
    container.create(["true"])

    assert container.state().get("annotations") in (None, {})


@pytest.mark.row("CF-90", "CF-92")
def test_annotations_of_the_specification_are_passed_through(container):
    """They are for whoever reads state: davit does not act on them."""
    names = ["image.os", "image.os.version", "image.os.features", "image.architecture", "image.variant", "image.author",
             "image.created", "image.stopSignal"]
    container.spec["annotations"] = {f"org.opencontainers.{name}": value for name in names for value in ["SIGKILL"]}
    container.spec["annotations"]["empty"] = ""
    container.up()

    assert container.state()["annotations"] == container.spec["annotations"]


@pytest.mark.davit_only
@pytest.mark.row("CF-90")
@pytest.mark.parametrize("annotations, member", [({"": "x"}, "annotations"), ({"a": 1}, 'annotations["a"]'),
                                                 ({"a": None}, 'annotations["a"]'), ({"a": ["x"]}, 'annotations["a"]'),
                                                 (["x"], "annotations")], ids=str)
def test_annotations_that_are_none_are_refused(container, annotations, member):
    container.spec["annotations"] = annotations

    out = container.create(["true"], check=False)

    assert out.returncode == 1
    assert f"config.json: {member}: " in out.stderr
    assert not container.state_dir.exists()


def test_the_created_time_is_now(container):
    before = time.time()
    container.create(["true"])

    text = container.state()["created"]

    seconds = calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    assert before - 2 <= seconds <= time.time() + 1


@pytest.mark.all_views
def test_state_prints_json_and_nothing_else(container):
    """containerd reads standard output and error together."""
    container.up()

    out = container.runtime("state", container.id)

    assert out.stderr == ""
    assert isinstance(json.loads(out.stdout), dict)
    documents = [["list", "--format", "json"]]
    if container.view.has_cgroups:
        documents.append(["ps", "--format", "json", container.id])
    for words in documents:
        out = container.runtime(*words)
        assert out.stderr == ""
        assert isinstance(json.loads(out.stdout), list)


@pytest.mark.row("RT-08")
def test_the_bundle_is_absolute_when_given_relatively(container):
    container.args = ["true"]
    container.write_config()
    container.runtime("create", "--bundle", container.bundle.name, container.id,
                      cwd=container.bundle.parent)

    assert container.state()["bundle"] == str(container.bundle)


# --- explain -----------------------------------------------------------------------------------------------

@pytest.mark.davit_only
@pytest.mark.all_views
def test_explain_tells_how_the_answer_was_found(container):
    container.up()

    out = container.runtime("state", "--explain", container.id)

    assert str(container.pid) in out.stdout
    assert "running" in out.stdout
    if container.view.has_cgroups:
        assert "freezer" in out.stdout or "cgroup.freeze" in out.stdout
    if container.view.name.startswith("nofreezer"):
        assert "freezer" in out.stdout


@pytest.mark.davit_only
@pytest.mark.parametrize("end", ["created", "stopped", pytest.param("paused", marks=pytest.mark.pauses)])
def test_explain_names_the_state(container, end):
    if end == "created":
        container.create(["true"])
    else:
        container.up()
    if end == "stopped":
        container.stop()
    if end == "paused":
        container.pause()

    assert end in container.runtime("state", "--explain", container.id).stdout


# --- identity ----------------------------------------------------------------------------------------------

def record_of(container):
    """The state file of davit or a peer: (path, document)."""
    for name in ("state.json", "status"):
        path = container.state_dir / name
        if path.exists():
            return path, json.loads(path.read_text())
    raise AssertionError(f"no record in {os.listdir(container.state_dir)}")


def rewrite(container, change):
    """CHANGE(key, value, parent) may alter the members of the record, at any depth."""
    path, document = record_of(container)

    def visit(node):
        for key, value in list(node.items()):
            change(key, value, node)
            if isinstance(node.get(key), dict):
                visit(node[key])

    visit(document)
    path.write_text(json.dumps(document))


def is_start_time(key):
    return "start" in key.replace("-", "_") and "time" in key


@pytest.mark.davit_only
@pytest.mark.parametrize("value", ["removed", 0, "another"])
def test_a_record_that_does_not_fit_the_process_never_kills_it(new_container, session, value):
    """A reused pid: the record names a process of somebody else."""
    container = new_container()
    container.up()
    container.stop()
    stranger = session.spawn(["sleep", "1000"], stdout=None, stderr=None)
    changed = []

    def change(key, old, node):
        if key == "pid":
            node[key] = stranger.pid
            changed.append(key)
        elif is_start_time(key):
            changed.append(key)
            if value == "removed":
                del node[key]
            else:
                node[key] = 0 if value == 0 else old + 1

    try:
        rewrite(container, change)
        assert "pid" in changed and len(changed) >= 2, f"the record has no start time: {record_of(container)}"

        for words in (["kill", container.id, "KILL"], ["kill", "--all", container.id, "KILL"],
                      ["delete", container.id], ["delete", "--force", container.id]):
            container.runtime(*words, check=False)
        assert stranger.poll() is None
        for path in container.cgroup_dirs():        # of a record that cannot be trusted nothing is taken
            os.rmdir(path)
        shown = container.runtime("state", container.id, check=False)
        assert shown.returncode != 0 or shown.json["status"] == "stopped"
    finally:
        stranger.kill()
        stranger.wait()
        session.forget(stranger)


@pytest.mark.davit_only
def test_a_cgroup_path_in_the_record_that_is_not_ours_is_not_killed(new_container, session):
    container, victim = new_container(), new_container()
    victim.drop_namespace("pid")
    victim.up(["probe", "fork", "2"])
    victim.wait_for_output("forked")
    processes = victim.ps()
    container.up()
    container.stop()
    _path, document = record_of(container)
    ours, theirs = container.linux["cgroupsPath"], victim.linux["cgroupsPath"]
    assert ours in json.dumps(document)
    record_of(container)[0].write_text(json.dumps(document).replace(ours, theirs))

    container.runtime("kill", "--all", container.id, "KILL", check=False)
    container.delete("--force", check=False)

    assert all(machine.is_alive(pid) for pid in processes)
    assert victim.status() == "running"
    record_of(victim)
    if container.state_dir.exists():
        record_of(container)[0].write_text(json.dumps(document))
    else:
        for path in container.cgroup_dirs():
            os.rmdir(path)
