# SPDX-License-Identifier: Apache-2.0
"""Annotations about mounts: the v1 hierarchy of an old systemd, the mount option of a label."""
import pytest

from harness import machine

FORCE = "run.oci.systemd.force_cgroup_v1"
CONTEXT = "run.oci.mount_context_type"


def forced(container, place="/sys/fs/cgroup", option="rw", namespace=True):
    container.add_mount("/sys/fs/cgroup", "cgroup", kind="cgroup", options=["nosuid", "noexec", "nodev", option])
    if namespace:
        container.linux["namespaces"].append({"type": "cgroup"})
    container.spec["annotations"] = {FORCE: place}
    return container


def mounts_below_cgroup(text):
    """{mount point: (file system, options of the file system)}"""
    rows = [line.split(" - ") for line in text.splitlines() if " /sys/fs/cgroup" in line]
    return {left.split()[4]: (right.split()[0], set(right.split()[2].split(","))) for left, right in rows}


@pytest.mark.views("hybrid", "v1")
@pytest.mark.parametrize("place", ["/sys/fs/cgroup", "/sys//fs/cgroup/"])
def test_an_old_systemd_finds_its_hierarchy_and_nothing_else(container, place):
    out = forced(container, place).run(
        ["sh", "-c", "cat /proc/self/mountinfo; mkdir /sys/fs/cgroup/systemd/x && echo made; ls /sys/fs/cgroup;"
                     "rmdir /sys/fs/cgroup/systemd/x"]).stdout

    seen = mounts_below_cgroup(out)
    assert set(seen) == {"/sys/fs/cgroup", "/sys/fs/cgroup/systemd"}
    assert seen["/sys/fs/cgroup"][0] == "tmpfs"
    assert seen["/sys/fs/cgroup/systemd"][0] == "cgroup"
    assert "name=systemd" in seen["/sys/fs/cgroup/systemd"][1]
    assert out.splitlines()[-2:] == ["made", "systemd"]


@pytest.mark.views("hybrid", "v1")
def test_the_container_sees_its_own_part_of_that_hierarchy(container):
    """Also without a cgroup namespace, where crun shows the host's."""
    out = forced(container, namespace=False).run(["cat", "/sys/fs/cgroup/systemd/cgroup.procs"])

    assert out.stdout.split() == ["1"]


@pytest.mark.views("hybrid", "v1")
def test_exec_joins_the_hierarchy(container):
    forced(container).up()

    out = container.exec(["cat", "/proc/self/cgroup"]).stdout

    assert "name=systemd:/\n" in out


def test_its_frame_is_read_only_when_the_mount_is(container):
    out = forced(container, option="ro").run(["sh", "-c", "mkdir /sys/fs/cgroup/x 2>&1; ls /sys/fs/cgroup"], check=False)

    assert "Read-only file system" in out.stdout
    assert out.stdout.splitlines()[-1] == "systemd"


def test_another_place_is_not_changed(container):
    out = forced(container, place="/sys/fs/other").run(["ls", "/sys/fs/cgroup"]).stdout

    assert "systemd" != out.strip()
    assert out.split()


def test_an_unknown_mount_option_for_labels_is_refused(container):
    container.spec["annotations"] = {CONTEXT: "label"}

    out = container.create(["true"], check=False)

    assert out.returncode == 1
    assert f'annotations["{CONTEXT}"]' in out.stderr and "`label`" in out.stderr
    assert "rootcontext" in out.stderr


@pytest.mark.skipif("selinuxfs" in machine.read("/proc/filesystems"), reason="the kernel takes the option")
@pytest.mark.parametrize("kind", ["context", "fscontext", "defcontext", "rootcontext"])
def test_the_label_is_given_by_the_option_that_is_asked_for(container, kind):
    """Without SELinux the kernel does not know the option, and its message shows which one came."""
    container.add_mount("/labelled", "tmpfs", kind="tmpfs", options=["size=64k"])
    container.linux["mountLabel"] = "system_u:object_r:container_file_t:s0"
    container.spec["annotations"] = {CONTEXT: kind}

    out = container.create(["true"], check=False)

    assert out.returncode == 1, out
    assert kind in out.stderr
