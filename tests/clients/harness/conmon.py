# SPDX-License-Identifier: Apache-2.0
"""conmon as Podman and CRI-O call it, with a bundle and without an engine."""
import json
import os
import socket
import subprocess

from . import image, machine, runtimes
from .bundle import default_spec
from .client import Client
from .inside import WORK
from .payload import log_lines

EXITS, SOCKETS = WORK / "conmon-exits", WORK / "conmon-sockets"


class Refused(Exception):
    """What conmon says when the runtime could not do it."""


class Conmon(Client):
    def __init__(self, runtime, place):
        super().__init__(["conmon"])
        self.place, self.name = place, runtime
        self.runtime = Client([runtimes.path(runtime)])
        self.bundles = {}
        for path in (EXITS, SOCKETS):
            path.mkdir(exist_ok=True)

    def spec(self, *command, terminal=False):
        image.archive()
        spec = default_spec("root")
        spec["root"]["path"] = str(WORK / "rootfs")
        spec["process"].update(args=list(command), terminal=terminal)
        spec["linux"]["cgroupsPath"] = "/conmon-check"
        return spec

    def call(self, id, *words, directory):
        """Runs conmon; the pid of the process that it watches then."""
        read, write = os.pipe()
        start_read, start_write = os.pipe()
        words = ["--api-version", "1", "-c", id, "-u", id, "-r", runtimes.path(self.name), "-b", directory,
                 "-p", directory / "pid", "--exit-dir", EXITS, "--full-attach",
                 "-l", f"k8s-file:{directory}/log", "--runtime-arg=--log-format=json", "--runtime-arg=--log",
                 f"--runtime-arg={directory}/oci-log", *words]
        self.variables.update(_OCI_SYNCPIPE=str(write), _OCI_STARTPIPE=str(start_read))
        process = self.start(*words, pass_fds=[write, start_read], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        os.close(start_read)
        os.write(start_write, b"0")
        os.close(start_write)
        assert machine.wait_for_end(process, 20)
        with open(read, encoding="utf-8") as pipe:
            answer = json.loads(pipe.readline() or "{}")
        pid = answer.get("data", -1)
        if pid < 0:
            raise Refused(answer.get("message") or machine.read(directory / "oci-log"))
        return pid

    def create(self, spec, *options):
        """(id, pid) of a created container."""
        directory = self.place.fresh_directory()
        id = f"{self.name}-{directory.name}"
        self.bundles[id] = directory
        (directory / "config.json").write_text(json.dumps(spec), encoding="utf-8")
        terminal = ["-t"] if spec["process"]["terminal"] else []
        return id, self.call(id, *terminal, *options, directory=directory)

    def run(self, *command, options=(), terminal=False):
        """The id of a started container."""
        id, _pid = self.create(self.spec(*command, terminal=terminal), *options)
        self.runtime("start", id)
        return id

    def exec(self, id, *command, terminal=False):
        """Its directory; `exited` tells how it ended."""
        directory = self.place.fresh_directory()
        process = {**self.spec()["process"], "args": list(command), "terminal": terminal}
        (directory / "process.json").write_text(json.dumps(process), encoding="utf-8")
        self.call(id, "-e", "--exec-process-spec", directory / "process.json", "--exit-dir", directory,
                  *(["-t"] if terminal else []), directory=directory)
        return directory

    def exited(self, id, directory=EXITS):
        """The exit code, which conmon writes into a file."""
        path = directory / id
        machine.wait_until(lambda: machine.read(path), 20, f"the exit file of {id}")
        return int(machine.read(path))

    def log(self, directory):
        """[(stream, text)] of the log."""
        return log_lines(directory / "log")

    def attach(self, id):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(20)
        here = os.getcwd()
        os.chdir(self.bundles[id])              # the name may be longer than an address
        connection.connect("attach")
        os.chdir(here)
        return connection

    def clean(self):
        for id in self.bundles:
            self.runtime("delete", "--force", id)
