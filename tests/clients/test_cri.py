# SPDX-License-Identifier: Apache-2.0
"""The CRI plugin of containerd: pods and containers as Kubernetes makes them."""
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import image, machine, payload
from harness.cri import Refused
from harness.inside import WORK

MIB = 1 << 20
NODE_PID = {"namespace_options": {"pid": "NODE"}}


# --- life ------------------------------------------------------------------------------------------------

def test_pod(cri):
    pod = cri.pod()

    status = cri.service("PodSandboxStatus", pod_sandbox_id=pod).status
    assert (status.state, status.runtime_handler) == (cri.service.messages.SANDBOX_READY, cri.runtime)
    cri.service("StopPodSandbox", pod_sandbox_id=pod)
    status = cri.service("PodSandboxStatus", pod_sandbox_id=pod).status
    assert status.state == cri.service.messages.SANDBOX_NOTREADY


def test_container(cri):
    container = cri.create("sleep", "1000")
    assert cri.state(container) == "CREATED"

    cri.start(container)

    assert cri.state(container) == "RUNNING"
    payload.wait_runs(cri.pid(container), "sleep", "1000")


def test_exit_code(cri):
    # containerd notes the start when the runtime has returned, which may be after the end of a short program.
    status = cri.wait_exited(cri.run("sh", "-c", "sleep 1; exit 5"))

    assert (status.exit_code, status.reason) == (5, "Error")
    assert 0 < status.started_at <= status.finished_at


def test_completed(cri):
    status = cri.wait_exited(cri.run("true"))

    assert (status.exit_code, status.reason) == (0, "Completed")


def test_logs(cri):
    cri.wait_exited(cri.run("sh", "-c", "echo out; echo err >&2"))

    assert (cri.logged("stdout"), cri.logged("stderr")) == (["out"], ["err"])


def test_tty(cri):
    assert cri.output("tty", tty=True)[0].strip() == "/dev/pts/0"


def test_stop(cri):
    container = cri.run("sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done")
    machine.wait_until(lambda: cri.logged("stdout") == ["ready"], 30)

    cri.stop(container, timeout=30)

    assert cri.wait_exited(container).exit_code == 9


def test_stop_by_force(cri):
    container = cri.run()

    cri.stop(container, timeout=1)

    assert cri.wait_exited(container).exit_code == 137


def test_remove(cri):
    container = cri.run()
    pid = cri.pid(container)

    cri.service("RemoveContainer", container_id=container)         # one that runs is ended first

    assert not machine.is_alive(pid)
    with pytest.raises(Refused, match="NOT_FOUND"):
        cri.status(container)


def test_stop_pod(cri):
    """All containers end with their pod, and nothing is left of it."""
    pod = cri.pod()
    pids = [cri.pid(cri.run(pod=pod)) for _ in range(3)]

    cri.service("StopPodSandbox", pod_sandbox_id=pod)

    assert not any(map(machine.is_alive, pids))
    cri.remove_pod(pod)
    del cri.pods[pod]
    points = set(machine.hierarchies().values())
    assert [path for point in points for path in machine.walk_cgroups(point) if f"/pods/{pod}" in path] == []


def test_restart(cri):
    """A new container in the same pod, as a kubelet does after an end."""
    pod = cri.pod()
    cri.wait_exited(cri.run("false", pod=pod))

    assert cri.output("echo", "again", pod=pod) == ["again"]


def test_parallel(cri):
    pod, count = cri.pod(), 20
    with ThreadPoolExecutor(count) as threads:
        containers = list(threads.map(lambda i: cri.run("sh", "-c", f"exit {i}", pod=pod), range(count)))

    assert [cri.wait_exited(container).exit_code for container in containers] == list(range(count))


def test_daemon_restart(cri, containerd):
    """Shims and containers outlive the daemon."""
    container = cri.run()
    pid = cri.pid(container)

    containerd.stop()
    containerd.start()
    cri.service.connect()

    assert (cri.state(container), cri.pid(container)) == ("RUNNING", pid)
    assert cri.exec(container, "echo", "inside").out == "inside\n"


# --- exec ------------------------------------------------------------------------------------------------

def test_exec(cri):
    container = cri.run()

    out = cri.exec(container, "sh", "-c", "echo out; echo err >&2; exit 7")

    assert (out.code, out.out, out.err) == (7, "out\n", "err\n")


def test_exec_tty(cri):
    stream = cri.exec_tty(cri.run(), "sh", "-c",
                          "tty; until [ \"$(stty size 2>/dev/null)\" = '33 101' ]; do sleep 0.1; done; read x; echo got-$x; exit 7")

    stream.wait_for("/dev/pts/")
    stream.resize(33, 101)
    stream.type("word\n")
    out, code = stream.end()

    assert "got-word" in out and code == 7


def test_attach(cri):
    stream = cri.attach_tty(cri.run("sh", "-c", "read x; echo got-$x; read y", tty=True, stdin=True))

    stream.type("word\n")
    stream.wait_for("got-word")
    stream.type("end\n")
    stream.end()


def test_exec_timeout(cri):
    container = cri.run()

    with pytest.raises(Refused, match="DEADLINE_EXCEEDED|timeout"):
        cri.exec(container, "sleep", "500", timeout=1)

    machine.wait_until(lambda: cri.exec(container, "pidof", "sleep").out.strip() == "1", 30)


@pytest.mark.peers(crun="the program keeps the oom_score_adj of the shim")
def test_exec_oom_score(cri):
    container = cri.run(resources={"oom_score_adj": 500})

    assert machine.read(f"/proc/{cri.pid(container)}/oom_score_adj").strip() == "500"
    assert cri.exec(container, "cat", "/proc/self/oom_score_adj").out == "500\n"


def test_exec_missing_program(cri):
    container = cri.run()

    with pytest.raises(Refused, match="no-such-program.*not found"):
        cri.exec(container, "no-such-program")
    assert cri.state(container) == "RUNNING"


# --- limits ----------------------------------------------------------------------------------------------

def test_limits(cri, place):
    place.needs("memory", "cpu", "cpuset")
    container = cri.run(resources={"memory_limit_in_bytes": 64 * MIB, "cpu_period": 100000, "cpu_quota": 50000,
                                   "cpu_shares": 512, "cpuset_cpus": "0"})

    assert cri.limit(container, "memory", "memory.limit_in_bytes", "memory.max") == str(64 * MIB)
    assert cri.limit(container, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"
    assert cri.limit(container, "cpuset", "cpuset.cpus", "cpuset.cpus") == "0"


def test_update(cri, place):
    place.needs("memory", "cpu")
    container = cri.run(resources={"memory_limit_in_bytes": 64 * MIB, "cpu_period": 100000, "cpu_quota": 50000})

    cri.service("UpdateContainerResources", container_id=container,
                linux={"memory_limit_in_bytes": 96 * MIB, "cpu_period": 100000, "cpu_quota": 25000})

    assert cri.limit(container, "memory", "memory.limit_in_bytes", "memory.max") == str(96 * MIB)
    assert cri.limit(container, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == "25000"


def test_cgroup_parent(cri, place):
    """Kubernetes gives the cgroup of the pod."""
    pod = cri.pod(cgroup_parent="/kubepods/pod1")
    container = cri.run(pod=pod)
    controller = "" if place.is_v2 else "freezer"

    assert place.cgroup_of(cri.pid(container), controller).endswith(f"/kubepods/pod1/{container}")


def test_oom(cri, place):
    place.needs("memory")

    status = cri.wait_exited(cri.run("sh", "-c", "exec tail /dev/zero", resources={"memory_limit_in_bytes": 16 * MIB}))

    assert (status.exit_code, status.reason) == (137, "OOMKilled")


def test_stats(cri, place):
    place.needs("memory", "cpuacct" if not place.is_v2 else "cpu")
    container = cri.run("sh", "-c", "while :; do :; done")

    def used():
        return cri.service("ContainerStats", container_id=container).stats.cpu.usage_core_nano_seconds.value
    first = machine.wait_until(used, 30)
    machine.wait_until(lambda: used() > first, 30)
    assert cri.service("ContainerStats", container_id=container).stats.memory.working_set_bytes.value > 0


# --- security --------------------------------------------------------------------------------------------

def test_user(cri):
    out = cri.output("id", security={"run_as_user": {"value": "1000"}, "run_as_group": {"value": "88"},
                                     "supplemental_groups": ["99"]})

    assert out[0].startswith("uid=1000(user) gid=88") and "99" in out[0]


def test_user_name(cri):
    assert cri.output("id", "-u", security={"run_as_username": "user"}) == ["1000"]


def test_capabilities(cri):
    rows = cri.output("grep", "^Cap", "/proc/self/status", security={
        "capabilities": {"drop_capabilities": ["ALL"], "add_capabilities": ["NET_ADMIN"]}})

    values = dict(re.findall(r"Cap(\w+):\t(\w+)", "\n".join(rows)))
    assert int(values["Eff"], 16) == int(values["Bnd"], 16) == 1 << 12


def test_privileged(cri):
    security = {"security_context": {"privileged": True}}
    rows = cri.output("sh", "-c", "grep ^CapEff /proc/self/status; mount -t tmpfs x /mnt && echo mounted",
                      pod=cri.pod(**security), security={"privileged": True})

    mine = int(re.search(r"CapBnd:\t(\w+)", machine.read("/proc/self/status"))[1], 16)
    assert int(rows[0].split()[1], 16) == mine and rows[1] == "mounted"


def test_no_new_privileges(cri):
    assert cri.output("grep", "NoNewPrivs", "/proc/self/status", security={"no_new_privs": True})[0].split()[1] == "1"


def test_seccomp(cri):
    look = ("grep", "^Seccomp:", "/proc/self/status")

    assert cri.output(*look, security={"seccomp": {"profile_type": "RuntimeDefault"}}) == ["Seccomp:\t2"]
    assert cri.output(*look, security={"seccomp": {"profile_type": "Unconfined"}}) == ["Seccomp:\t0"]


def test_seccomp_profile(cri):
    profile = WORK / "here" / "cri-no-mkdir.json"
    profile.write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}), encoding="utf-8")

    out = cri.output("sh", "-c", "mkdir /tmp/x 2>&1 || true", security={
        "seccomp": {"profile_type": "Localhost", "localhost_ref": str(profile)}})

    assert "No space left on device" in out[0]


def test_masked_paths(cri):
    out = cri.output("sh", "-c", "wc -c </proc/keys; echo 1 2>/dev/null >/proc/sys/kernel/pid_max || echo read-only",
                     security={"masked_paths": ["/proc/keys"], "readonly_paths": ["/proc/sys"]})

    assert out == ["0", "read-only"]


def test_read_only(cri):
    assert cri.output("sh", "-c", "touch /file 2>/dev/null || echo refused", security={"readonly_rootfs": True}) == ["refused"]


def test_sysctl(cri):
    pod = cri.pod(network="POD", sysctls={"net.ipv4.ip_forward": "1", "kernel.shmmax": "65536"})

    assert cri.output("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shmmax", pod=pod) == ["1", "65536"]


# --- files and namespaces ---------------------------------------------------------------------------------

def test_mounts(cri):
    source = WORK / "here" / f"cri-{os.urandom(4).hex()}"
    source.mkdir()
    (source / "file").write_text("content\n", encoding="utf-8")

    out = cri.output("sh", "-c", "cat /data/file; echo new >/data/new; touch /fixed/x 2>/dev/null || echo read-only",
                     mounts=[{"container_path": "/data", "host_path": str(source)},
                             {"container_path": "/fixed", "host_path": str(source), "readonly": True}])

    assert out == ["content", "read-only"]
    assert (source / "new").read_text(encoding="utf-8") == "new\n"


def test_devices(cri):
    out = cri.output("sh", "-c", "head -c 3 /dev/nothing | od -An -tx1", devices=[
        {"container_path": "/dev/nothing", "host_path": "/dev/zero", "permissions": "r"}])

    assert out == [" 00 00 00"]


def test_settings(cri):
    out = cri.output("sh", "-c", "echo $A; pwd", envs=[{"key": "A", "value": "b"}], working_dir="/tmp")

    assert out == ["b", "/tmp"]


def test_network(cri):
    """A device made by a CNI plugin; the containers of a pod share it."""
    pod = cri.pod(network="POD")
    address = cri.service("PodSandboxStatus", pod_sandbox_id=pod).status.network.ip

    first, second = (cri.output("ip", "-4", "address", "show", "eth0", pod=pod) for _ in range(2))

    assert first == second and f"inet {address}/" in "\n".join(first)


def test_network_host(cri):
    assert "uplink" in "\n".join(cri.output("cat", "/proc/net/dev"))


def test_pid_host(cri):
    pod = cri.pod(security_context={"namespace_options": {"pid": "NODE"}})

    assert cri.output("cat", "/proc/1/comm", pod=pod, security=dict(NODE_PID)) == [machine.read("/proc/1/comm").strip()]


def test_pid_of_pod(cri):
    """The containers of a pod can share the processes."""
    pod = cri.pod(security_context={"namespace_options": {"pid": "POD"}})
    shared = {"namespace_options": {"pid": "POD"}}
    first = cri.run("sleep", "777", pod=pod, security=dict(shared))

    assert "sleep 777" in "\n".join(cri.output("ps", "-o", "args", pod=pod, security={"namespace_options": {"pid": "POD"}}))
    cri.stop(first)
    assert cri.wait_exited(first).exit_code == 137


def test_hostname(cri):
    pod = cri.pod(network="POD")

    assert cri.output("hostname", pod=pod) == [cri.pods[pod]["hostname"]]


# --- errors as the client shows them -----------------------------------------------------------------------

def failed_start(cri, *command, **fields):
    """What a container that cannot start tells: the words of the call and its status."""
    container = cri.create(*command, **fields)
    with pytest.raises(Refused) as refused:
        cri.start(container)
    status = cri.status(container)
    assert (status.exit_code, status.reason) == (128, "StartError")
    assert status.message in str(refused.value)
    return status.message


def test_error_missing_program(cri):
    assert re.search("no-such-program.*not found", failed_start(cri, "no-such-program"))


def test_error_not_executable(cri):
    assert "permission denied" in failed_start(cri, image.NOT_EXECUTABLE).lower()


def test_error_working_directory(cri):
    message = failed_start(cri, "true", working_dir="/etc/passwd")

    assert "/etc/passwd" in message and "not a directory" in message.lower()


@pytest.mark.peers(runc="exec in a full cgroup does not say why")
def test_error_pids(cri, place):
    """A kubelet limits the processes of a pod in the cgroup that it gives."""
    place.needs("pids")
    with place.cgroup("pods-pids", "pids") as (parent, directory):
        pod = cri.pod(cgroup_parent=parent)
        container = cri.run(pod=pod)
        machine.write(f"{directory}/pids.max", machine.read(f"{directory}/pids.current"))

        try:
            out = cri.exec(container, "sh", "-c", "true & wait")
            message, code = out.err, out.code
        except Refused as refused:
            message, code = str(refused), None
        machine.write(f"{directory}/pids.max", "max")
        cri.remove_pod(pod)
        del cri.pods[pod]

    assert code != 0 and ("can't fork" in message or "temporarily unavailable" in message), message


def test_error_seccomp_profile(cri):
    profile = WORK / "here" / "cri-bad.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}', encoding="utf-8")

    assert "SCMP_ACT_NONSENSE" in failed_start(cri, "true", security={
        "seccomp": {"profile_type": "Localhost", "localhost_ref": str(profile)}})
