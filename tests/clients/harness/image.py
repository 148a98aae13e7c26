# SPDX-License-Identifier: Apache-2.0
"""The image of all checks: busybox with its applets and a few accounts, made here; no registry is asked."""
import subprocess

from .bundle import Template
from .inside import WORK

NAME = "localhost/box"
ENV = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARCHIVE = WORK / "box.tar"                      # the root file system
NOT_EXECUTABLE = "/etc/group"


def archive():
    if not ARCHIVE.exists():
        Template(WORK / "template").make_rootfs(WORK / "rootfs")
        subprocess.run(["tar", "-C", WORK / "rootfs", "-cf", ARCHIVE, "."], check=True)
    return ARCHIVE
