# SPDX-License-Identifier: Apache-2.0
"""bench/run gives figures for every case, and leaves nothing behind."""
import glob
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

RUN = pathlib.Path(__file__).resolve().parent / "run"

needs_runtimes = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("crun") or not shutil.which("runc"),
    reason="needs root, crun and runc")


def leftovers(pid):
    """What carries the name of that session: folders, cgroups, mounts, processes."""
    name = f"davit-bench-{pid}"
    found = glob.glob(f"/tmp/{name}-*") + glob.glob(f"/sys/fs/cgroup/**/{name}", recursive=False)
    found += glob.glob(f"/sys/fs/cgroup/*/{name}")
    mounts = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    found += [line for line in mounts.splitlines() if name in line]
    for file in glob.glob("/proc/[0-9]*/cgroup"):
        try:
            text = pathlib.Path(file).read_text(encoding="ascii")
        except OSError:
            continue
        if name in text:
            found.append(file)
    return found


def bench(*words):
    # --without davit: its own speed is not what is tested here, nor whether it is built.
    process = subprocess.Popen([RUN, "--without", "davit", *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    out, err = process.communicate(timeout=120)
    return process, out, err


@needs_runtimes
def test_every_case_has_figures_and_nothing_is_left():
    process, out, err = bench("--json", "--rounds", "1", "--settle", "0")

    assert (process.returncode, err) == (0, "")
    cases = json.loads(out)["cases"]
    assert set(cases) == {"run", "lifecycle", "exec", "state", "mounts", "version", "memory", "faults"}
    for name, case in cases.items():
        assert {"crun", "runc"} <= set(case["figures"]), name
        assert all(f["min"] > 0 and f["n"] == 1 for f in case["figures"].values()), name
    assert "floor" in cases["run"]["figures"]
    assert leftovers(process.pid) == []


@needs_runtimes
def test_the_ratio_is_ours_to_theirs():
    process, out, _ = bench("--json", "--rounds", "3", "--only", "state", "--runtime", f"davit2={shutil.which('crun')}")

    assert process.returncode == 0
    part = json.loads(out)["cases"]["state"]
    assert part["ratios"] == {} and "davit2" in part["figures"]


@needs_runtimes
def test_an_interrupted_session_leaves_nothing():
    process = subprocess.Popen([RUN, "--without", "davit", "--rounds", "100000", "--only", "run,exec"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 20
    while not any("cgroup" in path for path in leftovers(process.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 1
    assert err == "bench: interrupted\n"
    assert leftovers(process.pid) == []


@needs_runtimes
def test_a_missing_runtime_is_said_in_one_line():
    process, out, err = bench("--rounds", "1", "--only", "version", "--runtime", "mine=/nowhere")

    assert process.returncode == 0
    assert err == "bench: mine is left out: there is no /nowhere\n"
    assert "crun" in out


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("words", [("--only", "nothing"), ("--rounds", "0"), ("--runtime", "x")])
def test_wrong_arguments_are_refused(words):
    process, _, err = bench(*words)

    assert process.returncode in (1, 2)
    assert words[0] in err
