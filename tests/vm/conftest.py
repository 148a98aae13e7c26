# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that need no more than one machine.  In a virtual machine that machine is what
the layout says; elsewhere it is a view of the integration tests.
"""
import os
import shutil
import sys

sys.dont_write_bytecode = True

import pytest

pytest.register_assert_rewrite("harness.container", "harness.leaks")

import host
from harness import machine, views
from harness.container import Container, Session
from harness.leaks import Snapshot
from situations import Subject

FEW_APPLETS = ["sh", "sleep", "true", "echo", "cat"]
# Where the matrix is looked at without a virtual machine: each kind of host once, and an ordinary user.
HERE = [("hybrid", "root"), ("v2", "root"), ("nofreezer-dir", "root"), ("nofreezer-dir-v1", "root"),
        ("nocgroup", "root"), ("hybrid", "rootless")]

if host.LAYOUT:
    host.take_over()


def places():
    """(view, mode) of each place where the tests run."""
    if host.LAYOUT:
        return [("host", "root" if host.LAYOUT.user == "root" else "rootless")]
    layout = machine.host_layout()
    return [(name, mode) for name, mode in HERE if layout in views.VIEWS[name][0]]


def pytest_configure():
    if not os.access(machine.RUNTIME, os.X_OK):
        pytest.exit(f"{machine.RUNTIME} is not there: run make first, or set DAVIT", returncode=4)


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
    return (host.of_layout(session.group) if name == "host" else session.view(name)), mode


class Bench:
    """Makes containers, and sees to it that nothing is left of them."""

    def __init__(self, session, place):
        self.session, (self.view, self.mode) = session, place
        self.snapshot = Snapshot(session, self.view, self.mode)
        self.directory = session.directory / session.next_name()
        self.directory.mkdir(mode=0o755)
        self.containers = []

    def container(self, **more):
        self.containers.append(Container(self.session, self.view, self.mode, self.directory, **more))
        return self.containers[-1]

    def clear(self):
        try:
            for container in self.containers:
                container.finish()
            left = self.snapshot.leftovers(self.containers)
            if left:
                self.snapshot.sweep()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)
        assert not left, "left behind:\n  " + "\n  ".join(left)


@pytest.fixture
def bench(session, place):
    bench = Bench(session, place)
    yield bench
    bench.clear()


class Subjects:
    """Containers in situations.  Cells that change nothing share one; it ends with the first other cell."""

    def __init__(self, session, place):
        self.session, self.place = session, place
        self.situation = self.subject = self.bench = None

    def get(self, situation, shared):
        if not (shared and situation == self.situation):
            self.end()
            self.bench = Bench(self.session, self.place)
            self.subject = Subject(self.bench.container(), self.session)
            self.subject.enter(situation)
        self.situation = situation if shared else None
        return self.subject

    def end(self):
        """What is left now is the failure of the test that ends it."""
        subject, bench, self.situation, self.subject, self.bench = self.subject, self.bench, None, None, None
        if bench:
            try:
                subject.finish()
            finally:
                bench.clear()


@pytest.fixture(scope="session")
def all_subjects(session, place):
    subjects = Subjects(session, place)
    yield subjects
    subjects.end()


@pytest.fixture
def subjects(all_subjects, request):
    """Ends a shared container after a failure, and one that is not shared after its test."""
    failed = request.session.testsfailed
    yield all_subjects
    if all_subjects.situation is None or request.session.testsfailed > failed:
        all_subjects.end()
