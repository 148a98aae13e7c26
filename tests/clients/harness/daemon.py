# SPDX-License-Identifier: Apache-2.0
"""A daemon of a client: started, waited for, told to read its settings again, ended."""
import os
import signal
import subprocess
import time

from . import machine
from .client import HERE
from .inside import PATH, WORK

PATIENCE = 180                                  # for a start or an end on a busy machine


class Daemon:
    def __init__(self, name, words, is_ready):
        self.name, self.words, self.is_ready = name, list(map(str, words)), is_ready
        self.log = WORK / f"{name}.log"
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=HERE, start_new_session=True,
                env={"PATH": PATH, "HOME": "/root", "TMPDIR": str(WORK / "tmp"), "LANG": "C.UTF-8"})
        self.wait_ready()

    def wait_ready(self):
        end = time.monotonic() + PATIENCE * machine.PATIENCE
        while not self.is_ready():
            assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}:\n{self.tail()}"
            assert time.monotonic() < end, f"{self.name} is not ready after {PATIENCE} s:\n{self.tail()}"
            time.sleep(0.05)

    def reload(self):
        os.kill(self.process.pid, signal.SIGHUP)

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return
        machine.send(self.process.pid, number)
        if not machine.wait_for_end(self.process, PATIENCE * machine.PATIENCE):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end within {PATIENCE} s:\n{self.tail()}")

    def tail(self, count=20):
        return "\n".join(machine.read(self.log).splitlines()[-count:])
