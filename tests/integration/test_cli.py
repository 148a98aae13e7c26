# SPDX-License-Identifier: Apache-2.0
"""The command line: options, help, exit codes, and the texts that clients look for."""
import json
import os
import re
import subprocess
import time

import pytest

from harness import machine
from harness.machine import wait_until

COMMANDS = ["run", "create", "start", "state", "list", "ps", "kill", "delete", "pause", "resume", "exec", "spec",
            "features", "mounts"]
davit_only = pytest.mark.davit_only


# --- help and version -----------------------------------------------------------------------------------------------

@pytest.mark.row("RT-28")
@davit_only
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_command(container, option):
    out = container.runtime(option, root=False)

    for command in COMMANDS + ["validate"]:
        assert re.search(rf"^\s+{command}\b", out.stdout, re.M), command
    assert out.stderr == ""


@davit_only
@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS + ["validate"])
@pytest.mark.row("UB-45")
def test_every_command_has_help(container, command, option):
    """PEERS 3.1; Podman probes `checkpoint --help` and the like."""
    out = container.runtime(command, option, root=False)

    assert command in out.stdout
    assert "--help" in out.stdout
    assert out.stderr == ""


@davit_only
def test_help_works_behind_other_arguments(container):
    assert container.runtime("run", "some-id", "--help", root=False).returncode == 0


def test_version_names_the_program_and_the_specification(container):
    for option in ("--version", "-v"):
        out = container.runtime(option, root=False)
        first, *rest = out.stdout.splitlines()
        assert re.match(r"(davit|runc|crun) version \d+\.\d+", first)
        assert any(re.match(r"spec: 1\.\d", line) for line in rest)
        assert out.stderr == ""


@davit_only
def test_version_and_help_create_nothing(container):
    """crun makes its state root even for --version."""
    container.runtime("--version")
    container.runtime("--help")
    container.runtime("run", "--help")

    assert not container.root.exists()


# --- usage errors -----------------------------------------------------------------------------------------------------

@davit_only
@pytest.mark.parametrize("words", [
    ["--banana", "list"], ["list", "--banana"], ["run", "--banana", "x"], ["run", "-Z", "x"], ["delete", "--force=banana", "x"],
    ["exec", "--user"], ["run", "--bundle"], ["list", "--format"]], ids=" ".join)
def test_unknown_options_and_missing_arguments_are_64(container, words):
    out = container.runtime(*words, check=False)

    assert out.returncode == 64
    assert out.stdout == ""
    assert out.stderr.startswith("davit: ")
    assert next(w for w in words if w.startswith("-")).split("=")[0].lstrip("-") in out.stderr


@davit_only
@pytest.mark.parametrize("words", [["run", "--bundle"], ["exec", "--user"], ["create", "--pid-file"], ["--root"]], ids=" ".join)
def test_a_missing_argument_says_requires_an_argument(container, words):
    """Podman greps it."""
    out = container.runtime(*words, root=False, check=False)

    assert out.returncode == 64
    assert "requires an argument" in out.stderr


@pytest.mark.row("RT-30", "RT-32", "RT-40", "RT-43", "RT-46")
@davit_only
@pytest.mark.parametrize("words", [
    ["run"], ["create"], ["start"], ["state"], ["kill"], ["delete"], ["exec"], ["pause"], ["resume"], ["ps"],
    ["create", "a", "b"], ["start", "a", "b"], ["state", "a", "b"], ["list", "a"], ["spec", "a"], ["exec", "a"]], ids=" ".join)
def test_a_wrong_number_of_arguments_is_1(container, words):
    out = container.runtime(*words, check=False)

    assert out.returncode == 1
    assert out.stdout == ""
    assert out.stderr.startswith("davit: ")
    assert words[0] in out.stderr or "container" in out.stderr


@davit_only
@pytest.mark.parametrize("words", [[], ["banana"]], ids=str)
def test_no_command_and_unknown_commands(container, words):
    out = container.runtime(*words, check=False)

    assert out.returncode == 1
    assert out.stderr.strip()
    assert not words or "banana" in out.stderr


@davit_only
@pytest.mark.parametrize("option", ["--log-format=banana", "--log-level=banana", "--cgroup-manager=banana"])
def test_wrong_values_of_global_options(container, option):
    out = container.runtime(option, "list", check=False)

    assert out.returncode in (1, 64)
    assert "banana" in out.stderr


@davit_only
@pytest.mark.parametrize("words", [["list", "--format", "banana"], ["list", "-f", "banana"]], ids=" ".join)
def test_an_unknown_output_format_is_refused(container, words):
    out = container.runtime(*words, check=False)

    assert out.returncode in (1, 64)
    assert "banana" in out.stderr


# --- where options may stand -------------------------------------------------------------------------------------------

@davit_only
@pytest.mark.row("UB-44")
def test_options_after_the_id_work_where_it_is_unambiguous(container):
    container.args = ["sleep", "1000"]
    container.write_config()
    container.runtime("create", container.id, "--bundle", str(container.bundle), "--pid-file", container.pid_file, cwd="/")
    container.runtime("start", container.id)
    container.runtime("kill", container.id, "KILL", "--all")
    container.wait_dead()
    container.runtime("delete", container.id, "--force")


def test_options_of_exec_before_the_id(container):
    container.up()

    assert container.runtime("exec", "--cwd", "/tmp", container.id, "pwd").stdout == "/tmp\n"


@davit_only
def test_two_dashes_end_the_options(container):
    container.up()

    assert container.runtime("exec", "--", container.id, "echo", "-n", "x").stdout == "x"
    assert container.runtime("state", "--", container.id).json["id"] == container.id


@davit_only
@pytest.mark.parametrize("form", [["--bundle={}"], ["--bundle", "{}"], ["-b", "{}"], ["-b{}"], ["--bund", "{}"]], ids=" ".join)
def test_every_way_to_write_an_option(container, form):
    container.args = ["echo", "ok"]
    container.write_config()

    out = container.runtime("run", *[w.format(container.bundle) for w in form], container.id, cwd="/")

    assert out.stdout == "ok\n"


@davit_only
@pytest.mark.parametrize("option", ["--rootless=true", "--rootless=auto", "--no-subreaper", "--no-new-keyring", "--debug",
                                    "--log-level=debug", "--log-format=text", "--cgroup-manager=cgroupfs"])
def test_options_that_clients_send_are_accepted(container, option):
    place = {"globals": [option]}
    if option in ("--no-subreaper", "--no-new-keyring"):
        place = {"options": [option]}

    out = container.run(["echo", "ok"], **place)

    assert out.stdout == "ok\n"


@davit_only
def test_the_config_option_takes_another_file(container):
    container.args = ["echo", "other"]
    container.write_config().rename(container.bundle / "other.json")

    assert container.runtime("run", "--config", str(container.bundle / "other.json"), container.id).stdout == "other\n"
    assert container.runtime("run", "-f", "other.json", container.id).stdout == "other\n"     # against the caller's directory


# --- the state root ------------------------------------------------------------------------------------------------------

@davit_only
def test_the_state_root_is_private(container):
    container.create(["true"])

    assert container.root.stat().st_mode & 0o777 == 0o700
    assert container.state_dir.stat().st_mode & 0o777 == 0o700
    for path in container.state_dir.iterdir():
        assert path.is_socket() or path.lstat().st_mode & 0o077 == 0, path


@davit_only
@pytest.mark.root("rootless", why="/run belongs to him")
def test_an_empty_xdg_runtime_dir_counts_as_unset(container):
    """Podman as root sets it to nothing; crun's create and start would disagree."""
    explained = container.runtime("list", "--quiet", root=False, env={"XDG_RUNTIME_DIR": ""})

    assert explained.returncode == 0


@davit_only
@pytest.mark.root(why="an ordinary user's state is there")
def test_root_does_not_follow_xdg_runtime_dir(container):
    """With `sudo -E`, root would see other containers."""
    place = container.directory / "xdg-of-somebody"
    place.mkdir(mode=0o700)
    container.runtime("list", root=False, env={"XDG_RUNTIME_DIR": str(place)})

    assert os.listdir(place) == []


@davit_only
@pytest.mark.rootless
def test_an_ordinary_users_state_is_below_xdg_runtime_dir(container):
    container.args = ["sleep", "1000"]
    container.write_config()
    container.runtime("create", container.id, root=False)
    try:
        place = container.directory / "xdg/davit" / container.id
        assert place.is_dir()
    finally:
        container.runtime("delete", "--force", container.id, root=False)


# --- errors and logs ------------------------------------------------------------------------------------------------------

def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


FAILURES = {
    "missing program": (lambda c: setattr(c, "args", ["nosuchprogram"]), ["run"]),
    "bad config": (lambda c: c.process.update(cwd="x"), ["create"]),
    "failing hook": (lambda c: c.spec.update(hooks={"createRuntime": [{"path": "/bin/false"}]}), ["create"]),
    "failing inside hook": (lambda c: c.spec.update(hooks={"createContainer": [{"path": "/bin/false"}]}), ["create"]),
    "missing source": (lambda c: c.add_mount("/d", "/no/such"), ["run"]),
    "unknown container": (None, ["state"]),
    "unknown for start": (None, ["start"]),
    "unknown for ps": (None, ["ps"]),
}


@davit_only
@pytest.mark.parametrize("name", FAILURES)
def test_an_error_is_on_stderr_and_exactly_one_json_record_in_the_log(container, name):
    """Podman reads one record only; containerd takes the last; conmon relays stderr."""
    change, command = FAILURES[name]
    log = container.directory / "log.json"
    if change:
        change(container)
        container.write_config()

    out = container.runtime("--log", log, "--log-format", "json", *command, container.id, check=False)

    assert out.returncode == 1
    assert out.stderr.startswith("davit: ")
    [record] = records(log)
    assert record["level"] == "error"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", record["time"])
    message = record["msg"].removesuffix(f" (hint: {record.get('hint')})")
    assert message.removeprefix("davit: ") == out.message.removeprefix("davit: ")
    assert list(record)[:3] == ["msg", "level", "time"]


@davit_only
def test_a_log_with_a_long_message_is_not_cut(container):
    """crun cuts at 511 bytes what comes from inside."""
    name = "x" * 1500
    log = container.directory / "log.json"
    container.add_mount("/d", f"/{name[:200]}/{name[:250]}/{name[:250]}/{name[:250]}/end", "bind", ["bind"])

    out = container.run(["true"], globals=["--log", str(log), "--log-format", "json"], check=False)

    assert f"{name[:250]}/end" in out.stderr
    assert f"{name[:250]}/end" in records(log)[0]["msg"]


@davit_only
def test_a_log_message_with_odd_bytes_is_valid_json(container):
    log = container.directory / "log.json"
    container.args = ['quote"back\\slash\ttab\x01']
    container.run(None, globals=["--log", str(log), "--log-format", "json"], check=False)

    [record] = records(log)
    assert 'quote"back\\slash' in record["msg"]


@davit_only
def test_success_writes_no_record(container):
    log = container.directory / "log.json"
    container.run(["true"], globals=["--log", str(log), "--log-format", "json"])

    assert not log.exists() or log.read_text() == ""


@davit_only
def test_a_log_is_appended_to(container):
    log = container.directory / "log.json"
    for _ in range(2):
        container.runtime("--log", log, "--log-format", "json", "state", "nope", check=False)

    assert len(records(log)) == 2


@davit_only
def test_a_text_log(container):
    log = container.directory / "log"
    out = container.runtime("--log", log, "state", "nope", check=False)

    assert "nope" in log.read_text()
    assert len(log.read_text().splitlines()) == 1
    assert out.stderr.startswith("davit: ")


@davit_only
def test_an_error_is_one_line_and_perhaps_a_hint(container):
    for words in (["state", "nope"], ["run", "x"], ["kill", "nope", "KILL"]):
        out = container.runtime(*words, cwd=container.directory, check=False)
        lines = out.stderr.splitlines()
        assert lines[0].startswith("davit: ")
        assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("hint: "))


@davit_only
@pytest.mark.parametrize("log", ["/no/such/dir/log", "full", "/"])
def test_a_log_that_cannot_be_written(container, log):
    if log == "full":
        log = container.full_device()
    out = container.runtime("--log", log, "state", "nope", check=False)

    assert out.returncode == 1
    assert out.stderr.strip()


@davit_only
def test_a_debug_log_tells_the_steps(container):
    log = container.directory / "log"
    container.run(["true"], globals=["--debug", "--log", str(log)])

    assert len(log.read_text().splitlines()) > 5


# --- success prints nothing ------------------------------------------------------------------------------------------------

@pytest.mark.pauses
def test_commands_that_change_something_print_nothing(container):
    outs = [container.create(["sleep", "1000"]), container.start(), container.pause(), container.resume(),
            container.kill("KILL")]
    container.wait_dead()
    outs.append(container.delete())

    assert [(o.stdout, o.stderr) for o in outs] == [("", "")] * 6


# --- list ---------------------------------------------------------------------------------------------------------------

@pytest.mark.row("UB-48")
def test_list_json_has_the_keys_that_clients_read(container):
    container.up()

    [entry] = container.list()

    assert entry["id"] == container.id
    assert entry["pid"] == container.pid
    assert entry["status"] == "running"
    assert entry["bundle"] == str(container.bundle)
    assert "created" in entry and "owner" in entry


@pytest.mark.row("UB-48")
def test_list_quiet_prints_ids_only(new_container):
    first, second = new_container(), new_container()
    first.create(["true"])
    second.create(["true"])

    assert sorted(first.runtime("list", "-q").stdout.split()) == sorted([first.id, second.id])


@davit_only
def test_a_directory_whose_name_is_no_id_is_not_listed(container):
    """Who may write to a state root writes to the terminals of those who list it."""
    container.create()
    odd = [container.state_dir.parent / name for name in ("$(touch ran)", "\x1b[31mred", "a b")]
    for directory in odd:
        directory.mkdir()

    quiet, table = container.runtime("list", "-q").stdout, container.runtime("list").stdout
    for directory in odd:
        directory.rmdir()

    assert quiet == f"{container.id}\n" and "red" not in table


def test_list_is_sorted(new_container):
    containers = [new_container() for _ in range(5)]
    for c, letter in zip(containers, "caedb"):
        c.id = f"{letter}-{c.id}"
        c.linux["cgroupsPath"] += letter
        c.create(["true"])

    assert [e["id"] for e in containers[0].list()] == sorted(c.id for c in containers)


@davit_only
def test_an_empty_list_is_valid_json(container):
    assert container.runtime("list", "--format", "json").json == []


@pytest.mark.row("UB-48")
def test_the_table_has_a_header_and_a_row_for_each(container):
    container.up()

    header, row = container.runtime("list").stdout.splitlines()

    for word in ("PID", "STATUS", "BUNDLE", "CREATED", "OWNER"):
        assert word in header
    assert row.split()[:3] == [container.id, str(container.pid), "running"]


# --- regular expressions --------------------------------------------------------------------------------------------------

@pytest.mark.skipif(machine.runtime_kind() == "runc", reason="crun's option")
def test_kill_and_delete_by_regular_expression(new_container):
    containers = [new_container() for _ in range(3)]
    for c, name in zip(containers, ("web-1", "web-2", "db-1")):
        c.id = f"{name}-{os.getpid()}"
        c.linux["cgroupsPath"] = f"{c.view.cgroup_parent}/{c.id}"
        c.up()
    web, db = containers[:2], containers[2]
    pids = [c.pid for c in web]

    db.runtime("kill", "--regex", "^web-[0-9]", "KILL")
    for c, pid in zip(web, pids):
        c.wait_dead(pid)
    db.runtime("delete", "--regex", "^web-")

    assert [e["id"] for e in db.list()] == [db.id]


@davit_only
@pytest.mark.parametrize("command", ["kill", "delete"])
def test_an_invalid_regular_expression_is_refused(container, command):
    """crun: exit code 0."""
    container.create(["true"])

    out = container.runtime(command, "--regex", "[", check=False)

    assert out.returncode == 1
    assert "[" in out.stderr
    assert container.status() == "created"


@davit_only
def test_a_failure_with_a_regular_expression_is_not_exit_code_0(container):
    container.up()

    out = container.runtime("delete", "--regex", "^t", check=False)      # running: not deleted without force

    assert out.returncode == 1
    assert container.id in out.stderr


# --- as the clients call it ---------------------------------------------------------------------------------------------------

def test_as_podman_and_conmon_call_it(container):
    """With the environment that they give: XDG_RUNTIME_DIR is empty, HOME is missing."""
    log = str(container.directory / "oci-log")
    common = ["--log-format=json", "--log", log]
    container.env = {"XDG_RUNTIME_DIR": "", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    container.args = ["sleep", "1000"]
    container.write_config()
    container.runtime(*common, "create", "--bundle", str(container.bundle), "--pid-file", container.pid_file, container.id, cwd="/")
    container.runtime("start", container.id)
    container.runtime("pause", container.id)
    container.runtime("resume", container.id)
    assert container.state()["status"] == "running"
    process = container.directory / "p"
    process.write_text(json.dumps({"args": ["sh", "-c", "exit 3"], "cwd": "/", "user": {"uid": 0, "gid": 0},
                                   "env": ["PATH=/bin"]}))
    pid_file = container.directory / "e.pid"
    container.runtime(*common, "exec", "--pid-file", str(pid_file), "--process", str(process), "--detach", container.id)
    assert container.exit_code(int(pid_file.read_text())) == 3
    container.runtime("kill", container.id, "15")
    container.runtime("kill", container.id, "9")
    container.wait_dead()
    again = container.runtime("kill", container.id, "9", check=False)
    assert again.returncode == 1
    container.runtime("delete", "--force", container.id)
    container.runtime("delete", "--force", container.id)


@davit_only
def test_as_the_containerd_shim_calls_it(container):
    log = str(container.directory / "log.json")
    common = ["--log", log, "--log-format", "json"]
    container.args = ["sleep", "1000"]
    container.write_config()
    container.runtime(*common, "create", "--bundle", str(container.bundle), "--pid-file", container.pid_file, "--no-pivot", container.id)
    container.runtime(*common, "start", container.id)
    assert container.runtime(*common, "ps", "--format", "json", container.id).json == [container.pid]
    container.runtime(*common, "kill", "--all", container.id, "9")
    container.wait_dead()
    out = container.runtime(*common, "kill", container.id, "9", check=False)
    text = (out.stdout + out.stderr).lower()
    assert "process already finished" in text or "container not running" in text or "no such process" in text
    container.runtime(*common, "delete", container.id)
    gone = container.runtime(*common, "delete", container.id, check=False)
    assert "does not exist" in gone.stderr
    assert container.runtime(*common, "delete", "--force", container.id).returncode == 0


def test_as_buildah_calls_it(container):
    container.id = f"buildah-buildah{os.getpid()}"
    container.linux["cgroupsPath"] = f"{container.view.cgroup_parent}/{container.id}"
    container.args = ["sh", "-c", "exit 4"]
    container.write_config()
    container.runtime("create", "--bundle", str(container.bundle), "--pid-file", container.pid_file, container.id)
    container.runtime("start", container.id)
    assert container.exit_code() == 4
    assert container.status() == "stopped"
    container.runtime("delete", container.id)


@davit_only
def test_the_runtime_started_with_a_death_signal_leaves_the_container_alone(container):
    """conmon sets PR_SET_PDEATHSIG on the runtime; the container must not inherit it."""
    container.wrapper = ["setpriv", "--pdeathsig", "KILL"]
    container.up()

    assert container.exec(["probe"]).json["pdeathsig"] == 0
    assert container.status() == "running"


# --- sd_notify -------------------------------------------------------------------------------------------------------------

@davit_only
def test_a_notify_socket_is_relayed(container):
    import socket
    path = container.directory / "notify.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(str(path))
    container.give(path)
    server.settimeout(5)
    container.create(["probe", "notify", "READY=1"], env={"NOTIFY_SOCKET": str(path)})

    container.start(env={"NOTIFY_SOCKET": str(path)})

    assert b"READY=1" in server.recv(4096)
    server.close()
    assert container.status() == "running"


@davit_only
def test_without_ready_a_start_with_a_notify_socket_ends_with_the_container(container):
    import socket
    path = container.directory / "notify.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(str(path))
    container.give(path)
    container.create(["true"], env={"NOTIFY_SOCKET": str(path)})

    out = container.start(env={"NOTIFY_SOCKET": str(path)}, check=False, timeout=5)

    assert out.returncode in (0, 1)
    server.close()


# --- keyring -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("option", [[], ["--no-new-keyring"]], ids=str)
def test_a_session_keyring_of_its_own(container, option):
    """`keyctl show` is not in busybox; /proc/keys tells the names of the session keyrings."""
    container.linux["maskedPaths"] = []
    container.args = ["cat", "/proc/keys"]
    container.write_config()

    out = container.runtime("run", *option, container.id)

    assert (f"_ses.{container.id}" in out.stdout or f" {container.id}" in out.stdout) == (not option)


# --- the binary ----------------------------------------------------------------------------------------------------------------

@pytest.mark.lean
@davit_only
def test_only_libc_is_linked():
    out = subprocess.run(["ldd", machine.RUNTIME], capture_output=True, text=True, check=False)
    if "not a dynamic executable" in out.stdout + out.stderr or "statically linked" in out.stdout:
        return
    names = {line.split()[0].split("/")[-1] for line in out.stdout.splitlines()}

    assert names <= {"linux-vdso.so.1", "libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


@pytest.mark.lean
@davit_only
def test_the_peak_memory_of_run_is_below_two_and_a_half_megabytes(container):
    # Through a small program: a child of ours would be charged with what Python used before exec.
    peak = container.directory / "peak"
    container.wrapper = ["busybox", "time", "-f", "%M", "-o", str(peak)]
    container.run(["true"])

    # busybox takes ru_maxrss for pages of 4 KiB: it is in KiB already.
    assert int(peak.read_text()) // 4 < 2560, f"{int(peak.read_text()) // 4} KiB"
