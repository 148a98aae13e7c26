# SPDX-License-Identifier: Apache-2.0
"""containerd: a daemon of our own with its CRI plugin, and `ctr` with one of the runtimes."""
import itertools
import pathlib

from . import image, machine, runtimes
from .client import Client
from .daemon import Daemon
from .inside import WORK, shipped

SOCKET = WORK / "containerd.sock"
SETTINGS = WORK / "containerd.toml"
PAUSE = "localhost/pause"
BOX = f"{image.NAME}:latest"
COUNT = itertools.count(1)

SETTINGS_TEXT = f"""
root = "/var/lib/containerd"
state = "{WORK}/containerd"

[grpc]
address = "{SOCKET}"

[ttrpc]
address = "{SOCKET}.ttrpc"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}:latest"
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
"""
RUNTIME_TEXT = """
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{name}]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{name}.options]
BinaryName = "{path}"
"""
NETWORK = """{
  "cniVersion": "0.4.0", "name": "pods", "plugins": [
    {"type": "bridge", "bridge": "pods0", "isGateway": true, "ipMasq": false,
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "198.51.100.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]
}
"""


def settings():
    """The ready file, as somebody without systemd has it, and what is particular to this place."""
    head, _version, rest = shipped("containerd.toml").partition("version = 2\n")
    return f"{head}version = 2\n{SETTINGS_TEXT}{rest}".replace("SystemdCgroup = true", "SystemdCgroup = false")


class Containerd(Daemon):
    def __init__(self):
        super().__init__("containerd", ["containerd", "--config", SETTINGS], self.answers)
        self.client = Client(["ctr", "-a", SOCKET])
        text = "".join(RUNTIME_TEXT.format(name=name, path=path) for name, path in runtimes.PATHS.items() if name != "davit")
        SETTINGS.write_text(settings() + text, encoding="utf-8")
        pathlib.Path("/etc/cni/net.d").mkdir(parents=True, exist_ok=True)
        pathlib.Path("/etc/cni/net.d/10-pods.conflist").write_text(NETWORK, encoding="utf-8")

    def answers(self):
        return SOCKET.exists() and self.client("version", code=None).code == 0

    def load(self):
        """Imports the images for ctr and for CRI."""
        for name, config in ((image.NAME, {}), (PAUSE, {"Cmd": ["sleep", "1000000"]})):
            archive = image.docker_archive(name, **config)
            for namespace in ("default", "k8s.io"):
                self.client("-n", namespace, "image", "import", archive)
        return self.client("--version").text.split()[-1]


class Ctr(Client):
    def __init__(self, runtime, place):
        super().__init__(["ctr", "-a", SOCKET])
        self.runtime, self.place = runtime, place

    def fresh(self):
        return f"c{next(COUNT)}"

    def options(self, words):
        return ["--runc-binary", runtimes.path(self.runtime), *words]

    def run(self, *command, options=(), terminal=None, **more):
        """`run --rm` of COMMAND; with a list of what to type (terminal=[]) on a terminal."""
        words = ["run", "--rm", *self.options(options), BOX, self.fresh(), *command]
        if terminal is None:
            return self(*words, **more)
        return self.terminal(words[0], "--tty", *words[1:], type=terminal, **more)

    def detached(self, *options, command=("sleep", "1000")):
        """A task in the background; its name."""
        name = self.fresh()
        self("run", "--detach", *self.options(options), BOX, name, *command)
        return name

    def exec(self, name, *command, options=(), **more):
        return self("task", "exec", "--exec-id", self.fresh(), *options, name, *command, **more)

    def tasks(self):
        """{name: (pid, state)}"""
        rows = [line.split() for line in self("task", "ls").lines[1:]]
        return {row[0]: (int(row[1]), row[2]) for row in rows}

    def state(self, name):
        return self.tasks().get(name, (0, None))[1]

    def wait_state(self, name, state):
        machine.wait_until(lambda: self.state(name) == state, 30, f"state {state} of {name}")

    def limit(self, name, controller, v1, v2):
        """What the file of the container's cgroup says: V1 or V2 is its name."""
        directory = self.place.cgroup_of(self.tasks()[name][0], controller)
        return machine.read(f"{directory}/{v2 if self.place.is_v2 else v1}").strip()

    def clean(self):
        for name, (_pid, state) in self.tasks().items():
            if state == "PAUSED":
                self("task", "resume", name, code=None)
            self("task", "rm", "--force", name, code=None)
        left = self("container", "ls", "-q").lines
        if left:
            self("container", "rm", *left, code=None)
