# SPDX-License-Identifier: Apache-2.0
"""A plugin for tests/integration inside a virtual machine: `-p suite`, with tests/vm in PYTHONPATH.

The machine itself is the view that its layout names, so those tests run on the real thing; tests of other
views skip themselves.
"""
import os

import pytest

pytest.register_assert_rewrite("harness.container", "harness.leaks")

import host
from harness import container, machine, views

# What a layout cannot have, by a word in the test's name or its source file; each with the reason.
MISSING = {
    "v1-nopids": {"pids": "no pids controller here"},
    "v1-nomemory": {"memory": "no memory controller here"},
    "v2-nomemory": {"memory": "no memory controller here"},
}

host.take_over()
# Only an ordinary user's tests are chosen where the layout is about one: the machine is their view.
OURS = host.LAYOUT.view if host.LAYOUT.user == "root" else "host"
os.environ.setdefault("DAVIT_TEST_VIEW", OURS)
view_of = container.Session.view


def view(session, name):
    """The views v2 and oldkernel stay what they are: a cgroup namespace, and denied system calls."""
    if name != OURS or name in ("v2", "oldkernel"):
        return view_of(session, name)
    if name not in session.views:
        session.views[name] = host.of_layout(session.group, name)
    return session.views[name]


container.Session.view = view
for known, (_layouts, *rest) in list(views.VIEWS.items()):
    # Other views can be looked at on any machine; here only the real one is of interest.
    views.VIEWS[known] = ((machine.host_layout(),) if known == OURS else (), *rest)


def pytest_collection_modifyitems(items):
    for item in items:
        for word, reason in MISSING.get(host.LAYOUT.name, {}).items():
            if word in item.name:
                item.add_marker(pytest.mark.skip(reason=reason))
