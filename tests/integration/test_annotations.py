# SPDX-License-Identifier: Apache-2.0
"""Annotations that have no file of their own: mounts, the output of hooks, groups; and that engines are told of all."""
import os
import re
import socket

import pytest

from harness import machine

FORCE = "run.oci.systemd.force_cgroup_v1"
CONTEXT = "run.oci.mount_context_type"


def forced(container, place="/sys/fs/cgroup", option="rw", namespace=True):
    container.add_mount("/sys/fs/cgroup", "cgroup", kind="cgroup", options=["nosuid", "noexec", "nodev", option])
    if namespace:
        container.linux["namespaces"].append({"type": "cgroup"})
    container.spec["annotations"] = {FORCE: place}
    return container


def mounts_below_cgroup(text):
    """{mount point: (file system, options of the file system)}"""
    rows = [line.split(" - ") for line in text.splitlines() if " /sys/fs/cgroup" in line]
    return {left.split()[4]: (right.split()[0], set(right.split()[2].split(","))) for left, right in rows}


@pytest.mark.views("hybrid", "v1")
@pytest.mark.parametrize("place", ["/sys/fs/cgroup", "/sys//fs/cgroup/"])
def test_an_old_systemd_finds_its_hierarchy_and_nothing_else(container, place):
    out = forced(container, place).run(
        ["sh", "-c", "cat /proc/self/mountinfo; mkdir /sys/fs/cgroup/systemd/x && echo made; ls /sys/fs/cgroup;"
                     "rmdir /sys/fs/cgroup/systemd/x"]).stdout

    seen = mounts_below_cgroup(out)
    assert set(seen) == {"/sys/fs/cgroup", "/sys/fs/cgroup/systemd"}
    assert seen["/sys/fs/cgroup"][0] == "tmpfs"
    assert seen["/sys/fs/cgroup/systemd"][0] == "cgroup"
    assert "name=systemd" in seen["/sys/fs/cgroup/systemd"][1]
    assert out.splitlines()[-2:] == ["made", "systemd"]


@pytest.mark.views("hybrid", "v1")
def test_the_container_sees_its_own_part_of_that_hierarchy(container):
    """Also without a cgroup namespace, where crun shows the host's."""
    out = forced(container, namespace=False).run(["cat", "/sys/fs/cgroup/systemd/cgroup.procs"])

    assert out.stdout.split() == ["1"]


@pytest.mark.views("hybrid", "v1")
def test_exec_joins_the_hierarchy(container):
    forced(container).up()

    out = container.exec(["cat", "/proc/self/cgroup"]).stdout

    assert "name=systemd:/\n" in out


def test_its_frame_is_read_only_when_the_mount_is(container):
    out = forced(container, option="ro").run(["sh", "-c", "mkdir /sys/fs/cgroup/x 2>&1; ls /sys/fs/cgroup"], check=False)

    assert "Read-only file system" in out.stdout
    assert out.stdout.splitlines()[-1] == "systemd"


def test_another_place_is_not_changed(container):
    out = forced(container, place="/sys/fs/other").run(["ls", "/sys/fs/cgroup"]).stdout

    assert "systemd" != out.strip()
    assert out.split()


def test_an_unknown_mount_option_for_labels_is_refused(container):
    container.spec["annotations"] = {CONTEXT: "label"}

    out = container.create(["true"], check=False)

    assert out.returncode == 1
    assert f'annotations["{CONTEXT}"]' in out.stderr and "`label`" in out.stderr
    assert "rootcontext" in out.stderr


@pytest.mark.skipif(os.path.exists("/sys/fs/selinux/enforce"), reason="there is SELinux here")
@pytest.mark.parametrize("kind", ["context", "rootcontext"])
def test_without_selinux_a_label_for_mounts_is_ignored_with_a_warning(container, kind):
    container.add_mount("/labelled", "tmpfs", kind="tmpfs", options=["size=64k"])
    container.linux["mountLabel"] = "system_u:object_r:container_file_t:s0"
    container.spec["annotations"] = {CONTEXT: kind}

    out = container.run(["touch", "/labelled/x"], globals=["--log-level=warning"])

    assert machine.runtime_kind() == "crun" or "linux.mountLabel is ignored" in out.stderr


# --- the output of hooks ------------------------------------------------------------------------------------------------

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]


def with_hooks(container, text, kinds=KINDS):
    container.spec["hooks"] = {
        kind: [{"path": container.guest_script(f"{kind}.sh", text.format(kind=kind)) if kind == "startContainer"
                else container.host_script(f"{kind}.sh", text.format(kind=kind))}] for kind in kinds}


@pytest.mark.all_modes
def test_hooks_print_into_the_files_of_the_host(container):
    """Also those that run in the container, where the path means another file or none."""
    out, err = container.directory / "hooks.out", container.directory / "hooks.err"
    for path in (out, err):
        path.write_text("before\n")
        path.chmod(0o666)
    with_hooks(container, "echo {kind}; echo {kind} failed >&2\n")
    container.spec["annotations"] = {"run.oci.hooks.stdout": str(out), "run.oci.hooks.stderr": str(err)}

    container.up(["sleep", "1000"])
    container.stop()
    container.delete()

    assert out.read_text().split() == ["before", *KINDS]
    assert err.read_text().splitlines() == ["before", *(f"{kind} failed" for kind in KINDS)]


def test_a_file_for_the_output_of_hooks_is_made(container):
    path = container.directory / "made"
    with_hooks(container, "echo {kind}\n", ["createRuntime"])
    container.spec["annotations"] = {"run.oci.hooks.stdout": str(path)}

    container.run(["true"])

    assert path.read_text() == "createRuntime\n"
    assert path.stat().st_mode & 0o7777 == 0o700


@pytest.mark.davit_only
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_file_for_hooks_that_cannot_be_opened_is_named(container, name):
    with_hooks(container, "true\n", ["poststart"])
    container.spec["annotations"] = {f"run.oci.hooks.{name}": "/no/such/file"}

    out = container.create(["true"], check=False)

    assert out.returncode == 1
    assert f'annotations["run.oci.hooks.{name}"]: open /no/such/file: No such file' in out.stderr


def test_without_hooks_their_files_are_not_made(container):
    path = container.directory / "made"
    container.spec["annotations"] = {"run.oci.hooks.stdout": str(path)}

    container.run(["true"])

    assert not path.exists()


def test_the_files_of_hooks_are_not_open_in_the_program(container):
    with_hooks(container, "true\n")
    container.spec["annotations"] = {"run.oci.hooks.stdout": str(container.directory / "out")}

    out = container.run(["sh", "-c", "ls /proc/self/fd"]).stdout

    assert out.split() == ["0", "1", "2", "3"], "3 is of ls itself"


# --- groups, and the pidfd of init ----------------------------------------------------------------------------------------

@pytest.mark.root("userns", why="an ordinary user cannot change his groups")
@pytest.mark.parametrize("value, kept", [("1", True), ("", True), ("0", False)])
def test_the_groups_of_the_caller_are_kept_when_asked(container, value, kept):
    container.spec["annotations"] = {"run.oci.keep_original_groups": value}
    container.process["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [7]}
    container.wrapper = ["setpriv", "--groups", "4242,4243", "--"]

    out = container.run(["id", "-G"]).stdout.split()

    assert out == (["1000", "4242", "4243"] if kept else ["1000", "7"])


@pytest.mark.row("UB-56")
def test_the_pidfd_of_init_goes_to_the_receiver(container):
    path = container.directory / "pidfd.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    container.give(path)
    server.listen(1)
    server.settimeout(20 * machine.PATIENCE)
    container.spec["annotations"] = {"run.oci.pidfd_receiver": str(path)}

    container.create(["sleep", "1000"])
    connection, _ = server.accept()
    data, fds, _flags, _address = socket.recv_fds(connection, 16, 4)

    assert len(data) == 1 and len(fds) == 1
    info = machine.read(f"/proc/self/fdinfo/{fds[0]}")
    assert f"Pid:\t{container.pid}\n" in info
    os.close(fds[0])
    server.close()


@pytest.mark.davit_only
@pytest.mark.parametrize("name", ["run.oci.handler", "module.wasm.image/variant"])
def test_a_handler_that_is_not_there_is_a_warning(container, name):
    """crun without that handler runs the program and says nothing."""
    container.spec["annotations"] = {name: "wasm"}

    out = container.run(["echo", "ran"], globals=["--log-level=warning"])

    assert out.stdout == "ran\n"
    assert f'annotations["{name}"]: there is no handler `wasm`' in out.stderr


# --- what engines are told -----------------------------------------------------------------------------------------------

def read_by_the_source():
    """Every annotation, and prefix of some, that the source knows."""
    found = set()
    for path in sorted((machine.REPO / "src").rglob("*.c")):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'spec_annotation\([^"]*"([^"]+)"\)', text))
        if "annotations.v[" in text:
            found |= set(re.findall(r'"((?:org|io|run)\.[\w.]+\.)"', text))
    return found


@pytest.mark.davit_only
@pytest.mark.skipif(not (machine.REPO / "src").exists(), reason="the source is not here")
@pytest.mark.row("FE-10")
def test_the_features_tell_engines_of_every_annotation_that_changes_something(container):
    """An engine that takes annotations from its users asks this list which of them it must not pass on."""
    unsafe = container.runtime("features").json["potentiallyUnsafeConfigAnnotations"]
    known = read_by_the_source()

    assert {"run.oci.seccomp.plugins", "run.oci.seccomp_bpf_data", "org.systemd.property."} <= known
    for name in known:
        assert any(name == entry or (entry.endswith(".") and name.startswith(entry)) for entry in unsafe), name


@pytest.mark.skipif(not (machine.REPO / "docs").exists(), reason="the documents are not here")
def test_every_annotation_is_documented():
    text = (machine.REPO / "docs/annotations.md").read_text(encoding="utf-8")
    known = read_by_the_source() | {"run.oci.systemd.force_cgroup_v1"}

    assert {name for name in known if f"`{name}" not in text} == set()
