# SPDX-License-Identifier: Apache-2.0
"""mounts add, mounts remove: what the container sees, what stays as it was, and what stays outside."""
import json
import os
import signal
import stat

import pytest

from harness import machine
from harness.machine import wait_until

pytestmark = [pytest.mark.davit_only,       # crun has the command since 1.22
              pytest.mark.newkernel("mounts of a running container are changed with open_tree and move_mount")]


def mounts(container, verb, *entries, **more):
    return container.runtime("mounts", verb, container.id, "-", input=json.dumps(entries), **more)


def add(container, *entries, **more):
    return mounts(container, "add", *entries, **more)


def remove(container, *destinations, **more):
    return mounts(container, "remove", *[{"destination": d} for d in destinations], **more)


def refused(container, verb, *entries, texts=()):
    out = mounts(container, verb, *entries, check=False)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    return out


def bind(source, destination, *options, **more):
    return {"destination": destination, "source": str(source), "options": list(options or ("bind",)), **more}


def tmpfs(destination, *options):
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": list(options)}


def mountinfo(container):
    """As the host sees it, so a paused container can be asked, too; without the numbers."""
    return [line.split() for line in machine.read(f"/proc/{container.pid}/mountinfo").splitlines()]


def points(container):
    return sorted(words[4] for words in mountinfo(container))


def mount_at(container, point):
    """(options, optional fields, type, options of the file system) of the top mount, None when there is none."""
    for words in reversed(mountinfo(container)):
        if words[4] == point:
            dash = words.index("-")
            return set(words[5].split(",")), words[6:dash], words[dash + 1], set(words[dash + 3].split(","))
    return None


MAPS_HOST = pytest.mark.root(why="only the owner of a file system may map its ids")


def with_user_namespace(container, *capabilities):
    container.use_user_namespace()
    if capabilities:
        container.process["capabilities"] = {name: list(capabilities)
                                             for name in ("bounding", "effective", "permitted")}


# --- bind mounts ------------------------------------------------------------------------------------------------------

@pytest.mark.all_modes
def test_a_directory_is_bound_and_taken_away_again(container, source):
    container.up()
    before = points(container)

    add(container, bind(source, "/data"))
    assert container.exec(["cat", "/data/file"]).stdout == "content\n"
    remove(container, "/data")

    assert container.exec(["ls", "/data"]).stdout == ""
    assert points(container) == before


@pytest.mark.all_modes
def test_the_mount_table_of_the_host_stays_as_it_is(container, source):
    space = container.session.user_namespace(container.view) if container.mode == "userns" else container.view
    container.up()
    before = space.mountinfo()

    add(container, bind(source, "/data", "rbind", "rslave"), tmpfs("/t"))

    assert space.mountinfo() == before
    assert mount_at(container, "/data")


def test_the_program_that_runs_already_sees_it(container, source):
    container.up(["sh", "-c", "until cat /data/file; do sleep 0.05; done; exec sleep 1000"])

    add(container, bind(source, "/data"))

    container.wait_for_output("content\n")


@pytest.mark.all_modes
def test_a_file_is_bound_where_none_was(container, source):
    container.up()

    add(container, bind(source / "file", "/etc/new/file"))

    assert container.exec(["cat", "/etc/new/file"]).stdout == "content\n"
    assert stat.S_ISREG((container.rootfs / "etc/new/file").lstat().st_mode)
    remove(container, "/etc/new/file")
    assert container.exec(["cat", "/etc/new/file"]).stdout == ""


def test_mount_points_have_the_modes_of_create(container, source):
    container.up()

    add(container, bind(source, "/a/b"), bind(source / "file", "/f"), preexec_fn=lambda: os.umask(0o077))

    assert stat.S_IMODE((container.rootfs / "a").stat().st_mode) == 0o755
    assert stat.S_IMODE((container.rootfs / "a/b").stat().st_mode) == 0o755
    assert stat.S_IMODE((container.rootfs / "f").stat().st_mode) == 0o644


def test_a_relative_source_is_taken_from_the_bundle(container):
    (container.bundle / "here").mkdir()
    (container.bundle / "here/file").write_text("of the bundle\n")
    container.up()

    add(container, bind("here", "/data"), cwd="/")

    assert container.exec(["cat", "/data/file"]).stdout == "of the bundle\n"


@pytest.mark.root(why="chroot")
@pytest.mark.parametrize("user_namespace", [False, True], ids=["", "user_namespace"])
def test_a_caller_in_a_chroot_means_its_own_paths(container, source, user_namespace):
    """setns(2) leads out of it: /srv would be the one of the host."""
    if user_namespace:
        with_user_namespace(container)
    jail = container.directory / "jail"
    jail.mkdir()
    container.up()

    script = f"mount --rbind / {jail} && mount --bind {source} {jail}/srv && exec chroot {jail} \"$@\""
    container.wrapper = ["unshare", "-m", "sh", "-c", script, "sh"]
    add(container, bind("/srv", "/data"))

    container.wrapper = []
    assert container.exec(["cat", "/data/file"]).stdout == "content\n"


def test_a_source_in_the_rootfs_sees_what_is_mounted_there(container):
    container.up()

    add(container, tmpfs("/tree", "size=1m"), bind(container.rootfs / "tree", "/copy"))

    assert mount_at(container, "/copy")[2] == "tmpfs"


@pytest.mark.parametrize("word, flag", [
    ("ro", "ro"), ("nosuid", "nosuid"), ("nodev", "nodev"), ("noexec", "noexec"), ("noatime", "noatime"),
    ("nodiratime", "nodiratime"), ("nosymfollow", "nosymfollow")])
def test_a_flag_is_set(container, source, word, flag):
    container.up()

    if container.mode != "root" and "atime" in word + flag:        # the kernel locks those of the host
        refused(container, "add", bind(source, "/data", "bind", word), texts=["[0] /data", "a restriction of the host's mount"])
        return
    add(container, bind(source, "/data", "bind", word))

    assert flag in mount_at(container, "/data")[0]


def test_a_read_only_bind_cannot_be_written(container, source):
    container.up()

    add(container, bind(source, "/data", "bind", "ro"))

    assert container.exec(["touch", "/data/new"], check=False).returncode != 0
    assert not (source / "new").exists()


@pytest.mark.parametrize("word, below", [("ro", False), ("rro", True)])
def test_recursive_flags_reach_the_submounts(container, word, below):
    container.up()

    add(container, tmpfs("/tree"), tmpfs("/tree/sub"), bind(container.rootfs / "tree", "/copy", "rbind", word))

    assert "ro" in mount_at(container, "/copy")[0]
    assert ("ro" in mount_at(container, "/copy/sub")[0]) == below
    assert "rw" in mount_at(container, "/tree/sub")[0]


@pytest.mark.parametrize("words, field", [
    (["bind"], None), (["bind", "private"], None), (["bind", "shared"], "shared:"), (["rbind", "rshared"], "shared:"),
    (["bind", "unbindable"], "unbindable")])
def test_the_propagation_is_as_asked_for(container, source, words, field):
    container.up()

    add(container, bind(source, "/data", *words))

    fields = mount_at(container, "/data")[1]
    assert len(fields) == (field is not None)
    assert all(f.startswith(field) for f in fields)


@MAPS_HOST
def test_an_idmapped_bind_shows_other_owners(container, source):
    mapping = [{"containerID": 0, "hostID": 1000, "size": 1000}]
    container.up()

    add(container, bind(source, "/data", "bind", "idmap", uidMappings=mapping, gidMappings=mapping),
        bind(source, "/text", "bind", "idmap=uids=0-3000-10;gids=0-4000-10"),
        bind(source, "/tree", "rbind", "ridmap", uidMappings=mapping, gidMappings=mapping))

    assert container.exec(["stat", "-c", "%u %g", "/data/file", "/text/file", "/tree/file"]).stdout \
        == "1000 1000\n3000 4000\n1000 1000\n"
    assert (source / "file").stat().st_uid == 0


def test_symlinks_of_sources_and_destinations(container, source):
    (source / "link").symlink_to("file")
    (container.rootfs / "there").symlink_to("nowhere")
    container.up()

    add(container, bind(source / "link", "/copied", "bind", "copy-symlink"),
        bind(source / "link", "/there", "bind", "src-nofollow", "dest-nofollow"))

    assert [container.exec(["readlink", path]).stdout for path in ("/copied", "/there")] == ["file\n", "file\n"]
    remove(container, "/there")
    assert container.exec(["readlink", "/there"]).stdout == "nowhere\n"


def test_a_missing_source_is_refused_with_its_name(container):
    container.up()

    refused(container, "add", bind("/no/such/source", "/data"), texts=["[0] /data", "/no/such/source", "No such file"])

    assert not (container.rootfs / "data").exists()


# --- file systems -----------------------------------------------------------------------------------------------------

@pytest.mark.all_modes
def test_a_tmpfs_gets_its_options(container):
    """crun ignores them."""
    container.up()

    add(container, tmpfs("/t", "size=1m", "mode=1770", "nr_inodes=99", "noexec"))

    flags, _, kind, options = mount_at(container, "/t")
    assert kind == "tmpfs" and "noexec" in flags
    assert {"size=1024k", "mode=1770", "nr_inodes=99"} <= options
    assert container.exec(["sh", "-c", "echo text > /t/x && cat /t/x && dd if=/dev/zero of=/t/big bs=1M count=2 2>/dev/null"],
                          check=False).stdout == "text\n"


def test_a_tmpfs_takes_the_mode_of_what_it_covers(container):
    (container.rootfs / "m").mkdir()
    (container.rootfs / "m").chmod(0o1710)
    container.up()

    add(container, {"destination": "/m", "type": "tmpfs"})

    assert container.exec(["stat", "-c", "%a", "/m"]).stdout == "1710\n"


def test_mounts_are_made_inside_a_read_only_tmpfs(container, source):
    container.up()

    add(container, tmpfs("/m", "ro"), bind(source, "/m/in/side", "bind"))

    assert "ro" in mount_at(container, "/m")[0]
    assert container.exec(["cat", "/m/in/side/file"]).stdout == "content\n"


@pytest.mark.parametrize("word", ["rw", "ro"])
def test_tmpcopyup_fills_a_tmpfs(container, word):
    container.up()

    add(container, tmpfs("/etc", "tmpcopyup", word))

    assert mount_at(container, "/etc")[2] == "tmpfs"
    assert word in mount_at(container, "/etc")[0]
    assert container.exec(["cat", "/etc/hostname"]).stdout == "image\n"


def test_file_systems_show_the_namespaces_of_the_container(container):
    container.up()
    container.exec(["sh", "-c", "touch /dev/mqueue/hello"])

    add(container, {"destination": "/p", "type": "proc", "source": "proc"},
        {"destination": "/s", "type": "sysfs", "source": "sysfs", "options": ["ro"]},
        {"destination": "/q", "type": "mqueue", "source": "mqueue"},
        {"destination": "/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "mode=620", "gid=5"]})

    assert container.exec(["cat", "/p/1/cmdline"]).stdout == "sleep\0" + "1000\0"
    assert container.exec(["ls", "/s/class/net"]).stdout == "lo\n"
    assert container.exec(["ls", "/q"]).stdout == "hello\n"
    assert {f"gid={container.host_id(5)}", "mode=620"} <= mount_at(container, "/pts")[3]


@pytest.mark.parametrize("userns", [False, True], ids=["host", "userns"])
def test_an_overlay_is_made_of_directories_of_the_host(container, userns):
    paths = {name: container.directory / name for name in ("lower", "upper", "work")}
    for path in paths.values():
        path.mkdir()
    (paths["lower"] / "file").write_text("lower\n")
    if userns:
        with_user_namespace(container)
    for path in paths.values():
        os.chown(path, container.host_id(0), container.host_id(0))
    container.up()

    add(container, {"destination": "/o", "type": "overlay", "source": "overlay",
                    "options": [f"{name}dir={path}" for name, path in paths.items()]})

    assert container.exec(["sh", "-c", "echo new > /o/new; cat /o/file; stat -c %u /o/new"]).stdout == "lower\n0\n"
    assert (paths["upper"] / "new").stat().st_uid == container.host_id(0)


@pytest.mark.parametrize("entry, text", [
    (tmpfs("/t", "size=banana"), "size"), (tmpfs("/t", "nosuchoption"), "nosuchoption"),
    ({"destination": "/t", "type": "bananafs"}, "bananafs")])
def test_what_the_kernel_refuses_is_reported(container, entry, text):
    container.up()

    refused(container, "add", entry, texts=["[0] /t", text])

    assert mount_at(container, "/t") is None


# --- in which containers ----------------------------------------------------------------------------------------------

def test_a_created_container_gets_mounts_before_it_starts(container, source):
    container.create(["cat", "/data/file"])

    add(container, bind(source, "/data"))
    container.start()

    container.wait_for_output("content\n")


@pytest.mark.pauses
def test_a_paused_container_stays_paused(container, source):
    container.up()
    container.pause()

    add(container, bind(source, "/data"), {"destination": "/p", "type": "proc"})
    assert mount_at(container, "/data") and mount_at(container, "/p")
    remove(container, "/p")

    assert mount_at(container, "/p") is None
    assert container.status() == "paused"
    container.resume()
    assert container.exec(["cat", "/data/file"]).stdout == "content\n"


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_stopped_container_is_refused(container, source, verb):
    container.up()
    container.stop()

    refused(container, verb, bind(source, "/data"), texts=[f"container `{container.id}` is not running"])


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_an_unknown_container_is_refused(container, source, verb):
    refused(container, verb, bind(source, "/data"), texts=[f"container `{container.id}` does not exist"])


@pytest.mark.root(why="devices would be bound in the caller's mount namespace")
def test_a_container_without_a_mount_namespace_is_refused(container, source):
    container.drop_namespace("mount")
    container.spec["mounts"] = []
    for name in ("maskedPaths", "readonlyPaths"):
        container.linux[name] = []
    container.up()

    refused(container, "add", bind(source, "/data"), texts=["mount namespace of its own"])
    refused(container, "remove", bind(source, "/data"), texts=["mount namespace of its own"])


def test_a_read_only_root_needs_the_mount_point(container, source):
    container.spec["root"]["readonly"] = True
    container.up()

    add(container, bind(source, "/mnt"))
    out = refused(container, "add", bind(source, "/data"), texts=["[0] /data", "Read-only file system"])

    assert "hint: the rootfs is read-only" in out.stderr
    assert container.exec(["cat", "/mnt/file"]).stdout == "content\n"


def test_the_file_system_belongs_to_the_user_namespace(container):
    with_user_namespace(container)
    container.up()

    add(container, tmpfs("/t", "uid=7"), {"destination": "/p", "type": "mqueue"})

    assert container.exec(["stat", "-c", "%u", "/t"]).stdout == "7\n"
    assert "uid=7" in mount_at(container, "/t")[3] or f"uid={container.host_id(7)}" in mount_at(container, "/t")[3]
    assert (container.rootfs / "t").stat().st_uid == container.host_id(0)


def test_a_source_that_the_user_namespace_cannot_reach_is_bound(container):
    secret = container.bundle / "secret"
    (secret / "data").mkdir(parents=True)
    (secret / "data/file").write_text("reached\n")
    container.give(secret)
    secret.chmod(0o700)
    with_user_namespace(container)
    container.up()

    add(container, bind(secret / "data", "/data"), bind(secret / "data/file", "/file"))

    assert container.exec(["cat", "/data/file", "/file"]).stdout == "reached\nreached\n"


@MAPS_HOST
def test_an_idmapped_bind_in_a_user_namespace(container, source):
    with_user_namespace(container)
    container.up()

    add(container, bind(source, "/data", "bind", "idmap"), bind(source, "/plain"))

    assert container.exec(["stat", "-c", "%u", "/data/file", "/plain/file"]).stdout == "0\n65534\n"


@pytest.mark.root("userns", why="it makes a mount for the runtime alone")
def test_a_read_only_of_the_host_cannot_be_undone_in_a_user_namespace(container, source):
    """The source lies on a mount of the runtime's namespace that is read-only."""
    with_user_namespace(container, "CAP_SYS_ADMIN")
    os.chmod(source, 0o777)
    container.up()
    container.wrapper = ["unshare", "--mount", "sh", "-ec",
                         'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@"', str(source)]

    add(container, bind(source, "/data", "bind"))
    container.wrapper = []
    out = container.exec(["sh", "-c", "mount -o remount,bind,rw /data; touch /data/new"], check=False)

    assert out.returncode != 0
    assert "ro" in mount_at(container, "/data")[0]
    assert not (source / "new").exists()


@pytest.mark.root(why="the host's network namespace can be joined by its owner only")
def test_joined_namespaces_of_others_are_entered_with_the_rights_of_the_host(container, source):
    """A network namespace of the host's beside a user namespace: Podman's pods."""
    with_user_namespace(container)
    container.namespace("network")["path"] = "/proc/self/ns/net"
    container.spec["mounts"] = [m for m in container.spec["mounts"] if m["destination"] != "/sys"]
    container.linux["maskedPaths"] = container.linux["readonlyPaths"] = []
    container.up()

    add(container, bind(source, "/data"), tmpfs("/t"))

    assert container.exec(["cat", "/data/file"]).stdout == "content\n"


@pytest.mark.rootless
def test_rootless_mounts_what_the_user_may_reach(container, source):
    container.up()

    add(container, bind(source, "/data", "rbind", "ro"), tmpfs("/t", "size=1m"), {"destination": "/p", "type": "proc"})
    refused(container, "add", bind("/root/.", "/root2"), texts=["[0] /root2", "Permission denied"])

    assert container.exec(["cat", "/data/file"]).stdout == "content\n"
    assert container.exec(["cat", "/p/1/cmdline"]).stdout == "sleep\0" + "1000\0"
    assert "ro" in mount_at(container, "/data")[0]


@pytest.mark.views("oldkernel")
def test_an_old_kernel_is_told(container, source):
    container.up()

    for verb in ("add", "remove"):
        out = refused(container, verb, bind(source, "/data"), texts=["open_tree", "move_mount"])
        assert "Linux 5.2" in out.stderr


# --- all or nothing ---------------------------------------------------------------------------------------------------

def test_when_the_second_fails_nothing_is_left(container, source):
    container.up()
    before = mountinfo(container)

    refused(container, "add", tmpfs("/a"), bind("/no/such", "/b"), tmpfs("/c"), texts=["[1] /b: ", "/no/such"])

    assert mountinfo(container) == before


@pytest.mark.all_modes
def test_what_was_attached_already_is_taken_back(container, source):
    container.up()
    before = mountinfo(container)

    refused(container, "add", tmpfs("/a"), bind(source, "/a/b"), bind(source, "/a"), bind(source / "file", "/f"),
            tmpfs("/f"), texts=["[4] /f: "])

    assert mountinfo(container) == before


def test_a_covered_mount_is_taken_back_too(container):
    """A process of the container mounts over ours before the last one fails."""
    container.process["capabilities"] = {name: ["CAP_SYS_ADMIN"] for name in ("bounding", "effective", "permitted")}
    (container.rootfs / "a").mkdir()
    container.up(["sh", "-c", "until grep -q ' /a ' /proc/self/mountinfo; do :; done; mount -t tmpfs over /a; echo done; exec sleep 1000"])
    container.wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsopen",
                         "-e", "inject=fsopen:delay_enter=500000:when=2+"]

    refused(container, "add", tmpfs("/a"), {"destination": "/b", "type": "bananafs"}, texts=["[1] /b"])

    container.wait_for_output("done")
    assert mount_at(container, "/a") is None


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_call_takes_its_mounts_back(container, number):
    container.up()
    before = mountinfo(container)
    container.wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsmount",
                         "-e", "inject=fsmount:delay_enter=1000000"]
    document = container.directory / "list.json"
    document.write_text(json.dumps([tmpfs("/a"), tmpfs("/b"), tmpfs("/c")]))
    running = container.launch("mounts", "add", container.id, document)
    wait_until(lambda: mount_at(container, "/a"), 10, "the first mount")

    davit = machine.children_of(running.pid)[0]
    os.kill(davit, number)
    out = running.wait()

    assert out.returncode in (-number, 1), "1 where whoever started the tests ignores the signal"
    assert mountinfo(container) == before


def test_two_calls_at_once_do_not_meet(container, source):
    container.up()
    documents = []
    for i in range(6):
        documents.append(container.directory / f"{i}.json")
        documents[-1].write_text(json.dumps([tmpfs(f"/m{i}"), bind(source, f"/m{i}/in")]))

    calls = [container.launch("mounts", "add", container.id, path) for path in documents]

    assert [call.wait().returncode for call in calls] == [0] * 6
    assert all(mount_at(container, f"/m{i}/in") for i in range(6))


def test_the_record_does_not_change(container, source):
    container.up()
    before = {p.name: p.read_bytes() for p in container.state_dir.iterdir() if p.is_file()}

    add(container, bind(source, "/data"))

    assert {p.name: p.read_bytes() for p in container.state_dir.iterdir() if p.is_file()} == before
    container.force_delete()
    assert (source / "file").read_text() == "content\n"


# --- remove -----------------------------------------------------------------------------------------------------------

def test_the_list_that_added_mounts_removes_them(container, source):
    container.up()
    before = points(container)
    entries = [tmpfs("/a"), tmpfs("/a/b"), bind(source, "/a/b/c"), bind(source / "file", "/f")]

    add(container, *entries)
    mounts(container, "remove", *entries)

    assert points(container) == before


@pytest.mark.parametrize("order", [["/a", "/a/b"], ["/a/b", "/a"]])
def test_what_lies_deeper_goes_first(container, order):
    container.up()
    add(container, tmpfs("/a"), tmpfs("/a/b"))

    remove(container, *order)

    assert mount_at(container, "/a") is None and mount_at(container, "/a/b") is None


def test_the_topmost_mount_goes(container):
    container.up()
    add(container, tmpfs("/a", "size=1m"), tmpfs("/a", "size=2m"))

    remove(container, "/a")
    assert "size=1024k" in mount_at(container, "/a")[3]
    remove(container, "/a")

    assert mount_at(container, "/a") is None


def test_a_mount_in_use_goes(container, source):
    container.create(["sh", "-c", "cd /data; exec 3< file; echo ready; read go < /go; cat <&3; exec sleep 1000"])
    os.mkfifo(container.rootfs / "go")
    add(container, bind(source, "/data"))
    container.start()
    container.wait_for_output("ready\n")

    remove(container, "/data")

    assert mount_at(container, "/data") is None
    (container.rootfs / "go").write_text("go\n")
    container.wait_for_output("content\n")


def test_mounts_of_the_config_can_be_removed(container):
    container.up()

    remove(container, "/dev/shm", "/sys")

    assert mount_at(container, "/dev/shm") is None and mount_at(container, "/sys") is None


@pytest.mark.all_modes
def test_what_is_no_mount_is_refused_and_all_others_stay(container):
    container.up()
    add(container, tmpfs("/a"))
    before = mountinfo(container)

    refused(container, "remove", {"destination": "/a"}, {"destination": "/tmp"}, texts=["[1] /tmp: nothing is mounted there"])
    refused(container, "remove", {"destination": "/a"}, {"destination": "/a/x"}, texts=["[1] /a/x: ", "No such file"])

    assert mountinfo(container) == before


@pytest.mark.parametrize("destination", ["/", "", "..", "/../..", "/tmp/..", "."])
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_the_root_is_left_alone(container, verb, destination):
    container.up()
    before = mountinfo(container)

    refused(container, verb, tmpfs(destination), texts=["[0].destination: "])

    assert mountinfo(container) == before


# --- hostile containers -----------------------------------------------------------------------------------------------

@pytest.fixture
def decoy(container):
    path = container.directory / "decoy"
    path.mkdir()
    (path / "inside").mkdir()
    return path


@pytest.mark.parametrize("make", [
    lambda decoy: str(decoy), lambda decoy: "../" * 30 + str(decoy)[1:], lambda decoy: f"/proc/self/root{decoy}",
    lambda decoy: f"/proc/1/root{decoy}"], ids=["absolute", "dots", "self", "init"])
def test_symlinks_stay_inside_the_root(container, decoy, source, make):
    (container.rootfs / "out").symlink_to(make(decoy))
    container.up()
    before = container.view.mountinfo()

    add(container, bind(source, "/out"), bind(source, "/out/inside"), bind(source / "file", "/out/new"), check=False)

    assert container.view.mountinfo() == before
    assert sorted(p.name for p in decoy.iterdir()) == ["inside"]
    assert not list((decoy / "inside").iterdir())


def test_a_destination_with_dots_stays_inside_the_root(container, source):
    container.up()

    add(container, bind(source, "../../../../data/x"))

    assert mount_at(container, "/data/x")


def test_a_symlink_to_the_root_is_refused(container, source):
    (container.rootfs / "out").symlink_to("/")
    container.up()
    before = mountinfo(container)

    refused(container, "add", bind(source, "/out"), texts=["[0] /out: ", "leads to the root"])

    assert mountinfo(container) == before


def test_nothing_is_mounted_in_procfs(container, source):
    (container.rootfs / "out").symlink_to("/proc/sys")
    container.up()
    before = mountinfo(container)

    refused(container, "add", tmpfs("/proc/sys"), texts=["[0].destination: ", "/proc"])
    refused(container, "add", tmpfs("/proc"), texts=["[0].destination: ", "procfs"])
    refused(container, "add", bind(source, "/out/kernel"), texts=["[0] /out/kernel: ", "procfs"])

    assert mountinfo(container) == before


def test_a_symlink_does_not_make_remove_uncover_what_is_masked(container):
    container.up()
    container.exec(["ln", "-s", "/proc", "/srv"])
    before = mountinfo(container)

    out = refused(container, "remove", {"destination": "/srv/keys"}, texts=["[0] /srv/keys: ", "symlink"])

    assert "hint: name the mount by the path without symlinks: /proc/keys" in out.stderr
    assert mountinfo(container) == before


def test_a_destination_that_is_swapped_stays_inside_the_root(container, decoy, source):
    """The container exchanges a directory and a symlink to the decoy all the time."""
    (container.rootfs / "d/inside").mkdir(parents=True)
    container.up(["sh", "-c", f"ln -s {decoy} /l; while :; do mv /d /x; mv -T /l /d; mv -T /d /l; mv /x /d; done"])
    before = container.view.mountinfo()

    for _ in range(30):
        add(container, bind(source, "/d/inside"), check=False)
        remove(container, "/d/inside", check=False)

    assert container.view.mountinfo() == before
    assert not list((decoy / "inside").iterdir())


def test_the_processes_of_the_container_do_not_see_ours(container):
    """It is in their mount namespace, and not in their pid namespace."""
    container.up(["sh", "-c", "echo ready; while :; do for p in /proc/[0-9]*; do echo $p; done; done"])
    container.wait_for_output("ready\n")

    for _ in range(3):
        add(container, tmpfs("/a"))
        remove(container, "/a")

    assert set(container.output().split()) <= {"ready", "/proc/1"}


# --- the document -----------------------------------------------------------------------------------------------------

def test_the_list_comes_from_a_file_beside_the_caller(container):
    (container.directory / "list.json").write_text(json.dumps([tmpfs("/a")]))
    container.up()

    container.runtime("mounts", "add", container.id, "list.json", cwd=container.directory)
    assert mount_at(container, "/a")
    container.runtime("mounts", "remove", container.id, "list.json", cwd=container.directory)

    assert mount_at(container, "/a") is None


def test_an_empty_list_is_fine(container):
    container.up()
    before = mountinfo(container)

    for verb in ("add", "remove"):
        mounts(container, verb)

    assert mountinfo(container) == before


@pytest.mark.parametrize("verb", ["add", "remove"])
@pytest.mark.parametrize("text, wanted", [
    ("{\"destination\": \"/a\"}", "standard input: must be a list, not an object"),
    ("7", "standard input: must be a list, not a number"),
    ("[7]", "[0]: must be an object, not a number"),
    ("[{]", "line 1, column 3"),
    ("", "standard input: "),
    ("[{\"destination\": \"/a\", \"type\": \"tmpfs\"}, {\"type\": 7}]",
     "standard input: [1].type: must be a string, not a number; [1].destination: is required"),
    ("[{\"destination\": \"\"}, {\"destination\": \"/a\", \"options\": \"ro\"}]",
     "standard input: [0].destination: must not be empty; [1].options: must be a list, not a string"),
])
def test_a_wrong_document_is_reported_with_its_places(container, verb, text, wanted):
    container.up()
    before = mountinfo(container)

    out = container.runtime("mounts", verb, container.id, "-", input=text, check=False)

    assert out.returncode == 1
    assert wanted in out.stderr, out
    assert mountinfo(container) == before


def test_all_mistakes_are_reported_at_once(container, source):
    container.up()

    refused(container, "add", bind(source, "/a", "bind", "banana"), {"destination": "/b"}, tmpfs("/c"),
            bind("", "/d"), tmpfs("/e", "remount"), {"destination": "/f", "type": "cgroup"},
            bind(source, "/g", "bind", "idmap=uids=x"),
            texts=["[0].options: unknown option `banana`", "; [1].type: is missing", "; [3].source: ", "; [4].options: ",
                   "; [5].type: cgroup", "; [6].options: cannot read idmap"])

    assert mount_at(container, "/c") is None


def test_a_missing_document_is_named(container):
    container.up()

    out = container.runtime("mounts", "add", container.id, "/no/such/list", check=False)

    assert out.returncode == 1
    assert "open /no/such/list: No such file" in out.stderr


# --- the command line -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, text", [
    ([], "`mounts` requires a minimum of 3 arguments"), (["add"], "`mounts` requires a minimum of 3 arguments"),
    (["add", "x"], "`mounts` requires a minimum of 3 arguments"),
    (["add", "x", "-", "y"], "`mounts` requires a maximum of 3 arguments"),
    (["show", "x", "-"], "unknown command mounts show")])
def test_the_words_are_checked(container, words, text):
    out = container.runtime("mounts", *words, check=False)

    assert out.returncode == 1
    assert text in out.stderr
