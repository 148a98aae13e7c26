# SPDX-License-Identifier: Apache-2.0
"""Terminals: the console socket, the foreground, sizes, signals, floods, readers that stall."""
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import termios
import time

import pytest

from harness import machine
from harness.container import read_terminal
from harness.machine import wait_until


@pytest.fixture
def terminal(container):
    container.process["terminal"] = True
    return container


def size_of(fd):
    return struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8)))[:2]


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


# --- with a console socket ---------------------------------------------------------------------------------------

@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.row("CF-31")
def test_create_sends_the_terminal_to_the_console_socket(terminal):
    console = terminal.open_console()
    terminal.create(["sh", "-c", "tty; test -t 0 && test -t 1 && test -t 2 && echo all"],
                    options=["--console-socket", console.path])
    console.accept()
    terminal.start()

    out = console.read_until("all")

    assert "/dev/pts/0" in out or "/dev/console" in out


def test_the_message_has_a_payload_and_exactly_one_descriptor(terminal):
    """conmon: SOCK_STREAM, at least one byte, one SCM_RIGHTS message with one descriptor."""
    console = terminal.open_console()
    terminal.create(["true"], options=["--console-socket", console.path])
    master = console.accept()       # asserts the single descriptor

    assert 1 <= len(console.message) <= 4095
    assert os.isatty(master)


def test_a_detached_run_uses_the_console_socket(terminal):
    console = terminal.open_console()
    terminal.run_detached(["sh", "-c", "echo hello; sleep 1000"], options=["--console-socket", console.path])
    console.accept()

    assert "hello" in console.read_until("hello")


def test_the_terminal_is_the_controlling_one(terminal):
    console = terminal.open_console()
    terminal.create(["sh", "-c", "trap 'echo interrupted; exit 0' INT; echo ready; sleep 1000 & wait"],
                    options=["--console-socket", console.path])
    console.accept()
    terminal.start()
    console.read_until("ready")

    os.write(console.master, b"\x03")

    console.read_until("interrupted")
    assert terminal.exit_code() == 0


@pytest.mark.row("CF-31", "CL-20")
def test_the_console_device_is_there_with_a_terminal(terminal):
    console = terminal.open_console()
    terminal.create(["sh", "-c", "echo to-console > /dev/console; test -c /dev/console && echo device; sleep 1000"],
                    options=["--console-socket", console.path])
    console.accept()
    terminal.start()

    assert "to-console" in console.read_until("device")
    [line] = [line.split() for line in machine.read(f"/proc/{terminal.pid}/mountinfo").splitlines() if " /dev/console " in line]
    assert (line[3], line[line.index("-") + 1]) == ("/0", "devpts")


@pytest.mark.row("CF-31", "CL-20")
@pytest.mark.parametrize("value", [False, None])
def test_without_a_terminal_there_is_no_console(container, value):
    container.process["terminal"] = value
    if value is None:
        del container.process["terminal"]

    assert container.run(["test", "-e", "/dev/console"], check=False).returncode == 1
    assert container.probe()["tty"] == ""


def test_the_terminal_belongs_to_the_user(terminal):
    terminal.process["user"] = {"uid": 1000, "gid": 1000}
    console = terminal.open_console()
    terminal.create(["sh", "-c", "stat -c '%u %a' $(tty); echo x > $(tty) && echo writable"],
                    options=["--console-socket", console.path])
    console.accept()
    terminal.start()

    out = console.read_until("writable")

    assert "1000 6" in out


@pytest.mark.parametrize("rows, columns", [(25, 90), (1, 1), (500, 65535)])
@pytest.mark.row("CF-32")
def test_the_console_size_is_the_configured_one(terminal, rows, columns):
    terminal.process["consoleSize"] = {"height": rows, "width": columns}
    console = terminal.open_console()
    terminal.create(["probe", "ttysize"], options=["--console-socket", console.path])
    console.accept()
    assert size_of(console.master) == (rows, columns)
    terminal.start()

    assert f"{rows} {columns}" in console.read_until("\n")


@pytest.mark.row("CF-32")
def test_a_console_size_without_a_terminal_is_ignored(container):
    container.process["consoleSize"] = {"height": 25, "width": 80}

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.davit_only
@pytest.mark.parametrize("size", [{"height": 25}, {"width": 80}, {"height": -1, "width": 80}, {"height": 25, "width": 65536},
                                  {"height": "25", "width": 80}])
@pytest.mark.row("CF-32")
def test_a_console_size_that_is_none_is_refused(terminal, size):
    terminal.process["consoleSize"] = size
    console = terminal.open_console()

    out = terminal.create(["true"], options=["--console-socket", console.path], check=False)

    assert out.returncode == 1
    assert "process.consoleSize" in out.stderr


@pytest.mark.parametrize("how", ["create", "run_detached"])
@pytest.mark.row("CF-31", "UB-17")
def test_a_terminal_without_a_console_socket_is_refused(terminal, how):
    out = getattr(terminal, how)(["true"], check=False)

    assert out.returncode == 1
    assert "console-socket" in out.stderr or "console" in out.stderr
    assert not terminal.state_dir.exists()


def test_a_console_socket_that_nobody_listens_at_is_refused(terminal):
    out = terminal.create(["true"], options=["--console-socket", "/no/such/socket"], check=False)

    assert out.returncode == 1
    assert not terminal.state_dir.exists()
    if machine.runtime_kind() == "davit":
        assert "/no/such/socket" in out.stderr


def test_a_console_socket_with_a_full_backlog_does_not_hang(terminal):
    """crun hangs."""
    console = terminal.open_console(backlog=0)
    fillers = []
    for _ in range(3):
        filler = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        filler.setblocking(False)
        fillers.append(filler)
        if filler.connect_ex(console.path) != 0:
            break

    out = terminal.create(["true"], options=["--console-socket", console.path], check=False, timeout=35)

    for filler in fillers:
        filler.close()
    assert out.returncode == 1
    assert out.stderr.strip()
    assert not terminal.state_dir.exists()


@pytest.mark.davit_only
def test_a_console_socket_path_longer_than_an_address_works(terminal):
    """107 bytes fit into sun_path; crun goes through /proc/self/fd."""
    directory = terminal.directory / ("d" * 120)
    directory.mkdir()
    here = os.getcwd()
    os.chdir(directory)
    try:
        from harness.container import Console
        terminal.console = Console("tty")
        terminal.give(directory)
    finally:
        os.chdir(here)
    terminal.create(["true"], options=["--console-socket", str(directory / "tty")])

    assert os.isatty(terminal.console.accept())


def test_exec_gives_its_terminal_to_the_console_socket(container):
    container.up()
    console = container.open_console()

    container.exec(["sh", "-c", "tty && echo done; sleep 0.2"],
                   options=["--tty", "--detach", "--console-socket", console.path])
    console.accept()

    assert "/dev/pts/" in console.read_until("done")


@pytest.mark.row("UB-15")
def test_a_burst_over_the_console_socket_arrives_whole(terminal):
    console = terminal.open_console()
    terminal.create(["sh", "-c", "stty -opost 2>/dev/null; probe burst 4000000; echo the-end"],
                    options=["--console-socket", console.path])
    console.accept()
    terminal.start()

    out = console.read_until("the-end", seconds=20)

    assert out.replace("\r\n", "\n").count("x") == 4000000 - 4000000 // 64


@pytest.mark.row("UB-14")
def test_a_reader_that_stalls_does_not_lose_anything(terminal):
    console = terminal.open_console()
    terminal.create(["sh", "-c", "probe burst 640000; echo the-end"], options=["--console-socket", console.path])
    console.accept()
    terminal.start()
    time.sleep(0.3)
    assert terminal.status() == "running"

    out = console.read_until("the-end", seconds=10)

    assert out.replace("\r\n", "\n").count("x") == 640000 - 10000


# --- in the foreground --------------------------------------------------------------------------------------------

class Foreground:
    """The runtime with a terminal of its own, as from a shell."""

    def __init__(self, container, words, rows=40, columns=100):
        self.master, slave = pty.openpty()
        set_size(self.master, rows, columns)

        def arrange():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        container._prepare(None)
        self.before = termios.tcgetattr(slave)
        self.running = container.launch(*words, stdin=slave, stdout=slave, stderr=slave, preexec_fn=arrange)
        self.slave = slave

    def read_until(self, text, seconds=8):
        return read_terminal(self.master, text, seconds)

    def wait(self, timeout=None):
        """Reads on while waiting, as a terminal does."""
        end = time.monotonic() + (timeout or machine.DEADLINE)
        while self.running.process.poll() is None and time.monotonic() < end:
            self.running.session.orphans()
            if select.select([self.master], [], [], 0.01)[0]:
                os.read(self.master, 65536)
        return self.running.wait(1)

    def close(self):
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def foreground(terminal):
    opened = []

    def make(args, options=(), **more):
        terminal.args = args
        opened.append(Foreground(terminal, ["run", *options, terminal.id], **more))
        return opened[-1]
    yield make
    for each in opened:
        each.close()


@pytest.mark.views("hybrid", "oldkernel")
def test_run_relays_the_terminal_both_ways(foreground):
    session = foreground(["sh", "-c", "echo ready; read word; echo got-$word; exit 6"])
    session.read_until("ready")

    os.write(session.master, b"hello\n")

    session.read_until("got-hello")
    assert session.wait().returncode == 6


@pytest.mark.davit_only
def test_run_starts_with_the_size_of_the_callers_terminal(foreground):
    """crun: 0 x 0 until the first resize."""
    session = foreground(["probe", "ttysize"], rows=33, columns=77)

    session.read_until("33 77")
    session.wait()


@pytest.mark.row("UB-16")
def test_a_resize_reaches_the_container(foreground):
    session = foreground(["sh", "-c", "trap 'probe ttysize' WINCH; echo ready; while :; do sleep 0.02; done"])
    session.read_until("ready")

    set_size(session.master, 55, 99)
    os.kill(session.running.pid, signal.SIGWINCH)

    session.read_until("55 99")
    os.kill(session.running.pid, signal.SIGKILL)
    session.wait()


def test_the_terminal_is_restored_at_the_end(foreground):
    session = foreground(["sh", "-c", "echo ready; read word; exit 0"])
    session.read_until("ready")
    assert termios.tcgetattr(session.slave)[3] & termios.ICANON == 0     # raw while it runs

    os.write(session.master, b"x\n")
    assert session.wait().returncode == 0

    assert termios.tcgetattr(session.slave)[:4] == session.before[:4]


def test_control_c_goes_to_the_container_not_to_the_runtime(foreground):
    session = foreground(["sh", "-c", "trap 'echo interrupted; exit 9' INT; echo ready; sleep 1000 & wait"])
    session.read_until("ready")

    os.write(session.master, b"\x03")

    session.read_until("interrupted")
    assert session.wait().returncode == 9


@pytest.mark.davit_only
@pytest.mark.row("UB-18")
def test_lines_end_as_the_program_wrote_them(foreground):
    """PEERS 2.1: with crun the same output ends in CR LF twice over."""
    session = foreground(["sh", "-c", "echo one; echo two; echo end"])

    out = session.read_until("end")

    assert "\r\r\n" not in out
    session.wait()


@pytest.mark.slow
@pytest.mark.row("UB-15")
def test_100_megabytes_through_the_terminal_without_loss_or_spin(foreground):
    session = foreground(["sh", "-c", "probe burst 104857600; echo; echo the-end"])
    count, tail, end = 0, b"", time.monotonic() + 60 * machine.PATIENCE
    while b"the-end" not in tail:
        assert time.monotonic() < end, f"{count} bytes came"
        if not select.select([session.master], [], [], 5)[0]:
            continue
        block = os.read(session.master, 65536)
        count += block.count(b"x")
        tail = (tail + block)[-200:]

    assert count == 104857600 - 104857600 // 64
    assert session.wait().returncode == 0
    # Without spinning: the relay may copy, but not burn the time that the program takes.


@pytest.mark.davit_only
def test_an_idle_relay_uses_no_processor_time(foreground):
    session = foreground(["sleep", "1000"])
    wait_until(lambda: len(machine.tree_of(session.running.pid)) >= 2)
    time.sleep(0.2)

    def ticks():
        fields = machine.read(f"/proc/{session.running.pid}/stat").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    before = ticks()
    time.sleep(0.5)

    assert ticks() - before <= 2
    os.kill(session.running.pid, signal.SIGTERM)
    os.kill(session.running.pid, signal.SIGKILL)
    session.wait()


@pytest.mark.row("UB-14")
def test_a_terminal_that_goes_away_does_not_leave_the_runtime_spinning(terminal):
    terminal.args = ["sleep", "1000"]
    session = Foreground(terminal, ["run", terminal.id])
    wait_until(lambda: len(machine.tree_of(session.running.pid)) >= 2)
    time.sleep(0.1)

    session.close()

    def ticks():
        fields = machine.read(f"/proc/{session.running.pid}/stat").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12]) if fields else 0
    time.sleep(0.1)
    if session.running.process.poll() is None:
        before = ticks()
        time.sleep(0.4)
        assert session.running.process.poll() is not None or ticks() - before <= 8
        session.running.process.kill()     # unless it has ended meanwhile
    machine.wait_for_end(session.running.process, 5)


# --- without a terminal outside -------------------------------------------------------------------------------------

@pytest.mark.davit_only
@pytest.mark.parametrize("stdin", ["null", "pipe", "file"])
@pytest.mark.row("UB-13")
def test_run_with_a_terminal_works_when_standard_input_is_none(terminal, stdin):
    """PEERS 3.1: crun says tcgetattr."""
    more = {} if stdin == "null" else {"input": "word\n"}
    if stdin == "pipe":
        reader, writer = os.pipe()
        os.write(writer, b"word\n")
        os.close(writer)
        more = {"stdin": os.fdopen(reader, "rb")}

    if stdin == "null":
        out = terminal.run(["sh", "-c", "tty; echo $((6*7))"], check=False)
    else:
        out = terminal.run(["sh", "-c", "read w; echo got-$w"], check=False, **more)

    assert out.returncode == 0, out
    assert ("42" if stdin == "null" else "got-word") in out.stdout


@pytest.mark.davit_only
@pytest.mark.row("UB-13")
def test_exec_with_a_terminal_works_when_standard_input_is_none(container):
    container.up()

    out = container.exec(["sh", "-c", "tty; exit 3"], options=["--tty"], check=False)

    assert out.returncode == 3
    assert "/dev/pts/" in out.stdout


@pytest.mark.davit_only
def test_a_large_output_through_a_terminal_into_a_pipe_arrives_whole(terminal):
    out = terminal.run(["sh", "-c", "probe burst 1000000; echo the-end"])

    assert out.stdout.count("x") == 1000000 - 1000000 // 64
    assert "the-end" in out.stdout


# --- terminal: false --------------------------------------------------------------------------------------------------

@pytest.mark.row("UB-17")
def test_without_terminal_the_callers_terminal_is_not_the_controlling_one(container):
    """CVE-2017-5226: a payload could push input into the caller's terminal."""
    container.args = ["sh", "-c", "cut -d' ' -f7 /proc/self/stat > /tty_nr; echo ready"]
    session = Foreground(container, ["run", container.id])
    try:
        session.read_until("ready")
        session.wait()
    finally:
        session.close()

    assert (container.rootfs / "tty_nr").read_text() == "0\n"


@pytest.mark.row("UB-17")
def test_exec_without_tty_has_no_controlling_terminal_either(container):
    container.up()
    session = Foreground(container, ["exec", container.id, "sh", "-c",
                                     "cut -d' ' -f7 /proc/self/stat > /tty_nr; echo ready"])
    try:
        session.read_until("ready")
        session.wait()
    finally:
        session.close()

    assert (container.rootfs / "tty_nr").read_text() == "0\n"


@pytest.mark.row("CF-31", "UB-17")
def test_a_console_socket_is_ignored_without_a_terminal(container):
    """crun's answer; runc refuses.  Podman never sends it."""
    if machine.runtime_kind() == "runc":
        pytest.skip("runc refuses")

    assert container.create(["true"], options=["--console-socket", "/no/such"]).returncode == 0
