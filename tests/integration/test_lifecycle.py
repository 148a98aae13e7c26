# SPDX-License-Identifier: Apache-2.0
"""The life of a container: create, start, run, kill, delete, and what must be refused when."""
import os
import re
import signal
import subprocess

import pytest

from harness import machine
from harness.machine import wait_until


# --- in every view and mode ---------------------------------------------------------------------------

@pytest.mark.all_views
@pytest.mark.all_modes
def test_run_gives_output_and_exit_code(container):
    out = container.run(["sh", "-c", "echo hello; echo world >&2; exit 7"], check=False)

    assert (out.stdout, out.returncode) == ("hello\n", 7)
    assert out.stderr.splitlines()[-1] == "world"
    assert not container.state_dir.exists()


@pytest.mark.row("RT-01", "RT-04", "RT-06", "RT-28", "RT-34")
@pytest.mark.all_views
@pytest.mark.all_modes
def test_a_whole_life(container):
    container.create(["sh", "-c", "echo started; exec sleep 1000"])
    assert container.status() == "created"
    assert container.state()["pid"] == container.pid
    assert container.output() == ""

    container.start()
    container.wait_for_output("started\n")
    assert container.status() == "running"
    assert container.state()["pid"] == container.pid
    assert container.listed()["status"] == "running"

    container.kill("KILL")
    container.wait_dead()
    assert container.status() == "stopped"
    assert container.state().get("pid", 0) == 0

    container.delete()
    assert not container.state_dir.exists()
    assert container.listed() is None


@pytest.mark.all_views
@pytest.mark.all_modes
def test_exec_runs_a_second_process(container):
    container.up()

    out = container.exec(["sh", "-c", "echo $PPID; hostname; exit 5"], check=False)

    assert out.returncode == 5
    assert out.stdout.splitlines()[1:] == ["davit-test"]


@pytest.mark.all_views
@pytest.mark.all_modes
def test_delete_force_ends_a_running_container(container):
    container.up()
    pid = container.pid

    container.force_delete()

    container.wait_dead(pid)
    assert not container.state_dir.exists()


@pytest.mark.all_views
@pytest.mark.all_modes
def test_a_detached_run_is_running_when_the_command_returns(container):
    container.run_detached(["sleep", "1000"])

    assert container.status() == "running"
    assert container.state()["pid"] == container.pid


# --- create ---------------------------------------------------------------------------------------------

@pytest.mark.row("RT-14", "RT-20", "RT-36")
def test_create_does_not_run_the_program(container):
    container.create(["touch", "/ran"])

    assert container.cgroup_dirs()
    assert " /dev/shm " in machine.read(f"/proc/{container.pid}/mountinfo")
    assert not (container.rootfs / "ran").exists()
    container.start()
    wait_until((container.rootfs / "ran").exists, what="the program")


@pytest.mark.row("RT-12", "RT-35", "RT-37")
def test_everything_but_the_program_is_set_up_by_create(container):
    limited = next((name for name in ("pids", "unified") if name in machine.hierarchies()), None)
    if limited == "unified" and not container.view.name == "v2":
        limited = None
    if limited:
        container.set_resources(pids={"limit": 77})
    container.linux["sysctl"] = {"net.ipv4.ip_default_ttl": "33"}
    container.create(["sleep", "1000"])
    pid = container.pid

    for kind in ("pid", "net", "ipc", "uts", "mnt"):
        assert os.stat(f"/proc/{pid}/ns/{kind}").st_ino != os.stat(f"/proc/self/ns/{kind}").st_ino
    points = {line.split()[4] for line in machine.read(f"/proc/{pid}/mountinfo").splitlines()}
    assert {"/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/sys"} <= points
    places = container.cgroup_of()
    assert places.get("devices", places.get("unified")).endswith(container.id)
    assert not limited or container.cgroup_file(limited, "pids.max") == "77"
    inside = subprocess.run(["nsenter", "-t", str(pid), "-u", "-n", "sh", "-c",
                             "hostname; cat /proc/sys/net/ipv4/ip_default_ttl"], capture_output=True, text=True, check=True)
    assert inside.stdout == "davit-test\n33\n"
    # What the program starts with is there, too; the specification leaves that open.
    assert re.search(r"Max open files\s+1024\s+1024\s", machine.read(f"/proc/{pid}/limits"))


def test_a_created_container_shows_no_payload_in_its_command_line(container):
    container.create(["sleep", "4711"])

    assert "4711" not in machine.read(f"/proc/{container.pid}/cmdline").split("\0")[:2]


@pytest.mark.row("RT-03", "RT-33", "UB-58")
def test_the_same_id_cannot_be_created_twice(container):
    container.up()
    pid = container.pid

    again = container.runtime("create", container.id, check=False)

    assert again.returncode == 1
    assert "exist" in again.stderr
    assert container.state()["pid"] == pid
    assert container.status() == "running"


@pytest.mark.row("RT-50")
def test_the_id_can_be_used_again_after_delete(container):
    for _ in range(2):
        container.create(["true"])
        container.delete()
    assert container.run(["echo", "third"]).stdout == "third\n"


@pytest.mark.row("RT-15")
def test_a_config_changed_after_create_has_no_effect(container):
    notes = container.directory / "notes"

    def configure(word):
        path = container.host_script(f"hook-{word}", f"echo {word} >> {notes}\n")
        container.spec["hooks"] = {"poststop": [{"path": path}]}
        container.spec["annotations"] = {"org.example": word}
        container.args = ["echo", word]

    configure("one")
    container.create()
    configure("two")
    container.write_config()

    container.start()

    assert container.wait_for_output("\n") == "one\n"
    container.wait_dead()
    assert container.state()["annotations"] == {"org.example": "one"}
    container.delete()
    assert notes.read_text() == "one\n"


@pytest.mark.row("RT-15")
def test_a_bundle_removed_after_create_has_no_effect(container):
    container.create(["echo", "one"])
    (container.bundle / "config.json").unlink()

    container.start(cwd="/")

    assert container.wait_for_output("\n") == "one\n"
    container.wait_dead()
    container.delete(cwd="/")


def test_create_returns_while_the_pipes_of_the_container_stay_open(container):
    """conmon and buildah read the pipes: nobody but the container may hold them."""
    reader, writer = os.pipe()
    container.create(["sh", "-c", "echo out; exec sleep 0.2"], stdout=os.fdopen(writer, "wb"))
    container.start()
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"out\n"


def test_a_failed_create_closes_the_pipes(container):
    reader, writer = os.pipe()
    out = container.create(["/no/such/program"], stdout=os.fdopen(writer, "wb"), check=False)

    assert out.returncode == 1
    os.set_blocking(reader, False)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b""


# --- start ----------------------------------------------------------------------------------------------

@pytest.mark.row("RT-41")
def test_start_is_possible_only_once(container):
    container.up()
    pid = container.pid

    again = container.start(check=False)

    assert again.returncode == 1
    assert container.state()["pid"] == pid
    assert container.status() == "running"


@pytest.mark.row("RT-41")
def test_a_stopped_container_cannot_be_started(container):
    container.up(["true"])
    container.wait_dead()

    again = container.start(check=False)

    assert again.returncode == 1
    assert again.stderr.strip()
    assert container.status() == "stopped"


@pytest.mark.row("RT-05", "RT-41")
def test_a_created_container_that_died_cannot_be_started(container):
    container.create(["echo", "never"])
    os.kill(container.pid, signal.SIGKILL)
    container.wait_dead()

    assert container.status() == "stopped"
    assert container.start(check=False).returncode == 1
    assert container.output() == ""


@pytest.mark.davit_only
def test_start_reports_a_program_that_cannot_be_executed(container):
    """Peers' start exits 0 here; nobody learns that nothing runs."""
    script = container.rootfs / "bin/broken"
    script.write_bytes(b"\x7fELF but not really")
    script.chmod(0o755)
    container.create(["/bin/broken"])

    out = container.start(check=False)

    assert out.returncode == 1
    assert "exec format error" in out.stderr.lower()
    container.wait_dead()
    assert container.status() == "stopped"


@pytest.mark.davit_only
def test_run_reports_a_program_that_cannot_be_executed(container):
    script = container.rootfs / "bin/broken"
    script.write_bytes(b"\x7fELF but not really")
    script.chmod(0o755)

    out = container.run(["/bin/broken"], check=False)

    assert out.returncode == 1
    assert "/bin/broken" in out.stderr and "exec format error" in out.stderr.lower()


@pytest.mark.davit_only
def test_start_reports_a_missing_interpreter(container):
    script = container.rootfs / "bin/script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    container.create(["/bin/script"])

    out = container.start(check=False)

    assert out.returncode == 1
    assert "/bin/script" in out.stderr


# --- run ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("code", [0, 1, 3, 125, 126, 127, 255])
def test_run_passes_the_exit_code_on(container, code):
    assert container.run(["sh", "-c", f"exit {code}"], check=False).returncode == code


@pytest.mark.parametrize("name", ["KILL", "TERM", "SEGV"])
def test_run_adds_128_to_the_signal_that_ended_the_process(container, name):
    container.drop_namespace("pid")     # the first process of a pid namespace survives its own signals

    out = container.run(["sh", "-c", f"kill -{name} $$"], check=False)

    assert out.returncode == 128 + signal.Signals[f"SIG{name}"]


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "USR1", "USR2", "QUIT"])
def test_run_forwards_signals_to_the_process(container, name):
    running = container.start_run(["probe", "sigprint"])
    wait_until(lambda: "ready" in running.output(), what="the container")

    os.kill(running.pid, signal.Signals[f"SIG{name}"])
    wait_until(lambda: name in running.output().split(), what=f"SIG{name} inside")
    if name != "TERM":
        os.kill(running.pid, signal.SIGTERM)

    assert running.wait().returncode == 0


@pytest.mark.davit_only
@pytest.mark.parametrize("name", ["USR1", "USR2", "TERM"])
def test_a_signal_between_the_start_and_the_first_look_is_forwarded(container, name):
    """The gap is made wide: strace delays the runtime after each of its waits."""
    container.wrapper = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=poll,ppoll", "-e", "inject=poll,ppoll:delay_exit=150000"]
    running = container.start_run(["probe", "sigprint"])
    wait_until(lambda: "ready" in running.output(), what="the program")
    [runtime] = [p for p in machine.children_of(running.pid) if p != running.pid][:1]

    os.kill(runtime, signal.Signals[f"SIG{name}"])

    wait_until(lambda: name in running.output().split(), what=f"SIG{name} inside")
    if name != "TERM":
        os.kill(runtime, signal.SIGTERM)
    assert running.wait().returncode == 0


def test_run_reads_standard_input(container):
    assert container.run(["cat"], input="line 1\nline 2\n").stdout == "line 1\nline 2\n"


def test_run_keeps_output_and_errors_apart(container):
    out = container.run(["sh", "-c", "echo o; echo e >&2"])

    assert (out.stdout, out.stderr) == ("o\n", "e\n")


def test_run_with_keep_leaves_a_stopped_container(container):
    container.run(["true"], options=["--keep"])

    assert container.status() == "stopped"
    container.delete()


@pytest.mark.row("BU-02", "CF-04")
def test_run_takes_the_bundle_from_an_option(container):
    container.args = ["echo", "here"]
    container.write_config()

    for option in (["--bundle", str(container.bundle)], [f"--bundle={container.bundle}"],
                   ["-b", container.bundle.name]):
        out = container.runtime("run", *option, container.id, cwd=container.bundle.parent)
        assert out.stdout == "here\n"


def test_run_does_not_wait_for_daemons_that_outlive_the_main_process(container):
    """crun waits until no child is left; without a pid namespace that may be never."""
    container.drop_namespace("pid")

    out = container.run(["probe", "daemon"], timeout=5)

    assert out.returncode == 0          # and the leak check wants the daemon gone


def test_the_end_of_the_main_process_ends_the_pid_namespace(container):
    assert container.run(["sh", "-c", "sleep 1000 & echo $!"], timeout=5).returncode == 0


def test_a_deleted_container_does_not_run_anywhere(container):
    container.drop_namespace("pid")
    container.up(["probe", "fork", "5"])
    container.wait_for_output("forked")

    container.force_delete()


# --- pid files --------------------------------------------------------------------------------------------

@pytest.mark.row("UB-38")
def test_the_pid_file_is_a_number_without_a_newline(container):
    container.create(["sleep", "1000"])

    assert container.pid_file.read_text() == str(container.state()["pid"])


@pytest.mark.row("UB-38")
def test_the_pid_file_is_relative_to_the_caller_not_to_the_bundle(container):
    """crun writes it into the bundle; callers expect it where they stand."""
    container.args = ["sleep", "1000"]
    container.write_config()
    elsewhere = container.directory / "elsewhere"
    elsewhere.mkdir()
    container.give(elsewhere)

    container.runtime("create", "--bundle", str(container.bundle), "--pid-file", "web.pid", container.id,
                      cwd=elsewhere)

    assert (elsewhere / "web.pid").read_text() == str(container.state()["pid"])
    assert not (container.bundle / "web.pid").exists()


@pytest.mark.davit_only
def test_the_pid_file_of_run_is_relative_to_the_caller_too(container):
    container.args = ["sleep", "1000"]
    container.write_config()
    elsewhere = container.directory / "elsewhere"
    elsewhere.mkdir()
    container.give(elsewhere)

    container.runtime("run", "--detach", "--bundle", str(container.bundle), "--pid-file", "web.pid", container.id, cwd=elsewhere)

    assert (elsewhere / "web.pid").read_text() == str(container.state()["pid"])


def test_the_pid_in_the_file_is_the_orphan_that_the_caller_can_wait_for(container):
    container.up(["sh", "-c", "exit 9"])

    assert container.exit_code() == 9


@pytest.mark.row("UB-38")
def test_no_pid_file_is_left_by_a_create_that_fails(container):
    container.create(["/no/such/program"], check=False)

    assert not container.pid_file.exists()


# --- kill ---------------------------------------------------------------------------------------------------

@pytest.mark.row("RT-45")
@pytest.mark.parametrize("word, name", [
    ((), "TERM"), (("TERM",), "TERM"), (("SIGTERM",), "TERM"), (("15",), "TERM"), (("USR1",), "USR1"),
    (("SIGUSR2",), "USR2"), (("1",), "HUP"), (("WINCH",), "WINCH"), (("SIGRTMIN",), "34"),
    (("RTMIN+1",), "35"), (("RTMAX",), "64"), (("RTMAX-1",), "63"), (("64",), "64"),
])
def test_kill_sends_exactly_the_signal(container, word, name):
    container.up(["probe", "sigprint"])
    container.wait_for_output("ready\n")

    container.kill(*word)

    container.wait_for_output(f"ready\n{name}\n")


@pytest.mark.row("RT-45")
@pytest.mark.parametrize("word", ["FOO", "SIGFOO", "", "1x", "-1", "65", "99999999999", "RTMIN+99", "TERM "])
def test_kill_refuses_what_is_no_signal(container, word):
    container.up()

    out = container.runtime("kill", "--", container.id, word, check=False)

    assert out.returncode == 1
    assert out.stderr.strip()
    assert container.status() == "running"


@pytest.mark.davit_only
def test_kill_names_the_unknown_signal(container):
    container.up()

    assert "FOO" in container.kill("FOO", check=False).stderr


def test_kill_reaches_a_created_container(container):
    container.create(["sleep", "1000"])

    container.kill("KILL")

    container.wait_dead()
    assert container.status() == "stopped"


@pytest.mark.row("RT-44")
def test_kill_of_a_stopped_container_says_that_it_does_not_run(container):
    container.up(["true"])
    container.wait_dead()

    out = container.kill("TERM", check=False)

    assert out.returncode == 1
    assert "container not running" in out.stderr


def test_kill_all_reaches_every_process(container):
    container.drop_namespace("pid")
    container.up(["probe", "fork", "3"])
    container.wait_for_output("forked")
    processes = container.ps()
    assert len(processes) == 4

    container.kill("--all", "KILL")

    wait_until(lambda: container.session.orphans() == [] and
               not any(machine.is_alive(pid) for pid in processes), what="the end of all processes")
    assert container.status() == "stopped"


def test_kill_all_sends_other_signals_too(container):
    container.drop_namespace("pid")
    container.up(["sh", "-c", "(trap 'echo child; exit' USR1; echo ready; while :; do sleep 0.01; done) &"
                  " trap 'echo parent; exit' USR1; wait; sleep 0.3"])
    container.wait_for_output("ready")

    container.kill("--all", "USR1")

    container.wait_for_output("child")
    container.wait_for_output("parent")


@pytest.mark.row("UB-06")
def test_killing_a_container_without_a_pid_namespace_ends_its_children_too(container):
    """runc since 1.2; crun leaves the children running without --all."""
    container.drop_namespace("pid")
    container.up(["probe", "fork", "3"])
    container.wait_for_output("forked")
    processes = container.ps()

    container.kill("KILL")

    wait_until(lambda: container.session.orphans() is not None and
               not any(machine.is_alive(pid) for pid in processes), what="the end of all processes")


# --- delete -------------------------------------------------------------------------------------------------

@pytest.mark.row("RT-47")
def test_a_running_container_is_not_deleted_without_force(container):
    container.up()

    out = container.delete(check=False)

    assert out.returncode == 1
    assert "running" in out.stderr or "stopped" in out.stderr
    assert container.status() == "running"


@pytest.mark.row("RT-47")
def test_a_created_container_is_deleted(container):
    """The specification says no, every peer says yes, and callers rely on it."""
    container.create(["sleep", "1000"])
    pid = container.pid

    container.delete()

    container.wait_dead(pid)
    assert not container.state_dir.exists()


def test_delete_force_of_an_unknown_container_is_silent(container):
    out = container.force_delete()

    assert (out.returncode, out.stdout, out.stderr) == (0, "", "")


def test_delete_force_can_be_repeated(container):
    container.up()

    for _ in range(2):
        assert container.force_delete().stderr == ""


@pytest.mark.row("RT-49")
def test_delete_leaves_what_it_did_not_make(container):
    source = container.directory / "data"
    source.mkdir()
    (source / "keep").write_text("me")
    container.add_mount("/data", source)
    container.linux["cgroupsPath"] = f"{container.view.cgroup_parent}/parent-{container.id}/{container.id}"
    parent = os.path.dirname(container.cgroup_places()[0])
    os.mkdir(parent)
    container.up()
    container.stop()
    container.delete()

    assert container.cgroup_dirs() == []
    os.rmdir(parent)                    # it is still there
    assert (source / "keep").read_text() == "me"
    assert sorted(os.listdir(container.bundle)) == ["config.json", "rootfs"]


# --- ids --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["a", "A9", "_x", "a.b-c+d_e", "buildah-buildah123", "f" * 64, "9"])
def test_ids_of_the_usual_letters_work(container, name):
    container.id = f"{name}{os.getpid()}" if len(name) < 64 else name
    container.linux["cgroupsPath"] = f"{container.view.cgroup_parent}/{container.id}"

    assert container.run(["echo", "ok"]).stdout == "ok\n"


BAD_IDS = ["", ".", "..", "../x", "a/b", "/abs", "a b", "a\tb", "a\nb", "a:b", "ä", "a*", "%s%n", "x" * 300, "x" * 2000]


@pytest.mark.row("RT-33", "UB-58")
@pytest.mark.parametrize("name", BAD_IDS, ids=lambda n: repr(n)[:12])
def test_create_refuses_ids_that_could_be_paths(container, name):
    container.write_config()
    (container.directory / "decoy").mkdir()

    out = container.runtime("create", "--", name, check=False)

    assert out.returncode == 1
    assert out.stderr.strip()
    assert container.list() == []
    assert (container.directory / "decoy").is_dir() and container.bundle.is_dir()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b"])
@pytest.mark.parametrize("command", [
    ["start"], ["state"], ["kill"], ["delete"], ["delete", "--force"], ["exec"], ["ps"], ["pause"],
    ["resume"], ["run"]], ids=" ".join)
def test_every_command_refuses_ids_that_could_be_paths(container, command, name):
    """crun 1.27's `delete --force ..` removes the parent of the state root."""
    decoy = container.directory / "decoy"
    decoy.mkdir()
    container.root.mkdir(mode=0o700)
    (container.root / "inner").mkdir()
    container.write_config()

    out = container.runtime(*command, "--", name, *(["true"] if command == ["exec"] else []), check=False)

    assert out.returncode in (1, 255)
    assert out.stderr.strip()
    assert decoy.is_dir() and (container.root / "inner").is_dir() and container.bundle.is_dir()
    (container.root / "inner").rmdir()


# --- unknown containers ------------------------------------------------------------------------------------

@pytest.mark.row("RT-31", "RT-41", "RT-44")
@pytest.mark.davit_only
@pytest.mark.parametrize("command", ["state", "start", "kill", "delete", "exec", "ps", "pause", "resume"])
def test_every_command_says_that_the_container_does_not_exist(container, command):
    words = [command, "nope"] + (["true"] if command == "exec" else [])

    out = container.runtime(*words, check=False)

    assert out.returncode == (255 if command == "exec" else 1)
    assert out.stdout == ""
    assert "nope" in out.stderr
    assert re.search(r"container .*nope.* does not exist", out.stderr)


@pytest.mark.row("UB-39")
def test_list_of_a_state_root_that_does_not_exist_is_empty(container):
    assert container.list() == []
    assert len(container.runtime("list").stdout.splitlines()) == 1     # the header
    assert container.runtime("list", "--quiet").stdout == ""


def test_two_containers_live_side_by_side(new_container):
    first, second = new_container(), new_container()
    first.up(["sleep", "1000"])
    second.create(["sleep", "1000"])

    assert {e["id"]: e["status"] for e in first.list()} == {first.id: "running", second.id: "created"}
    first.force_delete()
    assert second.status() == "created"


@pytest.mark.row("RT-03", "UB-39")
def test_another_state_root_has_other_containers(new_container):
    """The specification wants an id once on a host.  With every peer it is once in a state root, and callers have
    roots of their own (Docker, Podman, a user), where their names may well be the same."""
    first, second = new_container(), new_container()
    second.root = second.directory / "other-state"
    first.up()
    second.id, second.linux["cgroupsPath"] = first.id, first.linux["cgroupsPath"] + "-other"
    second.create(["sleep", "1000"])

    assert first.status() == "running"
    assert second.status() == "created"
    second.force_delete()
    assert first.status() == "running"
