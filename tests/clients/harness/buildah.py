# SPDX-License-Identifier: Apache-2.0
"""Buildah with one of the runtimes."""
import contextlib
import pathlib

from . import image, runtimes
from .client import Client


class Buildah(Client):
    def __init__(self, runtime, place):
        super().__init__(["buildah"])
        self.path, self.place = runtimes.path(runtime), place
        self.options = ["--runtime", self.path, "--isolation=oci", "--network=none"]

    def bud(self, folder, *lines, options=(), code=0, raw=False):
        """Builds an image from LINES after FROM; its name, or the Output when it is to fail or with RAW."""
        (folder / "Containerfile").write_text("\n".join([f"FROM {image.NAME}", *lines, ""]), encoding="utf-8")
        name = f"localhost/{folder.name}"
        out = self("bud", *self.options, "--pull-never", *options, "-t", name, folder, code=code)
        return name if code == 0 and not raw else out

    def run(self, working, *command, options=(), **more):
        return self("run", *self.options, *options, working, "--", *command, **more)

    @contextlib.contextmanager
    def mounted(self, name):
        """The root file system of an image."""
        working = self("from", "--pull-never", name).text
        yield pathlib.Path(self("mount", working).text)
        self("rm", working)

    def clean(self):
        self("rm", "--all", code=None)
