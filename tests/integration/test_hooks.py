# SPDX-License-Identifier: Apache-2.0
"""Hooks: all six kinds, their order, place, input and environment; failures and timeouts."""
import json
import os
import re
import signal

import pytest

from harness import machine
from harness.machine import wait_until

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
ON_HOST = ["prestart", "createRuntime", "poststart", "poststop"]
INSIDE = ["createContainer", "startContainer"]
AT_CREATE = ["prestart", "createRuntime", "createContainer"]


@pytest.fixture
def notes(container):
    """A file of the host that hooks can append to, and the container as /notes."""
    path = container.directory / "notes"
    path.write_text("")
    path.chmod(0o666)
    container.add_mount("/notes", path, "bind", ["bind"])
    return path


def hook(container, kind, text, **more):
    """Adds a hook of KIND that runs the shell lines TEXT; returns its entry."""
    hooks = container.spec.setdefault("hooks", {}).setdefault(kind, [])
    name = f"{kind}-{len(hooks)}"
    if kind == "startContainer":
        path = container.guest_script(name, text)
    else:
        path = container.host_script(name, text)
    hooks.append({"path": path, **more})
    return hooks[-1]


def place(container, kind):
    """Where NOTES is for a hook of KIND."""
    return "/notes" if kind == "startContainer" else str(container.directory / "notes")


# --- order ---------------------------------------------------------------------------------------------------------

@pytest.mark.row("RT-25")
@pytest.mark.all_modes
@pytest.mark.views("hybrid", "v2", "oldkernel")
@pytest.mark.row("CF-74", "CF-76", "CF-77")
def test_the_order_of_a_life(container, notes):
    """poststart comes after the exec of the program, and here waits for the program's first line."""
    for kind in KINDS:
        until = f"for i in $(seq 200); do grep -q program {notes} && break; sleep 0.01; done; " if kind == "poststart" else ""
        hook(container, kind, f"{until}echo {kind} >> {place(container, kind)}\n")
    container.create(["sh", "-c", "echo program >> /notes; sleep 1000"])
    created = notes.read_text().split()
    container.start()
    wait_until(lambda: "program" in notes.read_text())
    started = notes.read_text().split()
    container.stop()
    container.delete()

    assert created[:3] == AT_CREATE
    if machine.runtime_kind() == "davit":
        assert created == AT_CREATE
        assert started == AT_CREATE + ["startContainer", "program", "poststart"]
        assert notes.read_text().split() == started + ["poststop"]
    assert notes.read_text().split()[-1] == "poststop"


@pytest.mark.davit_only
@pytest.mark.row("CF-78")
def test_poststart_comes_after_the_program_was_executed_and_before_start_returns(container, notes):
    """No peer has it right: runc runs it in create, crun does not wait for the exec."""
    hook(container, "poststart", f"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); sleep 0.2\n"
         f"tr '\\0' ' ' < /proc/$pid/cmdline >> {notes}\n")
    container.create(["sleep", "4711"])

    container.start()

    assert notes.read_text() == "sleep 4711 "


@pytest.mark.row("CF-71")
def test_hooks_of_one_kind_run_one_after_the_other(container, notes):
    hook(container, "createRuntime", f"sleep 0.1; echo first >> {notes}\n")
    hook(container, "createRuntime", f"echo second >> {notes}\n")
    hook(container, "prestart", f"sleep 0.05; echo zeroth >> {notes}\n")

    container.run(["true"])

    assert notes.read_text().split() == ["zeroth", "first", "second"]


@pytest.mark.row("CF-67", "CF-68")
def test_run_and_its_delete_run_all_kinds(container, notes):
    for kind in KINDS:
        hook(container, kind, f"echo {kind} >> {place(container, kind)}\n")

    container.run(["true"])

    assert sorted(notes.read_text().split()) == sorted(KINDS)
    assert notes.read_text().split()[-1] == "poststop"


@pytest.mark.row("CF-79")
def test_poststop_runs_after_everything_is_gone(container, notes):
    places = " ".join(container.cgroup_places())
    hook(container, "poststop", f"ls -d {places} >> {notes} 2>/dev/null; sleep 0.2; echo ran >> {notes}\n")
    container.up()

    container.force_delete()

    assert notes.read_text() == "ran\n"


@pytest.mark.davit_only
@pytest.mark.row("CF-79")
def test_the_id_stays_taken_until_the_poststop_hooks_ended(container, notes):
    """As with crun; with runc a second container of the name may live already.  And a delete that is killed can be repeated
    with its hooks."""
    hook(container, "poststop", f"{container.runtime_path} --root {container.root} state {container.id} > {notes}\n")
    container.up()

    container.force_delete()

    assert json.loads(notes.read_text())["status"] == "stopped"
    assert not container.state_dir.exists()


# --- input -----------------------------------------------------------------------------------------------------------

@pytest.mark.row("RT-07")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.row("CF-72")
def test_the_state_is_on_standard_input(container, notes, kind):
    container.spec["annotations"] = {"org.example": "value"}
    hook(container, kind, f"cat > {place(container, kind)}\n")
    container.up()
    if kind in ("startContainer", "poststart"):
        wait_until(lambda: notes.read_text().strip().endswith("}"))
    pid = container.pid
    container.force_delete()

    state = json.loads(notes.read_text())

    assert state["id"] == container.id
    assert state["annotations"] == {"org.example": "value"}
    assert re.match(r"1\.\d+", state["ociVersion"])
    if machine.runtime_kind() == "davit":
        # "created" from the end of step 2 of the lifecycle on, as crun says; runc says "creating" up to createContainer.
        assert state["status"] == {"poststart": "running", "poststop": "stopped"}.get(kind, "created")
        assert state["bundle"] == str(container.bundle)
    if kind in ("prestart", "createRuntime", "poststart"):
        assert state["pid"] == pid


@pytest.mark.row("RT-07")
@pytest.mark.davit_only
@pytest.mark.parametrize("kind", INSIDE)
def test_hooks_inside_see_the_pid_of_the_inside(container, notes, kind):
    """crun says 0."""
    hook(container, kind, f"cat > {place(container, kind)}\n")
    container.up()
    wait_until(lambda: notes.read_text().strip().endswith("}"))

    assert json.loads(notes.read_text())["pid"] == 1


@pytest.mark.davit_only
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.row("CF-72")
def test_a_hook_that_does_not_read_its_input_hurts_nobody(container, kind):
    """crun dies of SIGPIPE when the state is larger than a pipe."""
    container.spec["annotations"] = {f"org.example.{i}": "x" * 1000 for i in range(100)}
    hook(container, kind, "exit 0\n")

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.davit_only
@pytest.mark.row("CF-72")
def test_a_large_state_reaches_a_hook_whole(container, notes):
    container.spec["annotations"] = {f"org.example.{i}": "x" * 1000 for i in range(300)}
    hook(container, "createRuntime", f"sleep 0.05; cat > {notes}\n")
    container.run(["true"])

    assert json.loads(notes.read_text())["annotations"] == container.spec["annotations"]


@pytest.mark.davit_only
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_hook_leaves_running_may_go_on_printing(container, notes, kind):
    """After the hook has ended, when nobody reads any more."""
    there = "/notes" if kind in INSIDE else notes       # the root has changed by then
    hook(container, kind,
         f"(until [ -s {there} ]; do sleep 0.02; done; yes | head -c 1000 && echo lives >> {there}) &\n")
    container.up()
    if kind not in INSIDE:      # those end with the pid namespace
        container.force_delete()
    notes.write_text("go\n")

    wait_until(lambda: "lives" in notes.read_text())


# --- place ------------------------------------------------------------------------------------------------------------

NAMESPACES = "for n in mnt net ipc uts pid; do readlink /proc/self/ns/$n; done"


@pytest.mark.parametrize("kind", ON_HOST)
@pytest.mark.row("CF-69")
def test_these_hooks_run_in_the_namespaces_of_the_runtime(container, notes, kind):
    hook(container, kind, f"{{ {NAMESPACES}; }} > {notes}\n")
    container.up()
    if kind == "poststart":
        wait_until(lambda: len(notes.read_text().split()) == 5)
    container.force_delete()

    seen = notes.read_text().split()
    assert seen == [os.readlink(f"/proc/{container.caller_pid()}/ns/{n}") for n in ("mnt", "net", "ipc", "uts", "pid")]


@pytest.mark.parametrize("kind", INSIDE)
@pytest.mark.row("CF-70")
def test_these_hooks_run_in_the_namespaces_of_the_container(container, notes, kind):
    hook(container, kind, f"{{ {NAMESPACES}; }} > {place(container, kind)}\n")
    container.up()
    wait_until(lambda: len(notes.read_text().split()) == 5)

    assert notes.read_text().split() == [os.readlink(f"/proc/{container.pid}/ns/{n}")
                                         for n in ("mnt", "net", "ipc", "uts", "pid")]


# As of crun's: it is not dumpable before it is the program.
SEES_INIT = pytest.mark.root("userns", why="an ordinary user may not look into a waiting init")


@SEES_INIT
@pytest.mark.row("CF-73", "CF-75")
@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_these_hooks_run_when_the_environment_is_made_but_before_pivot_root(container, notes, kind):
    hook(container, kind, f"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/')\n"
         f"for n in mnt net ipc uts pid; do readlink /proc/$pid/ns/$n; done > {notes}\n"
         f"test -e /proc/$pid/root{notes} && echo host-root >> {notes}; true\n")
    container.create(["sleep", "1000"])

    *seen, root = notes.read_text().split()
    assert seen == [os.readlink(f"/proc/{container.pid}/ns/{n}") for n in ("mnt", "net", "ipc", "uts", "pid")]
    assert root == "host-root"
    assert not os.path.exists(f"/proc/{container.pid}/root{notes}")


@pytest.mark.row("CF-76")
def test_create_hooks_see_the_host_file_system_and_the_mounts(container, notes):
    """createContainer: before pivot_root, the mounts are visible below the rootfs."""
    container.add_mount("/data", "tmpfs", "tmpfs", ["size=1m"])
    hook(container, "createContainer",
         f"grep -c '{container.rootfs}/data ' /proc/self/mountinfo >> {notes}; test -e {notes} && echo host >> {notes}\n")

    container.run(["true"])

    assert notes.read_text().split() == ["1", "host"]


@pytest.mark.row("CF-76")
def test_a_mount_made_by_a_create_container_hook_is_seen_by_the_program(container, notes):
    """What the hooks of GPU vendors do."""
    (container.rootfs / "extra").mkdir()
    hook(container, "createContainer", f"mount -t tmpfs tmpfs {container.rootfs}/extra\n"
         f"echo hooked > {container.rootfs}/extra/file\n")

    assert container.run(["cat", "/extra/file"]).stdout == "hooked\n"
    assert not (container.rootfs / "extra/file").exists()


@pytest.mark.row("CF-68", "CF-70")
def test_start_container_hooks_see_the_root_of_the_container(container, notes):
    hook(container, "startContainer", "ls / > /notes; test -e /var/tmp/davit* && echo host >> /notes; true\n")
    container.run(["true"])

    assert "rootfs" not in notes.read_text()
    assert "host" not in notes.read_text().split()


@SEES_INIT
def test_the_network_namespace_of_the_pid_is_ready_for_create_runtime_hooks(container, notes):
    """Docker's network hook: the host pid on standard input, /proc/PID/ns/net valid."""
    hook(container, "createRuntime",
         f"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); readlink /proc/$pid/ns/net > {notes}\n")
    container.create(["true"])

    assert notes.read_text().strip() == os.readlink(f"/proc/{container.pid}/ns/net")
    assert notes.read_text().strip() != os.readlink("/proc/self/ns/net")


@pytest.mark.davit_only
@pytest.mark.parametrize("kind", ON_HOST)
def test_the_directory_of_a_hook_is_the_bundle(container, notes, kind):
    hook(container, kind, f"pwd > {notes}\n")
    container.up()
    container.force_delete()

    assert notes.read_text().strip() == str(container.bundle)


def test_hooks_have_no_other_descriptors(container, notes):
    hook(container, "createRuntime", f"ls /proc/self/fd | tr '\\n' ' ' > {notes}\n")
    container.run(["true"])

    # 3 is ls' own directory; sh may keep 10 or 255 for its script.
    assert set(notes.read_text().split()) <= {"0", "1", "2", "3", "10", "255"}


# --- arguments and environment -------------------------------------------------------------------------------------------

def test_the_arguments_of_a_hook_are_its_whole_argv(container, notes):
    hook(container, "createRuntime", f"tr '\\0' ' ' < /proc/$$/cmdline > {notes}\n",
         args=["name", "one", "two words"])
    container.run(["true"])

    assert notes.read_text().strip().endswith("one two words")


@pytest.mark.row("CF-64")
@pytest.mark.parametrize("kind", KINDS)
def test_args_of_a_hook_begin_with_argv0(container, notes, kind):
    line = f'printf "%s|" "$0" "$@" > {place(container, kind)}'
    container.spec["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", line, "zero", "two words", ""]}]}
    container.run(["true"])

    assert notes.read_text() == "zero|two words||"


@pytest.mark.row("CF-64")
def test_argv0_of_a_hook_is_kept(container, notes):
    probe = str(container.rootfs / "bin/probe")
    script = container.host_script("w", f"exec {probe} > {notes}\n")
    line = f"tr '\\0' '|' < /proc/$$/cmdline > {notes}; true"
    container.spec["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["other-name", "-c", line]}]}
    container.run(["true"])
    assert notes.read_text() == f"other-name|-c|{line}|"

    container.spec["hooks"]["createRuntime"] = [{"path": script}]
    container.run(["true"])
    assert json.loads(notes.read_text())["args"] == [probe]


@pytest.mark.row("CF-65")
def test_the_environment_of_a_hook_is_only_the_configured_one(container, notes):
    hook(container, "createRuntime", f"env > {notes}\n", env=["A=1", "PATH=/usr/bin:/bin"])
    container.run(["true"], env={"SECRET": "x"})

    seen = set(notes.read_text().splitlines())
    assert {"A=1", "PATH=/usr/bin:/bin"} <= seen
    assert {line.split("=")[0] for line in seen} - {"A", "PATH"} <= {"PWD", "OLDPWD", "SHLVL", "_"}     # the shell's own


@pytest.mark.davit_only
@pytest.mark.row("CF-65")
def test_without_env_a_hook_has_the_runtimes_environment_and_nothing_internal(container, notes):
    """crun leaks _LIBCONTAINER_CLONED_BINARY."""
    hook(container, "createRuntime", f"env > {notes}\n")
    container.run(["true"], env={"CALLER": "x"})

    names = {line.split("=")[0] for line in notes.read_text().splitlines()}
    assert "CALLER" in names
    assert names <= set(container.env) | {"CALLER", "PWD", "OLDPWD", "SHLVL", "_"}


# --- failures ---------------------------------------------------------------------------------------------------------------

@pytest.mark.row("RT-16", "RT-17", "RT-18", "UB-46")
@pytest.mark.parametrize("kind", AT_CREATE)
@pytest.mark.parametrize("how", ["create", "run"])
def test_a_failing_hook_stops_the_creation(container, notes, kind, how):
    hook(container, kind, "exit 0\n")
    hook(container, kind, "echo the reason >&2; exit 23\n")
    hook(container, kind, f"echo third >> {notes}\n")

    out = getattr(container, how)(["sh", "-c", "echo ran >> /notes"], check=False)

    assert out.returncode in ((1,) if machine.runtime_kind() == "davit" else (1, 255))
    assert not container.state_dir.exists()
    assert notes.read_text() == ""
    if machine.runtime_kind() == "davit":
        assert kind in out.stderr and f"{kind}[1]" in out.stderr or f"{kind} hook 1" in out.stderr
        assert f"{kind}-1" in out.stderr        # the path
        assert "23" in out.stderr


@pytest.mark.row("RT-16", "RT-17", "RT-18")
@pytest.mark.davit_only
@pytest.mark.parametrize("kind", AT_CREATE)
def test_after_a_failed_create_hook_poststop_runs(container, notes, kind):
    """The specification says so; crun does not.  By then everything has been undone."""
    hook(container, kind, "exit 1\n")
    hook(container, "poststop", f"echo poststop >> {notes}; ls -d {' '.join(container.cgroup_places())} >> {notes} 2>/dev/null\n")

    out = container.create(["true"], check=False)

    assert out.returncode == 1
    assert notes.read_text() == "poststop\n"
    assert container.list() == []


@pytest.mark.row("RT-19")
@pytest.mark.davit_only
def test_a_failing_start_container_hook_fails_the_start(container, notes):
    """All peers: start exits 0, and poststop runs only at delete."""
    hook(container, "startContainer", "exit 5\n")
    hook(container, "poststop", f"echo poststop >> {notes}\n")
    container.create(["sh", "-c", "echo ran >> /notes"])

    out = container.start(check=False)

    assert out.returncode == 1
    assert "startContainer" in out.stderr
    container.wait_dead()
    assert notes.read_text() == "poststop\n"
    assert container.list() == [] and container.cgroup_dirs() == []


@pytest.mark.davit_only
def test_a_failing_start_container_hook_fails_the_run(container, notes):
    hook(container, "startContainer", "exit 5\n")
    hook(container, "poststop", f"echo poststop >> {notes}\n")

    out = container.run(["sh", "-c", "echo ran >> /notes"], check=False)

    assert out.returncode == 1
    assert "startContainer" in out.stderr
    assert notes.read_text() == "poststop\n"


@pytest.mark.row("RT-21")
@pytest.mark.davit_only
def test_a_failing_poststart_hook_stops_the_container(container, notes):
    hook(container, "poststart", "exit 5\n")
    hook(container, "poststop", f"echo poststop >> {notes}\n")
    container.create(["sleep", "1000"])
    pid = container.pid

    out = container.start(check=False)

    assert out.returncode == 1
    assert "poststart" in out.stderr
    container.wait_dead(pid)
    assert notes.read_text() == "poststop\n"
    assert container.list() == [] and container.cgroup_dirs() == []


@pytest.mark.davit_only
@pytest.mark.davit_only
@pytest.mark.parametrize("kind", AT_CREATE)
def test_the_error_of_a_hook_has_its_last_words(container, notes, kind):
    hook(container, kind, "echo first; echo second >&2; echo; echo 'third  ' >&2; printf 'no newline'; exit 3\n")

    out = container.create(["true"], check=False)

    assert re.search(rf"hooks\.{kind}\[0\]: .*: exit status 3: second \| third \| no newline$", out.stderr, re.M), out


@pytest.mark.parametrize("kind", ["startContainer", "poststart"])
def test_a_start_that_is_told_to_end_while_a_hook_hangs_ends_the_container(container, notes, kind):
    """The hook has not failed: poststop waits for delete."""
    hook(container, kind, f"echo hangs >> {place(container, kind)}; exec sleep 1000\n")
    hook(container, "poststop", f"echo poststop >> {notes}\n")
    container.create(["sleep", "1000"])
    running = container.launch("start", container.id)
    wait_until(lambda: notes.read_text() == "hangs\n")

    os.kill(running.pid, signal.SIGTERM)

    assert running.wait().returncode != 0
    container.wait_dead()
    assert container.status() == "stopped"
    container.delete()
    assert notes.read_text() == "hangs\npoststop\n"


@pytest.mark.row("RT-24")
@pytest.mark.davit_only
def test_a_failing_poststop_hook_is_only_a_warning_and_the_next_one_runs(container, notes):
    """runc stops at the first."""
    hook(container, "poststop", "exit 5\n")
    hook(container, "poststop", f"echo second >> {notes}\n")
    container.up()

    container.stop()
    out = container.runtime("--log-level", "warning", "delete", container.id)

    assert "poststop" in out.stderr and "5" in out.stderr
    assert notes.read_text() == "second\n"
    assert not container.state_dir.exists()


@pytest.mark.davit_only
@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_a_hook_killed_by_a_signal_is_named(container, kind):
    hook(container, kind, "kill -SEGV $$\n")

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert kind in out.stderr
    assert "signal" in out.stderr.lower() or "SEGV" in out.stderr or "11" in out.stderr


@pytest.mark.parametrize("path", ["/no/such/hook", "/etc/passwd", "/"])
def test_a_hook_that_cannot_be_executed(container, path):
    container.spec["hooks"] = {"createRuntime": [{"path": path}]}

    out = container.run(["true"], check=False)

    assert out.returncode in ((1,) if machine.runtime_kind() == "davit" else (1, 255))
    assert not container.state_dir.exists()
    if machine.runtime_kind() == "davit":
        assert path in out.stderr and "createRuntime" in out.stderr


@pytest.mark.davit_only
@pytest.mark.row("CF-63")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("entry", [{"path": "bin/true"}, {"path": "./true"}, {"path": ""}, {"args": ["/bin/true"]}])
def test_a_hook_needs_an_absolute_path(container, kind, entry):
    """But crun looks a bare name up in PATH, and so do we."""
    container.spec["hooks"] = {kind: [{"path": "/bin/true"}, entry]}

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert f"hooks.{kind}[1].path" in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.davit_only
@pytest.mark.parametrize("entry, member", [
    ({"path": "bin/true"}, "hooks.createRuntime[0].path"), ({}, "hooks.createRuntime[0].path"),
    ({"path": "/bin/true", "timeout": 0}, "hooks.createRuntime[0].timeout"),
    ({"path": "/bin/true", "timeout": -1}, "hooks.createRuntime[0].timeout"),
    ({"path": "/bin/true", "timeout": "1"}, "hooks.createRuntime[0].timeout"),
    ({"path": "/bin/true", "args": "x"}, "hooks.createRuntime[0].args"),
    ({"path": 5}, "hooks.createRuntime[0].path")])
@pytest.mark.row("CF-66")
def test_a_wrong_hook_is_refused_with_its_member(container, entry, member):
    container.spec["hooks"] = {"createRuntime": [entry]}

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert member in out.stderr


# --- timeouts --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", AT_CREATE)
@pytest.mark.row("CF-66")
def test_a_hook_that_takes_too_long_is_killed_and_fails(container, notes, kind):
    hook(container, kind, f"sleep 1000\necho survived >> {notes}\n", timeout=1)

    out = container.run(["true"], check=False, timeout=8)

    assert out.returncode in ((1,) if machine.runtime_kind() == "davit" else (1, 255))
    assert 0.9 < out.seconds < 6
    if machine.runtime_kind() == "davit":
        assert out.seconds < 2
        assert kind in out.stderr and ("timeout" in out.stderr or "timed out" in out.stderr or "1 s" in out.stderr)
    assert notes.read_text() == ""


def test_after_a_create_that_is_interrupted_in_a_hook_poststop_runs(container, notes):
    hook(container, "createRuntime", f"echo begun >> {notes}; sleep 1000\n")
    hook(container, "poststop", f"sleep 0.5; echo poststop >> {notes}\n")
    container.write_config()
    running = container.launch("create", container.id)
    wait_until(lambda: "begun" in notes.read_text())

    os.kill(running.pid, signal.SIGTERM)
    out = running.wait()

    assert out.returncode != 0
    assert notes.read_text().split() == ["begun", "poststop"]
    assert not container.state_dir.exists()


def test_a_hook_within_its_time_is_fine(container):
    hook(container, "createRuntime", "exit 0\n", timeout=5)

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.davit_only
def test_the_children_of_a_hook_that_is_killed_die_too(container):
    hook(container, "createRuntime", "sleep 1000 & wait\n", timeout=1)

    container.run(["true"], check=False)        # the leak check looks for the sleep


def test_a_large_output_of_a_hook_does_not_block_it(container):
    hook(container, "createRuntime", f"head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2\n")

    assert container.run(["echo", "ok"]).stdout.endswith("ok\n")
