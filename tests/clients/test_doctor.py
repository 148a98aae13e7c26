# SPDX-License-Identifier: Apache-2.0
"""`davit doctor --client` about engines that run here, and with the ready files where engines look for them.

It is davit's alone, so it is no check of the table.
"""
import json
import os
import pathlib

import pytest

from harness import containerd as ctr
from harness import docker as dock
from harness import runtimes
from harness.client import Client
from harness.inside import USER, USER_ID, WORK, shipped

quick = pytest.mark.quick


def ask(client, *options, user=None, code=0, **variables):
    """Its report; CODE is 0 when the engine can use davit."""
    doctor = Client([runtimes.path("davit"), "doctor", "--format", "json"], user, variables)
    report = doctor("--client", client, *options, code=code).json
    assert report["usable"] == (code == 0)
    return report


def value(report, name):
    return next(check["value"] for check in report["checks"] if check["name"] == name)


@pytest.fixture
def programs():
    """A directory for $PATH with engines that are not here."""
    directory = WORK / "here" / f"programs-{os.urandom(4).hex()}"
    directory.mkdir()
    for name in ("crio", "kubelet"):
        (directory / name).write_text(f"#!/bin/sh\necho {name} version 1.2\n", encoding="utf-8")
        (directory / name).chmod(0o755)
    return f"{directory}:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture
def put():
    """Writes a file of /etc or /var/lib, which are ours."""
    written = set()

    def write(path, text):
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_text(text, encoding="utf-8")
        written.add(path)
    yield write
    for path in written:
        os.unlink(path)


@quick
@pytest.mark.parametrize("client", ["podman", "buildah"])
def test_ready_file(podman_storage, client):
    report = ask(client)

    assert report["default"] and "/etc/containers/containers.conf" in value(report, "configuration")


@quick
def test_podman_agrees(podman_storage):
    shown = Client(["podman"])("info", "--format", "{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}").text

    assert shown == f"davit {runtimes.path('davit')}"


@quick
def test_the_users_own_file(podman_storage):
    """It comes after those of the host."""
    own = pathlib.Path("/home", USER, ".config/containers/containers.conf")
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text('[engine]\nruntime = "crun"\n', encoding="utf-8")
    os.chown(own, USER_ID, USER_ID)
    try:
        report = ask("podman", user=True)
        shown = Client(["podman"], user=True)("info", "--format", "{{.Host.OCIRuntime.Name}}").text
    finally:
        own.unlink()

    assert (report["default"], shown) == (False, "crun")


def test_docker(dockerd):
    dockerd.set("default-runtime", "davit", ".DefaultRuntime")      # a check before may have changed it

    assert ask("docker", "--config", dock.SETTINGS)["default"]
    assert dockerd.info(".DefaultRuntime") == "davit"


def test_containerd(containerd):
    assert ask("containerd", "--config", ctr.SETTINGS)["default"]


def test_containerd_imports(put):
    """The daemon is asked what it makes of files that import others."""
    put("/etc/containerd/more.toml", ctr.settings())
    put("/etc/containerd/config.toml", 'version = 2\nimports = ["/etc/containerd/more.toml"]\n'
        '[plugins."io.containerd.grpc.v1.cri".containerd]\ndefault_runtime_name = "other"\n')

    report = ask("containerd")

    dump = Client(["containerd"])("config", "dump").out
    assert report["default"] and 'default_runtime_name = "davit"' in dump
    put("/etc/containerd/more.toml", 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "own"\n')
    put("/etc/containerd/config.toml", ctr.settings().replace("version = 2\n", 'version = 2\nimports = ["more.toml"]\n', 1))
    report = ask("containerd", code=1)
    dump = Client(["containerd"])("config", "dump").out
    assert runtimes.path("davit") not in dump and value(report, "runtime") == "runc is the default"


@quick
def test_crio_drop_in(programs, put):
    put("/etc/crio/crio.conf", '[crio.runtime]\ndefault_runtime = "runc"\ncgroup_manager = "cgroupfs"\n')
    put("/etc/crio/crio.conf.d/50-davit.conf", shipped("crio.conf"))

    report = ask("crio", PATH=programs)

    assert report["default"]
    assert value(report, "configuration") == "/etc/crio/crio.conf, /etc/crio/crio.conf.d/50-davit.conf"


@pytest.mark.parametrize("driver, code", [("cgroupfs", 0), ("systemd", 1)])
def test_kubelet(programs, put, driver, code):
    put("/etc/containerd/config.toml", ctr.settings())
    put("/var/lib/kubelet/config.yaml", f"kind: KubeletConfiguration\ncgroupDriver: {driver}\n"
        "containerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n")

    report = ask("kubernetes", PATH=programs, code=code)

    assert report["default"] and driver in value(report, "kubelet")


def test_kubelet_speaks_to_crio(programs, put):
    put("/etc/containerd/config.toml", "version = 2\n")
    put("/etc/crio/crio.conf.d/50-davit.conf", shipped("crio.conf").replace(
        "[crio.runtime]\n", '[crio.runtime]\ncgroup_manager = "cgroupfs"\n'))
    put("/var/lib/kubelet/config.yaml", "cgroupDriver: cgroupfs\ncontainerRuntimeEndpoint: unix:///run/crio/crio.sock\n")

    assert ask("kubernetes", PATH=programs)["default"]
