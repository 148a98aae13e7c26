# SPDX-License-Identifier: Apache-2.0
"""Docker Swarm: services of one node whose daemon takes the runtime by itself."""
import json
import re

from harness import image, machine
from harness.swarm import DEADLINE


def test_service(swarm):
    service = swarm.service("--replicas=3")

    containers = swarm.wait_running(service, 3)

    assert {swarm.inspect(container, ".HostConfig.Runtime") for container in containers} == {swarm.runtime}
    assert swarm("exec", containers[0], "echo", "inside").text == "inside"


def test_scale(swarm):
    service = swarm.service("--replicas=1")
    first, = swarm.wait_running(service, 1)

    swarm("service", "scale", "--detach", f"{service}=4")
    assert first in swarm.wait_running(service, 4)
    swarm("service", "scale", "--detach", f"{service}=1")
    swarm.wait_running(service, 1)


def test_update(swarm):
    """A rolling update: the containers are replaced one after the other."""
    service = swarm.service("--replicas=2", "--env", "VERSION=1")
    before = swarm.wait_running(service, 2)

    swarm("service", "update", "--detach", "--no-resolve-image", "--env-add", "VERSION=2", "--limit-pids=40", service)

    def is_new():
        containers = swarm.running(service)
        return len(containers) == 2 and not set(containers) & set(before) and containers
    for container in machine.wait_until(is_new, DEADLINE, "two new containers"):
        assert swarm("exec", container, "sh", "-c", "echo $VERSION").text == "2"
        if "pids" in swarm.place.controllers():
            assert swarm.limit(container, "pids", "pids.max", "pids.max") == "40"


def test_restart_after_kill(swarm):
    service = swarm.service("--replicas=2")
    victim, other = swarm.wait_running(service, 2)

    swarm("kill", victim)

    machine.wait_until(lambda: victim not in swarm.running(service), DEADLINE, "the end of the container")
    assert other in swarm.wait_running(service, 2)
    assert swarm.inspect(victim, ".State.ExitCode") == "137"


def test_logs(swarm):
    service = swarm.service(command=("sh", "-c", "echo out; echo err >&2; exec sleep 1000"))
    swarm.wait_running(service, 1)

    def shown():
        out = swarm("service", "logs", "--raw", service)
        return (out.text, out.err.strip()) == ("out", "err")
    machine.wait_until(shown, DEADLINE, "both lines in the logs")


def test_job(swarm):
    """Containers that end by themselves are no failure of a job."""
    service = swarm.service("--mode=replicated-job", "--replicas=2", "--max-concurrent=2", command=("true",))

    def states():
        return swarm("service", "ps", "--format", "{{.CurrentState}}", service).lines
    machine.wait_until(lambda: [state.split()[0] for state in states()] == ["Complete"] * 2, DEADLINE, "two ends")


def test_secret(swarm):
    swarm("secret", "create", "word", "-", input="hidden")
    swarm("config", "create", "setting", "-", input="shown")
    service = swarm.service("--secret", "word", "--config", "source=setting,target=/setting,mode=0444")
    container, = swarm.wait_running(service, 1)

    assert swarm("exec", container, "cat", "/run/secrets/word", "/setting").text == "hiddenshown"
    mounts = swarm("exec", container, "cat", "/proc/self/mountinfo").lines
    assert any(line.split()[4] == "/run/secrets/word" and "ro" in line.split()[5].split(",") for line in mounts)


def test_health(swarm):
    """A container that is not well is replaced."""
    service = swarm.service("--health-cmd", "test ! -e /tmp/ill", "--health-interval=500ms", "--health-retries=1")
    container, = swarm.wait_running(service, 1)

    swarm("exec", container, "touch", "/tmp/ill")

    machine.wait_until(lambda: container not in swarm.running(service), DEADLINE, "the end of the ill one")
    swarm.wait_running(service, 1)


def test_network(swarm):
    """An overlay without virtual addresses: tasks find each other through names."""
    swarm("network", "create", "--driver=overlay", "--attachable", "checks")
    service = swarm.service("--endpoint-mode=dnsrr", "--replicas=2", network="checks")

    containers = swarm.wait_running(service, 2)

    addresses = {json.loads(swarm.inspect(container, "json .NetworkSettings.Networks"))["checks"]["IPAddress"]
                 for container in containers}
    out = swarm("exec", containers[0], "nslookup", f"tasks.{service}", "127.0.0.11", code=None)
    assert len(addresses) == 2 and all(address in out.out for address in addresses), out


# --- errors: the reason why a task cannot start is in the list of the service's tasks -----------------------

def failed(swarm, *options, command):
    service = swarm.service("--restart-condition=none", *options, command=command)

    def tasks():
        return swarm("service", "ps", "--no-trunc", "--format", "{{.CurrentState}} {{.Error}}", service).text
    machine.wait_until(lambda: tasks().startswith(("Failed", "Rejected")), DEADLINE, "a failure")
    return tasks()


def test_error_missing_program(swarm):
    assert re.search("no-such-program.*not found", failed(swarm, command=["no-such-program"]))


def test_error_not_executable(swarm):
    assert "permission denied" in failed(swarm, command=[image.NOT_EXECUTABLE]).lower()


def test_error_working_directory(swarm):
    assert "not a directory" in failed(swarm, "--workdir=/etc/passwd", command=["true"]).lower()


def test_error_pids(swarm, place):
    place.needs("pids")
    service = swarm.service("--restart-condition=none", "--limit-pids=1", command=["sh", "-c", "true & wait"])

    machine.wait_until(lambda: "can't fork" in swarm("service", "logs", "--raw", service).err, DEADLINE, "the message")
