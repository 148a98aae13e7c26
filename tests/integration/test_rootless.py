# SPDX-License-Identifier: Apache-2.0
"""As an ordinary user: id ranges through newuidmap, no cgroups, devices of the host."""
import os
import shutil
import subprocess

import pytest

from harness import bundle as bundles
from harness import machine

USER = bundles.UNPRIVILEGED
RANGE = 700000

pytestmark = pytest.mark.rootless


@pytest.fixture
def sub_ids(container):
    """A name and 100,000 sub-ids for the user, in private copies of the host's files, in the view only."""
    if not shutil.which("newuidmap"):
        pytest.skip("newuidmap is not installed")
    lines = {"/etc/passwd": f"davit-test:x:{USER}:{USER}::/:/bin/sh\n",
             "/etc/subuid": f"davit-test:{RANGE}:100000\n", "/etc/subgid": f"davit-test:{RANGE}:100000\n"}
    enter = container.view.prefix() + ["--"]
    for path, line in lines.items():
        copy = container.directory / path.rpartition("/")[2]
        copy.write_text(machine.read(path) + line)
        copy.chmod(0o644)
        if not os.path.exists(path):
            pytest.skip(f"{path} is missing")
        subprocess.run(enter + ["mount", "--bind", str(copy), path], check=True)
    yield
    for path in lines:
        subprocess.run(enter + ["umount", path], check=True)


def chown_tree(container, owner):
    """Gives what the container's root has to write to the mapped root."""
    for top, _directories, _files in os.walk(container.rootfs):
        os.chown(top, owner, owner)


def test_the_single_id_of_the_caller(container):
    seen = container.probe()

    assert (seen["uid"], seen["gid"]) == (0, 0)
    assert seen["uid_map"].split() == ["0", str(USER), "1"]
    assert seen["setgroups"] == "deny"


def test_the_process_is_the_callers_outside(container):
    container.up()

    assert f"Uid:\t{USER}\t{USER}" in machine.read(f"/proc/{container.pid}/status")
    assert container.state()["owner"] in ("", "davit-test", str(USER))


def test_ranges_are_mapped_with_the_set_uid_helpers(container, sub_ids):
    for name in ("uidMappings", "gidMappings"):
        container.linux[name] = [{"containerID": 0, "hostID": USER, "size": 1},
                                 {"containerID": 1, "hostID": RANGE, "size": 65535}]
    container.process["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [5]}

    seen = container.probe()

    assert [line.split() for line in seen["uid_map"].splitlines()] == [["0", str(USER), "1"], ["1", str(RANGE), "65535"]]
    assert (seen["uid"], seen["gid"], seen["groups"]) == (1000, 1000, [5])


def test_more_than_six_ranges_are_mapped(container, sub_ids):
    """crun passes six to newuidmap and drops the rest."""
    table = [{"containerID": 0, "hostID": USER, "size": 1}] + [
        {"containerID": 1 + 100 * i, "hostID": RANGE + 1000 * i, "size": 100} for i in range(12)]
    for name in ("uidMappings", "gidMappings"):
        container.linux[name] = table

    seen = container.probe()

    assert [[int(w) for w in line.split()] for line in seen["uid_map"].splitlines()] == \
        [[m["containerID"], m["hostID"], m["size"]] for m in table]


@pytest.mark.davit_only
def test_a_range_that_the_user_does_not_have_is_refused(container, sub_ids):
    for name in ("uidMappings", "gidMappings"):
        container.linux[name] = [{"containerID": 0, "hostID": USER, "size": 1},
                                 {"containerID": 1, "hostID": 100, "size": 1000}]

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "map" in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.davit_only
def test_a_larger_map_without_the_helpers_is_refused_with_a_reason(container):
    for name in ("uidMappings", "gidMappings"):
        container.linux[name] = [{"containerID": 0, "hostID": USER, "size": 1},
                                 {"containerID": 1, "hostID": RANGE, "size": 65535}]

    out = container.run(["true"], check=False, env={"PATH": "/no/such"})

    assert out.returncode == 1
    assert "newuidmap" in out.stderr or "newgidmap" in out.stderr
    assert not container.state_dir.exists()


def test_without_a_user_namespace_in_the_config(container):
    """crun adds one; runc says that it is needed.  Never a half-made container."""
    container.drop_namespace("user")
    for name in ("uidMappings", "gidMappings"):
        container.linux.pop(name)

    out = container.run(["id", "-u"], check=False)

    assert (out.returncode, out.stdout) == (0, "0\n") or (out.returncode == 1 and out.stderr.strip())
    assert not container.state_dir.exists()


def test_a_whole_life_with_ranges(container, sub_ids):
    for name in ("uidMappings", "gidMappings"):
        container.linux[name] = [{"containerID": 0, "hostID": USER, "size": 1},
                                 {"containerID": 1, "hostID": RANGE, "size": 65535}]
    container.up()

    assert container.exec(["id", "-u"], options=["--user", "7:7"]).stdout == "7\n"
    container.kill("KILL")
    container.wait_dead()
    assert container.status() == "stopped"
    container.delete()


@pytest.mark.davit_only
def test_pause_without_a_cgroup_of_our_own_says_why(container):
    container.up()

    out = container.pause(check=False)

    assert out.returncode == 1
    assert "cgroup" in out.stderr or "freezer" in out.stderr
    assert container.status() == "running"


@pytest.mark.davit_only
def test_limits_in_a_cgroup_that_the_user_may_not_make_are_refused(container):
    """Without limits a path is a wish: rootless Podman always names one on v1."""
    container.linux["cgroupsPath"] = f"/{container.session.group}-c/{container.id}"
    container.linux.setdefault("resources", {})["pids"] = {"limit": 50}

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "cgroup" in out.stderr
    assert not container.state_dir.exists()


def test_another_user_cannot_be_reached(container, session):
    """The runtime of an ordinary user signals nobody else's process, whatever its record says."""
    container.up()

    assert container.runtime("kill", container.id, "0", check=False).returncode in (0, 1)
    assert container.status() == "running"
