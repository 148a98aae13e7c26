# SPDX-License-Identifier: Apache-2.0
"""conmon alone: what an engine gets through it."""
import signal

import pytest

from harness import image, machine
from harness.conmon import Refused


def test_run(conmon):
    id = conmon.run("sh", "-c", "echo out; echo err >&2; exit 41")

    assert conmon.exited(id) == 41
    assert sorted(conmon.log(conmon.bundles[id])) == [("stderr", "err"), ("stdout", "out")]


def test_created(conmon):
    """The pid is that of init, which waits, in its cgroup already, as a child of conmon."""
    id, pid = conmon.create(conmon.spec("sleep", "1000"))

    assert machine.read(conmon.bundles[id] / "pid") == str(pid)
    assert "/conmon-check" in machine.read(f"/proc/{pid}/cgroup")
    parent = int(machine.read(f"/proc/{pid}/status").partition("PPid:")[2].split()[0])
    assert machine.read(f"/proc/{parent}/comm") == "conmon\n"
    assert conmon.runtime("state", id).json["status"] == "created"


def test_signal(conmon):
    id = conmon.run("sleep", "1000")

    conmon.runtime("kill", id, str(int(signal.SIGKILL)))

    assert conmon.exited(id) == 137


def test_stopped(conmon):
    id = conmon.run("true")
    conmon.exited(id)

    assert conmon.runtime("state", id).json["status"] == "stopped"
    conmon.runtime("delete", id)
    conmon.runtime("delete", "--force", id)


def test_timeout(conmon):
    id = conmon.run("sleep", "1000", options=["-T", "1"])

    assert conmon.exited(id) == -1              # so conmon says that it ended the container


def test_exit_command(conmon):
    mark = conmon.place.fresh_directory() / "ended"
    id = conmon.run("true", options=["--exit-command", "/usr/bin/touch", "--exit-command-arg", mark])

    conmon.exited(id)
    machine.wait_until(mark.exists, 10)


def test_terminal(conmon):
    id = conmon.run("sh", "-c", "tty; exit 3", terminal=True)

    assert conmon.exited(id) == 3
    assert conmon.log(conmon.bundles[id])[0][1].rstrip("\r") == "/dev/pts/0"


@pytest.mark.parametrize("terminal", [True, False], ids=["tty", "pipe"])
def test_attach(conmon, terminal):
    id, _pid = conmon.create(conmon.spec("sh", "-c", "read x; echo got-$x", terminal=terminal), "-i")
    with conmon.attach(id) as connection:
        conmon.runtime("start", id)
        connection.send(b"word\n")
        seen = b""
        while b"got-word" not in seen:
            block = connection.recv(8192)
            assert block, seen
            seen += block[1:]                   # the first byte names the stream

    assert conmon.exited(id) == 0


def test_exec(conmon):
    id = conmon.run("sleep", "1000")

    directory = conmon.exec(id, "sh", "-c", "echo inside; exit 7")

    assert conmon.exited(id, directory) == 7
    assert conmon.log(directory) == [("stdout", "inside")]


def test_exec_tty(conmon):
    id = conmon.run("sleep", "1000")

    directory = conmon.exec(id, "sh", "-c", "tty; exit 5", terminal=True)

    assert conmon.exited(id, directory) == 5
    assert conmon.log(directory)[0][1].startswith("/dev/pts/")


def test_exec_parallel(conmon):
    id = conmon.run("sleep", "1000")

    directories = [conmon.exec(id, "sh", "-c", f"exit {code}") for code in range(8)]

    assert [conmon.exited(id, directory) for directory in directories] == list(range(8))


# --- errors as an engine gets them ------------------------------------------------------------------------

def test_error_missing_program(conmon):
    with pytest.raises(Refused, match="no-such-program"):
        conmon.create(conmon.spec("no-such-program"))


def test_error_missing_program_tty(conmon):
    with pytest.raises(Refused, match="no-such-program"):
        conmon.create(conmon.spec("no-such-program", terminal=True))


def test_error_not_executable(conmon):
    with pytest.raises(Refused, match="(?i)permission denied"):
        conmon.create(conmon.spec(image.NOT_EXECUTABLE))


def test_error_working_directory(conmon):
    spec = conmon.spec("true")
    spec["process"]["cwd"] = "/etc/passwd"

    with pytest.raises(Refused, match="(?i)/etc/passwd.*not a directory"):
        conmon.create(spec)


def test_error_seccomp_profile(conmon):
    spec = conmon.spec("true")
    spec["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_NONSENSE"}

    with pytest.raises(Refused, match="SCMP_ACT_NONSENSE"):
        conmon.create(spec)


def test_error_pids(conmon, place):
    place.needs("pids")
    spec = conmon.spec("sh", "-c", "true & wait")
    spec["linux"]["resources"] = {"pids": {"limit": 1}}
    id, _pid = conmon.create(spec)

    conmon.runtime("start", id)

    assert conmon.exited(id) == 2
    assert "can't fork" in conmon.log(conmon.bundles[id])[0][1]


def test_error_exec(conmon):
    id = conmon.run("sleep", "1000")

    with pytest.raises(Refused, match="no-such-program"):
        conmon.exec(id, "no-such-program")
