# SPDX-License-Identifier: Apache-2.0
"""docs/clients.md: what the cells and the remarks of the tables say."""
import json
import sys

import pytest

from conftest import TOOLS

sys.path.insert(0, str(TOOLS.parent / "tests" / "clients"))

from harness import page

REFUSES = "crun refuses hybrid cgroups"
VERSIONS = {"davit": "1", "crun": "2", "runc": "3"}


def entry(check, runtime, result="ok", reason=None, client="podman"):
    return {"client": client, "check": check, "runtime": runtime, "result": result, "reason": reason}


@pytest.fixture
def row(monkeypatch, tmp_path):
    """A function: the rows of the page for {view: entries}; crun cannot run in hybrid."""
    monkeypatch.setattr(page, "PAGE", tmp_path / "clients.md")

    def write(views):
        page.write([{"view": view, "runtimes": VERSIONS, "clients": {"podman": "4"}, "checks": entries,
                     "kernel": "6.1" if view == "systemd" else "6.18",
                     "unavailable": {"davit": None, "crun": REFUSES if view == "hybrid" else None}}
                    for view, entries in views.items()])
        return [line for line in page.PAGE.read_text().splitlines() if line.startswith("|")][2:]

    return write


def test_a_check_that_fails_in_one_view_fails(row):
    assert row({"v1": [entry("run", "davit"), entry("run", "runc", "fail", "why")],
                "v2": [entry("run", "davit"), entry("run", "runc")]}) == ["| run | ok | - | fails | runc, v1: why |"]


def test_what_cannot_be_done_in_a_view_is_a_remark(row):
    assert row({"v1": [entry("run", "davit")], "v2": [entry("run", "davit", "skip", "no memory")]}) == [
        "| run | ok | - | - | v2: no memory |"]


def test_what_cannot_be_done_at_all_has_a_dash(row):
    assert row({"v1": [entry("run", name, "skip", "no CRIU") for name in VERSIONS]}) == ["| run | - | - | - | no CRIU |"]


def test_that_crun_refuses_a_view_is_said_once(row):
    assert row({"v1": [entry("run", "crun")], "hybrid": [entry("run", "crun", "skip", REFUSES)]}) == [
        "| run | - | ok | - |  |"]
    assert f"No results of crun in `hybrid`: {REFUSES}." in page.PAGE.read_text()


def test_a_view_in_which_a_client_does_not_run_is_no_remark(row):
    assert row({"v1": [entry("run", "davit", "skip", "no CRIU"), entry("exec", "davit")],
                "systemd": [entry("exec", "davit", "skip", "no tty")]}) == [
        "| run | - | - | - | no CRIU |", "| exec | ok | - | - | systemd: no tty |"]
    assert "Linux 6.18 (`v1`), 6.1 (`systemd`)" in page.PAGE.read_text()


def test_versions_that_differ_have_their_views():
    assert page.by_view([("v1", "4"), ("v2", "4"), ("systemd", None)]) == "4"
    assert page.by_view([("v1", "4"), ("v2", "4"), ("systemd", "5")]) == "4 (`v1` `v2`), 5 (`systemd`)"


def test_views_of_another_davit_are_not_on_the_page(tmp_path):
    files = [tmp_path / f"{view}.json" for view in ("v1", "hybrid", "v2")]
    for file, binary in zip(files[1:], ("old", "new")):
        file.write_text(json.dumps({"view": file.stem, "binary": binary, "is_whole": True}))

    with pytest.raises(SystemExit, match="v1 hybrid$"):
        page.of_one_binary(files)
    assert len(page.of_one_binary(files[2:])) == 1
    files[2].write_text(json.dumps({"view": "v2", "binary": "new", "is_whole": False}))
    with pytest.raises(SystemExit, match=": v2$"):
        page.of_one_binary(files[2:])


def test_a_failure_of_davit_is_found():
    results = [{"view": "v1", "checks": [entry("run", "davit", "fail"), entry("exec", "runc", "fail")]}]

    assert page.davit_fails(results) == [("v1", "podman", "run")]
