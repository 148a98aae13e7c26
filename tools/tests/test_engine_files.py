# SPDX-License-Identifier: Apache-2.0
"""The ready files for engines in config/ are what their engines read."""
import json
import pathlib
import tomllib

import pytest

CONFIG = pathlib.Path(__file__).resolve().parents[2] / "config"


def filled(name):
    return (CONFIG / name).read_text(encoding="utf-8").replace("@bindir@", "/usr/bin")


def test_podman_finds_the_runtime_and_what_it_can():
    engine = tomllib.loads(filled("containers.conf.in"))["engine"]

    assert engine["runtime"] == "davit"
    assert engine["runtimes"] == {"davit": ["/usr/bin/davit"]}
    for one in ("runtime_supports_json", "runtime_supports_nocgroup"):
        assert "davit" in engine[one] and "crun" in engine[one]


def test_docker_takes_it_by_default():
    assert json.loads(filled("daemon.json.in")) == {
        "runtimes": {"davit": {"path": "/usr/bin/davit"}}, "default-runtime": "davit"}


def test_containerd_runs_it_with_the_shim_of_runc():
    config = tomllib.loads(filled("containerd.toml.in"))
    runtimes = config["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]

    assert config["version"] == 2
    assert runtimes["default_runtime_name"] == "davit"
    assert runtimes["runtimes"]["davit"]["runtime_type"] == "io.containerd.runc.v2"
    assert runtimes["runtimes"]["davit"]["options"]["BinaryName"] == "/usr/bin/davit"


def test_crio_has_a_handler():
    runtime = tomllib.loads(filled("crio.conf.in"))["crio"]["runtime"]

    assert runtime["default_runtime"] in runtime["runtimes"]
    assert runtime["runtimes"]["davit"]["runtime_path"] == "/usr/bin/davit"


@pytest.mark.parametrize("line", ["kind: RuntimeClass", "handler: davit"])
def test_kubernetes_has_a_class_for_the_handler(line):
    assert line in filled("runtimeclass.yaml").splitlines()
