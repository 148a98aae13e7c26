# SPDX-License-Identifier: Apache-2.0
"""Rows of the specification's runtime.md that no other file shows: the state document, failed creates, what delete undoes."""
import json
import os
import re
import signal

import pytest

from harness import machine
from harness.machine import wait_until

SEMVER = r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"


def follows_the_schema(state, statuses=("creating", "created", "running", "stopped")):
    """What schema/state-schema.json of the specification demands."""
    assert {"ociVersion", "id", "status", "bundle"} <= set(state)
    assert all(isinstance(state[name], str) for name in ("ociVersion", "id", "status", "bundle"))
    assert re.fullmatch(SEMVER, state["ociVersion"])
    assert state["status"] in statuses
    assert type(state.get("pid", 0)) is int and state.get("pid", 0) >= 0
    annotations = state.get("annotations", {})
    assert isinstance(annotations, dict)
    assert all(isinstance(word, str) for pair in annotations.items() for word in pair)
    return state["status"]


# --- state ----------------------------------------------------------------------------------------------------------------

@pytest.mark.davit_only
@pytest.mark.row("RT-11")
def test_the_state_follows_the_schema_in_each_status(container):
    hold = container.directory / "hold"
    hold.write_text("")
    container.spec["annotations"] = {"org.example.a": "1", "org.example.b": ""}
    container.spec["hooks"] = {"createRuntime": [{"path": container.host_script(
        "hold", f"while test -e {hold}; do sleep 0.01; done\n")}]}
    container.args = ["sleep", "1000"]
    container.write_config()

    running = container.launch("create", "--pid-file", container.pid_file, container.id)
    wait_until(lambda: container.listed() is not None, what="the record")
    assert follows_the_schema(container.state()) == "creating"
    hold.unlink()
    assert running.wait().returncode == 0
    assert follows_the_schema(container.state()) == "created"
    container.start()
    assert follows_the_schema(container.state()) == "running"
    container.stop()
    assert follows_the_schema(container.state()) == "stopped"


@pytest.mark.pauses
@pytest.mark.row("RT-11")
def test_the_state_of_a_paused_container_has_a_word_of_its_own(container):
    """The schema has four words, the text allows further ones; `paused` is the one of every peer."""
    container.up()
    container.pause()

    assert follows_the_schema(container.state(), ["paused"])


@pytest.mark.davit_only
@pytest.mark.row("RT-05")
def test_the_status_is_created_until_the_program_is_executed(container):
    """The hook holds the start back: `start` was called, and nothing has been executed yet."""
    (container.rootfs / "hold").write_text("")
    container.spec["hooks"] = {"startContainer": [{"path": container.guest_script(
        "wait", "touch /waits; while test -e /hold; do sleep 0.01; done\n")}]}

    def program():
        return machine.read(f"/proc/{container.pid}/cmdline").split("\0")[:2]

    container.create(["sleep", "4711"])
    assert (container.status(), program() == ["sleep", "4711"]) == ("created", False)
    starting = container.launch("start", container.id)
    wait_until((container.rootfs / "waits").exists, what="the hook")
    assert (container.status(), program() == ["sleep", "4711"]) == ("created", False)
    (container.rootfs / "hold").unlink()
    assert starting.wait().returncode == 0
    assert (container.status(), program()) == ("running", ["sleep", "4711"])
    os.kill(container.pid, signal.SIGKILL)
    container.wait_dead()
    assert container.status() == "stopped"


@pytest.mark.row("RT-22")
@pytest.mark.parametrize("args, word", [(["true"], None), (["sh", "-c", "exit 3"], None), (["probe", "segv"], None),
                                        (["sleep", "1000"], "KILL")], ids=["exit 0", "exit 3", "crash", "kill"])
def test_every_end_of_the_process_ends_in_stopped(container, args, word):
    container.up(args)
    if word:
        container.kill(word)
    container.wait_dead()

    assert container.status() == "stopped"


# --- create fails -----------------------------------------------------------------------------------------------------------

WRONG = {
    "a bind source": lambda c: c.add_mount("/data", "/no/such/source"),
    "a file system": lambda c: c.add_mount("/data", "x", "bananafs", []),
    "a namespace": lambda c: c.namespace("ipc").update(path="/no/such/namespace"),
    "a sysctl": lambda c: c.linux.update(sysctl={"net.no.such.sysctl": "1"}),
    "a sysctl's value": lambda c: c.linux.update(sysctl={"net.ipv4.ip_default_ttl": "banana"}),
    "a page size": lambda c: c.set_resources(hugepageLimits=[{"pageSize": "7MB", "limit": 0}]),
    "a cpuset": lambda c: c.set_resources(cpu={"cpus": "4095"}),
    "a device": lambda c: c.linux.update(devices=[{"path": "/etc/passwd", "type": "c", "major": 1, "minor": 3}]),
    "a program": lambda c: setattr(c, "args", ["/no/such/program"]),
    "a root": lambda c: c.spec["root"].update(path="no-such-rootfs"),
    "a resource limit": lambda c: c.process.update(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 2**62, "hard": 2**62}]),
}


@pytest.mark.davit_only
@pytest.mark.row("RT-13", "RT-26", "RT-38")
@pytest.mark.parametrize("what", WRONG)
def test_a_create_that_cannot_do_all_leaves_nothing(container, what):
    """As if it had not been called: the same id is free, and with the mistake gone all goes well."""
    if what == "a resource limit" and container.mode != "root":
        pytest.skip(f"{container.mode}: it is lowered, with a warning")
    good = json.loads(json.dumps(container.spec))
    mounts = container.view.mountinfo()
    WRONG[what](container)

    out = container.create(check=False)

    assert out.returncode == 1
    assert out.stderr.strip()
    assert container.runtime("state", container.id, check=False).returncode == 1
    assert container.list() == [] and container.cgroup_dirs() == []
    assert container.session.orphans() == []
    assert container.view.mountinfo() == mounts
    assert not container.pid_file.exists()
    container.spec = good
    container.create(["true"])
    assert container.status() == "created"


@pytest.mark.row("RT-32")
def test_create_without_a_bundle_takes_the_directory_where_it_stands(container):
    """So it fails where no config.json is."""
    empty = container.directory / "empty"
    empty.mkdir()
    container.write_config()

    out = container.runtime("create", container.id, cwd=empty, check=False)

    assert out.returncode == 1
    assert "config.json" in out.stderr
    assert container.list() == []
    container.runtime("create", container.id, cwd=container.bundle)
    assert container.status() == "created"


# --- delete -----------------------------------------------------------------------------------------------------------------

@pytest.mark.views("hybrid", "v2", "oldkernel")
@pytest.mark.row("RT-23", "RT-48")
def test_delete_undoes_all_that_create_did(container):
    """The sandbox of a test: its state root, the mounts and processes of its view, the cgroups by their names."""
    def found():
        return (sorted(os.listdir(container.root)) if container.root.exists() else [], container.view.mountinfo(),
                container.cgroup_dirs(), container.session.orphans(), sorted(os.listdir(container.bundle)))

    container.add_mount("/data", "tmpfs", "tmpfs", ["size=1m"])
    container.write_config()
    before = found()

    container.create(["sleep", "1000"])
    assert container.cgroup_dirs() and container.session.orphans() and container.state_dir.exists()
    container.start()
    container.stop()
    container.delete()

    assert found() == before
