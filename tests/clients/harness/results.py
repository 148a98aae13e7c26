# SPDX-License-Identifier: Apache-2.0
"""Notes how each check ended with each runtime.  DAVIT_CLIENTS_RESULTS names the file; `-` is a line of the output.

A check that a peer fails does not fail the run, it is shown as expected (x).
"""
import hashlib
import json
import os
import pathlib

import pytest

from . import environment, runtimes

RESULTS = "results: "                           # begins that line
WHOLE = "DAVIT_CLIENTS_WHOLE"                   # 1 when all checks of the view are asked for


def pytest_configure(config):
    config.addinivalue_line("markers", "peers(crun=WHY, runc=WHY): why a peer fails the check; for the table")
    config.addinivalue_line("markers", "quick: part of make check")
    path = os.environ.get("DAVIT_CLIENTS_RESULTS")
    if path and os.environ.get(environment.INSIDE):
        config.pluginmanager.register(Recorder(path), "davit-clients-results")


def key_of(item):
    """(client, check, runtime), None for a test that is no check."""
    callspec = getattr(item, "callspec", None)
    if not callspec or "runtime" not in callspec.params:
        return None
    client = getattr(item.module, "CLIENT", item.path.stem.removeprefix("test_"))
    return client, item.originalname.removeprefix("test_"), callspec.params["runtime"]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    key = key_of(item)
    if not key:
        return
    report.key = list(key)
    report.reason = None
    history = [output for value in getattr(item, "funcargs", {}).values() for output in getattr(value, "history", [])]
    if report.failed:
        mark = item.get_closest_marker("peers")
        report.reason = mark.kwargs.get(key[2]) if mark else None
        report.sections.append(("last commands", "\n\n".join(map(str, history[-6:]))))
        report.was_failure = True
        # The whole report comes at the end of a long run.
        item.config.get_terminal_writer().line(f"\n{item.name}: {call.excinfo.exconly(tryshort=True)[:1500]}")
        if key[2] != "davit":
            report.outcome = "skipped"
            report.reason = report.reason or (str(call.excinfo.value).strip() or call.excinfo.typename).splitlines()[0][:120]
            report.wasxfail = report.reason
    elif report.skipped:
        report.reason = str(call.excinfo.value)


class Recorder:
    """One entry a check: the worst of its phases."""

    def __init__(self, path):
        self.path, self.entries, self.versions = path, {}, {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        key = getattr(report, "key", None)
        if not key:
            return
        result = "fail" if getattr(report, "was_failure", False) else "skip" if report.skipped else "ok"
        before = self.entries.get(tuple(key), {"result": "ok"})
        if ["ok", "skip", "fail"].index(result) >= ["ok", "skip", "fail"].index(before["result"]):
            self.entries[tuple(key)] = {"result": result, "reason": report.reason}

    def pytest_sessionfinish(self, session, exitstatus):
        document = {
            "view": os.environ[environment.INSIDE],
            "is_whole": os.environ.get(WHOLE) == "1" and exitstatus in (0, 1),
            "binary": hashlib.sha256(pathlib.Path(runtimes.path("davit")).read_bytes()).hexdigest(),
            "kernel": ".".join(os.uname().release.split(".")[:2]),
            "runtimes": {name: runtimes.version(name) for name in runtimes.wanted()},
            "unavailable": {name: runtimes.unavailable(name, os.environ[environment.INSIDE])
                            for name in runtimes.wanted()},
            "clients": getattr(session, "client_versions", {}),
            "checks": [{"client": client, "check": check, "runtime": runtime, **entry}
                       for (client, check, runtime), entry in self.entries.items()],
        }
        if self.path == "-":
            session.config.get_terminal_writer().line(f"\n{RESULTS}{json.dumps(document)}")
            return
        with open(self.path, "w", encoding="utf-8") as f:
            json.dump(document, f, indent=1)
