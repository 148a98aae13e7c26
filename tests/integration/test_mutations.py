# SPDX-License-Identifier: Apache-2.0
"""Each wrong value in a good config is refused with the path of the member, and leaves no trace.

First 300 mutations of a document with every member, made from the list of members of the specification
(another type, a number out of range, a word that is none, a required member gone); then wrong values of a
config that runs, which only their meaning shows.
"""
import copy
import json
import random
import re

import pytest

from harness import machine

DATA = machine.TESTS / "data/spec"
GOOD = json.loads((DATA / "good/full.json").read_text(encoding="utf-8"))
MAPS = ("annotations", "linux.sysctl", "linux.netDevices", "linux.resources.unified", "linux.resources.rdma")
MAY_BE_MISSING = ("linux.resources.pids.limit",)  # an empty object changes nothing, also in `update`
COUNT, CHUNK = 300, 25
# A number as it must not stand in the document: the tables give the kernel's range, which is no wider.
WRONG_TYPES = {
    "string": [7, {}, ["x"], True], "integer": ["7", 1.5, {}, False], "boolean": ["yes", 1, []],
    "array": [{}, "x", 7], "object": [[], "x", 7],
}


def members():
    """{path: (type, required, low, high, is a word)}"""
    found = {}
    for line in (DATA / "members.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith(("#", "features.")):
            path, kind, *rest = line.split()
            low, high = next(([int(n) for n in part.split("..")] for part in rest if ".." in part), (None, None))
            found[path] = kind, "required" in rest, low, high, any("|" in part for part in rest)
    return found


def places(node, path="", member=""):
    """(path as davit names it, member, way to it) of everything in the document."""
    if isinstance(node, list):
        steps = [(i, f"{path}[{i}]", f"{member}[]") for i in range(len(node))]
    elif isinstance(node, dict) and member in MAPS:
        steps = [(key, f'{path}["{key}"]', f"{member}{{}}") for key in node]
    elif isinstance(node, dict):
        steps = [(key, f"{path}.{key}".lstrip("."), f"{member}.{key}".lstrip(".")) for key in node]
    else:
        steps = []
    for key, inner_path, inner in steps:
        yield inner_path, inner, (key,)
        yield from ((p, m, (key, *way)) for p, m, way in places(node[key], inner_path, inner))


def mutations():
    """(path, way, value) of each single mistake; the value ... takes the member away."""
    known = members()
    for path, member, way in places(GOOD):
        if member not in known:
            continue
        kind, required, low, high, is_word = known[member]
        yield from ((path, way, value) for value in WRONG_TYPES[kind])
        if required and member not in MAY_BE_MISSING:
            yield path, way, ...
        if is_word:
            yield path, way, "no_such_word"
        if kind == "integer":
            yield path, way, 2 ** 64
            yield path, way, -(2 ** 63) - 1
            if low is not None and low > -(2 ** 63):
                yield path, way, low - 1
            if high is not None and high < 2 ** 63 - 1:
                yield path, way, high + 1


CHOSEN = random.Random(1).sample(list(mutations()), COUNT)


def mutated(way, value):
    document = copy.deepcopy(GOOD)
    node = document
    for key in way[:-1]:
        node = node[key]
    if value is ...:
        del node[way[-1]]
    else:
        node[way[-1]] = value
    return document


def refused(container, path, document):
    container.write_config()
    (container.bundle / "config.json").write_text(json.dumps(document), encoding="utf-8")

    out = container.runtime("create", container.id, check=False)

    assert out.returncode == 1, (path, out)
    said = re.sub(r'\["(\w+)"\]', r".\1", out.stderr)
    wanted = re.sub(r'\["(\w+)"\]', r".\1", path)
    assert re.search(rf"(^|: ){re.escape(wanted)}(: | )", said), (path, out)
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []


@pytest.mark.davit_only
@pytest.mark.parametrize("first", range(0, COUNT, CHUNK))
def test_a_wrong_value_is_named_and_leaves_nothing(container, first):
    for path, way, value in CHOSEN[first:first + CHUNK]:
        refused(container, path, mutated(way, value))


def test_the_mutations_reach_every_part_of_the_document():
    """What is chosen is fixed, and it is not all from one corner."""
    parts = {".".join(re.sub(r"\[.*?\]", "", path).split(".")[:2]) for path, _, _ in CHOSEN}

    assert {"process.user", "process.rlimits", "process.scheduler", "linux.seccomp", "linux.resources", "linux.devices",
            "linux.namespaces", "hooks.prestart", "mounts.destination", "linux.sysctl"} <= parts


# --- values that are wrong for what they mean ---------------------------------------------------------------------------

def in_list(path, value):
    """Appends VALUE to the list at PATH."""
    def change(spec):
        node = spec
        for key in path.split("."):
            node = node.setdefault(key, []) if key == path.split(".")[-1] else node.setdefault(key, {})
        node.append(value)
    return change


def at(path, value):
    def change(spec):
        *way, last = path.split(".")
        node = spec
        for key in way:
            node = node.setdefault(key, {})
        node[last] = value
    return change


MEANINGS = [
    ("process.cwd", at("process.cwd", "tmp")),
    ("process.args", at("process.args", [])),
    ("process.rlimits[1].type", at("process.rlimits", [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}] * 2)),
    ("process.rlimits[0].soft", at("process.rlimits", [{"type": "RLIMIT_CORE", "soft": 9, "hard": 1}])),
    ("process.oomScoreAdj", at("process.oomScoreAdj", 1001)),
    ("process.scheduler.priority", at("process.scheduler", {"policy": "SCHED_FIFO", "priority": 0})),
    ("process.execCPUAffinity.final", at("process.execCPUAffinity", {"final": "1-x"})),
    ("hostname", at("hostname", "x" * 65)),
    ("domainname", at("domainname", "x" * 65)),
    ("hooks.createRuntime[0].path", at("hooks.createRuntime", [{"path": "bin/true"}])),
    ("hooks.poststop[0].timeout", at("hooks.poststop", [{"path": "/bin/true", "timeout": 0}])),
    ("mounts[0] /m", at("mounts", [{"destination": "/m", "type": "tmpfs", "options": ["sometimes"]}])),
    ("mounts[0].source", at("mounts", [{"destination": "/m", "type": "bind", "options": ["bind"]}])),
    ("mounts[0] /m", at("mounts", [{"destination": "/m", "source": "/no/such/place", "options": ["bind"]}])),
    ("mounts[0] /m", at("mounts", [{"destination": "/m", "source": "none", "type": "no_such_fs"}])),
    ("mounts[0].destination", at("mounts", [{"destination": "/proc", "type": "tmpfs"}])),
    ("mounts[0].gidMappings", at("mounts", [{"destination": "/m", "source": "/", "options": ["bind", "idmap"],
                                             "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}])),
    ("linux.namespaces[LAST].type", in_list("linux.namespaces", {"type": "pid"})),
    ("linux.namespaces[LAST].path", in_list("linux.namespaces", {"type": "cgroup", "path": "ns/cgroup"})),
    ("linux.namespaces[LAST].path", in_list("linux.namespaces", {"type": "cgroup", "path": "/proc/self/ns/uts"})),
    ("linux.timeOffsets", at("linux.timeOffsets", {"boottime": {"secs": 5}})),
    ("linux.devices[0].major", at("linux.devices", [{"type": "c", "path": "/dev/x"}])),
    ("linux.devices[0].path", at("linux.devices", [{"type": "c", "path": "dev/x", "major": 1, "minor": 3}])),
    ("linux.cgroupsPath", at("linux.cgroupsPath", "/../x")),
    ("linux.resources.cpu.quota", at("linux.resources.cpu", {"quota": 100, "period": 100000})),
    ("linux.resources.cpu.burst", at("linux.resources.cpu", {"quota": 10000, "period": 100000, "burst": 20000})),
    ("linux.resources.memory.swap", at("linux.resources.memory", {"limit": 64 << 20, "swap": 1 << 20})),
    ("linux.resources.memory.swappiness", at("linux.resources.memory", {"swappiness": 101})),
    ("linux.resources.devices[0].access", at("linux.resources.devices", [{"allow": True, "access": "rwx"}])),
    ("linux.resources.hugepageLimits[0]", at("linux.resources.hugepageLimits", [{"pageSize": "3MB", "limit": 1}])),
    ('linux.resources.rdma["mlx"]', at("linux.resources.rdma", {"mlx": {}})),
    ("linux.resources.unified: key `nosuch.max`", at("linux.resources.unified", {"nosuch.max": "1"})),
    ("linux.intelRdt.memBwSchema", at("linux.intelRdt", {"memBwSchema": "L3:0=f"})),
    ("linux.memoryPolicy.nodes", at("linux.memoryPolicy", {"mode": "MPOL_BIND"})),
    ("linux.sysctl: the sysctl `kernel.panic` is", at("linux.sysctl", {"kernel.panic": "1"})),
    ("linux.sysctl: net.no.such", at("linux.sysctl", {"net.no.such": "1"})),
    ("linux.seccomp.syscalls[0].names", at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": [], "action": "SCMP_ACT_ERRNO"}]})),
    ("linux.seccomp.listenerMetadata", at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"})),
    ("linux.seccomp.defaultErrnoRet", at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 5})),
    ("linux.rootfsPropagation", at("linux.rootfsPropagation", "sometimes")),
    ("linux.maskedPaths[0]", at("linux.maskedPaths", ["proc/kcore"])),
    ("linux.readonlyPaths[0]", at("linux.readonlyPaths", ["proc/sys"])),
    ("root.path", at("root.path", "no-such-rootfs")),
    ("ociVersion", at("ociVersion", "2.0.0")),
]


@pytest.mark.davit_only
@pytest.mark.parametrize("path, change", MEANINGS, ids=[f"{i}-{path}" for i, (path, _) in enumerate(MEANINGS)])
def test_a_value_without_sense_is_named_and_leaves_nothing(container, path, change):
    container.write_config()
    document = copy.deepcopy(container.spec)
    change(document)

    refused(container, path.replace("LAST", str(len(container.linux["namespaces"]))), document)
