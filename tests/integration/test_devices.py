# SPDX-License-Identifier: Apache-2.0
"""Device nodes: the default ones, configured ones, the links in /dev, the device cgroup of v1."""
import os
import stat

import pytest

from harness import machine

DEFAULT = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9),
           "tty": (5, 0)}


NODES = pytest.mark.root(why="it makes device nodes, or filters them with a v1 cgroup")


def listing(container, *paths):
    """{path: (type letter and mode, uid, gid, "major,minor")} as seen inside."""
    out = container.run(["stat", "-c", "%n %A %a %u %g %t %T", *paths])
    found = {}
    for line in out.stdout.splitlines():
        name, letters, mode, uid, gid, major, minor = line.split()
        found[name] = (letters[0], mode, int(uid), int(gid), int(major, 16), int(minor, 16))
    return found


def refused(container, *texts):
    out = container.run(["true"], check=False)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    return out


@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.row("CL-19")
def test_the_default_devices_are_there(container):
    seen = listing(container, *[f"/dev/{name}" for name in DEFAULT])

    owner = 0 if container.mode == "root" else 65534        # those of the host, whose root has no id here
    for name, (major, minor) in DEFAULT.items():
        assert seen[f"/dev/{name}"] == ("c", "666", owner, owner, major, minor)


@pytest.mark.all_modes
@pytest.mark.row("CL-19")
def test_the_default_devices_work(container):
    out = container.run(["sh", "-c", "echo x > /dev/null && head -c 3 /dev/zero | wc -c;"
                         " head -c 5 /dev/urandom | wc -c; echo x > /dev/full"], check=False)

    assert out.stdout.split() == ["3", "5"]
    assert "No space left" in out.stderr


@pytest.mark.row("LX-04")
@pytest.mark.all_modes
@pytest.mark.parametrize("link, target", [
    ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")])
@pytest.mark.row("CL-21")
def test_the_links_in_dev(container, link, target):
    assert container.run(["readlink", f"/dev/{link}"]).stdout == target + "\n"


@pytest.mark.davit_only
@pytest.mark.row("LX-04")
def test_the_links_in_dev_do_not_need_a_mount_of_proc(container):
    """The specification wants them where their target exists; whoever mounts /proc later finds them, as with crun."""
    container.spec["mounts"] = [m for m in container.spec["mounts"] if m["destination"] != "/proc"]
    container.linux["maskedPaths"] = container.linux["readonlyPaths"] = []

    out = container.run(["sh", "-c", "ls /proc; for n in fd stdin stdout stderr; do readlink /dev/$n; done"])

    assert out.stdout.split() == ["/proc/self/fd"] + [f"/proc/self/fd/{n}" for n in range(3)]


@pytest.mark.row("CL-12", "CL-13", "CL-15", "CL-16")
@NODES
def test_a_configured_device_is_exactly_as_configured(container):
    container.linux["devices"] = [
        {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o604, "uid": 3, "gid": 4},
        {"path": "/dev/disk/loop", "type": "b", "major": 7, "minor": 0, "fileMode": 0o660},
        {"path": "/dev/pipe", "type": "p", "fileMode": 0o622},
        {"path": "/elsewhere/u", "type": "u", "major": 1, "minor": 3, "fileMode": 0o666}]

    seen = listing(container, "/dev/fuse", "/dev/disk/loop", "/dev/pipe", "/elsewhere/u")

    assert seen["/dev/fuse"] == ("c", "604", 3, 4, 10, 229)
    assert seen["/dev/disk/loop"] == ("b", "660", 0, 0, 7, 0)
    assert seen["/dev/pipe"][:4] == ("p", "622", 0, 0)
    assert seen["/elsewhere/u"] == ("c", "666", 0, 0, 1, 3)


@pytest.mark.row("CL-16")
@NODES
def test_the_mode_of_a_device_does_not_depend_on_the_umask(container):
    container.linux["devices"] = [{"path": "/dev/d", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]
    container.create(["stat", "-c", "%a", "/dev/d", "/dev/null"], limits=["-M", "077"])
    container.start()

    container.wait_for_output("666\n666\n")


@NODES
def test_a_device_without_a_mode_has_the_usual_one(container):
    container.linux["devices"] = [{"path": "/dev/d", "type": "c", "major": 1, "minor": 3}]

    assert listing(container, "/dev/d")["/dev/d"][1] == "666"


@pytest.mark.davit_only
@pytest.mark.parametrize("device, member", [
    ({"path": "/dev/d", "type": "z", "major": 1, "minor": 3}, "linux.devices[0].type"),
    ({"path": "/dev/d", "type": "c"}, "linux.devices[0].major"),
    ({"path": "/dev/d", "type": "b", "major": 1}, "linux.devices[0].minor"),
    ({"path": "/dev/d", "major": 1, "minor": 3}, "linux.devices[0].type"),
    ({"path": "/dev/d", "type": "c", "major": -5, "minor": 3}, "linux.devices[0].major"),
    ({"path": "dev/d", "type": "c", "major": 1, "minor": 3}, "linux.devices[0].path"),
    ({"type": "c", "major": 1, "minor": 3}, "linux.devices[0].path"),
    ({"path": "/dev/d", "type": "c", "major": 1, "minor": 3, "fileMode": 0o200000}, "linux.devices[0].fileMode")])
@pytest.mark.row("CL-13")
def test_a_wrong_device_is_refused_with_its_member(container, device, member):
    """crun takes an unknown type; all peers make 0:0 from missing numbers."""
    container.linux["devices"] = [device]

    refused(container, member)


@pytest.mark.davit_only
@pytest.mark.row("CL-14")
def test_something_else_at_the_path_of_a_device_is_refused(container):
    """The specification says error; every peer leaves the file and goes on."""
    (container.rootfs / "file").write_text("in the way")
    container.linux["devices"] = [{"path": "/file", "type": "c", "major": 1, "minor": 3}]

    refused(container, "/file")
    assert (container.rootfs / "file").read_text() == "in the way"


@pytest.mark.row("CL-17")
@NODES
def test_two_devices_with_one_number(container):
    """The specification would rather not have it; a second name does no harm."""
    container.linux["devices"] = [{"path": f"/dev/{name}", "type": "c", "major": 1, "minor": 5, "fileMode": mode}
                                  for name, mode in (("a", 0o600), ("b", 0o644))]

    seen = listing(container, "/dev/a", "/dev/b")

    assert seen == {"/dev/a": ("c", "600", 0, 0, 1, 5), "/dev/b": ("c", "644", 0, 0, 1, 5)}


def test_a_device_in_a_rootfs_that_already_has_it(container):
    (container.rootfs / "devs").mkdir()
    os.mknod(container.rootfs / "devs/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    container.linux["devices"] = [{"path": "/devs/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]

    assert listing(container, "/devs/null")["/devs/null"][4:] == (1, 3)


@pytest.mark.row("UB-59")
def test_redundant_default_devices_in_the_config_are_fine(container):
    container.linux["devices"] = [{"path": "/dev/tty", "type": "c", "major": 5, "minor": 0, "fileMode": 0o620,
                                   "uid": 0, "gid": 5},
                                  {"path": "/dev/ptmx", "type": "c", "major": 5, "minor": 2}]

    assert listing(container, "/dev/tty")["/dev/tty"][0] == "c"


@pytest.mark.davit_only
@NODES
def test_the_same_device_twice_is_made_once(container):
    device = {"path": "/dev/d", "type": "c", "major": 1, "minor": 3, "fileMode": 0o600}
    container.linux["devices"] = [dict(device), dict(device)]

    assert listing(container, "/dev/d")["/dev/d"][:2] == ("c", "600")


# --- user namespaces and rootless ----------------------------------------------------------------------------

@pytest.mark.views("hybrid", "oldkernel")
def test_the_default_devices_work_in_a_user_namespace(container):
    container.use_user_namespace()

    out = container.run(["sh", "-c", "echo x > /dev/null && head -c 3 /dev/zero | wc -c; test -c /dev/tty"])

    assert out.stdout == "3\n"


@pytest.mark.davit_only
@pytest.mark.parametrize("mode, shown", [(None, "666"), (0o640, "640")])
@pytest.mark.newkernel("the file system of the nodes is made with fsopen")
@NODES
def test_a_configured_device_in_a_user_namespace_has_its_mode_and_owner(container, mode, shown):
    """crun: mode 000 when none is configured."""
    container.use_user_namespace()
    container.linux["devices"] = [{"path": "/dev/d", "type": "c", "major": 1, "minor": 3, "uid": 5, "gid": 6}]
    if mode is not None:
        container.linux["devices"][0]["fileMode"] = mode

    assert listing(container, "/dev/d")["/dev/d"] == ("c", shown, 5, 6, 1, 3)


# --- which devices may be used -----------------------------------------------------------------------------------

RAW = ["CAP_MKNOD"]


def use(container, *lines):
    """Runs shell LINES with CAP_MKNOD."""
    container.process["capabilities"] = {name: list(RAW) for name in ("bounding", "effective", "permitted")}
    return container.run(["sh", "-c", "; ".join(lines)], check=False)


@pytest.mark.views("hybrid", "v1")
@pytest.mark.row("CL-18")
@NODES
def test_a_device_that_is_not_allowed_cannot_be_used(container):
    out = use(container, "mknod /x c 10 229 && probe open /x rw", "mknod /y c 1 1 && probe open /y r", "probe open /dev/zero r")

    assert out.stdout == "EPERM\nEPERM\nok\n"


@pytest.mark.views("hybrid", "v1")
@pytest.mark.row("CL-18")
@pytest.mark.skipif(machine.runtime_kind() == "runc", reason="runc denies all by default")
@pytest.mark.parametrize("resources", [None, {}, {"devices": []}], ids=str)
@NODES
def test_without_any_rule_devices_are_not_filtered(container, resources):
    """crun's answer, not the specification's: callers that want the filter begin with a rule that denies all."""
    container.linux["resources"] = resources
    if resources is None:
        del container.linux["resources"]

    out = use(container, "mknod /x c 10 229 && probe open /x rw")

    assert out.stdout in ("ok\n", "ENODEV\n", "ENXIO\n")


@pytest.mark.row("CL-45")
@pytest.mark.views("hybrid", "v1")
@NODES
def test_device_rules_are_applied_in_their_order(container):
    container.linux["resources"]["devices"] += [
        {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rwm"},
        {"allow": False, "type": "c", "major": 10, "minor": 229, "access": "w"}]

    out = use(container, "mknod /x c 10 229", "probe open /x r", "probe open /x w")

    assert len(out.stdout.split()) == 2, out
    assert out.stdout.split()[1] == "EPERM"
    assert out.stdout.split()[0] != "EPERM"


@pytest.mark.row("CL-45")
@pytest.mark.views("hybrid", "v1")
@pytest.mark.parametrize("rule", [
    {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rm"},
    {"allow": True, "type": "c", "major": 10, "access": "rwm"},
    {"allow": True, "type": "a", "access": "rwm"}, {"allow": True}], ids=["one", "major", "all", "bare"])
@NODES
def test_an_allowed_device_can_be_used(container, rule):
    container.linux["resources"]["devices"].append(rule)

    out = use(container, "mknod /x c 10 229", "probe open /x r")

    assert out.stdout in ("ok\n", "ENODEV\n", "ENXIO\n")     # the last two: no such driver here


@pytest.mark.row("CL-45")
@pytest.mark.views("hybrid", "v1")
@NODES
def test_a_rule_is_for_its_type_and_its_kinds_of_access(container):
    container.linux["resources"]["devices"].append({"allow": True, "type": "b", "major": 4095, "access": "rm"})

    out = use(container, "mknod /b b 4095 7", "mknod /c c 4095 7", "probe open /b r", "probe open /b w", "probe open /c r")

    reading, writing, other = out.stdout.split()
    assert reading in ("ENXIO", "ENODEV")       # allowed, and no such driver
    assert (writing, other) == ("EPERM", "EPERM")


@pytest.mark.views("hybrid", "v1")
def test_the_default_devices_are_allowed_after_a_deny_all(container):
    out = container.run(["sh", "-c", "for d in null zero full random urandom; do probe open /dev/$d r; done"])

    assert out.stdout.split() == ["ok"] * 5


@pytest.mark.row("CL-45")
@pytest.mark.davit_only
@pytest.mark.parametrize("rule, member", [
    ({"allow": True, "type": "z"}, "linux.resources.devices[1].type"),
    ({"allow": True, "access": "rwx"}, "linux.resources.devices[1].access"),
    ({"type": "c"}, "linux.resources.devices[1].allow")])
def test_a_wrong_rule_is_refused_with_its_member(container, rule, member):
    container.linux["resources"]["devices"].append(rule)

    refused(container, member)


# --- /dev from the host -------------------------------------------------------------------------------------------

def test_a_dev_bound_from_the_host_gets_no_devices_or_links(container):
    """Podman with -v /dev:/dev: nothing of the host's /dev may change."""
    fake = container.directory / "dev"
    fake.mkdir()
    os.mknod(fake / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    container.spec["mounts"] = [m for m in container.spec["mounts"] if not m["destination"].startswith("/dev")]
    container.add_mount("/dev", fake, "bind", ["rbind"])

    container.run(["true"])

    assert sorted(os.listdir(fake)) == ["null"]


@pytest.mark.davit_only
def test_no_device_is_made_on_the_host(container):
    before = sorted(os.listdir("/dev"))
    container.run(["true"])

    assert sorted(os.listdir("/dev")) == before
