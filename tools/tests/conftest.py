# SPDX-License-Identifier: Apache-2.0
"""A small tree in a temporary directory, and the tools of this one to run over it."""
import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
import types

sys.dont_write_bytecode = True

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOOLS))
HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n/*\n * A file of a test.\n */\n"


def load(tool):
    """tools/TOOL as a module."""
    loader = importlib.machinery.SourceFileLoader(tool.replace("-", "_"), str(TOOLS / tool))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def run(tool, *arguments):
    """Runs tools/TOOL in this process: a hundred interpreters would take longer than all else."""
    module = load(tool)
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = [tool, *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = module.main()
    except SystemExit as stop:
        status = stop.code
    finally:
        sys.argv = argv
    return types.SimpleNamespace(returncode=status, stdout=out.getvalue(), stderr=err.getvalue())


class Tree:
    def __init__(self, directory):
        self.directory = directory

    def add(self, path, text="", head=HEAD):
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(head + text, encoding="utf-8")
        return self

    def run(self, tool, *arguments):
        return run(tool, "--root", str(self.directory), *arguments)

    def problems(self, tool, *arguments):
        """The lines it prints; the exit status has to agree with them."""
        out = self.run(tool, *arguments)
        lines = out.stdout.splitlines()
        assert out.returncode == (1 if lines else 0), out
        return lines


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)
