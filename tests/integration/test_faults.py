# SPDX-License-Identifier: Apache-2.0
"""Faults, row by row of the table in the threat model: one clear line, no hang, nothing left."""
import json
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

from harness import machine
from harness.container import Hang
from harness.machine import wait_until

davit_only = pytest.mark.davit_only


def refused(container, *texts, how="run", **more):
    out = getattr(container, how)(["true"], check=False, **more)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    assert len(out.message.splitlines()) == 1 or machine.runtime_kind() != "davit", out
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []
    return out


def through_pipes(container, *words, limits=(), timeout=10, **more):
    """Like runtime(), with pipes instead of files: (returncode, stdout, stderr)."""
    running = container.launch(*words, limits=limits, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    try:
        out, err = running.process.communicate(timeout=timeout * machine.PATIENCE)
    except subprocess.TimeoutExpired:
        container.session.end_hang(running, timeout)
    container.session.forget(running.process)
    return running.process.returncode, out.decode(), err.decode()


# --- closed standard streams ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]], ids=str)
@pytest.mark.parametrize("how", ["run", "create"])
def test_closed_standard_streams(container, closed, how):
    """crun: SIGSEGV, nine cgroups and the state left."""
    if machine.runtime_kind() == "crun":
        pytest.skip("crun crashes")
    flags = [word for fd in closed for word in ("-x", str(fd))]
    if how == "run":
        out = container.run(["sh", "-c", "exec 2>/dev/null; echo x; exit 3"], limits=flags, check=False)
        assert out.returncode == 3
    else:
        container.create(["sleep", "1000"], limits=flags)
        container.start(limits=flags)
        assert container.status() == "running"
        container.exec(["true"], limits=flags)
        container.force_delete(limits=flags)


@pytest.mark.row("LX-03")
@davit_only
@pytest.mark.parametrize("closed", [[0], [1], [0, 1, 2]], ids=str)
def test_closed_streams_are_the_null_device_inside(container, closed):
    flags = [word for fd in closed for word in ("-x", str(fd))]

    container.run(["sh", "-c", "for n in 0 1 2; do readlink /proc/self/fd/$n; done > /links"], limits=flags)

    lines = (container.rootfs / "links").read_text().splitlines()
    assert len(lines) == 3
    if 0 in closed:
        assert lines[0] == "/dev/null"


@davit_only
def test_output_into_a_closed_pipe(container):
    """A reader that goes away: the runtime's own output must not become a crash."""
    container.up()
    reader, writer = os.pipe()
    os.close(reader)
    out = container.runtime("state", container.id, stdout=os.fdopen(writer, "wb"), check=False)

    assert out.returncode != 0
    assert out.returncode < 128 or out.returncode == 128 + signal.SIGPIPE or out.returncode == -signal.SIGPIPE


@davit_only
@pytest.mark.parametrize("words", [["state", "ID"], ["list"], ["list", "-f", "json"], ["features"], ["--version"], ["--help"],
                                   ["ps", "-f", "json", "ID"]], ids=" ".join)
def test_a_full_standard_output_is_an_error(container, words):
    container.up()
    with open("/dev/full", "wb") as full:
        out = container.runtime(*[container.id if w == "ID" else w for w in words], stdout=full, check=False)

    assert out.returncode == 1
    assert "No space left" in out.stderr


# --- files of the image ---------------------------------------------------------------------------------------------------

def odd_file(path, kind):
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "socket":
        server = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        os.chdir(path.parent)
        server.bind(path.name)
        os.chdir(here)
        server.close()
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "tty":
        path.symlink_to("/dev/tty")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "sparse":
        path.touch()
        os.truncate(path, 5 << 30)
    elif kind == "long line":
        path.write_bytes(b"root:x:0:0:" + b"x" * 10_000_000)
    elif kind == "many lines":
        path.write_bytes(b"user:x:5:5::/home:/bin/sh\n" * 400_000)
    else:
        path.write_bytes(kind.encode("latin-1").decode("unicode_escape").encode("latin-1"))


ODD = ["fifo", "directory", "socket", "zero", "tty", "loop", "sparse", "long line", "many lines"]
ODD_TEXT = ["", "+", "+::::::", ":::::::", "root", "root:x:zero:0::/r:", "root:x:-1:0::/r:", "root:x:99999999999:0::/r:",
            "\\0\\0\\0", "root:x:0:0:root:relative:/bin/sh", "root:x:0:0:root:/a\\x1bb:/bin/sh"]


@davit_only
@pytest.mark.parametrize("name", ["passwd", "group"])
@pytest.mark.parametrize("kind", ODD + ODD_TEXT)
def test_an_odd_user_database_in_the_image(container, name, kind):
    """FIFO: both peers hang for ever."""
    odd_file(container.rootfs / "etc" / name, kind)

    out = container.run(["probe"], check=False, timeout=4)

    if out.returncode == 0:
        seen = out.json
        assert (seen["uid"], seen["gid"], seen["groups"]) == (0, 0, [])
        [home] = [e for e in seen["env"] if e.startswith("HOME=")]
        assert home in ("HOME=/", "HOME=/root")
    else:
        assert out.returncode == 1
        assert f"/etc/{name}" in out.stderr


@davit_only
@pytest.mark.parametrize("kind", ["fifo", "zero", "sparse"])
def test_an_odd_user_database_in_exec(container, kind):
    container.up()
    odd_file(container.rootfs / "etc/passwd", kind)

    out = container.exec(["probe"], options=["--user", "5"], check=False, timeout=4)

    assert (out.returncode == 0 and out.json["uid"] == 5) or (out.returncode == 255 and "/etc/passwd" in out.stderr)


# --- state files --------------------------------------------------------------------------------------------------------

def drop_empty_cgroups(container):
    """What nobody can know any more when the record is damaged; it must be empty."""
    for path in container.cgroup_dirs():
        os.rmdir(path)


def record_path(container):
    for name in ("state.json", "status"):
        if (container.state_dir / name).exists():
            return container.state_dir / name
    raise AssertionError(os.listdir(container.state_dir))


DAMAGE = {
    "empty": lambda p, text: p.write_text(""), "half": lambda p, text: p.write_text(text[:len(text) // 2]),
    "garbage": lambda p, text: p.write_bytes(os.urandom(300)), "array": lambda p, text: p.write_text("[]"),
    "null": lambda p, text: p.write_text("null"), "object": lambda p, text: p.write_text("{}"),
    "types": lambda p, text: p.write_text(json.dumps({k: [] for k in json.loads(text)})),
    "huge": lambda p, text: os.truncate(p, 1 << 32),
    "fifo": lambda p, text: (p.unlink(), os.mkfifo(p)), "directory": lambda p, text: (p.unlink(), p.mkdir()),
    "link": lambda p, text: (p.unlink(), p.symlink_to("/etc/passwd")),
    "gone": lambda p, text: p.unlink(),
}


@davit_only
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_state_file_hurts_only_its_own_container(new_container, kind):
    """crun: `list` fails; a FIFO hangs every command of both peers."""
    good, bad = new_container(), new_container()
    good.up()
    bad.up()
    bad.stop()
    path = record_path(bad)
    DAMAGE[kind](path, path.read_text())

    listed = {e["id"]: e for e in good.list(timeout=3)}
    assert listed[good.id]["status"] == "running"
    table = good.runtime("list", timeout=3)
    assert good.id in table.stdout
    shown = bad.runtime("state", bad.id, check=False, timeout=3)
    assert shown.returncode == 1
    assert bad.id in shown.stderr
    assert bad.exec(["true"], check=False, timeout=3).returncode == 255
    assert bad.kill("KILL", check=False, timeout=3).returncode == 1
    bad.delete("--force", timeout=5)
    assert not bad.state_dir.exists()
    assert good.status() == "running"
    drop_empty_cgroups(bad)


@davit_only
@pytest.mark.parametrize("kind", ["half", "garbage", "types"])
def test_a_damaged_state_file_needs_force_to_be_deleted(container, kind):
    """crun deletes it without."""
    container.up()
    container.stop()
    path = record_path(container)
    DAMAGE[kind](path, path.read_text())

    out = container.delete(check=False)

    assert out.returncode == 1
    assert container.state_dir.exists()
    drop_empty_cgroups(container)


@davit_only
def test_a_damaged_state_file_is_marked_in_the_list(new_container):
    good, bad = new_container(), new_container()
    good.up()
    bad.create(["true"])
    pid = bad.pid
    record_path(bad).write_text("{")

    out = good.runtime("list")

    assert bad.id in out.stdout + out.stderr
    os.kill(pid, 9)
    bad.wait_dead(pid)
    drop_empty_cgroups(bad)


@davit_only
def test_strange_entries_of_the_state_root_are_skipped(container):
    container.up()
    (container.root / "file").write_text("x")
    os.mkfifo(container.root / "fifo")
    (container.root / "empty-directory").mkdir()
    (container.root / "link").symlink_to("/")
    (container.root / "..dots").mkdir()

    listed = container.list(timeout=3)

    assert [e["id"] for e in listed if e["status"] == "running"] == [container.id]
    for name in ("file", "fifo", "link"):
        os.unlink(container.root / name)
    for name in ("empty-directory", "..dots"):
        os.rmdir(container.root / name)


@davit_only
def test_a_container_directory_that_is_a_link_is_not_followed(container):
    other = container.directory / "other"
    other.mkdir()
    (other / "keep").write_text("")
    container.root.mkdir(mode=0o700)
    container.state_dir.symlink_to(other)

    for words in (["state", container.id], ["delete", container.id], ["delete", "--force", container.id], ["kill", container.id]):
        container.runtime(*words, check=False)
    container.create(["true"], check=False)

    assert (other / "keep").exists()
    assert os.listdir(other) == ["keep"]
    if os.path.lexists(container.state_dir):
        os.unlink(container.state_dir)


@davit_only
@pytest.mark.parametrize("kind", ["file", "fifo", "link to file", "parent is a file"])
def test_a_state_root_that_is_none(container, kind):
    root = container.root
    if kind == "file":
        root.write_text("")
    elif kind == "fifo":
        os.mkfifo(root)
    elif kind == "link to file":
        root.symlink_to("/etc/passwd")
    else:
        (container.directory / "f").write_text("")
        container.root = root = container.directory / "f/state"

    out = container.run(["true"], check=False, timeout=4)

    assert out.returncode == 1
    assert str(root) in out.stderr
    container.root = container.directory / "never"
    if kind != "parent is a file":
        os.unlink(root)


@davit_only
@pytest.mark.parametrize("mode, owner", [(0o777, None), (0o700, 54322)])
def test_a_state_root_that_others_can_write_is_refused(container, mode, owner):
    container.root.mkdir(mode=0o700)
    os.chown(container.root, owner or container.owner, owner or container.owner)
    container.root.chmod(mode)

    refused(container, str(container.root))


# --- full and read-only disks -------------------------------------------------------------------------------------------

@pytest.fixture
def small_disk(container, session):
    """A function that mounts a tmpfs over the state root, in the view only."""
    container.root.mkdir(mode=0o700)
    container.give(container.root)
    enter = container.enter()
    owner = f",uid={container.owner},gid={container.owner}" if container.mode == "rootless" else ""
    mounted = []

    def mount(options, fill=False):
        subprocess.run(enter + ["mount", "-t", "tmpfs", "-o", options + owner, "tmpfs", str(container.root)], check=True)
        mounted.append(True)
        if fill:
            subprocess.run(enter + ["sh", "-c", f"dd if=/dev/zero of={container.root}/.fill bs=1k count=9999"], check=False,
                           stderr=subprocess.DEVNULL)
        return f"/proc/{container.caller_pid()}/root{container.root}"
    yield mount
    for _ in mounted:
        subprocess.run(enter + ["umount", str(container.root)], check=True)


@davit_only
@pytest.mark.parametrize("options, fill", [("size=4k,mode=700", True), ("size=8k,mode=700", True), ("nr_inodes=2,mode=700", False),
                                           ("nr_inodes=3,mode=700", False), ("nr_inodes=4,mode=700", False)])
@pytest.mark.parametrize("how", ["run", "create"])
def test_a_full_disk_under_the_state_root(container, small_disk, options, fill, how):
    """crun: half-made state left."""
    place = small_disk(options, fill)

    out = getattr(container, how)(["true"], check=False)

    assert out.returncode in (0, 1)
    if out.returncode == 1:
        assert "No space left on device" in out.stderr
        assert [n for n in os.listdir(place) if not n.startswith(".")] == []
    elif how == "create":
        container.runtime("delete", "--force", container.id)
    assert [n for n in os.listdir(place) if not n.startswith(".")] == []


@davit_only
def test_a_read_only_state_root(container, small_disk):
    small_disk("ro,mode=700")

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "Read-only file system" in out.stderr


@davit_only
def test_a_disk_that_fills_after_create_does_not_stop_the_end(container, small_disk):
    place = small_disk("size=64k,mode=700")
    container.create(["sleep", "1000"])
    subprocess.run(container.enter() + ["sh", "-c", f"dd if=/dev/zero of={container.root}/.fill bs=1k count=9999"],
                   check=False, stderr=subprocess.DEVNULL)

    container.start(check=False)
    container.runtime("delete", "--force", container.id)

    assert [n for n in os.listdir(place) if not n.startswith(".")] == []


# --- limits of the runtime -----------------------------------------------------------------------------------------------

@davit_only
@pytest.mark.parametrize("size", [0, 1, 100, 1000])
def test_a_small_file_size_limit(container, size):
    """crun: killed by SIGXFSZ."""
    container.args = ["true"]
    container.write_config()

    code, _out, err = through_pipes(container, "run", container.id, limits=["-l", f"fsize={size}:{size}"])

    assert code in (0, 1)
    if code:
        assert "File too large" in err
    assert not container.state_dir.exists()


@pytest.mark.lean
@davit_only
@pytest.mark.parametrize("number", list(range(3, 21)))
def test_few_descriptors(container, number):
    container.process["rlimits"] = []
    container.args = ["true"]
    container.write_config()

    code, _out, err = through_pipes(container, "run", container.id, limits=["-l", f"nofile={number}:{number}"])

    assert code in (0, 1) or (number == 3 and code == 127)      # 127: the loader finds no descriptor for libc
    if code == 1:
        assert "Too many open files" in err, err
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []


@pytest.mark.lean
@davit_only
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("how", ["run", "create"])
def test_few_processes(container, session, number, how):
    path = f"{machine.hierarchies()['pids']}/{session.group}/{container.id}-limit"
    os.mkdir(path)
    machine.write(f"{path}/pids.max", str(number))
    container.wrapper = ["sh", "-c", f'echo $$ > {path}/cgroup.procs; exec "$@"', "sh"]
    try:
        out = getattr(container, how)(["true"], check=False)

        assert out.returncode in (0, 1)
        if out.returncode:
            assert "Resource temporarily unavailable" in out.stderr
            assert not container.state_dir.exists()
            assert container.cgroup_dirs() == []
    finally:
        container.finish()
        machine.remove_cgroup(path)


@pytest.mark.lean
@davit_only
def test_little_address_space(container):
    container.args = ["true"]
    container.write_config()

    for megabytes in (2, 3, 4, 6, 8, 16):
        code, _out, _err = through_pipes(container, "run", container.id,
                                         limits=["-l", f"as={megabytes << 20}:{megabytes << 20}"])
        assert code in (0, 1, 127, 134, -6), megabytes
        if container.state_dir.exists():
            container.force_delete()


# --- pid files and other outputs ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["full", "/no/such/dir/pid", "/"])
@pytest.mark.parametrize("how", ["create", "run_detached", "run"])
def test_a_pid_file_that_cannot_be_written(container, path, how):
    """runc renames a regular file over /dev/full."""
    if path == "full":
        path = container.full_device()
    container.pid_file = path

    options = ["--pid-file", path] if how == "run" else []
    out = getattr(container, how)(["sleep", "1000"], options=options, check=False)

    assert out.returncode == 1
    assert out.stderr.strip()
    assert not container.state_dir.exists()
    if path.endswith("full"):
        assert stat.S_ISCHR(os.stat(path).st_mode)


@davit_only
@pytest.mark.parametrize("kind", ["fifo", "directory", "socket", "device"])
def test_a_pid_file_never_replaces_what_is_no_file(container, kind):
    path = container.directory / "odd"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    else:
        path.touch()
        odd_file(path, "socket")
    before = path.stat()

    out = container.create(["true"], options=["--pid-file", str(path)], check=False, timeout=4)

    assert path.stat().st_ino == before.st_ino and path.stat().st_mode == before.st_mode
    assert out.returncode in (0, 1)


def test_a_pid_file_replaces_an_old_one(container):
    container.pid_file.write_text("99999999")
    container.give(container.pid_file)
    container.create(["true"])

    assert int(container.pid_file.read_text()) == container.state()["pid"]


# --- hooks that hang ------------------------------------------------------------------------------------------------------------

def hanging_hook(container, kind="createRuntime"):
    mark = container.directory / "hook-runs"
    # The host's procfs, which a createContainer hook still sees, knows it by its number there.
    script = container.host_script("hang", f"read pid rest < /proc/self/stat\necho $pid > {mark}\nexec sleep 1000\n")
    container.spec["hooks"] = {kind: [{"path": script}]}
    return mark


@davit_only
@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
@pytest.mark.row("UB-02")
def test_a_runtime_that_is_told_to_end_while_a_hook_hangs_ends(container, kind, name):
    """Both peers go on waiting."""
    mark = hanging_hook(container, kind)
    running = container.start_run(["true"])
    wait_until(lambda: machine.read(mark).strip())

    os.kill(running.pid, signal.Signals[f"SIG{name}"])
    out = running.wait(4)

    assert out.returncode != 0
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []


@davit_only
@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_after_kill_9_of_the_runtime_the_hanging_hook_is_killed_with_the_container(container, kind):
    """Both peers leave the hook after `delete -f`."""
    mark = hanging_hook(container, kind)
    running = container.start_run(["true"])
    wait_until(lambda: machine.read(mark).strip())

    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert container.listed() is None or container.listed()["status"] in ("creating", "stopped")
    container.force_delete()

    hook = int(machine.read(mark))
    wait_until(lambda: container.session.orphans() is not None and not machine.is_alive(hook), what="the end of the hook")


# --- frozen from outside ---------------------------------------------------------------------------------------------------------

@davit_only
def test_a_frozen_created_container_is_not_started(container):
    container.create(["echo", "ran"])
    path = container.cgroup_of()["freezer"]
    file = f"{machine.hierarchies()['freezer']}{path}/freezer.state"
    machine.write(file, "FROZEN")
    wait_until(lambda: machine.read(file).strip() == "FROZEN")

    out = container.start(check=False, timeout=4)

    assert out.returncode == 1
    assert "paused" in out.stderr or "frozen" in out.stderr
    container.force_delete(timeout=5)


@davit_only
@pytest.mark.views("hybrid", "v1", "v2")
@pytest.mark.row("UB-03")
def test_a_frozen_container_is_deleted_by_force(container):
    container.up(["probe", "fork", "3"])
    container.pause()

    out = container.force_delete(timeout=5)

    assert out.stderr == ""


@davit_only
@pytest.mark.row("UB-03")
def test_exec_into_a_container_frozen_from_outside_does_not_hang(container):
    container.up()
    path = container.cgroup_of()["freezer"]
    machine.write(f"{machine.hierarchies()['freezer']}{path}/freezer.state", "FROZEN")

    out = container.exec(["true"], check=False, timeout=4)

    assert out.returncode == 255


# --- several at once --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("round_number", range(4))
@pytest.mark.row("UB-40")
def test_eight_creates_of_one_id_have_exactly_one_winner(container, round_number):
    """runc: two winners in 2 of 15, with leaks."""
    container.args = ["sleep", "1000"]
    container.write_config()

    running = [container.launch("create", container.id) for _ in range(8)]
    results = [r.wait() for r in running]

    assert sorted(r.returncode for r in results) == [0] + [1] * 7
    if machine.runtime_kind() == "davit":
        assert all("exist" in r.stderr for r in results if r.returncode)
    assert container.status() == "created"
    container.start()
    assert container.exec(["echo", "ok"]).stdout == "ok\n"


@davit_only
def test_many_commands_on_one_container_at_once(container):
    container.up(["probe", "fork", "2"])
    # No exec: one that meets the pause waits for the resume, as it should.
    words = [["state", container.id], ["list"], ["ps", container.id], ["pause", container.id], ["resume", container.id]] * 4

    results = [r.wait() for r in [container.launch(*w) for w in words]]

    assert all(r.returncode in (0, 1, 255) for r in results)
    assert all(r.returncode == 0 for r in results if r.args[3] in ("state", "list"))
    container.resume(check=False)
    assert container.status() == "running"


@davit_only
@pytest.mark.parametrize("round_number", range(5))
def test_start_kill_and_delete_at_once(container, round_number):
    container.create(["sleep", "1000"])
    words = [["start", container.id], ["kill", container.id, "KILL"], ["delete", "--force", container.id],
             ["delete", "--force", container.id], ["state", container.id], ["exec", container.id, "true"]]

    results = [r.wait() for r in [container.launch(*w) for w in words]]

    assert all(r.returncode in (0, 1, 137, 255) for r in results), [str(r) for r in results]
    container.force_delete()
    assert container.cgroup_dirs() == []


@davit_only
def test_exec_into_a_container_that_is_being_deleted(container):
    container.up()
    execs = [container.start_exec(["sleep", "1000"], options=[]) for _ in range(4)]
    container.force_delete()
    execs += [container.start_exec(["true"]) for _ in range(2)]

    assert all(e.wait().returncode in (137, 255, 1) for e in execs)


@pytest.mark.row("UB-40")
def test_parallel_lives_of_many_containers(new_container):
    containers = [new_container() for _ in range(12)]
    for c in containers:
        c.args = ["sh", "-c", "echo $HOSTNAME; exit 5"]
    running = [c.start_run() for c in containers]

    assert [r.wait(30).returncode for r in running] == [5] * 12


@davit_only
@pytest.mark.slow
def test_a_list_of_many_containers(container):
    """Records of 1,000 stopped containers, made from one real one."""
    container.up()
    container.stop()
    text = record_path(container).read_text()
    names = [f"{container.id}-{i}" for i in range(1000)]
    for name in names:
        directory = container.root / name
        directory.mkdir(mode=0o700)
        path = directory / record_path(container).name
        path.write_text(text.replace(f'"{container.id}"', f'"{name}"'))
        path.chmod(0o600)
    try:
        out = container.runtime("list", "--format", "json")

        assert len(out.json) == 1001
        assert out.seconds < 1.5 * machine.PATIENCE
    finally:
        for name in names:
            (container.root / name / record_path(container).name).unlink()
            (container.root / name).rmdir()


# --- system calls that fail -----------------------------------------------------------------------------------------------------

def calls_of_run(container):
    """{system call: how often} of one undisturbed run, all its processes."""
    container.without_ranges()
    trace = container.directory / "undisturbed"
    container.wrapper = ["strace", "-f", "-qq", "-o", str(trace)]
    container.run(["echo", "ok"])
    container.wrapper = []
    found = {}
    for line in machine.read(trace).splitlines():
        name = line.split(None, 1)[1].partition("(")[0]
        if name.isidentifier():
            found[name] = found.get(name, 0) + 1
    return found


# What cannot fail in a kernel, or ends the process that strace has to see to its end.
NEVER_FAIL = {"exit", "exit_group", "rt_sigreturn", "brk", "arch_prctl", "set_tid_address", "getpid", "gettid", "getuid", "geteuid",
              "getgid", "getegid", "restart_syscall", "rseq", "set_robust_list", "execve",
              "mmap",  # nearly all are of the loader, before main
              "close"}  # Linux closes a descriptor whatever it answers: close(2)


@davit_only
@pytest.mark.slow
@pytest.mark.parametrize("error", ["EPERM", "ENOMEM", "ENOSYS", "EIO"])
def test_any_failing_system_call_of_run(new_container, error):
    """Each call in turn fails once, each error at another place: the first, the last, between.  It works
    all the same, or one line says why not, and nothing is left."""
    container = new_container()
    problems = []
    for call, count in sorted(calls_of_run(container).items()):
        if call in NEVER_FAIL:
            continue
        place = {"EPERM": 1, "ENOMEM": count, "ENOSYS": (count + 1) // 2, "EIO": max(1, count - 1)}[error]
        container.wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                             "-e", f"inject={call}:error={error}:when={place}"]
        label = f"{call} number {place} of {count}"
        try:
            out = container.run(["echo", "ok"], check=False, timeout=8)
            container.wrapper = []
            assert out.returncode in (0, 1, 127), out
            assert out.returncode == 0 or out.stderr.strip(), f"no message: {out}"
            if container.state_dir.exists():
                # Only a removal that failed may leave something, and `delete --force` has to find it.
                assert "remove" in out.stderr or call in ("unlinkat", "getdents64", "rmdir") or out.returncode == 0, \
                    f"state left: {out}"
                container.force_delete()
            left = new_container.snapshot.leftovers([container], seconds=1)
            assert not left, left
        except (AssertionError, Hang) as problem:
            problems.append(f"{label}: {str(problem)[:500]}")
            container.wrapper = []
            container.force_delete(check=False)
            new_container.snapshot.sweep()
    assert not problems, "\n".join(problems)


@davit_only
@pytest.mark.slow
@pytest.mark.parametrize("call", ["read", "write", "openat", "poll", "ppoll", "recvmsg", "sendmsg", "waitid", "wait4", "flock",
                                  "connect", "accept4"])
def test_an_interrupted_system_call_of_run_is_taken_up_again(container, call):
    container.without_ranges()
    trace = str(container.directory / "trace")
    container.wrapper = ["strace", "-qq", "-o", trace, "-e", f"trace={call}", "-e", f"inject={call}:error=EINTR:when=1..3"]

    out = container.run(["echo", "ok"], check=False, timeout=8)

    if "INJECTED" not in machine.read(trace):
        pytest.skip(f"run does not call {call}")
    assert out.returncode in (0, 1) or (out.returncode == 127 and "shared libraries" in out.stderr)
    assert out.returncode != 1 or "Interrupted system call" in out.stderr
    assert not container.state_dir.exists()
