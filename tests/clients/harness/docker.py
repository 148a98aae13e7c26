# SPDX-License-Identifier: Apache-2.0
"""Docker: a daemon of our own, and its client with one of the runtimes."""
import itertools
import json

from . import image, machine, runtimes
from .client import Client
from .daemon import Daemon
from .inside import WORK, shipped

SOCKET = WORK / "docker.sock"
SETTINGS = WORK / "docker.json"
COUNT = itertools.count(1)


class Dockerd(Daemon):
    """dockerd with its own containerd.  It knows runc by itself and allows no other one of that name."""

    def __init__(self):
        super().__init__("dockerd", [
            "dockerd", "--config-file", SETTINGS, "--data-root", "/var/lib/docker", "--exec-root", WORK / "docker",
            "--pidfile", WORK / "docker.pid", "-H", f"unix://{SOCKET}", "--storage-driver", "overlay2",
            "--userland-proxy=false"], self.answers)
        self.client = Client(["docker", "-H", f"unix://{SOCKET}"])
        self.settings = {**json.loads(shipped("daemon.json")), "live-restore": False, "shutdown-timeout": 20}
        self.settings["runtimes"]["crun"] = {"path": runtimes.path("crun")}
        self.write()

    def write(self):
        SETTINGS.write_text(json.dumps(self.settings), encoding="utf-8")

    def answers(self):
        return SOCKET.exists() and self.client("version", code=None).code == 0

    def info(self, field):
        return self.client("info", "--format", "{{%s}}" % field).text

    def set(self, name, value, field):
        """One of the settings that can change while the daemon runs; FIELD of `docker info` shows it."""
        if self.settings[name] != value:
            self.settings[name] = value
            self.write()
            self.reload()
            wanted = str(value).lower() if isinstance(value, bool) else value
            machine.wait_until(lambda: self.info(field) == wanted, 60, f"{field} {wanted}")

    def load(self):
        """Imports the image."""
        self.client("import", "--change", f"ENV {image.ENV}", image.archive(), image.NAME)
        return self.client("version", "--format", "{{.Server.Version}}").text


class Docker(Client):
    def __init__(self, runtime, place, daemon):
        super().__init__(["docker", "-H", f"unix://{SOCKET}"], variables={"DOCKER_BUILDKIT": "0"})
        self.runtime, self.place, self.daemon = runtime, place, daemon

    def be_default(self):
        """`build` and services take the daemon's default runtime."""
        self.daemon.set("default-runtime", self.runtime, ".DefaultRuntime")

    def fresh(self):
        """A name that nothing has yet."""
        return f"c{next(COUNT)}"

    def options(self, words):
        network = [] if any(str(word).startswith("--network") for word in words) else ["--network=none"]
        return [f"--runtime={self.runtime}", *network, *words]

    def run(self, *words, **more):
        """`run --rm`: options, the image, the command."""
        return self("run", "--rm", *self.options(words), **more)

    def detached(self, *words, image=image.NAME, command=("sleep", "1000")):
        """A container in the background; its name."""
        name = self.fresh()
        self("run", "-d", "--name", name, "--stop-timeout=1", *self.options(words), image, *command)
        return name

    def inspect(self, name, field):
        return self("inspect", "--format", "{{%s}}" % field, name).text

    def state(self, name):
        return self.inspect(name, ".State.Status")

    def pid(self, name):
        return int(self.inspect(name, ".State.Pid"))

    def limit(self, name, controller, v1, v2):
        """What the file of the container's cgroup says: V1 or V2 is its name."""
        directory = self.place.cgroup_of(self.pid(name), controller)
        return machine.read(f"{directory}/{v2 if self.place.is_v2 else v1}").strip()

    def clean(self):
        left = self("ps", "-aq").lines
        if left:
            self("rm", "-fv", *left, code=None)
