# SPDX-License-Identifier: Apache-2.0
"""Checks with real clients.  pytest starts itself again in the private environment (harness/environment.py).

A check is a test; its name without `test_` is the name of the check, that of its file the client's.
Each is done with davit, crun and runc.  davit has to pass; what a peer fails is only noted.
"""
import os
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import pytest

pytest.register_assert_rewrite("harness.kube", "harness.stream", "harness.leftovers", "harness.podman")

from harness import environment, leftovers, machine, runtimes
from harness.buildah import Buildah
from harness.client import Client
from harness.conmon import Conmon
from harness.place import Place
from harness.podman import Podman

pytest_plugins = ["harness.results", "harness.daemon_fixtures"]
VIEW = os.environ.get(environment.INSIDE)
# Podman 4.3 takes vfs by itself.
ROOTLESS = {"STORAGE_DRIVER": "overlay"}


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    if VIEW or config.option.collectonly or config.option.help:
        return None
    if not os.access(machine.RUNTIME, os.X_OK):
        raise pytest.UsageError(f"{machine.RUNTIME} is not there: run make first, or set DAVIT")
    return environment.enter(environment.wanted_view(),
                             [sys.executable, "-B", "-m", "pytest", *config.invocation_params.args],
                             cwd=config.invocation_params.dir)


def pytest_generate_tests(metafunc):
    if "runtime" in metafunc.fixturenames:
        metafunc.parametrize("runtime", runtimes.wanted(), indirect=True)


@pytest.fixture(scope="session")
def place():
    return Place(VIEW)


@pytest.fixture
def runtime(request, place):
    """The name of the runtime of this check.  The check fails, too, when something of a container is left."""
    why = runtimes.unavailable(request.param, place.view)
    if why:
        pytest.skip(why)
    before = leftovers.found(request.param)
    yield request.param
    leftovers.expect_none(request.param, before)


@pytest.fixture(scope="session")
def versions(request):
    """{client: version}, for docs/clients.md."""
    request.session.client_versions = {}
    return request.session.client_versions


@pytest.fixture
def source(place):
    """A directory of the host with one file, for any user."""
    path = place.fresh_directory()
    (path / "file").write_text("content\n", encoding="utf-8")
    return path


# --- podman ----------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def podman_storage(place, versions):
    versions["podman"] = Podman.load(place)


@pytest.fixture
def podman(place, runtime, podman_storage):
    """Podman as root."""
    podman = Podman(runtime, place)
    yield podman
    podman.clean()


@pytest.fixture(scope="session")
def rootless_storage(place, versions):
    versions["podman_rootless"] = Podman.load(place, user=True, variables=ROOTLESS)


@pytest.fixture
def rootless(place, runtime, rootless_storage):
    """Podman as an ordinary user."""
    podman = Podman(runtime, place, user=True, variables=ROOTLESS)
    yield podman
    podman.clean()


# --- buildah, conmon --------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def buildah_version(podman_storage, versions):
    versions["buildah"] = Client(["buildah"])("--version").text.split()[2]


@pytest.fixture
def buildah(place, runtime, buildah_version):
    buildah = Buildah(runtime, place)
    yield buildah
    buildah.clean()


@pytest.fixture(scope="session")
def conmon_version(versions):
    versions["conmon"] = Client(["conmon"])("--version").lines[0].split()[-1]


@pytest.fixture
def conmon(place, runtime, conmon_version):
    """conmon without an engine, and a bundle for it."""
    conmon = Conmon(runtime, place)
    yield conmon
    conmon.clean()
