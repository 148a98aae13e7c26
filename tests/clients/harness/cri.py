# SPDX-License-Identifier: Apache-2.0
"""The container runtime interface (CRI) as a kubelet speaks it to containerd, with one of the runtimes.

There is no crictl in Debian 12: cri.proto has the messages that the checks need, protoc makes Python of it.
"""
import itertools
import json
import os
import pathlib
import subprocess
import sys

os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"    # the checks start programs that are none of gRPC's
import grpc
from google.protobuf import json_format

from . import machine
from .containerd import BOX, SOCKET

from .inside import WORK
from .payload import log_lines
from .stream import Stream

COUNT = itertools.count(1)
DEADLINE = 90

class Refused(Exception):
    """What the service says to a call that fails."""

class Service:
    """Calls with the name of a method and the fields of its request."""

    def __init__(self):
        subprocess.run(["protoc", f"--proto_path={pathlib.Path(__file__).parent}", f"--python_out={WORK}", "cri.proto"], check=True)
        sys.path.insert(0, str(WORK))
        import cri_pb2                          # made by the line above
        self.messages = cri_pb2
        self.channel = None
        self.connect()

    def connect(self):
        """Once more after each start of the daemon.  The plugin needs longer than the daemon."""
        self.close()
        self.channel = grpc.insecure_channel(f"unix://{SOCKET}")
        machine.wait_until(self.answers, DEADLINE, "an answer of the CRI plugin")

    def answers(self):
        try:
            return self("Status") is not None
        except Refused:
            return False

    def __call__(self, method, **fields):
        request = json_format.ParseDict(fields, getattr(self.messages, f"{method}Request")())
        call = self.channel.unary_unary(
            f"/runtime.v1.RuntimeService/{method}", request_serializer=type(request).SerializeToString,
            response_deserializer=getattr(self.messages, f"{method}Response").FromString)
        try:
            return call(request, timeout=DEADLINE * machine.PATIENCE, wait_for_ready=True)
        except grpc.RpcError as e:
            raise Refused(f"{method}: {e.code().name}: {e.details()}") from None

    def close(self):
        if self.channel:
            self.channel.close()

class Exec:
    """How ExecSync ended."""

    def __init__(self, response):
        self.code, self.out, self.err = response.exit_code, response.stdout.decode(), response.stderr.decode()

class Cri:
    def __init__(self, runtime, place, service):
        self.runtime, self.place, self.service = runtime, place, service
        self.pods = {}                          # id: its configuration

    def pod(self, network="NODE", **linux):
        """A sandbox, with the network of the host if not told otherwise; its id."""
        number = next(COUNT)
        logs = WORK / "here" / f"pod{number}"
        logs.mkdir()
        context = linux.setdefault("security_context", {})
        context.setdefault("namespace_options", {})["network"] = network
        config = {"metadata": {"name": f"pod{number}", "uid": f"uid{number}", "namespace": "checks"},
                  "log_directory": str(logs), "linux": {"cgroup_parent": "/pods", **linux}}
        if network != "NODE":
            config["hostname"] = f"pod{number}"
        pod = self.service("RunPodSandbox", config=config, runtime_handler=self.runtime).pod_sandbox_id
        self.pods[pod] = config
        return pod

    def create(self, *command, pod=None, resources=None, security=None, **fields):
        """A container in POD (a fresh one); its id.  FIELDS are of ContainerConfig."""
        pod = pod or self.pod()
        name = f"c{next(COUNT)}"
        sandbox = self.pods[pod]
        security = dict(security or {})
        network = sandbox["linux"]["security_context"]["namespace_options"]["network"]
        security.setdefault("namespace_options", {"pid": "CONTAINER"})["network"] = network
        config = {"metadata": {"name": name}, "image": {"image": BOX}, "command": list(command),
                  "log_path": f"{name}.log", "linux": {"resources": resources or {}, "security_context": security},
                  **fields}
        container = self.service("CreateContainer", pod_sandbox_id=pod, config=config,
                                 sandbox_config=sandbox).container_id
        self.last_log = f"{sandbox['log_directory']}/{name}.log"
        return container

    def start(self, container):
        self.service("StartContainer", container_id=container)

    def run(self, *command, **fields):
        """A container that runs; its id."""
        container = self.create(*(command or ("sleep", "1000")), **fields)
        self.start(container)
        return container

    def output(self, *command, **fields):
        """Runs COMMAND to its end in a container; the lines that it wrote to standard output."""
        container = self.run(*command, **fields)
        status = self.wait_exited(container)
        assert status.exit_code == 0, f"{command} ended with {status.exit_code}:\n{machine.read(self.last_log)}"
        return self.logged("stdout")

    def logged(self, stream):
        """The lines in the log of the container made last."""
        return [text for name, text in log_lines(self.last_log) if name == stream]

    def exec(self, container, *command, timeout=0):
        return Exec(self.service("ExecSync", container_id=container, cmd=list(command), timeout=timeout))

    def exec_tty(self, container, *command):
        """The Stream of COMMAND, which has a terminal."""
        return Stream(self.service("Exec", container_id=container, cmd=list(command), tty=True, stdin=True, stdout=True).url)

    def attach_tty(self, container):
        return Stream(self.service("Attach", container_id=container, tty=True, stdin=True, stdout=True).url)

    def status(self, container):
        return self.service("ContainerStatus", container_id=container).status

    def state(self, container):
        return self.service.messages.ContainerState.Name(self.status(container).state).removeprefix("CONTAINER_")

    def wait_exited(self, container):
        machine.wait_until(lambda: self.state(container) == "EXITED", 60, f"the end of {container}")
        return self.status(container)

    def pid(self, container):
        info = self.service("ContainerStatus", container_id=container, verbose=True).info["info"]
        return json.loads(info)["pid"]

    def limit(self, container, controller, v1, v2):
        """What the file of the container's cgroup says: V1 or V2 is its name."""
        directory = self.place.cgroup_of(self.pid(container), controller)
        return machine.read(f"{directory}/{v2 if self.place.is_v2 else v1}").strip()

    def stop(self, container, timeout=0):
        self.service("StopContainer", container_id=container, timeout=timeout)

    def remove_pod(self, pod):
        self.service("StopPodSandbox", pod_sandbox_id=pod)
        self.service("RemovePodSandbox", pod_sandbox_id=pod)

    def clean(self):
        for pod in self.pods:
            self.remove_pod(pod)
        self.pods.clear()
