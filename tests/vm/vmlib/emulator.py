# SPDX-License-Identifier: Apache-2.0
"""One virtual machine: a QEMU process under software emulation, and what its agent says.

The machine gets the image (its writes are thrown away) and, as a second disk, a tar archive with
davit, its tests and job.json.  The agent in it (guest/agent) answers with frames over one virtio port.
"""
import json
import os
import pathlib
import selectors
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

CONTROL, OUT, ERR = 0, 1, 2
TIMED_OUT, BROKEN = 124, 125

REPO = pathlib.Path(__file__).resolve().parents[3]
KERNEL = ("console=ttyS0 root=/dev/vda rw quiet loglevel=4 panic=-1 mitigations=off nowatchdog tsc=nowatchdog "
          "random.trust_cpu=on systemd.show_status=0")
INITS = {"systemd": "/sbin/init", "small": "/usr/local/sbin/small-init"}


class Broken(Exception):
    """The machine did not do its work; the text says why, with the end of the console."""


def add(archive, source, name):
    """SOURCE as NAME, without caches and owners."""
    def keep(info):
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        return None if "__pycache__" in info.name else info

    archive.add(source, name, filter=keep)


def pack(path, davit, job):
    """The second disk: a checkout as far as the tests need one, with the helpers already compiled."""
    tools = path.parent / "tools"
    # The harness compiles its helpers itself; there is no compiler in the machine.
    code = ("import sys; sys.dont_write_bytecode = True; sys.path.insert(0, 'tests/integration')\n"
            "from harness import machine\n"
            "for name in 'probe', 'in-view', 'deny-syscalls', 'kill-at': machine.tool(name)")
    subprocess.run(["/usr/bin/python3", "-c", code], cwd=REPO, check=True,
                   env={**os.environ, "DAVIT_TEST_CACHE": str(tools)})
    (path.parent / "job.json").write_text(json.dumps(job))
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        add(archive, path.parent / "job.json", "job.json")
        add(archive, davit, "build/davit")
        add(archive, tools, "tools")
        for name in ("tests/integration", "tests/clients", "tests/tools", "tests/vm", "tests/data", "config",
                     "docs/state-matrix.md"):
            if (REPO / name).exists():
                add(archive, REPO / name, name)


RUNNING = set()


def end_all():
    """Whoever follows a machine then hears that it ended."""
    for machine in list(RUNNING):
        if machine.process:
            machine.process.kill()


class Machine:
    """Started by the constructor, ended by close()."""

    def __init__(self, image, layout, davit, command, *, env=None, memory="1536M", cpus=2, console=None,
                 shell=False, kernel=""):
        # No socket stands in it, but its name is part of messages: short.
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="davit-vm-", dir="/var/tmp"))
        self.console = pathlib.Path(console) if console else self.scratch / "console"
        self.process = None
        self.frames = b""
        self.started = time.monotonic()
        RUNNING.add(self)
        self.boot_seconds = None
        try:
            job = {"command": command, "delegate": layout.user == "delegated",
                   "env": {"DAVIT_VM_LAYOUT": layout.name, "DAVIT_TEST_CACHE": "/davit/tools", **(env or {})}}
            pack(self.scratch / "work.tar", davit, job)
            self.start(image, layout, memory, cpus, shell, kernel)
        except BaseException:
            self.close()
            raise

    def start(self, image, layout, memory, cpus, shell, kernel):
        self.reader, writer = os.pipe()
        line = f"{KERNEL} davit.init={INITS[layout.init]} {layout.kernel} {kernel}"
        words = ["qemu-system-x86_64", "-M", "q35,smm=off,vmport=off,hpet=off", "-cpu", "max",
                 "-accel", "tcg,thread=multi", "-smp", str(cpus), "-m", memory, "-nodefaults", "-no-user-config",
                 "-display", "none", "-no-reboot", "-kernel", f"{image}/vmlinuz", "-initrd", f"{image}/initramfs",
                 "-drive", f"file={image}/disk,if=virtio,format=raw,snapshot=on,cache=unsafe",
                 "-drive", f"file={self.scratch}/work.tar,if=virtio,format=raw,readonly=on",
                 "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
                 "-add-fd", f"fd={writer},set=1",
                 "-chardev", "file,id=frames,path=/dev/fdset/1,append=on",
                 "-device", "virtserialport,chardev=frames,name=davit.frames",
                 "-serial", "mon:stdio" if shell else f"file:{self.console}",
                 "-append", line]
        # Nothing stays behind, even when we are killed.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *words], pass_fds=[writer],
                                        env={**os.environ, "TMPDIR": str(self.scratch)},
                                        stdin=None if shell else subprocess.DEVNULL,
                                        start_new_session=not shell)
        os.close(writer)

    def follow(self, deadline, out, err):
        """Passes on what the command writes until it ends; returns its exit status."""
        selector = selectors.DefaultSelector()
        selector.register(self.reader, selectors.EVENT_READ)
        while True:
            left = self.started + deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                what = "the command" if self.boot_seconds else "the boot"
                raise TimeoutError(f"{what} takes more than {deadline:g} s{self.console_end()}")
            data = os.read(self.reader, 65536)
            if not data:
                raise Broken(f"the machine ended before the command did{self.console_end()}")
            self.frames += data
            for stream, text in self.complete_frames():
                if stream == CONTROL and text == b"start":
                    self.boot_seconds = time.monotonic() - self.started
                elif stream == CONTROL:
                    return int(text.split()[1])
                else:
                    target = out if stream == OUT else err
                    target.write(text)
                    target.flush()

    def complete_frames(self):
        while len(self.frames) >= 5:
            stream, length = struct.unpack_from("!BI", self.frames)
            if len(self.frames) < 5 + length:
                return
            text, self.frames = self.frames[5:5 + length], self.frames[5 + length:]
            yield stream, text

    def console_end(self):
        if not self.console.exists():
            return ""
        lines = self.console.read_text(errors="replace").splitlines()[-30:]
        return "".join(f"\n  console: {line}" for line in lines)

    def close(self):
        RUNNING.discard(self)
        if self.process:
            self.process.kill()
            self.process.wait()
            os.close(self.reader)
        shutil.rmtree(self.scratch, ignore_errors=True)


def run(image, layout, davit, command, *, deadline, out=None, err=None, **more):
    """Boots LAYOUT, runs COMMAND in it, returns (exit status, seconds to boot)."""
    machine = Machine(image, layout, davit, command, **more)
    try:
        status = machine.follow(deadline, out or sys.stdout.buffer, err or sys.stderr.buffer)
        return status, machine.boot_seconds
    finally:
        machine.close()
