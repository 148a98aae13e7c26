# SPDX-License-Identifier: Apache-2.0
"""A small tree in a temporary directory, and the tools of this one to run over it."""
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[1]
HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n/*\n * A file of a test.\n */\n"


class Tree:
    def __init__(self, directory):
        self.directory = directory

    def add(self, path, text="", head=HEAD):
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(head + text, encoding="utf-8")
        return self

    def run(self, tool, *arguments):
        return subprocess.run([TOOLS / tool, "--root", self.directory, *arguments],
                              capture_output=True, text=True, check=False, timeout=60)

    def problems(self, tool, *arguments):
        """The lines it prints; the exit status has to agree with them."""
        out = self.run(tool, *arguments)
        lines = out.stdout.splitlines()
        assert out.returncode == (1 if lines else 0), out
        return lines


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)
