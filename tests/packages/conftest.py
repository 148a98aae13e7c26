# SPDX-License-Identifier: Apache-2.0
"""What davit is handed out as: a directory with its binary that stands in for another system."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")

# The file systems of a host, below the directory $1, in a mount namespace that ends with the command after it.
HOST = """
set -eu
cd "$1"; shift
mount --bind . .
cd "$PWD"
mount --rbind /dev dev
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs tmpfs run
exec chroot . "$@"
"""


class System:
    """A root with a static busybox and no library."""

    def __init__(self, place):
        self.place = place
        for name in ("bin", "dev", "etc", "proc", "sys", "run", "tmp", "bundle/rootfs/bin", "bundle/rootfs/proc",
                     "bundle/rootfs/sys", "bundle/rootfs/dev"):
            (place / name).mkdir(parents=True)
        for where in ("bin/busybox", "bin/sh", "bundle/rootfs/bin/busybox", "bundle/rootfs/bin/sh"):
            (place / where).write_bytes(pathlib.Path("/usr/bin/busybox").read_bytes())
            (place / where).chmod(0o755)

    def add(self, source, target):
        (self.place / target).parent.mkdir(parents=True, exist_ok=True)
        (self.place / target).write_bytes(pathlib.Path(source).read_bytes())
        (self.place / target).chmod(0o755)

    def run(self, *command):
        return subprocess.run(["unshare", "--mount", "--pid", "--fork", "sh", "-c", HOST, "sh", self.place, *command],
                              capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)

    def config(self, davit, *command):
        """Of a container that runs COMMAND, without a terminal."""
        words = [word for one in command for word in ("--args", one)]
        path = self.place / "bundle/config.json"
        path.unlink(missing_ok=True)
        out = self.run(davit, "spec", *words, "--bundle", "/bundle")
        assert (out.returncode, out.stderr) == (0, "")
        path.write_text(path.read_text().replace('"terminal": true', '"terminal": false'))


@pytest.fixture
def system(tmp_path):
    if os.geteuid():
        pytest.skip("needs root")
    return System(tmp_path / "system")
