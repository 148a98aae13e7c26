# SPDX-License-Identifier: Apache-2.0
"""The defect that davit began with: on a v1 host without the freezer crun calls a running container
stopped.  Both runtimes are asked the same, so that the difference stays visible.
"""
import os
import shutil
import signal
import subprocess

import pytest

import host
from harness import machine
from situations import PROGRAM

pytestmark = pytest.mark.skipif(not host.LAYOUT or host.LAYOUT.name != "v1-nofreezer",
                                reason="needs a kernel with cgroup_no_v1=freezer: tests/vm/vm check v1-nofreezer")

FREEZER = "/sys/fs/cgroup/freezer"
CRUN = "/usr/bin/crun"


@pytest.fixture(params=["the freezer's directory is there", "the freezer's directory is gone"],
                ids=["empty-directory", "no-directory"])
def freezer_directory(request):
    assert not os.listdir(FREEZER)
    if "gone" not in request.param:
        yield True
        return
    subprocess.run(["mount", "-o", "remount,rw", "/sys/fs/cgroup"], check=True)
    os.rmdir(FREEZER)
    yield False
    # Whatever a runtime made there instead of a cgroup goes with it.
    made = sorted(os.path.join(top, name) for top, names, files in os.walk(FREEZER) for name in names + files)
    shutil.rmtree(FREEZER, ignore_errors=True)
    os.mkdir(FREEZER)
    subprocess.run(["mount", "-o", "remount,ro", "/sys/fs/cgroup"], check=True)
    assert made == [], "plain files where only cgroups should be"


@pytest.fixture
def running(freezer_directory, bench):
    """Makes a running container of a runtime."""
    def make(runtime):
        container = bench.container(runtime=runtime, root=bench.directory / os.path.basename(runtime))
        os.mkfifo(container.rootfs / "never", 0o666)
        return container.up(PROGRAM)

    yield make
    for container in bench.containers:
        # crun deletes what it calls stopped and lets the process live.
        machine.send(container.pid, signal.SIGKILL)
        container.wait_dead()
        container.force_delete(check=False)
        for group in container.cgroup_dirs():
            machine.remove_cgroup(group)


def test_crun_calls_the_running_container_stopped(running):
    """Version 1.8.1, Debian 12."""
    container = running(CRUN)
    assert machine.is_alive(container.pid)

    assert container.status() == "stopped"
    assert "stopped" in container.runtime("list").stdout
    refused = container.exec(["true"], check=False)
    assert refused.returncode != 0
    assert "freezer.state" in refused.stderr
    again = container.start(check=False)
    assert again.returncode != 0
    assert "exec.fifo" in again.stderr
    assert str(container.pid) in container.runtime("ps", container.id).stdout


def test_davit_says_what_is_true(running):
    container = running(machine.RUNTIME)
    assert machine.is_alive(container.pid)

    assert container.status() == "running"
    assert container.state()["pid"] == container.pid
    assert container.listed()["status"] == "running"
    assert container.exec(["echo", "inside"]).stdout == "inside\n"
    again = container.start(check=False)
    assert again.returncode == 1
    assert "is running" in again.stderr
    assert container.pid in container.ps()
    pause = container.pause(check=False)
    assert pause.returncode == 1
    assert "freezer" in pause.stderr
    container.stop()
    assert container.status() == "stopped"
    container.delete()


def test_podman_exec_works_with_davit(freezer_directory, session):
    """With crun 1.8.1 `podman exec` fails on such a host."""
    home = session.directory / f"podman-{freezer_directory}"
    home.mkdir()
    root = home / "root"
    session.template.make_rootfs(root)
    os.mkfifo(root / "never", 0o666)

    def podman(runtime, *words):
        return subprocess.run(["podman", "--root", home / "storage", "--runroot", home / "run",
                               "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file",
                               "--runtime", runtime, *words], capture_output=True, text=True, timeout=120)

    answers = {}
    try:
        for runtime in (CRUN, machine.RUNTIME):
            name = "seed-" + os.path.basename(runtime)
            up = podman(runtime, "run", "--detach", "--name", name, "--network", "none", "--cgroups", "enabled",
                        "--security-opt", "seccomp=unconfined", "--rootfs", str(root), *PROGRAM)
            assert up.returncode == 0, up.stderr
            answers[runtime] = podman(runtime, "exec", name, "echo", "inside")
            shown = podman(runtime, "inspect", "--format", "{{.State.Status}}", name)
            assert shown.stdout.strip() == "running", shown.stderr
            gone = podman(runtime, "rm", "--force", "--time", "0", name)
            assert gone.returncode == 0, gone.stderr
    finally:
        shutil.rmtree(home, ignore_errors=True)

    assert answers[CRUN].returncode != 0
    assert (answers[machine.RUNTIME].returncode, answers[machine.RUNTIME].stdout) == (0, "inside\n"), \
        answers[machine.RUNTIME].stderr
