# SPDX-License-Identifier: Apache-2.0
"""Mounts: order, options, propagation, bind and its flags, tmpcopyup, targets that do not exist."""
import os
import stat
import subprocess

import pytest

from harness import machine


def mount_of(probe, point):
    """(per-mount options, optional fields, type, source, superblock options) of the top mount."""
    found = None
    for line in probe["mountinfo"].splitlines():
        left, _, right = line.partition(" - ")
        words = left.split()
        if words[4] == point:
            kind, source, options = right.split()[:3]
            found = (set(words[5].split(",")), words[6:], kind, source, set(options.split(",")), words[3])
    return found


def refused(container, *texts):
    out = container.run(["true"], check=False)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    return out


# --- file systems ----------------------------------------------------------------------------------------------

@pytest.mark.row("CF-17")
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.row("CL-01")
def test_the_usual_file_systems_are_there(container):
    seen = container.probe()

    for point, kind in (("/proc", "proc"), ("/dev", "tmpfs"), ("/dev/pts", "devpts"),
                        ("/dev/shm", "tmpfs"), ("/dev/mqueue", "mqueue"), ("/sys", "sysfs")):
        assert mount_of(seen, point)[2] == kind, point
    assert {"nosuid", "noexec", "nodev", "ro"} <= mount_of(seen, "/sys")[0]
    assert "mode=755" in mount_of(seen, "/dev")[4] and "size=65536k" in mount_of(seen, "/dev")[4]
    group = set() if container.mode == "rootless" else {f"gid={container.host_id(5)}"}
    assert {*group, "mode=620", "ptmxmode=666"} <= mount_of(seen, "/dev/pts")[4]


@pytest.mark.row("CF-08")
def test_mounts_are_made_in_the_listed_order(container):
    container.add_mount("/m", "tmpfs", "tmpfs", ["size=1m"])
    container.add_mount("/m/in", "tmpfs", "tmpfs", ["size=2m"])
    container.add_mount("/m", "tmpfs", "tmpfs", ["size=3m"])

    seen = container.probe()

    rows = [line for line in seen["mountinfo"].splitlines() if line.split()[4].startswith("/m")
            and not line.split()[4].startswith("/mnt")]
    assert [(r.split()[4], [o for o in r.split()[-1].split(",") if o.startswith("size")]) for r in rows] \
        == [("/m", ["size=1024k"]), ("/m/in", ["size=2048k"]), ("/m", ["size=3072k"])]


@pytest.mark.row("CF-16")
def test_unknown_words_go_to_the_file_system(container):
    container.add_mount("/m", "tmpfs", "tmpfs", ["size=1m", "mode=700", "nr_inodes=99"])

    seen = container.probe()

    assert {"size=1024k", "mode=700", "nr_inodes=99"} <= mount_of(seen, "/m")[4]


@pytest.mark.row("CF-16")
@pytest.mark.parametrize("options", [["nosuchoption"], ["size=banana"], ["mode=99999999"]])
def test_what_the_file_system_does_not_know_is_refused(container, options):
    container.add_mount("/m", "tmpfs", "tmpfs", options)

    out = refused(container)
    if machine.runtime_kind() == "davit":
        assert "/m" in out.stderr and "mounts[6]" in out.stderr


@pytest.mark.row("CF-17")
@pytest.mark.davit_only
def test_an_unknown_file_system_is_refused_with_its_name(container):
    container.add_mount("/m", "none", "bananafs", [])

    refused(container, "mounts[6]", "bananafs")


def test_a_tmpfs_takes_the_mode_of_the_directory_it_covers(container):
    (container.rootfs / "m").mkdir()
    (container.rootfs / "m").chmod(0o1710)
    container.add_mount("/m", "tmpfs", "tmpfs", ["nosuid"])

    assert container.run(["stat", "-c", "%a", "/m"]).stdout == "1710\n"


@pytest.mark.row("CF-10")
def test_a_relative_destination_counts_from_the_root(container):
    container.add_mount("mnt/rel", "tmpfs", "tmpfs", ["size=1m"])

    assert mount_of(container.probe(), "/mnt/rel")


@pytest.mark.row("CF-09")
@pytest.mark.davit_only
@pytest.mark.parametrize("destination", [None, "", "/proc/self/fd/3"])
def test_a_destination_that_cannot_be_one_is_refused(container, destination):
    entry = container.add_mount(destination, "tmpfs", "tmpfs", [])
    if destination is None:
        del entry["destination"]

    refused(container, "mounts[6]")


# --- bind ------------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-11")
@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
def test_a_directory_is_bound(container, source):
    container.add_mount("/data", source, "bind", ["rbind"])

    assert container.run(["cat", "/data/file"]).stdout == "content\n"


@pytest.mark.all_modes
def test_a_file_is_bound_onto_a_file_that_did_not_exist(container, source):
    container.add_mount("/etc/new/file", source / "file", "bind", ["bind", "ro"])

    assert container.run(["cat", "/etc/new/file"]).stdout == "content\n"


@pytest.mark.row("CF-11")
def test_a_source_is_relative_to_the_bundle(container):
    (container.bundle / "here").mkdir()
    (container.bundle / "here/file").write_text("relative\n")
    container.add_mount("/data", "here", "bind", ["bind"])

    assert container.run(["cat", "/data/file"]).stdout == "relative\n"


@pytest.mark.row("CF-12", "CF-17")
@pytest.mark.parametrize("kind", ["bind", "none", "tmpfs", ""])
def test_the_option_makes_it_a_bind_whatever_the_type_says(container, source, kind):
    entry = container.add_mount("/data", source, kind, ["bind"])
    if not kind:
        del entry["type"]

    assert container.run(["cat", "/data/file"]).stdout == "content\n"


def test_a_missing_source_is_refused_with_its_name(container):
    container.add_mount("/data", "/no/such/source", "bind", ["bind"])

    out = refused(container, "/no/such/source")
    assert "No such file" in out.stderr or "no such file" in out.stderr


@pytest.mark.row("CF-M02")
@pytest.mark.parametrize("options, read_only", [
    (["bind"], False), (["bind", "ro"], True), (["bind", "rw"], False), (["bind", "rro"], True),
    (["rbind", "ro"], True)])
def test_a_bind_is_read_only_when_it_says_so(container, source, options, read_only):
    container.add_mount("/data", source, "bind", options)

    out = container.run(["touch", "/data/new"], check=False)

    assert (out.returncode != 0) == read_only
    assert (source / "new").exists() != read_only


@pytest.mark.row("CF-M03")
@pytest.mark.davit_only
@pytest.mark.parametrize("options, flags, absent", [
    (["ro", "rw"], set(), {"ro"}), (["rw", "ro"], {"ro"}, set()),
    (["nosuid", "suid"], set(), {"nosuid"}), (["suid", "nosuid"], {"nosuid"}, set()),
    (["nodev", "dev", "nodev"], {"nodev"}, set()), (["noexec", "exec"], set(), {"noexec"})])
def test_the_later_of_two_words_wins(container, source, options, flags, absent):
    """crun: a clearing word never undoes an earlier one."""
    container.add_mount("/data", source, "bind", ["bind"] + options)

    seen = mount_of(container.probe(), "/data")[0]

    assert flags <= seen
    assert not absent & seen


@pytest.mark.row("CF-M02", "CF-M03", "CF-M04", "CF-M05", "CF-M06", "CF-M07", "CF-M08")
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("word", ["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime"])
@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_every_flag_is_seen_inside(container, source, kind, word):
    container.add_mount("/data", source, kind, ([kind] if kind == "bind" else []) + [word])

    if container.mode != "root" and kind == "bind" and word in ("noatime", "nodiratime"):
        refused(container, "a restriction of the host's mount")     # whose times the kernel locks
        return
    assert word in mount_of(container.probe(), "/data")[0]


@pytest.mark.row("CF-M09")
def test_strictatime_shows_neither_relatime_nor_noatime(container):
    container.add_mount("/data", "tmpfs", "tmpfs", ["strictatime"])

    assert not {"relatime", "noatime"} & mount_of(container.probe(), "/data")[0]


@pytest.mark.row("CF-M10", "CF-M11", "CF-M12")
@pytest.mark.parametrize("word", ["sync", "dirsync", "lazytime"])
def test_flags_of_the_superblock_are_seen_inside(container, word):
    if word == "lazytime" and machine.runtime_kind() != "davit":
        pytest.skip("the peers here do not know it")
    container.add_mount("/data", "tmpfs", "tmpfs", [word])

    seen = mount_of(container.probe(), "/data")
    assert word in seen[4] | seen[0]


@pytest.mark.row("CF-M13", "CF-M19")
@pytest.mark.davit_only
@pytest.mark.parametrize("word", ["defaults", "async", "atime", "diratime", "norelatime", "nostrictatime",
                                  "nolazytime", "loud", "silent", "mand", "nomand", "iversion",
                                  "noiversion", "suid", "dev", "exec", "rw", "symfollow"])
def test_words_without_a_visible_effect_are_known(container, source, word):
    container.add_mount("/data", source, "bind", ["bind", word])

    assert container.run(["cat", "/data/file"]).stdout == "content\n"


@pytest.mark.row("CF-M21")
@pytest.mark.davit_only
def test_nosymfollow_stops_links(container, source):
    (source / "link").symlink_to("file")
    container.add_mount("/data", source, "bind", ["bind", "nosymfollow"])

    assert container.run(["probe", "open", "/data/link"]).stdout == "ELOOP\n"


@pytest.mark.davit_only
def test_an_unknown_word_on_a_bind_mount_is_refused(container, source):
    """crun forgets it silently."""
    container.add_mount("/data", source, "bind", ["bind", "banana"])

    refused(container, "mounts[6]", "banana")


@pytest.mark.row("CF-M15")
def test_remount_changes_the_flags_of_an_earlier_mount(container):
    container.add_mount("/data", "tmpfs", "tmpfs", ["size=1m"])
    container.add_mount("/data", "tmpfs", "tmpfs", ["remount", "ro", "nosuid"])

    assert {"ro", "nosuid"} <= mount_of(container.probe(), "/data")[0]


# --- submounts and recursive flags --------------------------------------------------------------------------------

SUBTREE = pytest.mark.davit_only


def add_subtree(container):
    """/tree with a tmpfs below it, made by mounts of the container and bound again at /copy."""
    container.add_mount("/tree", "tmpfs", "tmpfs", ["size=1m"])
    container.add_mount("/tree/sub", "tmpfs", "tmpfs", ["size=1m"])


@pytest.mark.row("CF-M16")
@pytest.mark.davit_only
@pytest.mark.parametrize("option, sub", [("bind", False), ("rbind", True)])
def test_rbind_takes_the_submounts_along(container, option, sub):
    add_subtree(container)
    container.add_mount("/copy", container.rootfs / "tree", "bind", [option])

    seen = container.probe()

    assert mount_of(seen, "/copy")
    assert bool(mount_of(seen, "/copy/sub")) == sub


@pytest.mark.davit_only
def test_a_source_inside_the_root_sees_the_mounts_made_before(container):
    """PEERS 3.1, mount order: crun takes the directory below."""
    add_subtree(container)
    container.add_mount("/copy", container.rootfs / "tree", "bind", ["bind"])

    seen = container.probe()

    assert mount_of(seen, "/copy")[2] == "tmpfs"


@pytest.mark.row("CF-M22", "CF-M23", "CF-M24")
@pytest.mark.davit_only
@pytest.mark.parametrize("word, flag, on_top", [
    ("ro", "ro", True), ("rro", "ro", True), ("rnosuid", "nosuid", True), ("rnodev", "nodev", True),
    ("rnoexec", "noexec", True), ("rnoatime", "noatime", True), ("rnodiratime", "nodiratime", True),
    ("rrelatime", "relatime", True), ("rnosymfollow", "nosymfollow", True)])
def test_recursive_words_reach_the_submounts(container, word, flag, on_top):
    add_subtree(container)
    container.add_mount("/copy", container.rootfs / "tree", "bind", ["rbind", word])

    if container.view.name == "oldkernel" and word not in ("ro", "rnorelatime"):        # which ask for nothing below
        refused(container, "options such as rro need mount_setattr (Linux 5.12)")
        return
    seen = container.probe()

    assert flag in mount_of(seen, "/copy")[0]
    assert (flag in mount_of(seen, "/copy/sub")[0]) == (word != "ro")


@pytest.mark.davit_only
@pytest.mark.parametrize("word", ["rstrictatime", "ratime", "rrw", "rsuid", "rdev", "rexec", "rdiratime",
                                  "rnorelatime", "rnostrictatime", "rsymfollow"])
def test_recursive_clearing_words_are_known(container, word):
    add_subtree(container)
    container.add_mount("/copy", container.rootfs / "tree", "bind", ["rbind", word])

    if container.view.name == "oldkernel" and word not in ("ro", "rnorelatime"):        # which ask for nothing below
        refused(container, "options such as rro need mount_setattr (Linux 5.12)")
        return
    flags = mount_of(container.probe(), "/copy/sub")[0]

    assert not {"ro", "nosuid", "nodev", "noexec", "nodiratime", "nosymfollow"} & flags


# --- propagation -----------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-M17")
@pytest.mark.parametrize("word, fields", [
    ("private", []), ("rprivate", []), ("shared", ["shared:"]), ("rshared", ["shared:"]),
    ("unbindable", ["unbindable"]), ("runbindable", ["unbindable"])])
def test_propagation_words_are_seen_inside(container, source, word, fields):
    container.add_mount("/data", source, "bind", ["rbind", word])

    seen = mount_of(container.probe(), "/data")[1]

    assert [f.rstrip("0123456789") for f in seen] == fields


@pytest.mark.row("CF-M17")
@pytest.mark.davit_only
@pytest.mark.parametrize("word", ["slave", "rslave"])
def test_a_slave_keeps_its_master(container, source, word):
    """The source has to be a shared mount of the caller; one of the container's own will do."""
    container.add_mount("/s", source, "bind", ["bind", "shared"])
    container.add_mount("/data", container.rootfs / "s", "bind", ["rbind", word])

    assert [f.partition(":")[0] for f in mount_of(container.probe(), "/data")[1]] == ["master"]


@pytest.mark.row("CL-114")
@pytest.mark.parametrize("word, fields", [("private", []), ("rprivate", []), ("shared", ["shared"]),
                                          ("rshared", ["shared"]), ("unbindable", ["unbindable"])])
def test_the_propagation_of_the_root(container, word, fields):
    if machine.runtime_kind() == "runc" and word in ("shared", "rshared", "unbindable"):
        pytest.skip("runc 1.1 does not do it")
    container.linux["rootfsPropagation"] = word

    assert [f.partition(":")[0] for f in mount_of(container.probe(), "/")[1]] == fields


@pytest.mark.davit_only
@pytest.mark.row("CL-114")
@pytest.mark.parametrize("word, arrives", [("slave", True), ("rslave", True), ("private", False), ("unbindable", False),
                                           (None, False)])
def test_a_later_mount_of_the_host_reaches_a_slave_only(container, word, arrives):
    inside = ["nsenter", f"--mount=/proc/{container.caller_pid()}/ns/mnt"]
    (container.rootfs / "mnt/later").mkdir()
    if word:
        container.linux["rootfsPropagation"] = word
    subprocess.run([*inside, "mount", "--bind", container.rootfs, container.rootfs], check=True)
    try:
        subprocess.run([*inside, "mount", "--make-shared", container.rootfs], check=True)
        container.up()
        subprocess.run([*inside, "mount", "-t", "tmpfs", "later", container.rootfs / "mnt/later"], check=True)

        seen = container.exec(["cat", "/proc/self/mountinfo"]).stdout
        assert (" /mnt/later " in seen) == arrives
        assert (" master:" in next(line for line in seen.splitlines() if line.split()[4] == "/")) == arrives
    finally:
        container.force_delete(check=False)
        subprocess.run([*inside, "umount", "-R", container.rootfs], check=True)


@pytest.mark.row("CL-114")
@pytest.mark.davit_only
def test_an_unknown_propagation_of_the_root_is_refused(container):
    """crun ignores it."""
    container.linux["rootfsPropagation"] = "banana"

    refused(container, "linux.rootfsPropagation", "banana")


# --- tmpcopyup -------------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-M20")
def test_tmpcopyup_brings_the_content_of_the_image(container):
    directory = container.rootfs / "data"
    (directory / "sub").mkdir(parents=True)
    (directory / "file").write_text("image\n")
    (directory / "file").chmod(0o604)
    os.chown(directory / "file", container.host_id(1000), container.host_id(1001))
    (directory / "link").symlink_to("file")
    (directory / "sub/deep").write_text("deep\n")
    container.add_mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])

    out = container.run(["sh", "-c", "cat /data/link /data/sub/deep; stat -c '%a %u %g' /data/file;"
                         " readlink /data/link; rm /data/file"])

    assert out.stdout == "image\ndeep\n604 1000 1001\nfile\n"
    assert (directory / "file").read_text() == "image\n"


@pytest.mark.davit_only
def test_tmpcopyup_of_a_read_only_mount_is_filled_first(container):
    (container.rootfs / "data").mkdir()
    (container.rootfs / "data/file").write_text("image\n")
    container.add_mount("/data", "tmpfs", "tmpfs", ["tmpcopyup", "ro"])

    out = container.run(["sh", "-c", "cat /data/file; touch /data/new 2>/dev/null || echo read-only"])

    assert out.stdout == "image\nread-only\n"


@pytest.mark.davit_only
def test_tmpcopyup_on_a_bind_mount_is_refused(container, source):
    container.add_mount("/data", source, "bind", ["bind", "tmpcopyup"])

    refused(container, "tmpcopyup")


# --- mount points ---------------------------------------------------------------------------------------------------

def test_missing_mount_points_are_made(container, source):
    container.add_mount("/new/deep/directory", source, "bind", ["bind"])

    assert container.run(["cat", "/new/deep/directory/file"]).stdout == "content\n"
    made = container.rootfs / "new/deep"
    assert stat.S_IMODE(made.stat().st_mode) & 0o777 == 0o755
    assert made.stat().st_uid == container.owner


@pytest.mark.davit_only
def test_made_mount_points_have_exactly_mode_755_whatever_the_umask(container, source):
    """crun leaves a sticky bit, and the caller's umask shall not count."""
    container.add_mount("/new/deep/directory", source, "bind", ["bind"])
    container.add_mount("/new/file", source / "file", "bind", ["bind"])
    container.run(["true"], limits=["-M", "077"])

    assert stat.S_IMODE((container.rootfs / "new/deep/directory").stat().st_mode) == 0o755
    assert stat.S_IMODE((container.rootfs / "new/file").stat().st_mode) in (0o644, 0o755)


@pytest.mark.davit_only
def test_the_setgid_bit_of_the_parent_is_kept_on_made_directories(container, source):
    """PEERS 3.1: crun loses it."""
    parent = container.rootfs / "group"
    parent.mkdir()
    os.chown(parent, container.owner, container.host_id(2000))
    parent.chmod(0o2775)
    container.add_mount("/group/made", source, "bind", ["bind"])
    container.run(["true"])

    made = (parent / "made").stat()
    assert made.st_gid == container.host_id(2000)
    assert made.st_mode & stat.S_ISGID


@pytest.mark.parametrize("link, target", [("/target", "target"), ("target", "target"),
                                          ("../../../target", "target"), ("/a/../target", "target")])
def test_links_in_a_mount_point_stay_inside_the_root(container, source, link, target):
    (container.rootfs / "target").mkdir()
    (container.rootfs / "a").mkdir()
    (container.rootfs / "data").symlink_to(link)
    container.add_mount("/data", source, "bind", ["bind"])

    assert container.run(["cat", f"/{target}/file"]).stdout == "content\n"


@pytest.mark.davit_only
@pytest.mark.parametrize("kind", ["directory", "file"])
def test_a_dangling_link_as_mount_point_is_followed_inside_the_root(container, source, kind):
    """PEERS 3.1: crun refuses."""
    (container.rootfs / "data").symlink_to("/not/there/yet")
    container.add_mount("/data", source if kind == "directory" else source / "file", "bind", ["bind"])

    command = ["cat", "/data/file" if kind == "directory" else "/data"]
    assert container.run(command).stdout == "content\n"
    assert not os.path.exists("/not/there/yet")


def test_a_directory_onto_a_file_is_refused(container, source):
    (container.rootfs / "data").write_text("a file")
    container.add_mount("/data", source, "bind", ["bind"])

    out = refused(container)
    if machine.runtime_kind() == "davit":
        assert "/data" in out.stderr


def test_a_file_onto_a_directory_is_refused(container, source):
    (container.rootfs / "data").mkdir()
    container.add_mount("/data", source / "file", "bind", ["bind"])

    refused(container)


# --- the root ---------------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-07")
@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
def test_a_read_only_root_takes_no_writing_but_mounts_on_it_do(container):
    container.spec["root"]["readonly"] = True
    container.add_mount("/tmp", "tmpfs", "tmpfs", ["mode=1777"])

    out = container.run(["sh", "-c", "touch /x 2>&1; touch /tmp/x && echo fine"])

    assert "Read-only file system" in out.stdout and out.stdout.endswith("fine\n")


@pytest.mark.row("CF-07")
def test_the_root_is_writable_by_default(container):
    container.run(["touch", "/x"])

    assert (container.rootfs / "x").exists()


@pytest.mark.row("BU-02", "CF-04")
def test_the_root_may_be_absolute_and_elsewhere(container):
    other = container.directory / "elsewhere"
    container.rootfs.rename(other)
    container.spec["root"]["path"] = str(other)
    (other / "marker").write_text("me\n")

    out = container.run(["cat", "/marker"], options=["--bundle", str(container.bundle)], cwd="/")

    assert out.stdout == "me\n"


def test_the_root_may_be_reached_through_a_link(container):
    (container.bundle / "link").symlink_to("rootfs")
    container.spec["root"]["path"] = "link"

    assert container.run(["echo", "ok"]).stdout == "ok\n"


def test_the_root_may_be_the_bundle(container):
    container.spec["root"]["path"] = "."
    for name in os.listdir(container.rootfs):
        (container.rootfs / name).rename(container.bundle / name)
    container.rootfs.rmdir()

    assert container.run(["echo", "ok"]).stdout == "ok\n"


def test_nothing_of_the_host_is_seen_in_mountinfo(container):
    points = [line.split()[4] for line in container.probe()["mountinfo"].splitlines()]

    assert not [p for p in points if "davit-test" in p or p.startswith("/var/")]
    assert len([p for p in points if p == "/"]) == 1


@pytest.mark.views("hybrid", "oldkernel")
def test_no_pivot_changes_the_root_all_the_same(container):
    (container.rootfs / "marker").write_text("inside\n")

    out = container.run(["sh", "-c", "cat /marker; ls /work 2>/dev/null || echo hidden"], options=["--no-pivot"])

    assert out.stdout == "inside\nhidden\n"


@pytest.mark.davit_only
def test_no_pivot_leaves_no_way_to_the_hosts_proc(container):
    """runc's no_pivot test: with chroot alone, unmounting /proc inside would show the host's."""
    container.process["capabilities"] = {name: ["CAP_SYS_ADMIN"]
                                         for name in ("bounding", "effective", "permitted")}
    container.linux["maskedPaths"] = container.linux["readonlyPaths"] = []

    out = container.run(["sh", "-c", "mount -t proc none /mnt 2>/dev/null; umount -l /proc; ls /proc;"
                         " cat /proc/1/cmdline 2>/dev/null; echo end"], options=["--no-pivot"])

    assert out.stdout == "end\n"


# --- cgroup mounts -----------------------------------------------------------------------------------------------------

@pytest.mark.views("hybrid", "v1")
@pytest.mark.parametrize("namespace", [False, True], ids=["hostns", "cgroupns"])
def test_a_v1_cgroup_mount_shows_the_own_cgroup_of_every_controller(container, namespace):
    if namespace:
        container.linux["namespaces"].append({"type": "cgroup"})
    container.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro"])
    own = "" if namespace or machine.runtime_kind() != "runc" else ""

    out = container.run(["sh", "-c", "ls /sys/fs/cgroup; cat /sys/fs/cgroup/pids/cgroup.procs;"
                         " mkdir /sys/fs/cgroup/pids/x 2>&1"], check=False)

    listed = out.stdout.split()
    assert {"pids", "memory", "cpu", "cpuset", "freezer", "blkio", "devices"} <= set(listed)
    assert "1" in listed
    assert "Read-only file system" in out.stdout


@pytest.mark.views("hybrid", "v1")
def test_mounts_are_made_below_a_read_only_v1_cgroup_mount(container, source):
    """Podman's --systemd=always binds the hierarchy `systemd`; the peers leave the directory writable."""
    container.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro"])
    container.add_mount("/sys/fs/cgroup/systemd", str(source), "bind", ["bind"])
    container.add_mount("/sys/fs/cgroup/more", str(source), "bind", ["bind"])

    out = container.run(["sh", "-c", "cat /sys/fs/cgroup/systemd/file /sys/fs/cgroup/more/file;"
                         " mkdir /sys/fs/cgroup/x 2>&1"], check=False)

    assert out.stdout.startswith("content\ncontent\n")
    assert machine.runtime_kind() != "davit" or "Read-only file system" in out.stdout


@pytest.mark.views("v2")
@pytest.mark.parametrize("namespace", [False, True], ids=["hostns", "cgroupns"])
def test_a_v2_cgroup_mount_shows_the_hierarchy(container, namespace):
    if namespace:
        container.linux["namespaces"].append({"type": "cgroup"})
    container.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro"])

    out = container.run(["sh", "-c", "ls /sys/fs/cgroup; mkdir /sys/fs/cgroup/x 2>&1"], check=False)

    assert "cgroup.procs" in out.stdout.split()
    assert "Read-only file system" in out.stdout


@pytest.mark.views("v2")
def test_with_a_cgroup_namespace_the_root_of_the_mount_is_the_own_cgroup(container):
    container.linux["namespaces"].append({"type": "cgroup"})
    container.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])

    out = container.run(["sh", "-c", "cat /sys/fs/cgroup/cgroup.procs"])

    assert "1" in out.stdout.split()


@pytest.mark.davit_only
@pytest.mark.views("nocgroup")
def test_a_cgroup_mount_without_any_cgroup_does_not_stop_the_container(container):
    container.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])

    out = container.run(["echo", "ok"], check=False)

    assert out.stdout == "ok\n" or (out.returncode == 1 and "cgroup" in out.stderr)


# --- id-mapped mounts ---------------------------------------------------------------------------------------------------

MAPS_HOST = pytest.mark.root(why="only the owner of a file system may map its ids")
MAPS = pytest.mark.newkernel("id-mapped mounts need mount_setattr")


@pytest.mark.row("CF-19", "CF-M26")
@pytest.mark.davit_only
@MAPS_HOST
@MAPS
def test_an_idmapped_bind_mount_shows_other_owners(container, source):
    entry = container.add_mount("/data", source, "bind", ["bind", "idmap"])
    entry["uidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 1000}]
    entry["gidMappings"] = [{"containerID": 0, "hostID": 2000, "size": 1000}]

    assert container.run(["stat", "-c", "%u %g", "/data/file"]).stdout == "1000 2000\n"


@pytest.mark.row("CF-18")
@pytest.mark.davit_only
@pytest.mark.parametrize("missing", ["uidMappings", "gidMappings"])
def test_an_idmapped_mount_needs_both_mappings(container, source, missing):
    entry = container.add_mount("/data", source, "bind", ["bind", "idmap"])
    for name in ("uidMappings", "gidMappings"):
        if name != missing:
            entry[name] = [{"containerID": 0, "hostID": 1000, "size": 1000}]

    refused(container, "mounts[6]", missing)


@pytest.mark.davit_only
@MAPS_HOST
@MAPS
def test_an_idmapped_source_is_relative_to_the_bundle(container):
    """PEERS: crun says EBADF."""
    (container.bundle / "here").mkdir()
    (container.bundle / "here/file").write_text("")
    entry = container.add_mount("/data", "here", "bind", ["bind", "idmap"])
    for name in ("uidMappings", "gidMappings"):
        entry[name] = [{"containerID": 0, "hostID": 1000, "size": 1000}]

    assert container.run(["stat", "-c", "%u", "/data/file"]).stdout == "1000\n"


# --- user namespaces ---------------------------------------------------------------------------------------------------

@pytest.mark.davit_only
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_a_source_that_the_user_namespace_cannot_reach_is_bound(container, relative):
    """PEERS 3.1: the host opens it with its own rights."""
    secret = container.bundle / "secret"
    secret.mkdir(mode=0o700)
    (secret / "data").mkdir()
    (secret / "data").chmod(0o755)
    (secret / "data/file").write_text("reached\n")
    (secret / "data/file").chmod(0o644)
    container.give(secret)
    container.use_user_namespace()
    container.add_mount("/data", "secret/data" if relative else secret / "data", "bind", ["bind"])

    assert container.run(["cat", "/data/file"]).stdout == "reached\n"


@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.xfail(reason="what INIT attaches inside its user namespace the kernel does not lock; a restriction of the "
                          "host's own mount is locked, see the tests of locked flags")
def test_a_read_only_bind_cannot_be_made_writable_by_the_root_of_a_user_namespace(container, source):
    container.use_user_namespace()
    os.chmod(source, 0o777)
    container.process["capabilities"] = {name: ["CAP_SYS_ADMIN"]
                                         for name in ("bounding", "effective", "permitted")}
    container.add_mount("/data", source, "bind", ["bind", "ro"])

    out = container.run(["sh", "-c", "mount -o remount,bind,rw /data 2>&1; touch /data/new"], check=False)

    assert out.returncode != 0
    assert not (source / "new").exists()


@pytest.mark.davit_only
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("flag", ["nosuid", "nodev", "noexec"])
def test_locked_flags_cannot_be_cleared_by_the_root_of_a_user_namespace(container, source, flag):
    container.use_user_namespace()
    container.process["capabilities"] = {name: ["CAP_SYS_ADMIN"]
                                         for name in ("bounding", "effective", "permitted")}
    container.add_mount("/data", source, "bind", ["bind", flag])

    out = container.run(["sh", "-c", "mount -o remount,bind /data; grep ' /data ' /proc/self/mountinfo"],
                        check=False)

    assert flag in out.stdout.split()[5].split(",")


@pytest.mark.davit_only
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.xfail(reason="what INIT attaches inside its user namespace the kernel does not lock; a restriction of the "
                          "host's own mount is locked, see the tests of locked flags")
def test_the_stack_of_mounts_is_locked_in_a_user_namespace(container):
    """What a mount covers must not come to light again when the container's root unmounts it."""
    (container.rootfs / "data").mkdir()
    (container.rootfs / "data/below").write_text("hidden\n")
    container.use_user_namespace()
    container.process["capabilities"] = {name: ["CAP_SYS_ADMIN"]
                                         for name in ("bounding", "effective", "permitted")}
    empty = container.directory / "empty"
    empty.mkdir()
    container.add_mount("/data", empty, "bind", ["bind"])

    out = container.run(["sh", "-c", "umount /data 2>/dev/null; umount -l /data 2>/dev/null; ls /data"])

    assert out.stdout == ""
