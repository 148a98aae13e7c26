# SPDX-License-Identifier: Apache-2.0
"""All eight namespaces: new, inherited or joined by path, alone and in combination; id maps."""
import itertools
import os
import subprocess

import pytest

from harness import machine
from harness.bundle import RANGES, SUB_ID

KINDS = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "user": "user",
         "cgroup": "cgroup", "time": "time"}
UNSHARE = {"network": "--net", "ipc": "--ipc", "uts": "--uts", "cgroup": "--cgroup", "time": "--time",
           "pid": "--pid", "mount": "--mount", "user": "--user"}

# Debian's runc 1.1 has no time namespace.
NEEDS_TIME = pytest.mark.skipif(machine.runtime_kind() == "runc", reason="runc 1.1 has no time namespace")


def ours(container, kind):
    """The caller's namespace."""
    return os.stat(f"/proc/{container.caller_pid()}/ns/{KINDS[kind]}").st_ino


@pytest.fixture
def holder(session, setting):
    """A function that makes processes whose namespaces can be joined."""
    view, mode = setting
    if mode == "rootless":
        pytest.skip("an ordinary user has namespaces in a user namespace only: the tests that join another container's")
    prefix = [] if mode == "root" else session.user_namespace(view).prefix() + ["--"]
    made = []

    def make(*kinds, user_map=False):
        flags = [UNSHARE[kind] for kind in kinds]
        fork = ["--fork", "--kill-child"] if "pid" in kinds else []
        process = session.spawn([*prefix, "unshare", *flags, *fork, "sh", "-c", "echo ready; exec sleep 1000"],
                                stdout=subprocess.PIPE, stderr=None, env={"PATH": os.environ["PATH"]})
        assert process.stdout.readline() == b"ready\n"
        process.stdout.close()
        made.append(process)
        if user_map:
            for table in ("uid_map", "gid_map"):
                # Only from the namespace above.
                subprocess.run([*prefix, "sh", "-c", f"echo 0 {RANGES[mode][0]['hostID']} 65536 > /proc/{process.pid}/{table}"],
                               check=True)
        if "pid" in kinds:
            return machine.wait_until(lambda: machine.children_of(process.pid))[0]
        return process.pid

    yield make
    for process in made:
        for pid in reversed(machine.tree_of(process.pid)):
            machine.send(pid, 9)
        process.wait()
        session.forget(process)


# --- new and inherited --------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts", "mount", "cgroup",
                                  pytest.param("time", marks=NEEDS_TIME)])
@pytest.mark.row("CL-02", "CL-06")
def test_a_listed_namespace_is_new(container, kind):
    if not container.namespace(kind):
        container.linux["namespaces"].append({"type": kind})

    seen = container.probe()["ns"]

    assert seen[KINDS[kind]] != ours(container, kind)


@pytest.mark.parametrize("kind", ["pid", "ipc", "uts", "network", "cgroup", "time", "user"])
@pytest.mark.row("CL-02", "CL-07")
def test_a_namespace_that_is_not_listed_is_the_callers(container, kind):
    if kind == "user" and container.mode == "rootless":
        pytest.skip("rootless: an ordinary user always has a user namespace")
    container.drop_namespace(kind)
    if kind == "uts":
        del container.spec["hostname"]
    if kind == "ipc":
        container.spec["mounts"] = [m for m in container.spec["mounts"] if m["type"] != "mqueue"]

    seen = container.probe()["ns"]

    assert seen[KINDS[kind]] == ours(container, kind)


@pytest.mark.row("CL-07")
@pytest.mark.root(why="devices would be bound in the caller's mount namespace")
def test_without_a_mount_namespace_the_root_is_changed_all_the_same(container):
    container.drop_namespace("mount")
    container.spec["mounts"] = []
    for name in ("maskedPaths", "readonlyPaths"):
        container.linux[name] = []
    (container.rootfs / "marker").write_text("here")
    container.up()

    assert container.exec(["cat", "/marker"]).stdout == "here"
    assert os.readlink(f"/proc/{container.pid}/ns/mnt") == os.readlink(f"/proc/{container.caller_pid()}/ns/mnt")


@pytest.mark.root("userns", why="an ordinary user always has a user namespace")
def test_no_namespace_but_mount_at_all(container):
    container.linux["namespaces"] = [{"type": "mount"}]
    del container.spec["hostname"]
    container.spec["mounts"] = [m for m in container.spec["mounts"]
                                if m["type"] not in ("mqueue", "sysfs")]

    seen = container.probe()["ns"]

    for kind in ("pid", "network", "ipc", "uts", "user"):
        assert seen[KINDS[kind]] == ours(container, kind)
    assert seen["mnt"] != ours(container, "mount")


def test_the_process_is_number_one_of_a_new_pid_namespace(container):
    seen = container.probe()

    assert seen["pid"] == 1


def test_a_new_network_namespace_has_lo_up(container):
    out = container.run(["sh", "-c", "cat /sys/class/net/lo/flags; ls /sys/class/net"])

    flags, *names = out.stdout.split()
    assert int(flags, 16) & 1, "lo is down"
    assert "lo" in names


def test_a_new_cgroup_namespace_hides_the_path(container):
    container.linux["namespaces"].append({"type": "cgroup"})

    seen = container.probe()

    assert container.id not in seen["cgroup"]
    assert "pids:/\n" in seen["cgroup"] + "\n"


# --- joining -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["network", "ipc", "uts", "pid", "cgroup",
                                  pytest.param("time", marks=NEEDS_TIME)])
@pytest.mark.row("CL-04")
def test_a_namespace_is_joined_by_its_path(container, holder, kind):
    pid = holder(kind)
    container.drop_namespace(kind)
    container.linux["namespaces"].append({"type": kind, "path": f"/proc/{pid}/ns/{KINDS[kind]}"})
    if kind == "uts":
        del container.spec["hostname"]

    seen = container.probe()["ns"]

    assert seen[KINDS[kind]] == os.stat(f"/proc/{pid}/ns/{KINDS[kind]}").st_ino


def test_the_host_name_can_be_set_in_a_joined_uts_namespace(container, holder):
    pid = holder("uts")
    container.namespace("uts")["path"] = f"/proc/{pid}/ns/uts"
    container.spec["hostname"] = "joined"

    assert container.run(["hostname"]).stdout == "joined\n"


@pytest.mark.row("RT-49")
def test_a_joined_pid_namespace_keeps_its_other_processes(container, holder):
    pid = holder("pid")
    container.namespace("pid")["path"] = f"/proc/{pid}/ns/pid"
    container.up()
    assert container.status() == "running"
    assert os.stat(f"/proc/{container.pid}/ns/pid").st_ino == os.stat(f"/proc/{pid}/ns/pid").st_ino
    assert container.state()["pid"] == container.pid

    container.force_delete()

    assert machine.is_alive(pid)


def test_the_exit_code_comes_through_a_joined_pid_namespace(container, holder):
    pid = holder("pid")
    container.namespace("pid")["path"] = f"/proc/{pid}/ns/pid"

    assert container.run(["sh", "-c", "exit 42"], check=False).returncode == 42


@pytest.mark.row("CL-04")
def test_a_mount_namespace_is_joined_by_its_path(container, holder):
    pid = holder("mount")
    container.namespace("mount")["path"] = f"/proc/{pid}/ns/mnt"
    container.spec["mounts"] = []
    for name in ("maskedPaths", "readonlyPaths"):
        container.linux[name] = []

    container.up()

    assert os.readlink(f"/proc/{container.pid}/ns/mnt") == os.readlink(f"/proc/{pid}/ns/mnt")
    assert os.listdir(f"/proc/{container.pid}/root/bin") == os.listdir(container.rootfs / "bin")


@pytest.mark.parametrize("maps", ["with maps", "without maps"])
@pytest.mark.row("CL-04")
def test_a_user_namespace_is_joined_by_its_path(container, holder, maps):
    if maps == "without maps" and machine.runtime_kind() == "runc":
        pytest.skip("runc wants the mappings repeated")
    pid = holder("user", user_map=True)
    container.use_user_namespace().namespace("user")["path"] = f"/proc/{pid}/ns/user"
    if maps == "without maps":
        del container.linux["uidMappings"], container.linux["gidMappings"]

    seen = container.probe()

    assert seen["ns"]["user"] == os.stat(f"/proc/{pid}/ns/user").st_ino
    assert seen["uid"] == 0
    assert seen["uid_map"].split() == ["0", str(RANGES[container.mode][0]["hostID"]), "65536"]


@pytest.mark.parametrize("kinds", list(itertools.combinations(("network", "ipc", "uts", "pid"), 2)) +
                         [("network", "ipc", "uts", "pid")], ids="+".join)
def test_several_namespaces_of_another_container_are_joined(new_container, kinds):
    """As the second container of a pod does."""
    first, second = new_container(), new_container()
    first.up()
    for kind in kinds:
        second.namespace(kind)["path"] = f"/proc/{first.pid}/ns/{KINDS[kind]}"
    second.share_user_namespace(first)
    if "uts" in kinds:
        del second.spec["hostname"]

    seen = second.probe()["ns"]

    for kind in ("network", "ipc", "uts", "pid"):
        same = seen[KINDS[kind]] == os.stat(f"/proc/{first.pid}/ns/{KINDS[kind]}").st_ino
        assert same == (kind in kinds), kind


def test_a_new_user_namespace_with_joined_others(new_container):
    first, second = new_container().use_user_namespace(), new_container()
    first.up()
    second.use_user_namespace().namespace("user")["path"] = f"/proc/{first.pid}/ns/user"
    for kind in ("network", "ipc"):
        second.namespace(kind)["path"] = f"/proc/{first.pid}/ns/{KINDS[kind]}"

    seen = second.probe()["ns"]

    for kind in ("user", "network", "ipc"):
        assert seen[KINDS[kind]] == os.stat(f"/proc/{first.pid}/ns/{KINDS[kind]}").st_ino
    assert seen["uts"] != os.stat(f"/proc/{first.pid}/ns/uts").st_ino


# --- refused -------------------------------------------------------------------------------------------------

def refused(container, *texts):
    out = container.run(["true"], check=False)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    assert not container.state_dir.exists()
    return out


@pytest.mark.davit_only
@pytest.mark.row("CL-08")
def test_a_namespace_listed_twice_is_refused(container):
    container.linux["namespaces"].append({"type": "uts"})

    refused(container, f"linux.namespaces[{len(container.linux['namespaces']) - 1}]", "uts")


@pytest.mark.davit_only
@pytest.mark.row("CL-08")
def test_an_unknown_namespace_is_refused(container):
    container.linux["namespaces"].append({"type": "banana"})

    refused(container, f"linux.namespaces[{len(container.linux['namespaces']) - 1}].type", "banana")


@pytest.mark.parametrize("path", ["/no/such", "/proc/self/ns/uts", "/etc/passwd", "/dev/null", ""])
@pytest.mark.row("CL-05")
def test_a_path_that_is_no_such_namespace_is_refused(container, path):
    container.namespace("ipc")["path"] = path
    if path == "" and machine.runtime_kind() == "runc":
        pytest.skip("Go does not tell an empty path from none")

    refused(container)


@pytest.mark.davit_only
@pytest.mark.row("CL-03")
@pytest.mark.parametrize("kind", KINDS)
def test_a_relative_namespace_path_is_refused(container, kind):
    container.drop_namespace(kind)
    container.linux["namespaces"].append({"type": kind, "path": f"proc/self/ns/{KINDS[kind]}"})
    index = len(container.linux["namespaces"]) - 1
    container.write_config()

    # From / the path would lead there.
    out = container.runtime("run", "--bundle", str(container.bundle), container.id, cwd="/", check=False)

    assert out.returncode == 1
    assert f"linux.namespaces[{index}].path" in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.row("CL-03")
def test_a_namespace_path_is_one_of_the_runtimes_mount_namespace(container, holder):
    """As `ip netns` makes them: the mount is seen in the runtime's mount namespace only."""
    pid = holder("network")
    file = container.directory / "netns"
    file.write_text("")
    container.wrapper = ["unshare", "-m", "sh", "-c", f'mount --bind /proc/{pid}/ns/net {file} && exec "$@"', "sh"]
    container.namespace("network")["path"] = str(file)

    seen = container.probe()["ns"]

    assert seen["net"] == os.stat(f"/proc/{pid}/ns/net").st_ino
    assert file.read_text() == ""


@pytest.mark.davit_only
@pytest.mark.row("CL-05")
@pytest.mark.parametrize("kind", KINDS)
def test_a_namespace_of_another_type_is_refused_with_both_names(container, kind):
    container.drop_namespace(kind)
    other = "uts" if kind != "uts" else "ipc"
    container.linux["namespaces"].append({"type": kind, "path": f"/proc/self/ns/{other}"})

    refused(container, f"/proc/self/ns/{other}", f"is a {other} namespace, not a {kind} one")


@pytest.mark.davit_only
def test_a_wrong_namespace_path_is_named(container):
    container.namespace("ipc")["path"] = "/proc/self/ns/uts"

    refused(container, "/proc/self/ns/uts")


@pytest.mark.davit_only
def test_mappings_without_a_user_namespace_are_refused(container):
    """Peers forget them silently."""
    container.linux["uidMappings"] = [{"containerID": 0, "hostID": 200000, "size": 65536}]

    refused(container, "uidMappings")


@pytest.mark.davit_only
@pytest.mark.row("CL-11")
def test_time_offsets_without_a_time_namespace_are_refused(container):
    container.linux["timeOffsets"] = {"monotonic": {"secs": 5, "nanosecs": 0}}

    refused(container, "timeOffsets")


@pytest.mark.row("CF-60")
def test_a_hostname_without_a_uts_namespace_is_refused(container):
    container.drop_namespace("uts")

    out = refused(container)
    assert "hostname" in out.stderr or "uts" in out.stderr.lower()


@pytest.mark.davit_only
@pytest.mark.row("CF-61")
def test_a_domainname_without_a_uts_namespace_is_refused(container):
    container.drop_namespace("uts")
    del container.spec["hostname"]
    container.spec["domainname"] = "host.example"

    refused(container, "domainname", "UTS")


# --- id maps ---------------------------------------------------------------------------------------------------

@pytest.mark.views("hybrid", "v1", "v2", "oldkernel")
@pytest.mark.row("CL-02", "CL-06", "CL-09")
def test_the_mappings_are_the_kernels(container):
    container.use_user_namespace()

    seen = container.probe()

    for table in ("uid", "gid"):
        rows = [tuple(int(word) for word in line.split()) for line in seen[f"{table}_map"].splitlines()]
        assert rows == [(m["containerID"], m["hostID"], m["size"]) for m in container.linux[f"{table}Mappings"]]
    assert (seen["uid"], seen["gid"]) == (0, 0)
    assert seen["ns"]["user"] != ours(container, "user")


@pytest.mark.views("hybrid", "oldkernel")
def test_a_whole_life_in_a_user_namespace(container):
    container.use_user_namespace()
    container.up(["sh", "-c", "id -u; exec sleep 1000"])
    container.wait_for_output("0\n")

    assert container.status() == "running"
    assert container.exec(["id", "-u"]).stdout == "0\n"
    assert os.stat(f"/proc/{container.pid}").st_uid in (0, container.host_id(0))
    assert f"Uid:\t{container.host_id(0)}\t" in machine.read(f"/proc/{container.pid}/status")
    container.stop()
    container.delete()


@pytest.mark.davit_only
@pytest.mark.row("CL-09")
@pytest.mark.parametrize("table", ["uidMappings", "gidMappings"])
@pytest.mark.parametrize("member", ["containerID", "hostID", "size"])
def test_every_member_of_a_mapping_is_needed(container, table, member):
    """Without any mapping there are the default ones of crun."""
    container.use_user_namespace()
    del container.linux[table][0][member]

    refused(container, f"linux.{table}[0].{member}")


@pytest.mark.parametrize("lines", [1, 5, 6, 7, pytest.param(340, marks=pytest.mark.root(
    "userns", why="newgidmap would write more than a page"))])
@pytest.mark.row("CL-09")
def test_many_mapping_lines_arrive_exactly(container, lines):
    """crun passes at most six ranges on when not root; the kernel's limit is 340."""
    container.use_user_namespace()
    first = SUB_ID if container.mode == "rootless" else 20000
    table = [{"containerID": i, "hostID": first + 2 * i, "size": 1} for i in range(lines)]
    if container.mode == "rootless":        # whose root has to be the caller for the bundle to be reached
        table[0]["hostID"] = container.owner
    container.linux["uidMappings"] = table
    container.linux["gidMappings"] = table
    container.spec["mounts"] = [m for m in container.spec["mounts"] if m["type"] != "devpts"]  # gid=5
    for top, _directories, _files in os.walk(container.rootfs):
        os.chown(top, container.host_id(0), container.host_id(0))

    seen = container.probe()

    rows = [tuple(int(w) for w in line.split()) for line in seen["uid_map"].splitlines()]
    assert rows == [(m["containerID"], m["hostID"], m["size"]) for m in table]


def test_more_mapping_lines_than_the_kernel_takes_are_refused(container):
    container.use_user_namespace()
    table = [{"containerID": i, "hostID": 20000 + 2 * i, "size": 1} for i in range(341)]
    container.linux["uidMappings"] = table

    refused(container)


def test_overlapping_mappings_are_refused(container):
    container.use_user_namespace()
    container.linux["uidMappings"].append({"containerID": 100, "hostID": 500000, "size": 10})

    refused(container)


@pytest.mark.row("CL-10")
def test_the_root_file_system_is_not_chowned(container):
    container.use_user_namespace()
    owners = {path: os.lstat(path).st_uid for path in container.rootfs.rglob("*")}

    container.run(["true"])

    for path, owner in owners.items():
        assert os.lstat(path).st_uid == owner, path


@pytest.mark.row("CF-54")
def test_another_user_in_a_user_namespace(container):
    container.use_user_namespace()
    container.process["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [2000]}

    seen = container.probe()

    assert (seen["uid"], seen["gid"], seen["groups"]) == (1000, 1000, [2000])


@pytest.mark.davit_only
def test_an_id_that_is_not_mapped_is_refused_with_its_name(container):
    container.use_user_namespace()
    container.process["user"] = {"uid": 70000, "gid": 0}

    refused(container, "70000")


# --- time ---------------------------------------------------------------------------------------------------------

@NEEDS_TIME
@pytest.mark.parametrize("user", [False, True], ids=["", "user"])
@pytest.mark.row("CL-11", "UB-55")
def test_time_offsets_are_set(container, user):
    """crun fails with a user namespace beside it."""
    container.linux["namespaces"].append({"type": "time"})
    container.linux["timeOffsets"] = {"monotonic": {"secs": 7881, "nanosecs": 2718281},
                                      "boottime": {"secs": 1337, "nanosecs": 3141519}}
    if user:
        container.use_user_namespace()
    
    rows = [line.split() for line in container.probe()["timens_offsets"].splitlines()]

    assert rows == [["monotonic", "7881", "2718281"], ["boottime", "1337", "3141519"]]


@NEEDS_TIME
@pytest.mark.row("UB-55")
def test_exec_sees_the_same_time(container):
    container.linux["namespaces"].append({"type": "time"})
    container.linux["timeOffsets"] = {"boottime": {"secs": 1000000, "nanosecs": 0}}
    container.up()

    out = container.exec(["probe"]).json

    assert "1000000" in out["timens_offsets"]
    assert float(container.exec(["cat", "/proc/uptime"]).stdout.split()[0]) > 1000000


# --- names and sysctls ---------------------------------------------------------------------------------------------

@pytest.mark.all_modes
@pytest.mark.row("CF-60")
def test_the_host_name_is_set_inside_only(container):
    before = os.uname().nodename
    container.spec["hostname"] = "inside-name"

    assert container.run(["hostname"]).stdout == "inside-name\n"
    assert os.uname().nodename == before


@pytest.mark.skipif(machine.runtime_kind() == "runc", reason="runc 1.1 ignores domainname")
@pytest.mark.row("CF-61")
def test_the_domain_name_is_set_inside_only(container):
    before = machine.read("/proc/sys/kernel/domainname")
    container.spec["domainname"] = "inside.example"

    assert container.probe()["domainname"] == "inside.example"
    assert machine.read("/proc/sys/kernel/domainname") == before


def test_a_host_name_of_64_bytes_fits_and_65_do_not(container):
    container.spec["hostname"] = "h" * 64
    assert container.run(["hostname"]).stdout == "h" * 64 + "\n"

    container.spec["hostname"] = "h" * 65
    refused(container)


@pytest.mark.row("CL-97")
@pytest.mark.parametrize("name, value", [
    ("net.ipv4.ip_forward", "1"), ("kernel.shm_rmid_forced", "1"), ("kernel.msgmax", "9000"),
    ("fs.mqueue.msg_max", "12"), ("kernel.sem", "32000\t1024000000\t500\t32000"),
    ("net.ipv4.ip_local_port_range", "40000 50000")])
def test_sysctls_of_the_containers_namespaces_are_set(container, name, value):
    container.linux["sysctl"] = {name: value}

    out = container.run(["cat", "/proc/sys/" + name.replace(".", "/")])

    assert out.stdout.split() == value.split()


@pytest.mark.davit_only
@pytest.mark.parametrize("separator", ["net/ipv4/conf/lo/forwarding", "net.ipv4.conf.lo.forwarding"])
def test_sysctl_names_with_slashes_and_dots_are_the_same(container, separator):
    container.linux["sysctl"] = {separator: "1"}

    assert container.run(["cat", "/proc/sys/net/ipv4/conf/lo/forwarding"]).stdout == "1\n"


@pytest.mark.row("CL-97")
@pytest.mark.parametrize("name, value", [
    ("kernel.panic", "1"), ("vm.swappiness", "1"), ("fs.file-max", "100"), ("kernel.hostname", "x"),
    ("kernel.core_pattern", "|/bin/sh"), ("kernel.shm_rmid_forced/../panic", "1"),
    ("net/../kernel/panic", "1"), ("nosuch.thing", "1"), ("net.ipv4.no_such_thing", "1"), ("", "1")])
def test_sysctls_outside_the_containers_namespaces_are_refused(container, name, value):
    container.linux["sysctl"] = {name: value}
    before = [machine.read(f"/proc/sys/{p}") for p in ("kernel/panic", "vm/swappiness", "fs/file-max",
                                                       "kernel/core_pattern")]

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert not container.state_dir.exists()
    after = [machine.read(f"/proc/sys/{p}") for p in ("kernel/panic", "vm/swappiness", "fs/file-max",
                                                      "kernel/core_pattern")]
    assert after == before
    if machine.runtime_kind() == "davit" and name:
        assert name in out.stderr


@pytest.mark.row("CL-97")
@pytest.mark.parametrize("name, kind", [("net.ipv4.ip_forward", "network"),
                                        ("kernel.shm_rmid_forced", "ipc")])
def test_a_sysctl_of_a_namespace_that_is_the_hosts_is_refused(container, name, kind):
    container.drop_namespace(kind)
    if kind == "ipc":
        container.spec["mounts"] = [m for m in container.spec["mounts"] if m["type"] != "mqueue"]
    container.linux["sysctl"] = {name: "1"}
    path = "/proc/sys/" + name.replace(".", "/")
    before = machine.read(path)

    refused(container)
    assert machine.read(path) == before


@pytest.mark.davit_only
@pytest.mark.parametrize("value", ["1\n2", "1\0", "x" * 5000])
def test_a_sysctl_value_that_is_more_than_one_line_is_refused(container, value):
    container.linux["sysctl"] = {"net.ipv4.ip_forward": value}

    refused(container)
