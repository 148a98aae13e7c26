# SPDX-License-Identifier: Apache-2.0
"""run.oci.systemd.force_cgroup_v1 on hosts with cgroup v2: a systemd that knows only v1 finds its hierarchy."""
import os
import subprocess

import pytest

import host
from harness import machine

pytestmark = pytest.mark.skipif(
    not host.LAYOUT or host.LAYOUT.user != "root" or host.LAYOUT.view != "v2" or host.LAYOUT.name == "v2-nomemory",
    reason="needs a host with cgroup v2 only: tests/vm/vm check v2 v2-systemd")

MANAGERS = [[]] + ([["--systemd-cgroup"]] if host.LAYOUT and host.LAYOUT.init == "systemd" else [])


@pytest.fixture
def hierarchy(tmp_path):
    """The v1 hierarchy name=systemd, as the host's owner makes it for such containers."""
    place = tmp_path / "systemd"
    place.mkdir()
    subprocess.run(["mount", "-t", "cgroup", "-o", "none,name=systemd,xattr", "cgroup", place], check=True)
    yield str(place)
    subprocess.run(["umount", place], check=True)


@pytest.fixture
def hierarchy_elsewhere(tmp_path):
    """The same, mounted in a mount namespace that the runtime does not see: only the host's cgroup namespace may make it."""
    script = f"mount -t cgroup -o none,name=systemd,xattr cgroup {tmp_path} && echo mounted && read -r end"
    with subprocess.Popen(["unshare", "-m", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"mounted\n"
        yield
        holder.stdin.close()


def forced(bench, manager):
    container = bench.container()
    container.add_mount("/sys/fs/cgroup", "cgroup", kind="cgroup", options=["nosuid", "noexec", "nodev", "rw"])
    container.linux["namespaces"].append({"type": "cgroup"})
    container.spec["annotations"] = {"run.oci.systemd.force_cgroup_v1": "/sys/fs/cgroup"}
    if manager:
        container.linux["cgroupsPath"] = f"machine-t.slice:davit:{container.id}"
    return container


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda m: "systemd" if m else "cgroupfs")
def test_the_container_has_a_part_of_the_hierarchy_for_itself(bench, hierarchy, manager):
    container = forced(bench, manager)
    container.up(["sh", "-c", "while :; do sleep 1; done"], globals=manager)
    inner = container.cgroup_of()["systemd"]

    assert inner not in ("", "/")
    assert str(container.pid) in machine.read(f"{hierarchy}{inner}/cgroup.procs").split()
    seen = container.exec(["cat", "/sys/fs/cgroup/systemd/cgroup.procs"]).stdout.split()
    assert seen[0] == "1" and len(seen) >= 2, "init and the process of exec are there"
    lines = container.exec(["cat", "/proc/self/cgroup"]).stdout.splitlines()
    assert [line.partition(":")[2] for line in lines] == ["name=systemd:/", ":/"]
    assert " - cgroup2 " not in container.exec(["cat", "/proc/self/mountinfo"]).stdout

    container.runtime("delete", "--force", container.id)
    assert not os.path.exists(f"{hierarchy}{inner}")


def test_other_containers_do_not_touch_the_hierarchy(bench, hierarchy):
    container = bench.container()
    container.up(["sleep", "1000"])

    assert container.cgroup_of()["systemd"] == "/"


@pytest.mark.usefixtures("hierarchy_elsewhere")
def test_without_the_host_s_mount_the_container_still_has_its_systemd(bench):
    """The hierarchy then has no place for the container's own part; crun does the same."""
    container = forced(bench, [])
    container.up(["sh", "-c", "while :; do sleep 1; done"])

    assert ":name=systemd:/\n" in container.exec(["cat", "/proc/self/cgroup"]).stdout
    assert "name=systemd" in container.exec(["cat", "/proc/self/mountinfo"]).stdout
