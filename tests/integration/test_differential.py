# SPDX-License-Identifier: Apache-2.0
"""The same bundle with variations, run by davit, crun and runc: same output, same exit code.

Each row of the table is (name, what it changes, why the runtimes differ).  The last one is None
when all three agree; else it is (davit equals which of "crun", "runc" or "neither", the reason),
and that is asserted, too: a reason that is no longer true fails.
"""
import contextlib
import copy
import os
import shutil

import pytest

from harness import machine
from harness.leaks import changed_devices

PEERS = {"crun": shutil.which("crun", path="/usr/bin:/usr/sbin"), "runc": shutil.which("runc", path="/usr/sbin:/usr/bin")}
KIB, MIB = 1 << 10, 1 << 20


def args(*words):
    return lambda c: setattr(c, "args", words)


def sh(text, *more):
    """Runs TEXT after the changes MORE."""
    def change(c):
        for each in more:
            each(c)
        c.args = ["sh", "-c", text]
    return change


def process(**members):
    return lambda c: c.process.update(members)


def user(uid, gid=0, **more):
    return lambda c: c.process.update(user={"uid": uid, "gid": gid, **more})


def env(*entries):
    return lambda c: c.process["env"].extend(entries)


def linux(**members):
    return lambda c: c.linux.update(members)


def resources(**members):
    return lambda c: c.linux["resources"].update(members)


def mount(destination, source, kind="tmpfs", options=()):
    return lambda c: c.add_mount(destination, source, kind, options)


def bind(options=("bind",)):
    """/data from a directory beside the rootfs."""
    def change(c):
        source = c.bundle / "source"
        source.mkdir()
        (source / "file").write_text("content\n")
        (source / "file").chmod(0o644)
        c.give(source)
        c.add_mount("/data", source, "bind", options)
    return change


def caps(*names, sets=("bounding", "effective", "permitted")):
    return lambda c: c.process.update(capabilities={s: [f"CAP_{n}" for n in names] for s in sets})


def seccomp(*rules, **more):
    return linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(rules), **more})


def rule(name, action="SCMP_ACT_ERRNO", **more):
    return {"names": [name], "action": action, **more}


def without(kind):
    return lambda c: c.drop_namespace(kind)


def no_hostname(c):
    c.spec.pop("hostname")


def no_mqueue(c):
    c.spec["mounts"] = [m for m in c.spec["mounts"] if m["type"] != "mqueue"]


def image(path, text="image\n", mode=0o644):
    def change(c):
        file = c.rootfs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
    return change


def link(path, target):
    return lambda c: (c.rootfs / path).symlink_to(target)


def device(**members):
    return lambda c: c.linux.setdefault("devices", []).append(members)


def device_rule(**members):
    return lambda c: c.linux["resources"]["devices"].append(members)


def readonly(c):
    c.spec["root"]["readonly"] = True


def top(**members):
    return lambda c: c.spec.update(members)


def userns(c):
    c.use_user_namespace()


STATUS = "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status"

TABLE = [
    # name, change, None or (equal to, why)
    ("exit code 0", args("true"), None),
    ("exit code 1", args("false"), None),
    ("exit code 77", sh("exit 77"), None),
    ("killed by its own signal", sh("kill -TERM $$", without("pid")), None),
    ("killed by SIGKILL", sh("kill -KILL $$", without("pid")), None),
    ("output and arguments", args("printf", "%s|", "a b", "", "*", "$x"), None),
    ("a megabyte of output", args("probe", "burst", "1000000"), None),
    ("host name", args("hostname"), None),
    ("no host name", sh("hostname | grep -c davit-test", no_hostname), None),
    ("ids of root", args("id"), None),
    ("ids of a user", sh("id -u; id -g; id -G", user(1000, 1001)), None),
    ("supplementary groups", sh("id -G", user(1000, 1001, additionalGids=[5, 7, 2000])), None),
    ("a large uid", sh("id -u", user(2147483647, 2147483646)), None),
    ("umask 027", sh("umask", user(0, umask=0o27)), None),
    ("umask unset", sh("umask"), None),
    ("environment", sh("env | sort | grep -v SHLVL | grep -v PWD", env("A=1", "EMPTY=", "EQ=a=b")), None),
    ("a name twice", sh("echo $A", env("A=1", "A=2")), None),
    ("HOME of root", sh("echo $HOME"), None),
    ("HOME of a user", sh("echo $HOME", user(1000)), None),
    ("HOME of nobody", sh("echo $HOME", user(4242)), ("runc", "Debian's crun leaves HOME unset when passwd has no entry")),
    ("HOME given", sh("echo $HOME", env("HOME=/h")), None),
    ("HOME empty", sh("echo [$HOME]", env("HOME=")), ("runc", "runc replaces an empty HOME, crun keeps it")),
    ("PATH look-up", args("probe", "exit", "9"), None),
    ("PATH of the config", lambda c: (c.process.update(env=["PATH=/nowhere:/bin"]), setattr(c, "args", ["echo", "x"])), None),
    ("absolute program", args("/bin/echo", "x"), None),
    ("program through a link", lambda c: (link("bin/l", "probe")(c), setattr(c, "args", ["l", "exit", "8"])), None),
    ("missing program", args("nosuchprogram"), None),
    ("missing absolute program", args("/no/such/program"), None),
    ("program without x", args("/etc/passwd"), None),
    ("a directory as program", args("/etc"), None),
    ("script with #!", lambda c: (image("bin/s", "#!/bin/sh\necho script\n", 0o755)(c), setattr(c, "args", ["s"])), None),
    ("working directory", sh("pwd", process(cwd="/tmp")), None),
    ("missing working directory", sh("pwd", process(cwd="/new/dir")), None),
    ("working directory by link", sh("pwd", link("l", "tmp"), process(cwd="/l")), None),
    ("default capabilities", sh(STATUS), None),
    ("no capabilities", sh(STATUS, caps()), None),
    ("more capabilities", sh(STATUS, caps("CHOWN", "SYS_ADMIN", "NET_RAW")), None),
    ("bounding only", sh(STATUS, caps("CHOWN", sets=("bounding",))), None),
    ("capabilities of a user", sh(STATUS, user(1000), caps("CHOWN")), None),
    ("ambient capabilities", sh(STATUS, user(1000), caps("CHOWN", sets=("bounding", "effective", "permitted", "inheritable", "ambient"))), None),
    ("new privileges allowed", sh(STATUS, process(noNewPrivileges=False)), None),
    ("nofile", sh("ulimit -n; ulimit -Hn", process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 500, "hard": 900}])),
     None),
    ("core and cpu limits", sh("ulimit -c; ulimit -t", process(rlimits=[{"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
                                                                      {"type": "RLIMIT_CPU", "soft": 99, "hard": 100}])), None),
    ("an unknown limit", sh("true", process(rlimits=[{"type": "RLIMIT_X", "soft": 1, "hard": 1}])), None),
    ("oom score", sh("cat /proc/self/oom_score_adj", process(oomScoreAdj=123)), None),
    ("standard streams", sh("for n in 0 1 2; do test -e /proc/self/fd/$n && echo $n; done; ls /proc/self/fd | wc -l"), None),
    ("session", sh("cut -d' ' -f5-7 /proc/self/stat"), None),
    ("pid", sh("echo $$"), None),
    ("pid of the host", sh("test $$ -gt 1 && echo yes", without("pid")), None),
    ("network of the host", sh("ls /sys/class/net | wc -l", without("network")), None),
    ("own network", sh("ls /sys/class/net; cat /sys/class/net/lo/operstate"), None),
    ("ipc of the host", sh("cat /proc/sys/kernel/shmmni", without("ipc"), no_mqueue), None),
    ("uts of the host", sh("hostname | grep -vc davit-test", without("uts"), no_hostname), None),
    ("cgroup namespace", sh("grep -c ':pids:/$' /proc/self/cgroup", lambda c: c.linux["namespaces"].append({"type": "cgroup"})), None),
    ("user namespace", sh("id -u; cat /proc/self/uid_map", userns), None),
    ("user in a user namespace", sh("id -u; id -g; id -G", userns, user(1000, 1000, additionalGids=[7])), None),
    ("mount points", sh("awk '{print $5}' /proc/self/mountinfo | sort -u | grep -v -e '^/proc/.' -e '^/sys/.'"), None),
    ("flags of /sys", sh("awk '$5==\"/sys\" {print $6}' /proc/self/mountinfo"), None),
    ("flags of /dev/shm", sh("awk '$5==\"/dev/shm\" {print $6}' /proc/self/mountinfo"), None),
    ("tmpfs with options", sh("stat -c %a /m; df -k /m | tail -1 | awk '{print $2}'", mount("/m", "tmpfs", "tmpfs", ["size=1m", "mode=700"])), None),
    ("tmpfs read-only", sh("touch /m/x 2>/dev/null; echo $?", mount("/m", "tmpfs", "tmpfs", ["ro"])), None),
    ("bind", sh("cat /data/file; touch /data/new && echo writable", bind()), None),
    ("bind read-only", sh("cat /data/file; touch /data/new 2>/dev/null || echo read-only", bind(["bind", "ro"])), None),
    ("bind with flags", sh("awk '$5==\"/data\" {print $6}' /proc/self/mountinfo", bind(["bind", "nosuid", "nodev", "noexec"])), None),
    ("bind ro,rw", sh("touch /data/new 2>/dev/null && echo writable", bind(["bind", "ro", "rw"])),
     ("runc", "crun: a clearing word never undoes an earlier one")),
    ("bind of a missing source", sh("true", mount("/data", "/no/such/source", "bind", ["bind"])), None),
    ("bind propagation", sh("awk '$5==\"/data\" {print $7}' /proc/self/mountinfo", bind(["rbind", "rprivate"])), None),
    ("shared bind", sh("grep -c ' /data .*shared:' /proc/self/mountinfo", bind(["rbind", "rshared"])),
     ("runc", "Debian's crun makes it private again")),
    ("mount over a file", sh("cat /etc/passwd", lambda c: (image("x")(c), c.add_mount("/etc/passwd", c.rootfs / "x", "bind", ["bind"]))), None),
    ("order of mounts", sh("ls /m", mount("/m", "tmpfs", "tmpfs", []), lambda c: c.add_mount("/m/in", "tmpfs", "tmpfs", [])), None),
    ("unknown file system", sh("true", mount("/m", "x", "bananafs", [])), None),
    ("unknown tmpfs option", sh("true", mount("/m", "x", "tmpfs", ["banana"])), None),
    ("tmpcopyup", sh("cat /etc/hostname; touch /etc/new", mount("/etc", "tmpfs", "tmpfs", ["tmpcopyup"])), None),
    ("read-only root", sh("touch /x 2>/dev/null; echo $?; touch /dev/shm/x && echo fine", readonly), None),
    ("links in /dev", sh("for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done"), None),
    ("default devices", sh("cd /dev; for d in null zero full random urandom tty; do stat -c '%n %t:%T %a' $d; done"), None),
    ("a configured device", sh("stat -c '%t:%T %a %u %g' /dev/d", device(path="/dev/d", type="c", major=10, minor=229, fileMode=0o640, uid=3, gid=4)), None),
    ("a fifo", sh("test -p /dev/p && stat -c %a /dev/p", device(path="/dev/p", type="p", fileMode=0o600)), None),
    ("a forbidden device", sh("mknod /x c 10 229; probe open /x rw", caps("MKNOD")), None),
    ("an allowed device", sh("mknod /x c 10 229; probe open /x rw", caps("MKNOD"), device_rule(allow=True, type="c", major=10, minor=229, access="rwm")), None),
    ("masked file", sh("cat /secret", image("secret"), linux(maskedPaths=["/secret"])), None),
    ("masked directory", sh("ls /dir; touch /dir/x 2>/dev/null; echo $?", image("dir/secret"), linux(maskedPaths=["/dir"])), None),
    ("masked and missing", sh("echo ok", linux(maskedPaths=["/no/such"])), None),
    ("read-only path", sh("cat /dir/file; touch /dir/x 2>/dev/null; echo $?", image("dir/file"), linux(readonlyPaths=["/dir"])), None),
    ("proc is masked", sh("cat /proc/kcore | wc -c; ls /sys/firmware | wc -l"), None),
    ("a sysctl", sh("cat /proc/sys/net/ipv4/ip_forward", linux(sysctl={"net.ipv4.ip_forward": "1"})), None),
    ("a sysctl of the host", sh("true", linux(sysctl={"kernel.panic": "1"})), None),
    ("no filter", sh("probe syscall 140"), None),
    ("a filter with errno", sh("probe syscall 140", seccomp(rule("getpriority", errnoRet=13))), None),
    ("a filter on an argument", sh("probe syscall 140", seccomp(rule("getpriority", args=[{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]))), None),
    ("a filter that kills", sh("probe syscall 140; echo $?", seccomp(rule("getpriority", "SCMP_ACT_KILL"))), None),
    ("a filter with an unknown name", sh("probe syscall 140", seccomp({"names": ["nosuchcall", "getpriority"], "action": "SCMP_ACT_ERRNO"})), None),
    ("an unknown action", sh("true", seccomp(rule("getpriority", "SCMP_ACT_BANANA"))), None),
    ("pids limit", sh("cat /sys/fs/cgroup/pids/pids.max", resources(pids={"limit": 17}), mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])), None),
    ("memory limit", sh("cat /sys/fs/cgroup/memory/memory.limit_in_bytes", resources(memory={"limit": 64 * MIB}), mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])), None),
    ("cpu shares", sh("cat /sys/fs/cgroup/cpu/cpu.shares", resources(cpu={"shares": 512}), mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])), None),
    ("cpu quota", sh("cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us", resources(cpu={"quota": 50000, "period": 100000}),
                     mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])), None),
    ("a wrong cpuset", sh("true", resources(cpu={"cpus": "99"})), None),
    ("memory is enough", args("probe", "alloc", str(8 * MIB)), None),
    ("memory is not enough", lambda c: (resources(memory={"limit": 32 * MIB, "swap": 32 * MIB})(c), setattr(c, "args", ["probe", "alloc", str(64 * MIB)])), None),
    ("a failing prestart hook", lambda c: c.spec.update(hooks={"prestart": [
        {"path": "/bin/sh", "args": ["sh", "-c", "cat > /dev/null; exit 1"]}]}),
     ("runc", "Debian's crun ends with 255 and no message of its own")),
    ("a failing createContainer hook", lambda c: c.spec.update(hooks={"createContainer": [{"path": "/bin/false"}]}), None),
    ("a working hook", lambda c: (c.spec.update(hooks={"createRuntime": [{"path": "/bin/true"}]}), setattr(c, "args", ["echo", "x"])), None),
    ("version 1.99", sh("echo ok", top(ociVersion="1.99.0")), ("runc", "Debian's crun refuses what is newer than it knows")),
    ("unknown members", sh("echo ok", top(banana={"x": 1}), process(banana=1), linux(banana=[])), None),
    ("other platforms", sh("echo ok", top(windows={"layerFolders": ["x"]}, vm={"kernel": {"path": "/k"}})), None),
    ("null members", sh("echo ok", top(hooks=None, annotations=None)), None),
    ("a namespace twice", lambda c: c.linux["namespaces"].append({"type": "uts"}), ("runc", "Debian's crun takes it")),
    ("an unknown namespace", lambda c: c.linux["namespaces"].append({"type": "banana"}), None),
    ("a namespace of another type", lambda c: c.namespace("ipc").update(path="/proc/self/ns/uts"), None),
    ("a missing namespace path", lambda c: c.namespace("network").update(path="/no/such"), None),
    ("no rootfs", lambda c: c.spec["root"].update(path="nothere"), None),
    ("rootfs propagation", sh("awk '$5==\"/\" {print $7}' /proc/self/mountinfo", linux(rootfsPropagation="private")), None),
    ("two limits of one type", process(rlimits=[{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}] * 2),
     ("neither", "the specification says error, both peers take the last")),
    ("a relative masked path", sh("cat /secret", image("secret"), linux(maskedPaths=["secret"])),
     ("neither", "must be absolute by the specification; both peers mask nothing and go on")),
    ("an unknown capability", sh("echo ok", lambda c: c.process["capabilities"]["bounding"].append("CAP_X")), None),
    ("wrong type: readonly", lambda c: c.spec["root"].update(readonly="true"), ("runc", "crun reads a wrong type as absent")),
    ("wrong type: uid", lambda c: c.process.update(user={"uid": "1000", "gid": 0}), ("runc", "crun runs it as root")),
    ("seccomp of a wrong type", linux(seccomp=[]), ("runc", "crun runs without a filter")),
    ("an unknown propagation", linux(rootfsPropagation="banana"), ("runc", "crun ignores it")),
    ("an unknown device type", device(path="/dev/z", type="z", major=1, minor=3), ("runc", "crun ignores it")),
    ("personality", sh("uname -m", linux(personality={"domain": "LINUX32"})), ("crun", "runc 1.1 does not know it")),
    ("domain name", sh("cat /proc/sys/kernel/domainname", top(domainname="d.example")), ("crun", "runc 1.1 does not know it")),
    ("time namespace", sh("cat /proc/self/timens_offsets | tr -s ' '", lambda c: c.linux["namespaces"].append({"type": "time"}),
                          linux(timeOffsets={"boottime": {"secs": 5, "nanosecs": 0}})), ("neither", "Debian's peers have no time namespace")),
    ("entry without =", sh("echo ok", env("NOEQUALS")), ("crun", "runc refuses it; what runs with crun runs with davit")),
    ("umask 0", sh("umask", user(0, umask=0)), None),
    ("a key twice", lambda c: setattr(c, "duplicate", True), ("neither", "crun takes the first and runc the last; davit refuses it")),
    ("a link in place of /proc", lambda c: (shutil.rmtree(c.rootfs / "proc"), link("proc", "tmp")(c)), None),
    # Without 32 and 33, which are libc's own: the peers hand on what their caller ignored of these.
    ("signals ignored inside", sh("while read k v; do [ $k = SigIgn: ] && echo $((0x$v & 0x7fffffff)); done < /proc/self/status; :"), None),
    ("dumpable", sh("probe | grep -o '\"dumpable\": [0-9]'"), None),
    ("console size without a terminal", sh("echo ok", process(consoleSize={"height": 5, "width": 5})), None),
    ("annotations", sh("echo ok", top(annotations={"a": "b"})), None),
]

# The rows that differ otherwise when the caller is not the real root: {name: (difference as above, modes)}.
NOT_ROOT = ("rootless", "userns")
FRESH_PROC = ("neither", "the peers want a fresh proc, which a user namespace gets only with its own pid namespace")
GROUPS = ("crun", "runc gives an ordinary user no additional groups")
OTHERWISE = {
    "killed by its own signal": (FRESH_PROC, NOT_ROOT),
    "killed by SIGKILL": (FRESH_PROC, NOT_ROOT),
    "pid of the host": (FRESH_PROC, NOT_ROOT),
    "network of the host": (("crun", "runc does not bind the host's sysfs where a fresh one is refused"), NOT_ROOT),
    "supplementary groups": (GROUPS, ("rootless",)),
    "user in a user namespace": (GROUPS, ("rootless",)),
    "a fifo": (("neither", "the peers bind each device from the host, a fifo as well"), NOT_ROOT),
    "an unknown device type": (None, NOT_ROOT),         # crun looks for it on the host and finds nothing
}


@contextlib.contextmanager
def inherited_cpuset(container):
    """Debian's crun opens cpuset.cpus of the parent for writing, only to copy it: here there is nothing to copy."""
    places = [f"{os.path.dirname(place)}/cgroup.clone_children" for place in container.cgroup_places() if "/cpuset/" in place]
    if container.mode == "root" or container.runtime_path != PEERS["crun"]:
        places = []
    for place in places:
        assert machine.write(place, "1")
    yield
    for place in places:
        machine.write(place, "0")


def run_with(new_container, path, change, kind):
    container = new_container(runtime=path, root=None)
    container.root = container.directory / f"state-{kind}"
    if container.mode != "root":        # Debian's crun insists on device rules, which only root can set on v1
        container.linux["resources"] = {}
    change(container)
    container.write_config()
    if getattr(container, "duplicate", False):
        config = container.bundle / "config.json"
        config.write_text(config.read_text().replace('"args": ["true"]', '"args": ["echo", "first"], "args": ["echo", "last"]'))
    with inherited_cpuset(container):
        out = container.runtime("run", container.id, check=False)
    return out.returncode, out.stdout


@pytest.mark.views("v1")
@pytest.mark.parametrize("name, change, difference", TABLE, ids=[row[0] for row in TABLE])
def test_davit_crun_and_runc_do_the_same(new_container, setting, name, change, difference):
    mode = setting[1]
    for kind, path in PEERS.items():
        if not path:
            pytest.skip(f"{kind} is not installed")
    if mode != "root" and name == "an allowed device":
        pytest.skip(f"{mode}: only the real root makes device nodes")
    otherwise, modes = OTHERWISE.get(name, (None, ()))
    if mode in modes:
        difference = otherwise
    seen = {kind: run_with(new_container, path, change, kind) for kind, path in PEERS.items()}
    changed_devices()               # Debian's crun gives the host's /dev/null to the container's user
    seen["davit"] = run_with(new_container, None, change, "davit")
    for container in new_container.containers:       # what a peer leaves is not davit's
        if container.runtime_path in PEERS.values():
            container.finish()
            for path in container.cgroup_dirs():
                machine.remove_cgroup(path)

    if difference is None:
        assert seen["davit"] == seen["crun"] == seen["runc"], seen
        return
    equal, why = difference
    assert seen["crun"] != seen["runc"] or equal == "neither", f"no longer true: {why}: {seen}"
    for kind in PEERS:
        assert (seen["davit"] == seen[kind]) == (equal == kind), f"{why}: {seen}"


def test_the_table_has_at_least_sixty_rows():
    assert len(TABLE) >= 60
    assert len({row[0] for row in TABLE}) == len(TABLE)
    assert set(OTHERWISE) < {row[0] for row in TABLE}
