# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests.  `container` owns a bundle and its clean-up."""
import os
import shutil
import signal
import sys

sys.dont_write_bytecode = True

import pytest

pytest.register_assert_rewrite("harness.container", "harness.leaks")

from harness import bundle as bundles
from harness import machine, views
from harness.container import Container, Session
from harness.leaks import Snapshot

pytest_plugins = ["harness.rows"]
TEST_LIMIT = int(90 * machine.PATIENCE)
# Who calls the runtime where a test does not say so: root, rootless or userns.
MODE = os.environ.get("DAVIT_TEST_MODE", "root")
MUST_RUN = set(filter(None, os.environ.get("DAVIT_MUST_RUN", "").split(",")))


def not_possible(kind, reason):
    """Skips, unless DAVIT_MUST_RUN says that this kind of test has to run here."""
    if kind in MUST_RUN or "all" in MUST_RUN:
        pytest.fail(f"DAVIT_MUST_RUN={kind}, but {reason}")
    pytest.skip(reason)


def pytest_configure():
    if not os.access(machine.RUNTIME, os.X_OK):
        pytest.exit(f"{machine.RUNTIME} is not there: run make first, or set DAVIT", returncode=4)


# --- which tests, in which views and modes ---------------------------------------------------------

def id_of(view, mode):
    if mode == "root":
        return view
    return mode if view == views.default_view() else f"{mode}-{view}"


def pytest_generate_tests(metafunc):
    if "setting" not in metafunc.fixturenames:
        return
    marks = {mark.name: mark for mark in metafunc.definition.iter_markers()}
    pairs = [(views.default_view(), MODE)]
    if "all_views" in marks:
        pairs = [(view, MODE) for view in views.ALL_VIEWS]
    elif "views" in marks:
        pairs = [(view, MODE) for view in marks["views"].args]
    if "all_modes" in marks and MODE == "root":
        pairs += [(views.default_view(), "rootless"), (views.default_view(), "userns")]
    elif "rootless" in marks:
        pairs = [(view, "rootless") for view, _ in pairs]
    elif "userns" in marks:
        pairs = [(view, "userns") for view, _ in pairs]
    if pairs == [(views.default_view(), "root")]:
        return
    metafunc.parametrize("setting", pairs, indirect=True,
                         ids=[id_of(view, mode) for view, mode in pairs])


def pytest_collection_modifyitems(items):
    if machine.sanitized():
        lean = pytest.mark.skip(reason="a sanitizer needs more memory, descriptors or libraries")
        for item in items:
            if item.get_closest_marker("lean"):
                item.add_marker(lean)
    if machine.runtime_kind() == "davit":
        return
    skip = pytest.mark.skip(reason=f"{machine.runtime_kind()} does not have this")
    for item in items:
        if item.get_closest_marker("davit_only"):
            item.add_marker(skip)


def pytest_report_header():
    return (f"runtime: {machine.RUNTIME} ({machine.runtime_kind()}), "
            f"cgroup layout: {machine.host_layout()}, default view: {views.default_view()}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """No test may take for ever, whatever it waits for."""
    def expired(_number, _frame):
        raise AssertionError(f"the test takes more than {TEST_LIMIT} s")

    previous = signal.signal(signal.SIGALRM, expired)
    signal.alarm(TEST_LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows with a failure the last commands and what they said."""
    report = (yield).get_result()
    make = item.funcargs.get("new_container") if hasattr(item, "funcargs") else None
    if report.failed and make:
        history = [str(result) for c in make.containers for result in c.history[-5:]]
        report.sections.append(("last commands", "\n\n".join(history[-8:])))


def caller_mark(item):
    """The mark that says who calls the runtime, the closest one; None without one."""
    return next((mark for mark in item.iter_markers() if mark.name in ("root", "rootless", "userns", "all_modes")), None)


def named(item, view):
    """Whether the test itself asks for VIEW."""
    mark = item.get_closest_marker("views")
    return bool(mark) and view in mark.args


# --- fixtures -----------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def session():
    assert os.geteuid() == 0, "run the integration tests as root; they make the other modes themselves"
    session = Session(MODE)
    yield session
    session.close()


@pytest.fixture
def setting(request, session):
    """(view, mode) of this test."""
    name, mode = getattr(request, "param", (views.default_view(), "root"))
    view = session.view(name)
    if view.unavailable:
        not_possible(name, view.unavailable)
    mark = caller_mark(request.node)
    if mode != "root" and mark and mark.name == "root" and mode not in mark.args:
        pytest.skip(f"{mode}: needs the real root" + (f": {mark.kwargs['why']}" if "why" in mark.kwargs else ""))
    new = request.node.get_closest_marker("newkernel")
    if new and name == "oldkernel" and not named(request.node, name):
        pytest.skip(f"{name}: {new.args[0]}")
    if request.node.get_closest_marker("pauses") and not view.can_pause:
        pytest.skip(f"{name}: no freezer")
    if mode in ("rootless", "userns") and machine.read("/proc/sys/user/max_user_namespaces").strip() == "0":
        not_possible(mode, "user.max_user_namespaces is 0")
    return view, mode


@pytest.fixture
def view(setting):
    return setting[0]


@pytest.fixture
def new_container(request, session, setting):
    """A function that makes another container with the same state root."""
    view, mode = setting
    snapshot = Snapshot(session, view, mode)
    directory = session.directory / session.next_name()
    directory.mkdir(mode=0o755)
    containers = []
    # A test that names its mode is about a caller without a cgroup of his own.
    mark = caller_mark(request.node)
    delegated = mode != "root" and (mark is None or mark.name == "root")

    def make(view=view, **more):
        if view is not setting[0]:
            snapshot.add(view)
        containers.append(Container(session, view, mode, directory, delegated=delegated, **more))
        return containers[-1]

    make.snapshot = snapshot
    make.containers = containers
    yield make

    try:
        for container in containers:
            container.finish()
        leftovers = snapshot.leftovers(containers)
        if leftovers:
            snapshot.sweep()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    assert not leftovers, "left behind:\n  " + "\n  ".join(leftovers)


@pytest.fixture
def container(new_container):
    return new_container()


@pytest.fixture
def source(container):
    """A directory of the host with one file in it."""
    path = container.directory / "source"
    path.mkdir()
    (path / "file").write_text("content\n")
    os.chown(path, container.owner, container.owner)
    return path


@pytest.fixture
def nice_0():
    """The runtime begins with the nice value 0, also where the tests run below nice(1)."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    yield
    os.setpriority(os.PRIO_PROCESS, 0, before)


@pytest.fixture
def unprivileged():
    return bundles.UNPRIVILEGED
