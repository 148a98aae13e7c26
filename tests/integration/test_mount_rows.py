# SPDX-License-Identifier: Apache-2.0
"""Every word of the specification's table of mount options, and id-mapped mounts."""
import os
import stat

import pytest

from harness import machine

pytestmark = pytest.mark.davit_only
KERNEL = tuple(int(number) for number in os.uname().release.split(".")[:2])
TMPFS_MAPS = pytest.mark.skipif(KERNEL < (6, 3), reason="tmpfs maps ids since Linux 6.3")


def mounts_of(seen, point):
    """[(options of the mount, propagation, options of the superblock)] of all mounts on POINT, the oldest first."""
    found = []
    for line in seen["mountinfo"].splitlines():
        left, _, right = line.partition(" - ")
        words = left.split()
        if words[4] == point:
            found.append((set(words[5].split(",")), [w.partition(":")[0] for w in words[6:]], set(right.split()[2].split(","))))
    return found


def tmpfs(container, options, point="/m"):
    container.add_mount(point, "tmpfs", "tmpfs", list(options))


def has(seen, wanted):
    """WANTED: words that have to be there, with a minus those that must not."""
    words = wanted.split()
    return {w for w in words if not w.startswith("-")} <= seen and not {w[1:] for w in words if w.startswith("-")} & seen


@pytest.fixture
def source(container):
    """A directory of the host with a file, a program, a link and a device."""
    path = container.directory / "source"
    path.mkdir()
    (path / "file").write_text("content\n")
    (path / "link").symlink_to("file")
    os.link(container.rootfs / "bin/probe", path / "probe")
    os.mknod(path / "full", 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    return path


# --- words with MUST ----------------------------------------------------------------------------------------------------

# Options, and what mountinfo says of the mount.  The kernel shows relatime unless something else was asked for.
OF_THE_MOUNT = [
    (["defaults"], "rw relatime -nosuid -nodev -noexec -nodiratime"),
    (["nosuid", "defaults"], "rw nosuid relatime"),
    (["ro"], "ro"), (["ro", "rw"], "rw -ro"),
    (["nosuid"], "nosuid"), (["nosuid", "suid"], "-nosuid"), (["suid", "nosuid"], "nosuid"),
    (["nodev"], "nodev"), (["nodev", "dev"], "-nodev"),
    (["noexec"], "noexec"), (["noexec", "exec"], "-noexec"),
    (["noatime"], "noatime -relatime"), (["noatime", "atime"], "-noatime relatime"),
    (["nodiratime"], "nodiratime"), (["nodiratime", "diratime"], "-nodiratime"),
    (["noatime", "relatime"], "relatime -noatime"), (["strictatime", "norelatime"], "-relatime -noatime"),
    (["strictatime"], "-relatime -noatime"), (["strictatime", "nostrictatime"], "relatime -noatime"),
]


@pytest.mark.row("CF-13", "CF-M01", "CF-M02", "CF-M03", "CF-M04", "CF-M05", "CF-M06", "CF-M07", "CF-M08", "CF-M09")
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_the_words_for_one_mount(container, source, kind):
    words = OF_THE_MOUNT
    if kind == "bind" and container.mode != "root":     # the kernel locks the times of the host's mounts
        words = [row for row in words if "atime" not in str(row[0])]
    for number, (options, _) in enumerate(words):
        container.add_mount(f"/m{number}", source, kind, ([kind] if kind == "bind" else []) + options)

    seen = container.probe()

    for number, (options, wanted) in enumerate(words):
        [(flags, _, _)] = mounts_of(seen, f"/m{number}")
        assert has(flags, wanted), (options, wanted, flags)


OF_THE_SUPERBLOCK = [
    (["sync"], "sync"), (["sync", "async"], "-sync"), (["dirsync"], "dirsync"),
    (["lazytime"], "lazytime"), (["lazytime", "nolazytime"], "-lazytime"),
    (["iversion"], ""), (["iversion", "noiversion"], "-iversion"),
    (["silent"], ""), (["silent", "loud"], ""), (["mand"], ""), (["mand", "nomand"], "-mand"),
]


@pytest.mark.row("CF-13", "CF-M10", "CF-M11", "CF-M12", "CF-M13", "CF-M14", "CF-M19")
@pytest.mark.views("hybrid", "oldkernel")
def test_the_words_for_the_superblock(container):
    """What the kernel does not show has at least to be taken."""
    for number, (options, _) in enumerate(OF_THE_SUPERBLOCK):
        tmpfs(container, options, f"/m{number}")

    seen = container.probe()

    for number, (options, wanted) in enumerate(OF_THE_SUPERBLOCK):
        [(flags, _, superblock)] = mounts_of(seen, f"/m{number}")
        assert has(flags | superblock, wanted), (options, wanted, flags, superblock)


@pytest.mark.row("CF-M14")
@pytest.mark.parametrize("options, silent", [(["silent"], True), (["silent", "loud"], False), (["loud"], False)])
def test_silent_reaches_the_kernel(container, options, silent):
    """Only mount(2) has a flag for it."""
    tmpfs(container, options)
    trace = container.directory / "trace"
    container.wrapper = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=mount"]

    container.run(["true"])

    assert ("MS_SILENT" in machine.read(trace)) == silent


@pytest.mark.row("CF-M04")
@pytest.mark.parametrize("word, answer", [("nodev", "EACCES\n"), ("dev", "ok\n")])
def test_a_device_on_a_nodev_mount_cannot_be_opened(container, source, word, answer):
    container.add_mount("/data", source, "bind", ["bind", word])

    assert container.run(["probe", "open", "/data/full", "r"]).stdout == answer


@pytest.mark.row("CF-M05")
@pytest.mark.parametrize("word, code", [("noexec", 126), ("exec", 0)])
def test_a_program_on_a_noexec_mount_cannot_be_executed(container, source, word, code):
    container.add_mount("/data", source, "bind", ["bind", word])

    assert container.run(["sh", "-c", "/data/probe exit 0"], check=False).returncode == code


@pytest.mark.row("CF-M06")
@pytest.mark.parametrize("words, kept", [(["noatime"], True), (["atime"], False), (["noatime", "atime"], False)], ids=str)
def test_reading_leaves_the_access_time_of_a_noatime_mount(container, words, kept):
    tmpfs(container, words)

    out = container.run(["sh", "-c", "echo x > /m/f; touch -d @1000000000 /m/f; echo y >> /m/f; cat /m/f > /dev/null; stat -c %X /m/f"])

    assert (out.stdout == "1000000000\n") == kept


@pytest.mark.row("CF-13", "CF-M15")
def test_remount_changes_a_mount_of_an_earlier_entry(container):
    tmpfs(container, ["nosuid", "size=1m"])
    tmpfs(container, ["remount", "noexec", "ro"])

    [(flags, _, superblock)] = mounts_of(container.probe(), "/m")

    assert has(flags, "ro noexec nosuid") and "size=1024k" in superblock


# --- propagation, and the mounts below ------------------------------------------------------------------------------------

def add_tree(container, options, *sub_options):
    """A tmpfs on /tree, one on /tree/sub with SUB_OPTIONS, and both bound to /copy with OPTIONS."""
    tmpfs(container, ["size=1m"], "/tree")
    tmpfs(container, ["size=1m", *sub_options], "/tree/sub")
    container.add_mount("/copy", container.rootfs / "tree", "bind", options)


@pytest.mark.row("CF-13", "CF-M16")
@pytest.mark.parametrize("word, below", [("bind", 0), ("rbind", 1)])
def test_bind_and_rbind_differ_in_the_mounts_below(container, word, below):
    add_tree(container, [word])

    seen = container.probe()

    assert len(mounts_of(seen, "/copy")) == 1
    assert len(mounts_of(seen, "/copy/sub")) == below


PROPAGATION = [("private", [], []), ("shared", ["shared"], []), ("unbindable", ["unbindable"], []),
               ("rprivate", [], []), ("rshared", ["shared"], ["shared"]), ("runbindable", ["unbindable"], ["unbindable"])]


@pytest.mark.row("CF-13", "CF-M17", "CF-M18")
@pytest.mark.parametrize("word, top, below", PROPAGATION)
def test_propagation_words_of_a_tree(container, word, top, below):
    """Without a word a tree is private, so that is what the mounts below show when a word is for the top alone."""
    add_tree(container, ["rbind", "rprivate", word])

    seen = container.probe()

    assert mounts_of(seen, "/copy")[0][1] == top
    assert mounts_of(seen, "/copy/sub")[0][1] == below


@pytest.mark.row("CF-13", "CF-M17", "CF-M18")
@pytest.mark.parametrize("word, below", [("slave", "shared"), ("rslave", "master")])
def test_a_tree_of_slaves(container, word, below):
    """The masters are mounts of the container's own."""
    tmpfs(container, ["size=1m", "shared"], "/tree")
    tmpfs(container, ["size=1m", "shared"], "/tree/sub")
    container.add_mount("/copy", container.rootfs / "tree", "bind", ["rbind", word])

    seen = container.probe()

    assert mounts_of(seen, "/copy")[0][1] == ["master"]
    assert mounts_of(seen, "/copy/sub")[0][1] == [below]


@pytest.mark.row("CF-M20")
def test_tmpcopyup_keeps_the_modes_of_what_it_copies(container):
    directory = container.rootfs / "m"
    (directory / "sub").mkdir(parents=True)
    (directory / "file").write_text("image\n")
    directory.chmod(0o1751)
    container.give(directory)
    (directory / "sub").chmod(0o2710)
    (directory / "file").chmod(0o4641)
    tmpfs(container, ["tmpcopyup"])

    out = container.run(["stat", "-c", "%a %n", "/m", "/m/sub", "/m/file"])

    assert out.stdout == "1751 /m\n2710 /m/sub\n4641 /m/file\n"
    assert mounts_of(container.probe(), "/m")


# --- words with SHOULD --------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-14", "CF-M21")
@pytest.mark.parametrize("words, answer", [(["nosymfollow"], "ELOOP\n"), (["symfollow"], "ok\n"),
                                           (["nosymfollow", "symfollow"], "ok\n")], ids=str)
def test_a_link_on_a_nosymfollow_mount_is_not_followed(container, source, words, answer):
    container.add_mount("/data", source, "bind", ["bind", *words])

    assert container.run(["probe", "open", "/data/link", "r"]).stdout == answer


# Words for the copy, what the mount below was made with, and what its copy says.
RECURSIVE = [
    (["rro"], [], "ro"), (["rrw"], ["ro"], "rw -ro"),
    (["rnosuid"], [], "nosuid"), (["rsuid"], ["nosuid"], "-nosuid"),
    (["rnodev"], [], "nodev"), (["rdev"], ["nodev"], "-nodev"),
    (["rnoexec"], [], "noexec"), (["rexec"], ["noexec", "nodev"], "-noexec nodev"),
    (["rnoatime"], [], "noatime -relatime"), (["ratime"], ["noatime"], "-noatime"),
    (["rnodiratime"], [], "nodiratime"), (["rdiratime"], ["nodiratime"], "-nodiratime"),
    (["rrelatime"], ["noatime"], "relatime -noatime"), (["rrelatime", "rnorelatime"], ["noatime"], "noatime"),
    (["rstrictatime"], ["noatime"], "-relatime -noatime"), (["rnostrictatime"], ["strictatime"], "relatime"),
    (["rnosymfollow"], [], "nosymfollow"), (["rsymfollow"], ["nosymfollow"], "-nosymfollow"),
]


@pytest.mark.row("CF-14", "CF-M22", "CF-M23", "CF-M24")
@pytest.mark.parametrize("words, before, after", RECURSIVE, ids=lambda v: ",".join(v) if isinstance(v, list) else "")
def test_recursive_words_change_the_mounts_below(container, words, before, after):
    add_tree(container, ["rbind", *words], *before)

    if container.view.name == "oldkernel":
        out = container.run(["true"], check=False)
        assert "rnorelatime" in words or "need mount_setattr (Linux 5.12)" in out.stderr    # which asks for nothing
        return
    seen = container.probe()

    assert has(mounts_of(seen, "/copy/sub")[0][0], after)
    assert has(mounts_of(seen, "/tree/sub")[0][0], " ".join(set(before) - {"strictatime"})), "the source stays as it is"


# --- words of our own ---------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-15")
@pytest.mark.newkernel("a symlink itself is bound with open_tree")
def test_a_link_is_copied_or_bound_itself(container, source):
    """crun's words; mount(8) has none of these names."""
    (container.rootfs / "target").write_text("image\n")
    (container.rootfs / "over").symlink_to("target")
    container.add_mount("/copied", source / "link", "bind", ["bind", "copy-symlink"])
    container.add_mount("/bound", source / "link", "bind", ["bind", "src-nofollow"])
    container.add_mount("/over", source / "file", "bind", ["bind", "dest-nofollow"])

    out = container.run(["sh", "-c", "readlink /copied; readlink /bound; readlink /over; cat /over /target"])

    assert out.stdout == "file\nfile\ncontent\nimage\n"
    assert (container.rootfs / "copied").is_symlink()


# --- id-mapped mounts ------------------------------------------------------------------------------------------------------

MAPS_HOST = pytest.mark.root(why="only the owner of a file system may map its ids")
MAPS = pytest.mark.newkernel("id-mapped mounts need mount_setattr")


def add_mappings(entry, first=1000):
    for name in ("uidMappings", "gidMappings"):
        entry[name] = [{"containerID": 0, "hostID": first, "size": 1000}]


@TMPFS_MAPS
@pytest.mark.row("CF-20")
@MAPS
def test_mappings_count_without_the_word_for_the_mount_alone(container):
    """The specification wants the word beside them, and does not say what they are without it."""
    add_tree(container, ["rbind"])
    add_mappings(container.spec["mounts"][-1])

    assert container.run(["stat", "-c", "%u:%g", "/copy", "/copy/sub"]).stdout == "1000:1000\n0:0\n"


@TMPFS_MAPS
@pytest.mark.row("CF-14", "CF-20", "CF-M25", "CF-M26", "UB-26")
@pytest.mark.parametrize("word, below", [("idmap", "0:0"), ("ridmap", "1000:1000")])
@MAPS
def test_ridmap_maps_the_mounts_below_too(container, word, below):
    """The tree is two tmpfs, which the kernel maps as it does ext4 and xfs."""
    add_tree(container, ["rbind", word])
    add_mappings(container.spec["mounts"][-1])

    out = container.run(["stat", "-c", "%u:%g", "/tree/sub", "/copy", "/copy/sub"])

    assert out.stdout == f"0:0\n1000:1000\n{below}\n"


@pytest.mark.row("CF-M25", "CF-M28")
@pytest.mark.parametrize("kind", [pytest.param("bind", marks=MAPS_HOST), pytest.param("tmpfs", marks=TMPFS_MAPS)])
@MAPS
def test_the_word_idmap_is_for_mount_setattr(container, source, kind):
    entry = container.add_mount("/data", source, kind, ([kind] if kind == "bind" else []) + ["idmap"])
    add_mappings(entry)
    trace = container.directory / "trace"
    container.wrapper = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=mount,fsconfig,mount_setattr"]

    assert container.run(["stat", "-c", "%u:%g", "/data"]).stdout == "1000:1000\n"
    lines = machine.read(trace).splitlines()
    assert not [line for line in lines if "idmap" in line]
    assert [line for line in lines if "mount_setattr" in line and "MOUNT_ATTR_IDMAP" in line and line.endswith("= 0")]


@pytest.mark.row("CF-M27", "UB-26")
@pytest.mark.parametrize("word", ["idmap", "ridmap"])
@MAPS_HOST
@MAPS
def test_idmap_without_mappings_takes_those_of_the_user_namespace(container, source, word):
    """So what belongs to root outside belongs to root inside, and not to nobody."""
    container.use_user_namespace()
    container.add_mount("/mapped", source, "bind", ["rbind", word])
    container.add_mount("/plain", source, "bind", ["rbind"])

    out = container.run(["stat", "-c", "%u:%g", "/mapped/file", "/plain/file"])

    assert out.stdout == "0:0\n65534:65534\n"


@pytest.mark.row("CF-M27", "UB-26")
@pytest.mark.parametrize("word", ["idmap", "ridmap"])
@pytest.mark.root("userns", why="an ordinary user always has a user namespace")
def test_idmap_without_mappings_and_without_a_user_namespace_is_refused(container, source, word):
    container.add_mount("/data", source, "bind", ["bind", word])

    out = container.create(["true"], check=False)

    assert out.returncode == 1
    assert "mounts[6].options" in out.stderr and "mappings" in out.stderr
    assert container.list() == []


@pytest.mark.row("CF-M28")
@MAPS_HOST
@MAPS
def test_a_file_system_that_cannot_map_ids_is_named_as_the_reason(container):
    entry = container.add_mount("/data", "/sys/kernel", "bind", ["bind", "idmap"])
    add_mappings(entry)

    out = container.create(["true"], check=False)

    assert out.returncode == 1
    assert "mounts[6] /data" in out.stderr
    assert "has no id-mapped mounts" in out.stderr
    assert container.list() == []
