# SPDX-License-Identifier: Apache-2.0
"""The fixtures of clients with a daemon, which is started with the first check that needs it."""
import pytest

from .containerd import Containerd, Ctr
from .docker import Docker, Dockerd
from .swarm import Swarm


@pytest.fixture(scope="session")
def dockerd(place, versions):
    daemon = Dockerd()
    daemon.start()
    versions["docker"] = versions["swarm"] = daemon.load()
    yield daemon
    daemon.stop()


@pytest.fixture
def docker(place, runtime, dockerd):
    docker = Docker(runtime, place, dockerd)
    yield docker
    docker.clean()


@pytest.fixture
def swarm(place, runtime, dockerd):
    """A swarm of one node whose daemon takes the runtime."""
    swarm = Swarm(runtime, place, dockerd)
    yield swarm
    swarm.clean()


@pytest.fixture(scope="session")
def containerd(place, versions):
    daemon = Containerd()
    daemon.start()
    versions["containerd"] = versions["cri"] = daemon.load()
    yield daemon
    daemon.stop()


@pytest.fixture
def ctr(place, runtime, containerd):
    place.needs("cpu")                          # ctr asks for cpu shares whatever it is told
    ctr = Ctr(runtime, place)
    yield ctr
    ctr.clean()


@pytest.fixture(scope="session")
def cri_service(containerd):
    from .cri import Service                    # gRPC is of no use to the others
    service = Service()
    yield service
    service.close()


@pytest.fixture
def cri(place, runtime, cri_service):
    from .cri import Cri
    place.needs("cpu")                          # the sandbox of a pod has cpu shares, too
    cri = Cri(runtime, place, cri_service)
    yield cri
    cri.clean()
