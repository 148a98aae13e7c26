# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that need no more than one machine.  In a virtual machine that machine is what
the layout says; elsewhere it is a view of the integration tests.
"""
import os
import shutil
import sys

sys.dont_write_bytecode = True

import pytest

import host
from harness import machine, views
from harness.container import Container, Session
from harness.leaks import Snapshot

FEW_APPLETS = ["sh", "sleep", "true", "echo", "cat"]
# Where the matrix is looked at without a virtual machine.
HERE = [("hybrid", "root"), ("v1", "root"), ("nofreezer-dir", "root"), ("nofreezer-dir-v1", "root"),
        ("nofreezer-gone-v1", "root"), ("v2", "root"), ("nocgroup", "root"), ("hybrid", "rootless")]

if host.LAYOUT:
    host.take_over()


def places():
    """(view, mode) of each place where the tests run."""
    if host.LAYOUT:
        return [("host", "root" if host.LAYOUT.user == "root" else "rootless")]
    layout = machine.host_layout()
    return [(name, mode) for name, mode in HERE if layout in views.VIEWS[name][0]]


def pytest_generate_tests(metafunc):
    if "place" in metafunc.fixturenames:
        metafunc.parametrize("place", places(), indirect=True, scope="session",
                             ids=[name if mode == "root" else f"{name}-{mode}" for name, mode in places()])


@pytest.fixture(scope="session")
def session():
    assert os.geteuid() == 0, "these tests need root"
    session = Session()
    session.template.applets = FEW_APPLETS
    yield session
    session.close()


@pytest.fixture(scope="session")
def place(request, session):
    """(view, mode): where, and as whom, the runtime is called."""
    name, mode = request.param
    if name != "host":
        return session.view(name), mode
    return (host.DelegatedUser if host.LAYOUT.user == "delegated" else host.Host)(session.group), mode


@pytest.fixture
def container(session, place):
    view, mode = place
    snapshot = Snapshot(session, view, mode)
    directory = session.directory / session.next_name()
    directory.mkdir(mode=0o755)
    container = Container(session, view, mode, directory)
    yield container
    try:
        container.finish()
        left = snapshot.leftovers([container])
        if left:
            snapshot.sweep()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    assert not left, "left behind:\n  " + "\n  ".join(left)
