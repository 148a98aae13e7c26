# SPDX-License-Identifier: Apache-2.0
"""exec: codes, user, environment, capabilities, process files, hardening, pid files, groups."""
import fcntl
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from harness import machine
from harness.machine import wait_until
from test_process import bits, sets


@pytest.fixture
def running(container):
    """A running container."""
    return container.up()


def process_file(container, args, **more):
    path = container.directory / "process.json"
    document = {"terminal": False, "user": {"uid": 0, "gid": 0}, "args": args, "cwd": "/",
                "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], **more}
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))
    return str(path)


# --- codes ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("code", [0, 1, 42, 126, 127, 255])
def test_exec_passes_the_exit_code_on(running, code):
    assert running.exec(["sh", "-c", f"exit {code}"], check=False).returncode == code


@pytest.mark.parametrize("name, number", [("KILL", 9), ("TERM", 15), ("SEGV", 11)])
def test_exec_adds_128_to_the_signal(running, name, number):
    assert running.exec(["sh", "-c", f"kill -{name} $$"], check=False).returncode == 128 + number


@pytest.mark.davit_only
@pytest.mark.parametrize("args, text", [
    (["nosuchprogram"], "executable file `nosuchprogram` not found in $PATH: no such file or directory"),
    (["/no/such"], "no such file or directory"), (["/etc/passwd"], "permission denied"), (["/etc"], "permission denied")])
@pytest.mark.row("UB-10")
def test_runtime_failures_of_exec_are_255(running, args, text):
    """PEERS 3.1; crun says 1."""
    out = running.exec(args, check=False)

    assert out.returncode == 255
    assert text in out.stderr


@pytest.mark.davit_only
def test_an_exec_format_error_is_255(running):
    broken = running.rootfs / "bin/broken"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o755)

    out = running.exec(["/bin/broken"], check=False)

    assert out.returncode == 255
    assert "exec format error" in out.stderr and "/bin/broken" in out.stderr


def test_exec_into_a_stopped_container_is_refused(container):
    container.up(["true"])
    container.wait_dead()

    out = container.exec(["true"], check=False)

    assert out.returncode in ((255,) if machine.runtime_kind() in ("davit", "runc") else (1, 255))
    assert out.stderr.strip()


def test_exec_into_a_created_container_works(container):
    """All peers allow it."""
    container.create(["sleep", "1000"])

    assert container.exec(["echo", "in"]).stdout == "in\n"
    assert container.status() == "created"


def test_exec_prints_one_error_line(running):
    out = running.exec(["nosuchprogram"], check=False)

    assert len(out.message.splitlines()) == 1


# --- what is inherited ------------------------------------------------------------------------------------------------

def probe(container, *options, **more):
    return container.exec(["probe"], options=list(options), **more).json


def test_exec_joins_every_namespace(running):
    seen = probe(running)["ns"]

    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        assert seen[kind] == os.stat(f"/proc/{running.pid}/ns/{kind}").st_ino, kind


def test_exec_has_the_hardening_of_the_container(container):
    """crun's exec drops noNewPrivileges, limits, the directory and the OOM score."""
    container.process["noNewPrivileges"] = True
    container.process["oomScoreAdj"] = 500
    container.process["cwd"] = "/tmp"
    container.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 99}]
    container.process["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [2000], "umask": 0o77}
    container.up()

    seen = probe(container)

    assert seen["CapBnd"] == "%016x" % bits("AUDIT_WRITE", "KILL", "NET_BIND_SERVICE")
    assert seen["uid"] == 1000 and seen["gid"] == 1000
    if machine.runtime_kind() == "davit":
        assert seen["NoNewPrivs"] == "1"
        assert seen["rlimits"]["NOFILE"] == [77, 99]
        assert seen["oom_score_adj"] == "500"
        assert seen["cwd"] == "/tmp"
        assert seen["groups"] == [2000]
        assert seen["umask"] == 0o77


@pytest.mark.row("UB-42")
def test_exec_has_the_environment_of_the_container_and_more(container):
    container.process["env"] += ["A=1", "B=2"]
    container.up()

    out = container.exec(["sh", "-c", "echo $A $B $C $HOME; echo $PATH"], options=["--env", "B=3", "--env", "C=4"])

    assert out.stdout == "1 3 4 /root\n/usr/sbin:/usr/bin:/sbin:/bin\n"


def test_inheritable_is_empty_in_exec(running):
    assert sets(probe(running))["inheritable"] == 0


@pytest.mark.row("UB-11")
def test_only_the_standard_streams_are_open_in_exec(running):
    reader, writer = os.pipe()
    high = fcntl.fcntl(reader, fcntl.F_DUPFD, 200)
    try:
        seen = probe(running, pass_fds=(high, reader))
    finally:
        for fd in (reader, writer, high):
            os.close(fd)

    assert set(seen["fds"]) == {"0", "1", "2"}


@pytest.mark.row("UB-11")
def test_preserved_descriptors_are_open_in_exec(running):
    reader, writer = os.pipe()

    def arrange():
        os.dup2(reader, 100)
        os.dup2(100, 3)
        os.close(100)
    seen = probe(running, "--preserve-fds", "1", preexec_fn=arrange, close_fds=False)
    os.close(reader)
    os.close(writer)

    assert set(seen["fds"]) == {"0", "1", "2", "3"}


# --- user ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text, uid, gid", [("1000", 1000, 0), ("1000:1001", 1000, 1001), ("0:5", 0, 5), ("0", 0, 0)])
def test_the_user_of_exec(running, text, uid, gid):
    for option in (["--user", text], ["-u", text]):
        seen = probe(running, *option)
        assert (seen["uid"], seen["gid"]) == (uid, gid)


@pytest.mark.davit_only
@pytest.mark.parametrize("text", ["1x", ":5", "1:", ":", "", "-1", "1:-1", "4294967295", "4294967296", "1:4294967296",
                                  "18446744073709551616", "1000 ", " 1", "0x10", "1:2:3", "root", "1e3", "1.5", "+1"])
def test_a_user_that_is_none_is_refused(running, text):
    """CVE-2026-30892 and friends: exact or refused, no third result."""
    out = running.exec(["id"], options=[f"--user={text}"], check=False)

    assert out.returncode in (1, 64, 255)
    assert out.stdout == ""
    assert out.stderr.strip()


@pytest.mark.skipif(machine.runtime_kind() == "crun", reason="crun has no such option")
@pytest.mark.row("UB-12")
def test_additional_groups_of_exec(running):
    """PEERS 3.1."""
    seen = probe(running, "--user", "1000:1000", "--additional-gids", "5", "--additional-gids", "6")

    assert (seen["uid"], sorted(seen["groups"])) == (1000, [5, 6])


# --- capabilities and privileges -------------------------------------------------------------------------------------------

@pytest.mark.davit_only
def test_a_capability_of_exec_is_added(running):
    """runc's answer; crun replaces the sets.  Podman and docker send process files."""
    seen = sets(probe(running, "--cap", "CAP_NET_RAW"))

    assert seen["effective"] & bits("NET_RAW") == bits("NET_RAW")
    assert seen["inheritable"] == 0


@pytest.mark.davit_only
def test_a_capability_of_exec_for_an_ordinary_user(running):
    seen = sets(probe(running, "--cap", "CAP_NET_RAW", "--user", "1000"))

    assert seen["inheritable"] == 0 or seen["ambient"] & ~seen["inheritable"] == 0


@pytest.mark.davit_only
def test_an_unknown_capability_of_exec_is_refused_or_warned_of(running):
    out = running.exec(["true"], options=["--cap", "CAP_BANANA"], globals=["--log-level", "warning"], check=False)

    assert out.returncode == 255 or "CAP_BANANA" in out.stderr


@pytest.mark.parametrize("option", [[], ["--no-new-privs"]])
def test_no_new_privileges_of_exec(container, option):
    container.process["noNewPrivileges"] = False
    container.up()

    assert probe(container, *option)["NoNewPrivs"] == ("1" if option else "0")


@pytest.mark.row("UB-09")
def test_the_directory_of_exec(running):
    assert running.exec(["pwd"], options=["--cwd", "/tmp"]).stdout == "/tmp\n"


@pytest.mark.davit_only
@pytest.mark.parametrize("cwd", ["relative", "/no/such/dir/ever", "/etc/passwd"])
def test_a_directory_of_exec_that_is_none(running, cwd):
    out = running.exec(["pwd"], options=["--cwd", cwd], check=False)

    if cwd == "/no/such/dir/ever" and out.returncode == 0:
        assert out.stdout == cwd + "\n"
    else:
        assert out.returncode == 255 and cwd in out.stderr


# --- process files ------------------------------------------------------------------------------------------------------------

@pytest.mark.row("UB-51")
def test_a_process_file(running):
    path = process_file(running, ["sh", "-c", "id -u; id -g; pwd; echo $A; umask"], cwd="/tmp",
                        user={"uid": 5, "gid": 6, "umask": 0o27}, env=["PATH=/bin", "A=1"])

    out = running.runtime("exec", "--process", path, running.id)

    assert out.stdout == "5\n6\n/tmp\n1\n0027\n"


def test_a_process_file_with_limits_capabilities_and_score(running):
    path = process_file(running, ["probe"], rlimits=[{"type": "RLIMIT_NOFILE", "soft": 33, "hard": 44}], oomScoreAdj=700,
                        capabilities={n: ["CAP_KILL"] for n in ("bounding", "effective", "permitted")}, noNewPrivileges=True)

    seen = running.runtime("exec", "-p", path, running.id).json

    assert seen["rlimits"]["NOFILE"] == [33, 44]
    assert sets(seen)["bounding"] == sets(seen)["effective"] == bits("KILL")
    assert seen["NoNewPrivs"] == "1"
    if machine.runtime_kind() != "crun":
        assert seen["oom_score_adj"] == "700"


def test_a_process_file_without_env_has_the_containers(container):
    container.process["env"].append("A=from-config")
    container.up()
    path = process_file(container, ["sh", "-c", "echo $A"], env=None)
    if machine.runtime_kind() == "runc":
        pytest.skip("runc gives it none")

    assert container.runtime("exec", "--process", path, container.id).stdout == "from-config\n"


@pytest.mark.davit_only
@pytest.mark.parametrize("change, text", [
    ({"args": []}, "args"), ({"args": None}, "args"), ({"cwd": "tmp"}, "cwd"), ({"user": {"uid": "0"}}, "user.uid"),
    ({"rlimits": [{"type": "X", "soft": 1, "hard": 1}]}, "rlimits[0].type")], ids=str)
def test_a_wrong_process_file_is_refused_with_its_member(running, change, text):
    path = process_file(running, change.pop("args", ["true"]), **change)

    out = running.runtime("exec", "--process", path, running.id, check=False)

    assert out.returncode == 255
    assert text in out.stderr


@pytest.mark.parametrize("content", [None, "", "{", "[]", "null"])
def test_a_process_file_that_cannot_be_read_is_refused(running, content):
    path = running.directory / "p.json"
    if content is not None:
        path.write_text(content)

    out = running.runtime("exec", "--process", path, running.id, check=False)

    assert out.returncode in (1, 255)
    assert out.stderr.strip()
    if machine.runtime_kind() == "davit":
        assert str(path) in out.stderr or "p.json" in out.stderr


@pytest.mark.davit_only
def test_options_beside_a_process_file_are_not_silently_ignored(running):
    path = process_file(running, ["id", "-u"])

    out = running.runtime("exec", "--process", path, "--user", "5", running.id, check=False)

    assert out.returncode != 0 or out.stdout == "5\n"


# --- detached ----------------------------------------------------------------------------------------------------------------

def test_a_detached_exec_writes_its_pid_and_becomes_our_orphan(running):
    pid_file = running.directory / "exec.pid"
    running.exec(["sh", "-c", "sleep 0.05; exit 21"], options=["--detach", "--pid-file", str(pid_file)])

    pid = int(pid_file.read_text())
    assert pid_file.read_text() == str(pid)
    assert running.exit_code(pid) == 21


def test_the_pid_of_exec_is_the_process_itself(running):
    pid_file = running.directory / "exec.pid"
    running.exec(["sleep", "4711"], options=["--detach", "--pid-file", str(pid_file)])

    pid = int(pid_file.read_text())
    wait_until(lambda: "4711" in machine.read(f"/proc/{pid}/cmdline"))
    assert pid in running.ps()


def test_no_pid_file_is_left_by_an_exec_that_fails(running):
    """conmon takes a pid file for success."""
    pid_file = running.directory / "exec.pid"

    out = running.exec(["nosuchprogram"], options=["--detach", "--pid-file", str(pid_file)], check=False)

    assert out.returncode != 0
    assert not pid_file.exists()


def test_a_detached_exec_returns_at_once(running):
    out = running.exec(["sleep", "1000"], options=["--detach"])

    assert out.seconds < 5
    assert out.stdout == ""


# --- programs and options -------------------------------------------------------------------------------------------------------

def test_options_after_the_id_belong_to_the_program(running):
    assert running.exec(["echo", "-n", "--user", "x"]).stdout == "--user x"


def test_exec_reads_standard_input(running):
    assert running.exec(["cat"], input="text").stdout == "text"


def test_exec_keeps_output_and_errors_apart(running):
    out = running.exec(["sh", "-c", "echo o; echo e >&2"])

    assert (out.stdout, out.stderr) == ("o\n", "e\n")


def test_a_large_output_of_exec_arrives_whole(running):
    assert len(running.exec(["probe", "burst", "5000000"]).stdout) == 5000000


def test_many_execs_at_once(running):
    processes = [running.start_exec(["sh", "-c", f"echo {i}; exit {i}"]) for i in range(12)]

    results = [p.wait() for p in processes]

    assert [(r.stdout, r.returncode) for r in results] == [(f"{i}\n", i) for i in range(12)]


def test_exec_forwards_signals(running):
    process = running.start_exec(["probe", "sigprint"])
    wait_until(lambda: "ready" in process.output())

    os.kill(process.pid, 10)
    wait_until(lambda: "USR1" in process.output())
    os.kill(process.pid, 15)

    assert process.wait().returncode == 0


def test_an_exec_that_is_killed_leaves_the_container_running(running):
    process = running.start_exec(["sleep", "1000"])
    wait_until(lambda: len(running.ps()) == 2)
    os.kill(process.pid, 9)
    process.wait()

    assert running.status() == "running"
    assert running.exec(["echo", "fine"]).stdout == "fine\n"


def test_exec_ends_when_the_container_is_killed(running):
    process = running.start_exec(["sleep", "1000"])
    # In the cgroup it is before it has joined the namespaces.
    wait_until(lambda: [machine.read(f"/proc/{p}/comm").strip() for p in running.ps()].count("sleep") == len(running.ps()) == 2
               or machine.read(f"/proc/{running.ps()[-1]}/comm").strip() == "sleep" and len(running.ps()) == 2)

    running.kill("KILL")

    assert process.wait().returncode == 137


@pytest.mark.davit_only
@pytest.mark.row("UB-06")
def test_exec_into_a_container_without_a_pid_namespace_is_ended_by_delete(container):
    container.drop_namespace("pid")
    container.up()
    container.exec(["sleep", "1000"], options=["--detach"])
    assert len(container.ps()) == 2

    container.force_delete()


@pytest.mark.davit_only
def test_the_oom_score_of_exec_is_the_configured_one_not_the_shims(container):
    container.process["oomScoreAdj"] = 300
    container.up()

    assert probe(container)["oom_score_adj"] == "300"


@pytest.mark.skipif(machine.runtime_kind() == "runc", reason="newer than runc 1.1")
@pytest.mark.row("UB-52")
def test_the_scheduling_of_a_process_file(running, nice_0):
    path = process_file(running, ["probe"], scheduler={"policy": "SCHED_BATCH"}, ioPriority={"class": "IOPRIO_CLASS_IDLE", "priority": 0})

    seen = running.runtime("exec", "--process", path, running.id).json

    assert seen["policy"] == 3
    assert seen["ioprio"] >> 13 == 3


@pytest.mark.davit_only
def test_exec_in_a_user_namespace(container):
    container.use_user_namespace().up()

    seen = probe(container, "--user", "1000:1000")

    assert (seen["uid"], seen["gid"]) == (1000, 1000)
    assert seen["ns"]["user"] == os.stat(f"/proc/{container.pid}/ns/user").st_ino


@pytest.mark.davit_only
@pytest.mark.lean
@pytest.mark.skipif(not shutil.which("gcc"), reason="needs a compiler")
def test_exec_on_a_kernel_whose_setns_takes_no_pidfd(running, tmp_path):
    """Linux 5.3 to 5.7 have pidfds, and setns(2) refuses them."""
    library = tmp_path / "old-setns.so"
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, machine.TOOLS / "old-setns.c"], check=True)
    container = running
    container.wrapper = ["env", f"LD_PRELOAD={library}"]

    assert container.exec(["echo", "in"]).stdout == "in\n"
