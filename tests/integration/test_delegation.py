# SPDX-License-Identifier: Apache-2.0
"""A cgroup that the payload may arrange: its owner, and a cgroup below the one with the limits."""
import os

import pytest

from harness import machine

ON_V2 = pytest.mark.views("v2")
SUB = "run.oci.delegate-cgroup"
LISTED = {"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"}


def host_path(container, below=""):
    """The container's v2 cgroup as a host path."""
    [path] = container.cgroup_dirs()
    return os.path.join(path, below)


def owners(path):
    """{file: uid}, and "" for the directory."""
    found = {name: os.stat(f"{path}/{name}").st_uid for name in os.listdir(path) if os.path.isfile(f"{path}/{name}")}
    return {"": os.stat(path).st_uid, **found}


def delegate_list():
    try:
        with open("/sys/kernel/cgroup/delegate", encoding="ascii") as f:
            return set(f.read().split())
    except OSError:
        return LISTED


def with_cgroup_mount(container, option):
    container.add_mount("/sys/fs/cgroup", "cgroup", kind="cgroup", options=["nosuid", "noexec", "nodev", option])
    container.linux["namespaces"] = [n for n in container.linux["namespaces"] if n["type"] != "cgroup"] + [{"type": "cgroup"}]
    return container


@pytest.mark.row("CL-38", "CL-41", "CL-42", "CL-44")
@ON_V2
@pytest.mark.davit_only
@pytest.mark.parametrize("uid", [0, 1000])
def test_the_user_of_the_payload_owns_what_may_be_delegated(container, uid):
    with_cgroup_mount(container.use_user_namespace(), "rw")
    container.process["user"] = {"uid": uid, "gid": uid}
    container.up()

    seen = owners(host_path(container))

    if container.mode == "rootless":        # he owns all of it, and can give nothing away
        assert set(seen.values()) == {container.owner}
        return
    assert seen.pop("") == container.host_id(uid)
    listed = {name for name in delegate_list() if name in seen}
    assert {name for name, owner in seen.items() if owner == container.host_id(uid)} == listed
    assert {owner for name, owner in seen.items() if name not in listed} == {container.owner}
    assert LISTED <= listed


@pytest.mark.root("userns", why="it mounts over a file of the kernel")
@pytest.mark.row("CL-43")
@ON_V2
@pytest.mark.davit_only
@pytest.mark.parametrize("listed", [None, "cgroup.procs\ncgroup.threads\ncgroup.no_such_file\n"], ids=["no list", "longer list"])
def test_the_kernels_list_may_be_missing_or_name_files_that_are_not_there(container, listed):
    """A kernel before 4.15 has no list; one with more controllers lists more."""
    fake = container.directory / "kernel-cgroup"
    fake.mkdir()
    if listed:
        (fake / "delegate").write_text(listed)
    container.wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                         f'mount --bind {fake} /sys/kernel/cgroup; exec "$@"', "sh"]
    with_cgroup_mount(container.use_user_namespace(), "rw")
    container.up()

    seen = owners(host_path(container))

    given = {name for name, owner in seen.items() if owner == container.host_id(0)}
    assert given == {""} | (LISTED if not listed else {"cgroup.procs", "cgroup.threads"})


@ON_V2
@pytest.mark.davit_only
def test_the_payload_makes_cgroups_of_its_own(container):
    with_cgroup_mount(container.use_user_namespace(), "rw")
    container.up(["sh", "-c", "cd /sys/fs/cgroup && mkdir own && echo $$ > own/cgroup.procs && cat /proc/self/cgroup; sleep 1000"])

    container.wait_for_output("/own")

    assert "0::/own" in container.output()
    assert container.exec(["cat", "/proc/self/cgroup"]).stdout.endswith("/own\n")
    container.force_delete()
    assert container.cgroup_dirs() == []


@ON_V2
@pytest.mark.root("userns", why="an ordinary user always has a user namespace")
def test_without_a_user_namespace_the_user_of_the_process_is_the_owner(container):
    with_cgroup_mount(container, "rw")
    container.process["user"] = {"uid": 1000, "gid": 1000}
    container.up()

    expected = container.host_id(1000) if machine.runtime_kind() == "davit" else os.stat(host_path(container)).st_uid
    assert owners(host_path(container))[""] == expected


@pytest.mark.row("CL-40", "CL-41")
@ON_V2
@pytest.mark.parametrize("why", ["read-only mount", "no mount", "no cgroup namespace"])
def test_otherwise_root_stays_the_owner(container, why):
    """runtime-spec: not without a new cgroup namespace, only with a mount that can be written to."""
    container.use_user_namespace()
    if why != "no mount":
        with_cgroup_mount(container, "ro" if "read-only" in why else "rw")
    if why == "no cgroup namespace":
        container.drop_namespace("cgroup")
    container.up()

    if machine.runtime_kind() == "davit":
        assert set(owners(host_path(container)).values()) == {container.owner}


@pytest.mark.row("CL-39")
@pytest.mark.views("v1", "hybrid")
@pytest.mark.davit_only
def test_on_v1_root_stays_the_owner(container):
    with_cgroup_mount(container.use_user_namespace(), "rw")
    container.up()

    assert {os.stat(path).st_uid for path in container.cgroup_dirs()} == {container.owner}


# --- run.oci.delegate-cgroup -------------------------------------------------------------------------------------------

@ON_V2
@pytest.mark.davit_only
@pytest.mark.pauses
@pytest.mark.parametrize("sub", ["payload", "a/b", "payload/"])
def test_init_begins_in_the_delegated_cgroup(container, sub):
    container.spec["annotations"] = {SUB: sub}
    container.up()

    path = container.cgroup_of()["unified"]
    assert path.endswith(f"/{container.id}/{sub.rstrip('/')}")
    below = host_path(container, sub)
    have = set(machine.read(f"{host_path(container)}/cgroup.controllers").split())
    assert set(machine.read(f"{below}/cgroup.controllers").split()) == have
    assert container.exec(["true"]).returncode == 0
    assert container.pid in container.ps()
    container.pause()
    assert container.status() == "paused"
    container.resume()
    container.force_delete()
    assert container.cgroup_dirs() == []


@ON_V2
@pytest.mark.davit_only
def test_the_delegated_cgroup_is_the_root_that_the_payload_sees(container):
    with_cgroup_mount(container.use_user_namespace(), "rw")
    container.spec["annotations"] = {SUB: "payload"}
    container.set_resources(unified={"cgroup.max.descendants": "7"})
    container.up(["sh", "-c", "cat /proc/self/cgroup; mkdir /sys/fs/cgroup/own && echo made; sleep 1000"])

    container.wait_for_output("made")

    assert "0::/\n" in container.output()
    assert os.path.isdir(host_path(container, "payload/own"))
    upper, below = owners(host_path(container)), owners(host_path(container, "payload"))
    assert set(upper.values()) == {container.owner}, "the limits stay out of reach"
    assert below[""] == below["cgroup.procs"] == container.host_id(0)
    assert machine.read(f"{host_path(container)}/cgroup.max.descendants").strip() == "7"


@ON_V2
@pytest.mark.davit_only
@pytest.mark.parametrize("sub", ["..", "../x", "a/../../x", "/abs", "", ".", "a\nb"])
def test_a_delegated_cgroup_cannot_be_elsewhere(container, sub):
    container.spec["annotations"] = {SUB: sub}

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert f"annotations.{SUB}" in out.stderr
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []


@pytest.mark.views("v1", "hybrid")
@pytest.mark.davit_only
def test_on_v1_nothing_can_be_delegated(container):
    container.spec["annotations"] = {SUB: "payload"}

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "cgroup v2" in out.stderr


# --- what a cgroup costs -------------------------------------------------------------------------------------------------

@ON_V2
@pytest.mark.davit_only
@pytest.mark.lean
def test_no_process_is_moved_on_v2(container):
    """The clone puts init into its cgroup: moving it takes a lock of the whole machine."""
    container.args = ["true"]
    container.write_config()
    trace = container.directory / "trace"
    container.wrapper = ["strace", "-f", "-o", str(trace), "-e", "trace=openat,open,openat2,clone3"]

    container.runtime("run", container.id)

    calls = trace.read_text()
    assert "CLONE_INTO_CGROUP" in calls
    assert "cgroup.procs\", O_WRONLY" not in calls
