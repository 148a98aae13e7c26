# SPDX-License-Identifier: Apache-2.0
"""Commands of a client: with a deadline, as any user, with or without a terminal, shown when a check fails."""
import fcntl
import json
import os
import pty
import select
import shlex
import signal
import struct
import subprocess
import termios
import time

from . import machine
from .inside import PATH, USER, USER_ID, WORK

HERE = WORK / "here"                            # conmon drops files where it stands
DEADLINE = 120


class Output:
    """How a command ended."""

    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    @property
    def text(self):
        """Without the white space at the ends."""
        return self.out.strip()

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"$ {shlex.join(map(str, self.words))}\nends with {self.code}\n{self.out}{self.err}".rstrip()


class Client:
    """A program of a client.  Called with its words it returns an Output, and fails when CODE is another one."""

    name = None                                 # as docs/clients.md calls it

    def __init__(self, program, user=None, variables=None):
        self.program, self.user = list(program), user
        self.variables = {"PATH": PATH, "HOME": "/root", "TMPDIR": str(WORK / "tmp"), "LANG": "C.UTF-8",
                          **(variables or {})}
        if user:
            runtime_dir = f"/run/user/{USER_ID}"
            self.variables.update(HOME=f"/home/{USER}", USER=USER, XDG_RUNTIME_DIR=runtime_dir)
            if os.path.exists(f"{runtime_dir}/bus"):
                self.variables["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={runtime_dir}/bus"
        self.history = []

    def words(self, *words):
        prefix = ["setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--init-groups"] if self.user else []
        return [*prefix, *self.program, *map(str, words)]

    def start(self, *words, **more):
        """A Popen."""
        return subprocess.Popen(self.words(*words), env=self.variables, cwd=f"/home/{USER}" if self.user else HERE,
                                start_new_session=True, **more)

    def __call__(self, *words, code=0, input=None, deadline=DEADLINE):
        process = self.start(*words, stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(None if input is None else input.encode(), deadline * machine.PATIENCE)
        except subprocess.TimeoutExpired:
            shown = "\n".join(map(machine.describe, machine.tree_of(process.pid)))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AssertionError(f"{shlex.join(self.words(*words))}: not done after {deadline} s:\n{shown}") from None
        return self.ended(words, code, process.returncode, out, err)

    def ended(self, words, wanted, code, out, err=b""):
        output = Output([self.program[0], *words], code, out.decode(errors="replace"), err.decode(errors="replace"))
        self.history.append(output)
        assert wanted is None or code == wanted, f"the exit code should be {wanted}:\n{output}"
        return output

    def terminal(self, *words, type="", rows=24, columns=80, code=0, deadline=DEADLINE):
        """The same with a terminal.  TYPE is a list of (what to wait for, what to type then)."""
        controller, device = pty.openpty()
        fcntl.ioctl(device, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        process = self.start(*words, stdin=device, stdout=device, stderr=device,
                             preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(device)
        seen, to_type, start, end = b"", list(type), 0, time.monotonic() + deadline * machine.PATIENCE
        try:
            while True:
                while to_type and to_type[0][0].encode() in seen[start:]:
                    start = len(seen)
                    os.write(controller, to_type.pop(0)[1].encode())
                if not select.select([controller], [], [], max(0, end - time.monotonic()))[0]:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    raise AssertionError(f"{shlex.join(self.words(*words))}: not done after {deadline} s; "
                                         f"the terminal shows:\n{seen.decode(errors='replace')}")
                try:
                    block = os.read(controller, 65536)
                except OSError:                 # EIO: nobody has the other end open any more
                    break
                seen += block
        finally:
            os.close(controller)
        process.wait()
        return self.ended(words, code, process.returncode, seen.replace(b"\r\n", b"\n"))
