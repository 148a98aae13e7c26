# SPDX-License-Identifier: Apache-2.0
"""Known weaknesses of runtimes, row by row of the threat model.  Only checks that the runtime
refuses, or that the host is unchanged; nothing here attacks anything."""
import hashlib
import os
import shutil
import stat
import subprocess
import threading
import time

import pytest

from harness import machine
from harness.machine import wait_until

davit_only = pytest.mark.davit_only


@pytest.fixture
def decoy(container):
    """A directory of the host, outside the bundle, that nothing may change."""
    path = container.directory / "decoy"
    path.mkdir(mode=0o755)
    (path / "file").write_text("untouched\n")
    (path / "file").chmod(0o644)
    yield path
    assert sorted(os.listdir(path)) == ["file"], "something was made outside the container"
    assert (path / "file").read_text() == "untouched\n"
    status = (path / "file").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, 0, 0o644)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


def privileged(container):
    names = ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_FOWNER", "CAP_MKNOD", "CAP_KILL"]
    container.process["capabilities"] = {name: list(names) for name in ("bounding", "effective", "permitted")}


def outside(container, decoy):
    """A relative path that climbs out of the rootfs to the decoy, and the absolute one."""
    return [str(decoy), os.path.relpath(decoy, container.rootfs), "/" + "../" * 20 + str(decoy).lstrip("/")]


# --- our own binary -----------------------------------------------------------------------------------------------

@pytest.fixture
def own_binary(container):
    """A private copy of the runtime, writable by root, and its hash."""
    path = container.directory / "runtime"
    shutil.copyfile(machine.RUNTIME, path)
    path.chmod(0o755)
    container.runtime_path = str(path)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    yield path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before, "the runtime's binary was changed"


@davit_only
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("how", ["run", "exec"])
@pytest.mark.parametrize("form", ["args", "interpreter", "link"])
def test_the_runtimes_binary_cannot_be_the_program(container, own_binary, how, form):
    """CVE-2019-5736: the entry point is /proc/self/exe."""
    program = "/proc/self/exe"
    if form == "interpreter":
        container.guest_script("start", "")
        (container.rootfs / "bin/start").write_text("#!/proc/self/exe\n")
        program = "/bin/start"
    elif form == "link":
        (container.rootfs / "bin/start").symlink_to("/proc/self/exe")
        program = "/bin/start"
    if how == "run":
        out = container.run([program, "--version"], check=False, timeout=5)
    else:
        container.up()
        out = container.exec([program, "--version"], check=False, timeout=5)

    assert "commit:" not in out.stdout or how == "impossible"
    assert out.returncode != 0


@davit_only
@pytest.mark.views("hybrid", "oldkernel")
def test_the_binary_of_a_joining_exec_cannot_be_opened_for_writing(container, own_binary):
    """A process inside watches for new pids and tries /proc/PID/exe."""
    privileged(container)
    container.guest_script("watch", 'while :; do for p in /proc/[0-9]*; do\n'
                           'case "$(readlink $p/exe)" in /bin/*|"") ;; *) echo "$(readlink $p/exe)" >> /seen;\n'
                           'r=$(probe open $p/exe w); [ "$r" = ok ] && echo opened >> /opened;; esac; done; done')
    container.up(["watch"])
    for _ in range(15):
        container.exec(["true"])

    assert not (container.rootfs / "opened").exists(), machine.read(container.rootfs / "seen")


@davit_only
def test_init_before_start_cannot_be_traced_from_inside(new_container):
    """The waiting init of a pod's second container shares the pid namespace of the first."""
    first, second = new_container(), new_container()
    privileged(first)
    first.up()
    second.namespace("pid")["path"] = f"/proc/{first.pid}/ns/pid"
    second.share_user_namespace(first)
    second.create(["sleep", "1000"])

    inner = machine.read(f"/proc/{second.pid}/status")
    [pids] = [line.split()[1:] for line in inner.splitlines() if line.startswith("NSpid")]
    out = first.exec(["sh", "-c", f"probe open /proc/{pids[-1]}/exe w; probe open /proc/{pids[-1]}/mem w"])

    assert "ok" not in out.stdout.split()[:1]


# --- descriptors and directories -------------------------------------------------------------------------------------

@pytest.mark.parametrize("number", range(3, 21))
@pytest.mark.parametrize("how", ["run", "exec"])
def test_a_working_directory_that_is_a_descriptor(container, number, how):
    """CVE-2024-21626."""
    directory = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    os.set_inheritable(directory, True)
    try:
        if how == "run":
            container.process["cwd"] = f"/proc/self/fd/{number}"
            out = container.run(["sh", "-c", "ls -d work var 2>/dev/null; readlink /proc/self/cwd"], check=False,
                                pass_fds=(directory,))
        else:
            container.up()
            out = container.exec(["sh", "-c", "ls -d work 2>/dev/null; readlink /proc/self/cwd"], check=False,
                                 options=["--cwd", f"/proc/self/fd/{number}"], pass_fds=(directory,))
    finally:
        os.close(directory)

    assert "work" not in out.stdout.split()
    assert "unreachable" not in out.stdout
    if machine.runtime_kind() == "davit":
        assert out.returncode == (1 if how == "run" else 255)
        assert f"/proc/self/fd/{number}" in out.stderr


@davit_only
@pytest.mark.parametrize("number", [3, 7, 8, 9])
def test_a_working_directory_that_leads_to_a_descriptor(container, number):
    (container.rootfs / "dir").symlink_to(f"/proc/self/fd/{number}")
    container.process["cwd"] = "/dir"

    out = container.run(["pwd"], check=False)

    assert out.returncode == 1
    assert out.stdout == ""


@davit_only
@pytest.mark.parametrize("number", [3, 7, 8])
def test_a_program_that_is_reached_through_a_descriptor(container, number):
    directory = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    os.set_inheritable(directory, True)
    try:
        out = container.run([f"/proc/self/fd/{number}/bin/busybox", "echo", "escaped"], check=False, pass_fds=(directory,))
    finally:
        os.close(directory)

    assert out.returncode == 1
    assert "escaped" not in out.stdout


# --- /proc, /sys and /dev that are something else -----------------------------------------------------------------------

@pytest.mark.parametrize("name", ["proc", "sys"])
def test_a_link_in_place_of_proc_or_sys_is_refused(container, decoy, name):
    """CVE-2019-19921, CVE-2023-27561."""
    for target in outside(container, decoy) + ["/tmp", "tmp"]:
        os.rmdir(container.rootfs / name) if not (container.rootfs / name).is_symlink() else os.unlink(container.rootfs / name)
        (container.rootfs / name).symlink_to(target)

        out = container.run(["true"], check=False)

        assert out.returncode == 1, (target, out)
        assert f"/{name}" in out.stderr
        os.unlink(container.rootfs / name)
        (container.rootfs / name).mkdir()


@davit_only
@pytest.mark.parametrize("kind", ["tmpfs", "bind", "self", "sys"])
def test_a_fake_proc_does_not_catch_what_the_runtime_writes(container, session, kind):
    """CVE-2019-16884, CVE-2025-52881: applied for real, or refused; never a silent success."""
    fake = container.directory / "fake"
    (fake / "sys/net/ipv4").mkdir(parents=True)
    (fake / "sys/net/ipv4/ip_forward").write_text("0\n")
    (fake / "self/attr").mkdir(parents=True)
    (fake / "oom_score_adj").write_text("0\n")
    container.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    container.process["oomScoreAdj"] = 321
    container.linux["maskedPaths"] = container.linux["readonlyPaths"] = []
    if kind == "tmpfs":
        container.add_mount("/proc", "tmpfs", "tmpfs", ["mode=755"])
    elif kind == "bind":
        container.add_mount("/proc", fake, "bind", ["rbind"])
    elif kind == "self":
        container.add_mount("/proc/self", fake / "self", "bind", ["bind"])
    else:
        container.add_mount("/proc/sys", fake / "sys", "bind", ["bind"])

    out = container.create(["sleep", "1000"], check=False)

    if out.returncode != 0:
        assert out.returncode == 1 and "/proc" in out.stderr
        return
    real = subprocess.run(["nsenter", "-t", str(container.pid), "-n", "cat", "/proc/sys/net/ipv4/ip_forward"],
                          capture_output=True, text=True, check=True)
    assert real.stdout == "1\n"
    assert machine.read(f"/proc/{container.pid}/oom_score_adj") in ("321\n", machine.read("/proc/self/oom_score_adj"))
    container.start()
    wait_until(lambda: machine.read(f"/proc/{container.pid}/oom_score_adj") == "321\n")
    assert (fake / "sys/net/ipv4/ip_forward").read_text() == "0\n"


@davit_only
@pytest.mark.parametrize("mounted", [True, False], ids=["with /dev mount", "without"])
def test_a_link_in_place_of_dev(container, decoy, mounted):
    """CVE-2026-47766: devices only inside, or refused."""
    if not mounted:
        container.spec["mounts"] = [m for m in container.spec["mounts"] if not m["destination"].startswith("/dev")]
    for target in outside(container, decoy):
        dev = container.rootfs / "dev"
        os.unlink(dev) if dev.is_symlink() else shutil.rmtree(dev)
        dev.symlink_to(target)
        before = sorted(os.listdir(decoy))

        out = container.run(["true"], check=False)

        assert out.returncode in (0, 1)
        assert sorted(os.listdir(decoy)) == before


@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("kind", ["directory", "file"])
def test_a_link_in_place_of_a_mount_point_never_leads_outside(container, decoy, kind):
    source = container.directory / "source"
    source.mkdir()
    (source / "file").write_text("source\n")
    for number, target in enumerate(outside(container, decoy)):
        name = f"point{number}"
        (container.rootfs / name).symlink_to(target + ("/new" if kind == "file" else "/new/dir"))
        container.add_mount(f"/{name}", source if kind == "directory" else source / "file", "bind", ["bind"])

    container.run(["true"], check=False)        # the fixture looks at the decoy


@davit_only
def test_a_link_in_the_middle_of_a_mount_point_never_leads_outside(container, decoy):
    source = container.directory / "source"
    source.mkdir()
    (container.rootfs / "way").symlink_to(str(decoy))
    container.add_mount("/way/new/dir", source, "bind", ["bind"])
    container.linux["devices"] = [{"path": "/way/null", "type": "c", "major": 1, "minor": 3}]
    container.process["cwd"] = "/way/work"

    container.run(["true"], check=False)


@davit_only
def test_masks_and_read_only_paths_never_lead_outside(container, decoy):
    (container.rootfs / "way").symlink_to(str(decoy))
    container.linux["maskedPaths"] = ["/way/file", "/way"]
    container.linux["readonlyPaths"] = ["/way"]

    container.run(["true"], check=False)
    (decoy / "file").write_text("untouched\n")      # still writable


@davit_only
@pytest.mark.slow
@pytest.mark.views("hybrid", "oldkernel")
def test_a_mount_point_that_is_swapped_for_a_link_during_the_run(container, decoy):
    """CVE-2021-30465, CVE-2024-45310: a thread swaps a directory of a shared volume for a link."""
    volume = container.directory / "volume"
    (volume / "dir").mkdir(parents=True)
    (volume / "link").symlink_to(str(decoy))
    container.add_mount("/vol", volume, "bind", ["rbind"])
    container.add_mount("/vol/dir/made", "tmpfs", "tmpfs", ["size=1m"])
    container.linux["maskedPaths"] = ["/vol/dir/file"]
    stop = threading.Event()

    def swap():
        import ctypes
        a, b = bytes(volume / "dir"), bytes(volume / "link")
        while not stop.is_set():
            machine.LIBC.renameat2(-100, a, -100, b, 2)     # RENAME_EXCHANGE
            time.sleep(0.0002)
        assert ctypes

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(40):
            container.run(["true"], check=False)
            assert sorted(os.listdir(decoy)) == ["file"]
    finally:
        stop.set()
        thread.join()


@davit_only
@pytest.mark.parametrize("kind", ["link to nothing", "link to file", "fifo", "directory"])
def test_a_console_that_is_something_else_in_the_image(container, decoy, kind):
    """CVE-2025-52565: crun created the file in the decoy and changed its mode."""
    container.process["terminal"] = True
    container.spec["mounts"] = [m for m in container.spec["mounts"] if not m["destination"].startswith("/dev") or
                                m["destination"] == "/dev/pts"]
    path = container.rootfs / "dev/console"
    if kind == "link to nothing":
        path.symlink_to(str(decoy / "new"))
    elif kind == "link to file":
        path.symlink_to(str(decoy / "file"))
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    console = container.open_console()

    out = container.create(["true"], options=["--console-socket", console.path], check=False, timeout=5)

    assert out.returncode in (0, 1)


@davit_only
@pytest.mark.parametrize("name", ["ptmx", "pts", "fd", "stdin", "null", "zero", "tty"])
def test_links_in_the_images_dev_are_not_followed(container, decoy, name):
    container.spec["mounts"] = [m for m in container.spec["mounts"] if not m["destination"].startswith("/dev")]
    (container.rootfs / "dev" / name).symlink_to(str(decoy / "file"))

    out = container.run(["true"], check=False)

    assert out.returncode in (0, 1)         # and the decoy is as it was: see the fixture


def test_the_owner_of_a_null_device_outside_is_not_changed(container):
    """CVE-class of stdio handling: standard input is /dev/null, the user is another one."""
    before = os.stat("/dev/null")
    container.process["user"] = {"uid": 1000, "gid": 1000}
    container.linux["maskedPaths"] = []
    container.run(["true"])

    after = os.stat("/dev/null")
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


@davit_only
def test_a_working_directory_is_not_made_through_a_link_outside(container, decoy):
    (container.rootfs / "way").symlink_to(str(decoy))
    container.process["cwd"] = "/way/new"

    container.run(["true"], check=False)


# --- messages, sizes, names ------------------------------------------------------------------------------------------

@davit_only
@pytest.mark.parametrize("count", [341, 5000])
def test_thousands_of_mappings_are_refused_with_the_limit(container, count):
    """CVE-2021-43784: a 16-bit length wrapped."""
    container.linux["namespaces"].append({"type": "user"})
    for name in ("uidMappings", "gidMappings"):
        container.linux[name] = [{"containerID": i, "hostID": 100000 + i, "size": 1} for i in range(count)]

    out = container.run(["true"], check=False, timeout=5)

    assert out.returncode == 1
    assert "Mappings" in out.stderr or "mapping" in out.stderr


@davit_only
@pytest.mark.parametrize("size", [65535, 65536, 65537, 1 << 20])
@pytest.mark.parametrize("where", ["arg", "env", "annotation", "destination", "cwd"])
def test_very_long_strings_arrive_or_are_refused(container, where, size):
    text = "x" * size
    if where == "arg":
        container.args = ["sh", "-c", "echo ${#1}", "sh", text]
    elif where == "env":
        container.process["env"].append(f"LONG={text}")
        container.args = ["sh", "-c", "echo ${#LONG}"]
    elif where == "annotation":
        container.spec["annotations"] = {"long": text}
        container.args = ["echo", str(size)]
    elif where == "destination":
        container.add_mount("/" + text, "tmpfs", "tmpfs", [])
        container.args = ["echo", str(size)]
    else:
        container.process["cwd"] = "/" + text
        container.args = ["echo", str(size)]

    out = container.run(check=False, timeout=5)

    if out.returncode == 0:
        assert out.stdout == f"{size}\n"
    else:
        assert out.returncode == 1
        assert len(out.stderr) < 5000, "the message repeats the value"


@davit_only
def test_the_runtime_listens_at_no_abstract_socket(container):
    """CVE-2020-15257: reachable by every container with the host's network."""
    container.drop_namespace("network")
    before = {line.split()[-1] for line in machine.read("/proc/net/unix").splitlines() if "@" in line}
    container.create(["sleep", "1000"])
    during = {line.split()[-1] for line in machine.read("/proc/net/unix").splitlines() if "@" in line}

    assert [name for name in during - before if "davit" in name or container.id in name] == []


@davit_only
@pytest.mark.root("userns", why="newuidmap reads the host's nsswitch.conf")
def test_no_helper_of_the_image_is_executed_or_loaded(container):
    """CVE-2019-14271 and its class: nothing of the image runs outside the payload."""
    marker = container.rootfs / "loaded"
    for path in ("lib/x86_64-linux-gnu", "etc", "usr/lib/locale"):
        (container.rootfs / path).mkdir(parents=True, exist_ok=True)
    (container.rootfs / "etc/nsswitch.conf").write_text("passwd: evil\ngroup: evil\n")
    (container.rootfs / "etc/ld.so.preload").write_text("/lib/evil.so\n")
    (container.rootfs / "lib/evil.so").write_text("not a library")
    trace = container.directory / "trace"
    container.wrapper = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=openat,open,openat2,execve,execveat"]
    container.process["user"] = {"uid": 1000, "gid": 1000}
    container.run(["true"])

    text = machine.read(trace)
    opened = [line for line in text.splitlines() if "nsswitch" in line or "ld.so.preload" in line or "evil" in line]
    # The host's own loader looks at the host's /etc/ld.so.preload; with `access`, which is not traced.
    assert [line for line in opened if "nsswitch" in line or "evil" in line] == []
    assert not marker.exists()


@davit_only
@pytest.mark.parametrize("name, value", [("LD_PRELOAD", ""), ("PATH", "/no/such"), ("HOME", "/proc/self/fd/3"), ("LISTEN_FDS", "9999"),
                                         ("LISTEN_FDS", "x"), ("NOTIFY_SOCKET", "@abstract"), ("NOTIFY_SOCKET", "/" + "x" * 300),
                                         ("XDG_RUNTIME_DIR", "/no/such"), ("_LIBCONTAINER_CLONED_BINARY", "1"),
                                         ("_DAVIT_CLONED", "1"), ("LOCPATH", "/tmp"), ("TMPDIR", "/no/such")], ids=lambda v: v[:12])
def test_a_hostile_environment_of_the_caller(container, name, value):
    out = container.run(["echo", "ok"], env={name: value}, check=False, timeout=5)

    assert out.stdout == "ok\n" or (out.returncode == 1 and (name in out.stderr or "3" in out.stderr or
                                                                (name == "PATH" and "run newgidmap" in out.stderr))), out


@davit_only
@pytest.mark.parametrize("value", ["true\n[Service]\nExecStart=/bin/sh", "'x'; y", "uint64 +5", "\x1b[31m"])
def test_annotations_are_data(container, value):
    """CVE-2022-0811 class."""
    container.spec["annotations"] = {"org.systemd.property.Description": value, "run.oci.handler\n": value, "x": value}

    out = container.run(["echo", "ok"], check=False)

    assert out.stdout == "ok\n" or out.returncode == 1


@davit_only
def test_control_characters_of_a_config_do_not_reach_the_terminal(container):
    container.args = ["\x1b]0;title\x07\x1b[31mprogram"]

    out = container.run(check=False)

    assert out.returncode == 1
    assert "\x1b" not in out.stderr and "\x07" not in out.stderr


@davit_only
@pytest.mark.row("CF-43")
def test_setuid_programs_gain_nothing_with_no_new_privileges(container):
    shutil.copyfile(container.rootfs / "bin/probe", container.rootfs / "bin/suid")
    container.give(container.rootfs / "bin/suid")
    (container.rootfs / "bin/suid").chmod(0o4755)
    container.process["user"] = {"uid": 1000, "gid": 1000}

    assert container.run(["suid"]).json["euid"] == 1000
    container.process["noNewPrivileges"] = False
    assert container.run(["suid"]).json["euid"] == 0


@davit_only
def test_the_host_mounts_are_not_seen_by_the_payload_or_its_exec(container):
    container.up()

    for text in (container.exec(["cat", "/proc/self/mountinfo"]).stdout, machine.read(f"/proc/{container.pid}/mountinfo")):
        points = [line.split()[4] for line in text.splitlines()]
        assert "/work" not in points and not [p for p in points if p.startswith("/sys/fs/cgroup")]
        assert points.count("/") == 1


@davit_only
@pytest.mark.views("hybrid", "v1")
def test_the_release_agent_of_v1_cannot_be_written(container):
    """CVE-2022-0492."""
    privileged(container)
    container.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro", "nosuid", "noexec", "nodev"])

    out = container.run(["sh", "-c", "for f in $(find /sys/fs/cgroup -name release_agent); do echo /x > $f && echo wrote; done; true"])

    assert "wrote" not in out.stdout


@davit_only
def test_the_state_files_are_not_readable_by_others(container):
    container.up()

    for path in [container.root, *container.root.rglob("*")]:
        if not path.is_symlink() and not path.is_socket():
            assert path.stat().st_mode & 0o077 == 0, path
