# SPDX-License-Identifier: Apache-2.0
"""Podman as root."""
import pytest

from harness.image import NAME as BOX
from harness.podman import Podman


@pytest.fixture(scope="module")
def loaded(request, place):
    version = Podman.load(place)
    request.session.client_versions = {**getattr(request.session, "client_versions", {}), "podman": version}


@pytest.fixture
def podman(place, runtime, loaded):
    podman = Podman(runtime, place)
    yield podman
    podman.clean()


def test_run(podman):
    assert podman.run(BOX, "echo", "hello").out == "hello\n"


def test_run_exit_code(podman):
    podman.run(BOX, "sh", "-c", "exit 41", code=41)


def test_run_tty(podman):
    assert podman.terminal("run", "--rm", "-it", "--network=none", BOX, "tty").text == "/dev/pts/0"


def test_exec(podman):
    name = podman.detached()

    assert podman("exec", name, "echo", "inside").out == "inside\n"
    podman("exec", name, "sh", "-c", "exit 7", code=7)
