# SPDX-License-Identifier: Apache-2.0
"""`vm check`: which tests run in which layout, and one line for each part of each machine."""
import concurrent.futures
import io
import re
import sys
import time

from . import emulator, image, layouts

# A process takes some ten times as long as on the real machine, so deadlines are longer, too.
PATIENCE = 4
PYTEST = "/usr/bin/python3 -B -m pytest -q -rfE --tb=short"
PARTS = {
    "matrix": f"{PYTEST} /davit/tests/vm",
    "suite": f"PYTHONPATH=/davit/tests/vm {PYTEST} -p suite",
}
# What a container's life and its cgroups are about; the other tests do not see the layout.
SUITE = ["test_state_truth.py", "test_lifecycle.py", "test_cgroups.py", "test_delegation.py", "test_exec.py"]
# Where kernels differ; in the other situations nobody asks a cgroup, and not each host can pause.
QUICK = ("seed or limits or test_systemd or "
         "(cell and (created or running or paused or frozen or removed or moved))")
DEADLINE = {"quick": 600, "normal": 3600, "full": 4 * 3600}


def script(layout, parts, options):
    """One shell script for one machine; its status is 1 when a part failed."""
    lines = [f"export DAVIT_TEST_PATIENCE={PATIENCE}", "status=0"]
    for part in parts:
        command = PARTS[part] + (f" -k '{QUICK}'" if options.quick and part == "matrix" else "")
        if part == "suite":
            # An ordinary user's machine has nothing to say about root's tests.
            command += "" if layout.user == "root" else " -k rootless"
            command += "".join(f" /davit/tests/integration/{name}" for name in ([""] if options.full else SUITE))
        lines.append(f"echo '== {part}'; {command} || status=1; echo '== end'")
    return "\n".join([*lines, "exit $status"])


def report(layout, text, boot):
    """Prints what the parts came to, and which tests failed."""
    for part, body in re.findall(r"^== (\w+)\n(.*?)^== end", text, re.M | re.S):
        summary = [line for line in body.splitlines() if re.search(r"\d+ \w+.* in \d", line)] or ["no summary"]
        print(f"{layout.name:20}{part:8}{summary[-1].strip('= ')}; booted in {boot:.0f} s", flush=True)
        for line in body.splitlines():
            if re.match(r"(FAILED|ERROR) ", line):
                print(f"  {line[:200]}", flush=True)


def one(directory, layout, options, logs):
    """Runs one layout.  True when everything passed."""
    deadline = options.deadline or DEADLINE["quick" if options.quick else "full" if options.full else "normal"]
    parts = options.only or (["matrix"] if options.quick else list(PARTS))
    collected = io.BytesIO()
    problem, status, boot = "", 1, 0
    started = time.monotonic()
    try:
        status, boot = emulator.run(directory, layout, options.davit, ["sh", "-c", script(layout, parts, options)],
                                    deadline=deadline, out=collected, err=collected)
    except (emulator.Broken, TimeoutError) as error:
        problem = str(error)
    text = collected.getvalue().decode(errors="replace")
    (logs / f"{layout.name}.log").write_text(text + problem, encoding="utf-8")
    report(layout, text, boot)
    if problem:
        print(f"{layout.name:20}{problem}", flush=True)
    verdict = "ok" if status == 0 else "FAILED"
    print(f"{layout.name:20}{verdict} after {time.monotonic() - started:.0f} s", flush=True)
    return status == 0


def main(options):
    logs = options.logs or emulator.REPO / "build/vm"
    logs.mkdir(parents=True, exist_ok=True)
    directory = image.ready()
    chosen = [layouts.LAYOUTS[name] for name in options.layout or (layouts.QUICK if options.quick else layouts.LAYOUTS)]
    machines = concurrent.futures.ThreadPoolExecutor(options.jobs)
    try:
        passed = machines.map(lambda layout: one(directory, layout, options, logs), chosen)
        failed = [layout.name for layout, ok in zip(chosen, passed) if not ok]
    except BaseException:
        machines.shutdown(wait=False, cancel_futures=True)
        emulator.end_all()
        raise
    if failed:
        print(f"vm: failed: {' '.join(failed)}; what they printed is in {logs}", file=sys.stderr)
    return 1 if failed else 0
