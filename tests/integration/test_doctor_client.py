# SPDX-License-Identifier: Apache-2.0
"""doctor --client: would an engine find davit and take it; told from the files that the engine reads."""
import json

import pytest

from harness import machine

pytestmark = pytest.mark.davit_only


@pytest.fixture
def ask(container):
    """A function that asks with TEXT as the configuration, or with none; the engine is a script of ours."""
    programs = container.directory / "engines"
    programs.mkdir()
    for name in ("podman", "buildah", "dockerd", "containerd", "crio", "kubelet"):
        (programs / name).write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo {name} version 1.2\n")
        (programs / name).chmod(0o755)

    def run(client, text, **env):
        config = container.directory / "engine-config"
        config.write_text(text.replace("DAVIT", str(machine.RUNTIME)))
        out = container.runtime("doctor", "--client", client, "--config", config, "--format", "json", check=False,
                                env={"PATH": f"{programs}:/usr/bin:/bin", **env})
        assert out.stderr == ""
        report = json.loads(out.stdout)
        assert out.returncode == (0 if report["usable"] else 1)
        report["by"] = {c["name"]: c for c in report["checks"]}
        return report

    return run


PODMAN = """
[engine]
runtime = "davit"
cgroup_manager = "cgroupfs"
runtime_supports_json = ["crun", "davit"]
runtime_supports_nocgroup = ["davit"]
[engine.runtimes]
davit = ["DAVIT"]
"""
DOCKER = '{"runtimes": {"web": {"path": "DAVIT"}}, "default-runtime": "web",' \
         ' "exec-opts": ["native.cgroupdriver=cgroupfs"]}'
CONTAINERD = """
version = 2
[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "davit"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.davit]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.davit.options]
BinaryName = "DAVIT"
"""
CRIO = """
[crio.runtime]
default_runtime = "davit"
cgroup_manager = "cgroupfs"
[crio.runtime.runtimes.davit]
runtime_path = "DAVIT"
runtime_type = "oci"
"""


@pytest.mark.parametrize("client, text", [
    ("podman", PODMAN), ("buildah", PODMAN), ("docker", DOCKER), ("containerd", CONTAINERD), ("crio", CRIO),
    ("kubernetes", CONTAINERD), ("kubernetes", CRIO)])
def test_an_engine_that_names_this_davit_takes_it(ask, client, text):
    report = ask(client, text)

    assert (report["client"], report["usable"], report["default"]) == (client, True, True)
    assert report["by"]["binary"]["value"].endswith(", this davit")
    assert "version 1.2" in report["by"]["program"]["value"]
    assert {c["status"] for c in report["checks"] if c["name"] != "class"} == {"ok"}


def test_what_containerd_made_of_imported_files_is_what_counts(ask, container):
    """containerd 1.6 takes what an imported file says about a plugin for all of it."""
    engine = container.directory / "engines/containerd"
    imported = container.directory / "imported.toml"
    imported.write_text('version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "own"\n')
    text = CONTAINERD.replace("version = 2\n", f'version = 2\nimports = ["{imported}"]\n')

    assert ask("containerd", text)["usable"]                  # one that cannot tell: the files as they are
    engine.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo containerd version 1.2\n"
                      f"[ \"$3\" = config ] && cat {imported}\n")
    report = ask("containerd", text)

    assert not report["usable"] and report["by"]["runtime"]["value"] == "runc is the default"
    engine.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo containerd version 1.2 && exit\n"
                      "echo 'version = 2'\necho 'containerd: no such file' >&2\nexit 1\n")
    report = ask("containerd", text)
    assert not report["usable"] and report["by"]["configuration"]["value"] == "containerd: no such file"
    engine.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo containerd version 1.2\n"
                      f"[ \"$3\" = config ] && cat {imported}\n")
    assert "version" in ask("containerd", text.replace("version = 2\n", "", 1))["by"]    # it shows it as version 2


@pytest.mark.parametrize("client, text", [
    ("podman", "[engine]\n"), ("buildah", ""), ("docker", "{}"), ("containerd", "version = 2\n"), ("crio", "")])
def test_an_engine_that_does_not_know_it_is_told_how(ask, client, text):
    report = ask(client, text)

    assert report["usable"] is False and report["default"] is False
    assert report["by"]["runtime"]["status"] == "problem"
    assert "davit" in report["by"]["runtime"]["hint"]


@pytest.mark.parametrize("client, text", [
    ("podman", PODMAN.replace('runtime = "davit"', 'runtime = "crun"')),
    ("docker", DOCKER.replace('"default-runtime": "web"', '"debug": false')),
    ("containerd", CONTAINERD.replace('_name = "davit"', '_name = "runc"')),
    ("crio", CRIO.replace('default_runtime = "davit"', 'default_runtime = "runc"'))])
def test_known_but_not_the_default_is_a_note(ask, client, text):
    report = ask(client, text)

    assert report["usable"] is True and report["default"] is False
    assert report["by"]["runtime"]["status"] == "note"


@pytest.mark.parametrize("client, text, name, value", [
    ("podman", PODMAN.replace("DAVIT", "/no/davit"), "binary", "/no/davit is not there"),
    ("podman", PODMAN + "oops\n", "configuration", "line 9: `=` is missing"),
    ("docker", DOCKER[:-1], "configuration", "line 1"),
    ("docker", DOCKER.replace("DAVIT", "/no/davit"), "binary", "/no/davit is not there"),
    ("containerd", CONTAINERD.replace("runc.v2", "runc.v1"), "shim", "io.containerd.runc.v1"),
    ("containerd", 'disabled_plugins = ["cri"]' + CONTAINERD, "plugin", "disabled_plugins has cri"),
    ("containerd", CONTAINERD.replace("version = 2", ""), "version", "no `version = 2`"),
    ("crio", CRIO.replace('"oci"', '"vm"'), "shim", "vm")])
def test_a_mistake_is_a_problem_with_a_way_out(ask, client, text, name, value):
    report = ask(client, text)

    assert report["by"][name]["status"] == "problem"
    assert value in report["by"][name]["value"]
    assert report["by"][name]["hint"]


def test_podman_is_asked_for_both_lists(ask):
    report = ask("podman", PODMAN.replace('"crun", "davit"', '"crun"').replace("nocgroup =", "nocgroups ="))

    assert report["usable"] is True
    assert report["by"]["runtime_supports_json"]["status"] == "note"
    assert "without s" in report["by"]["runtime_supports_nocgroup"]["hint"]


def test_a_manager_that_the_host_does_not_have_is_a_problem(ask):
    found = ask("podman", PODMAN.replace("cgroupfs", "systemd"),
                DBUS_SYSTEM_BUS_ADDRESS="unix:path=/no/bus")["by"]["cgroups"]

    assert found["status"] == "problem"
    assert "cgroupfs" in found["hint"]


def test_an_engine_that_is_not_installed_is_a_problem(ask):
    report = ask("crio", CRIO, PATH="/nonexistent")

    assert report["by"]["program"]["value"] == "crio is not in $PATH"
    assert report["usable"] is False


def test_a_file_that_is_not_there_is_an_error(container):
    out = container.runtime("doctor", "--client", "docker", "--config", "/no/file", check=False)

    assert out.returncode == 1
    assert "read /no/file, which --config names" in out.stderr


def test_config_alone_has_no_meaning(container):
    assert "--config is for --client" in container.runtime("doctor", "--config", "/x", check=False).stderr
