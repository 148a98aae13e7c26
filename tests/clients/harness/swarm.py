# SPDX-License-Identifier: Apache-2.0
"""Docker Swarm with one node.  Its kernel may have no IPVS: services take the network of the host."""
from . import machine
from .docker import Docker
from .image import NAME

DEADLINE = 120


class Swarm(Docker):
    def __init__(self, *words):
        super().__init__(*words)
        self.be_default()
        self("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")

    def service(self, *options, command=("sleep", "1000"), network="host"):
        """A service that is not waited for; its name."""
        name = self.fresh()
        self("service", "create", "--detach", "--no-resolve-image", "--name", name, "--network", network,
             "--restart-delay", "100ms", "--stop-grace-period", "1s", *options, NAME, *command)
        return name

    def running(self, service):
        """The containers that run for it."""
        return self("ps", "-q", "--no-trunc", "--filter", f"label=com.docker.swarm.service.name={service}",
                    "--filter", "status=running").lines

    def wait_running(self, service, count):
        machine.wait_until(lambda: len(self.running(service)) == count, DEADLINE, f"{count} containers of {service}")
        return self.running(service)

    def clean(self):
        self("swarm", "leave", "--force", code=None)
        super().clean()
