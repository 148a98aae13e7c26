# SPDX-License-Identifier: Apache-2.0
"""Podman with one of the runtimes."""
import itertools

from . import image, machine
from .client import Client

COUNT = itertools.count(1)


class Podman(Client):
    def __init__(self, runtime, place, user=None, variables=None):
        # On a terminal its warnings would stand among the output.
        super().__init__(["podman", "--log-level=error", "--runtime", runtime], user, variables)
        self.runtime, self.place = runtime, place

    @staticmethod
    def load(place, user=None, variables=None):
        """Imports the image; once for each storage."""
        client = Client(["podman"], user, variables)
        client("import", "--quiet", "--change", f"ENV {image.ENV}", image.archive(), image.NAME)
        return client("--version").text.split()[-1]

    def fresh(self):
        """A name that no container has yet."""
        return f"c{next(COUNT)}"

    def run(self, *words, **more):
        """`run --rm`: options, the image, the command."""
        return self("run", "--rm", "--network=none", *words, **more)

    def detached(self, *words, image=image.NAME, command=("sleep", "1000")):
        """A container in the background; its name."""
        name = self.fresh()
        self("run", "-d", "--name", name, "--network=none", "--stop-timeout=1", *words, image, *command)
        return name

    def inspect(self, name, field):
        return self("inspect", "--format", "{{%s}}" % field, name).text

    def state(self, name):
        return self.inspect(name, ".State.Status")

    def wait_state(self, name, state):
        machine.wait_until(lambda: self.state(name) == state, 10, f"state {state} of {name}")

    def limit(self, name, controller, v1, v2):
        """What the file of the container's cgroup says: V1 or V2 is its name."""
        directory = self.place.cgroup_of(self.inspect(name, ".State.Pid"), controller)
        return machine.read(f"{directory}/{v2 if self.place.is_v2 else v1}").strip()

    def check_health(self):
        """A health check by hand, before and after its file is there."""
        name = self.detached("--health-cmd", "test -e /tmp/well", "--health-interval=disable", "--health-retries=1")

        assert self("healthcheck", "run", name, code=1).text == "unhealthy"
        self("exec", name, "touch", "/tmp/well")
        self("healthcheck", "run", name)

        assert self.inspect(name, ".State.Health.Status") == "healthy"

    def clean(self):
        """Removes all containers, pods and volumes."""
        self("rm", "-af", "-t", "0", "--volumes")
