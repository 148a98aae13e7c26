# SPDX-License-Identifier: Apache-2.0
"""The image of all checks: busybox with its applets and a few accounts, made here; no registry is asked."""
import hashlib
import io
import json
import os
import subprocess
import tarfile

from .bundle import Template
from .inside import WORK

NAME = "localhost/box"
ENV = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARCHIVE = WORK / "box.tar"                      # the root file system
NOT_EXECUTABLE = "/etc/group"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def archive():
    if not ARCHIVE.exists():
        Template(WORK / "template").make_rootfs(WORK / "rootfs")
        subprocess.run(["tar", "-C", WORK / "rootfs", "-cf", ARCHIVE, "."], check=True)
    return ARCHIVE


def docker_archive(name, **config):
    """The same as an image that containerd imports."""
    path = WORK / f"{name.replace('/', '-')}.tar"
    digest = hashlib.sha256(archive().read_bytes()).hexdigest()
    document = {"architecture": ARCHITECTURES[os.uname().machine], "os": "linux", "config": {"Env": [ENV], **config},
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}
    manifest = [{"Config": "config.json", "RepoTags": [f"{name}:latest"], "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        tar.add(archive(), "layer.tar")
        for entry, content in (("config.json", document), ("manifest.json", manifest)):
            text = json.dumps(content).encode()
            info = tarfile.TarInfo(entry)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
    return path
