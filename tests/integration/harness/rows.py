# SPDX-License-Identifier: Apache-2.0
"""Keeps what became of the tests that name rows of the specification, for tools/conformance.

With DAVIT_ROWS=FILE, FILE gets {test: [what became of each of its cases]}, a skipped case with its reason.
"""
import json
import os
import pathlib

OUTCOMES = {}


def name_of(nodeid):
    """tests/integration/test_x.py::test_y[z] -> test_x.py::test_y"""
    return nodeid.split("[")[0].rpartition("/")[2]


def pytest_collection_modifyitems(items):
    known = {line.split(" | ")[0] for line in rows_file().read_text(encoding="utf-8").splitlines()}
    for item in items:
        for mark in item.iter_markers("row"):
            for row in mark.args:
                assert row in known, f"{item.nodeid}: there is no row {row} in {rows_file()}"


def rows_file():
    return pathlib.Path(__file__).parents[2] / "data/conformance/rows.txt"


def pytest_runtest_logreport(report):
    if report.when == "call" or not report.passed:
        outcome = report.outcome
        if report.skipped and hasattr(report, "wasxfail"):
            outcome = f"xfailed: {report.wasxfail}"
        elif report.skipped and isinstance(report.longrepr, tuple):
            outcome = "skipped: " + report.longrepr[2].removeprefix("Skipped: ")
        OUTCOMES.setdefault(name_of(report.nodeid), []).append(outcome)


def pytest_sessionfinish():
    if os.environ.get("DAVIT_ROWS"):
        path = pathlib.Path(os.environ["DAVIT_ROWS"])
        path.write_text(json.dumps(OUTCOMES, indent=1, sort_keys=True), encoding="utf-8")
