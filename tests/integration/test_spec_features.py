# SPDX-License-Identifier: Apache-2.0
"""`spec` writes a config that runs; `features` tells the truth."""
import json
import os
import re
import subprocess

import pytest

from harness import machine

davit_only = pytest.mark.davit_only


# --- spec -------------------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-05")
@pytest.mark.row("CL-01")
def test_spec_writes_a_config(container):
    container.runtime("spec")

    spec = json.loads((container.bundle / "config.json").read_text())

    assert re.match(r"1\.\d+\.\d+", spec["ociVersion"])
    assert spec["process"]["args"] == ["sh"]
    assert spec["process"]["cwd"] == "/"
    assert spec["process"]["terminal"] is True
    assert spec["process"]["noNewPrivileges"] is True
    assert spec["process"]["env"][0].startswith("PATH=")
    assert spec["root"]["path"] == "rootfs" and spec["root"]["readonly"] is True
    assert {"/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup"} == \
        {m["destination"] for m in spec["mounts"]}
    assert {"pid", "network", "ipc", "uts", "mount"} <= {n["type"] for n in spec["linux"]["namespaces"]}
    assert len(spec["linux"]["maskedPaths"]) >= 8
    assert len(spec["linux"]["readonlyPaths"]) == 5


@davit_only
def test_the_capabilities_of_the_template(container):
    """PEERS 3.1: crun's template sets ambient ones."""
    container.runtime("spec")

    sets = json.loads((container.bundle / "config.json").read_text())["process"]["capabilities"]

    wanted = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    for name in ("bounding", "effective", "permitted"):
        assert sorted(sets[name]) == wanted
    assert not sets.get("ambient")
    assert not sets.get("inheritable")


@pytest.mark.views("hybrid", "v1", "v2", "oldkernel")
def test_the_template_runs(container):
    container.runtime("spec")
    spec = json.loads((container.bundle / "config.json").read_text())
    spec["process"]["terminal"] = False
    spec["process"]["args"] = ["echo", "from the template"]
    spec["linux"]["cgroupsPath"] = container.linux["cgroupsPath"]
    container.spec = spec

    assert container.run().stdout == "from the template\n"


@davit_only
@pytest.mark.views("nocgroup")
def test_the_template_is_written_without_cgroups_too(container):
    """crun needs a readable /sys/fs/cgroup."""
    assert container.runtime("spec").returncode == 0


@davit_only
@pytest.mark.rootless
def test_the_rootless_template_runs(container):
    container.runtime("spec", "--rootless")
    spec = json.loads((container.bundle / "config.json").read_text())
    assert "user" in {n["type"] for n in spec["linux"]["namespaces"]}
    assert not [m for m in spec["mounts"] if "gid=5" in m.get("options", [])]
    spec["process"]["terminal"] = False
    spec["process"]["args"] = ["echo", "rootless template"]
    spec["linux"].setdefault("uidMappings", container.linux["uidMappings"])
    spec["linux"].setdefault("gidMappings", container.linux["gidMappings"])
    container.spec = spec

    assert container.run().stdout == "rootless template\n"


def test_spec_does_not_overwrite(container):
    (container.bundle / "config.json").write_text("mine")

    out = container.runtime("spec", check=False)

    assert out.returncode == 1
    assert "config.json" in out.stderr
    assert (container.bundle / "config.json").read_text() == "mine"


def test_spec_writes_into_another_bundle(container):
    other = container.directory / "other"
    other.mkdir()
    container.give(other)
    container.runtime("spec", "--bundle", str(other))

    assert (other / "config.json").exists()
    assert not (container.bundle / "config.json").exists()


@davit_only
def test_spec_writes_to_another_file(container):
    container.runtime("spec", "--file", "other.json")

    assert json.loads((container.bundle / "other.json").read_text())["process"]


@davit_only
@pytest.mark.parametrize("place", ["/no/such/dir", "/dev/null"])
def test_spec_into_a_place_that_is_none(container, place):
    out = container.runtime("spec", "--bundle", place, check=False)

    assert out.returncode == 1
    assert place in out.stderr


@davit_only
def test_spec_takes_the_program_its_environment_and_the_root(container):
    (container.bundle / "rootfs").rename(container.bundle / "image")
    container.runtime("spec", "--args", "sh", "--args", "-c", "--args", 'echo "$GREETING" $X', "--env", "GREETING=bon \"jour\"",
                      "--env", "X=é=1", "--rootfs", "image")
    spec = json.loads((container.bundle / "config.json").read_text())
    spec["process"]["terminal"] = False
    (container.bundle / "config.json").write_text(json.dumps(spec))

    assert spec["process"]["args"] == ["sh", "-c", 'echo "$GREETING" $X']
    assert spec["process"]["env"][0].startswith("PATH=") and len(spec["process"]["env"]) == 4
    assert container.runtime("run", container.id).stdout == 'bon "jour" é=1\n'


@davit_only
@pytest.mark.parametrize("words, text", [(["--env", "X"], "`X`"), (["--env", "=x"], "`=x`"), (["--args", "\udcff"], "UTF-8"),
                                         (["--rootfs", ""], "root.path")])
def test_spec_writes_nothing_wrong(container, words, text):
    out = container.runtime("spec", *words, check=False)

    assert out.returncode == 1
    assert text in out.stderr
    assert not (container.bundle / "config.json").exists()


@davit_only
def test_the_template_validates(container):
    container.runtime("spec")

    assert container.runtime("validate").returncode == 0


# --- features --------------------------------------------------------------------------------------------------------------

@pytest.fixture
def features(container):
    return container.runtime("features").json


NEW = pytest.mark.skipif(machine.runtime_kind() == "crun", reason="Debian's crun has no features")


@pytest.mark.row("FE-04")
@NEW
def test_features_names_the_versions(features):
    assert re.match(r"1\.0\.\d", features["ociVersionMin"])
    assert re.match(r"1\.\d+\.\d+", features["ociVersionMax"])
    if machine.runtime_kind() == "davit":
        assert features["ociVersionMax"].startswith("1.3")


@pytest.mark.row("FE-04")
@davit_only
@pytest.mark.parametrize("which", ["ociVersionMin", "ociVersionMax"])
def test_both_versions_are_accepted(container, features, which):
    container.spec["ociVersion"] = features[which]

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.row("FE-04")
@davit_only
def test_the_versions_are_in_order(features):
    lowest, highest = ([int(n) for n in features[name].split(".")] for name in ("ociVersionMin", "ociVersionMax"))

    assert len(lowest) == len(highest) == 3
    assert lowest <= highest


# features.md and features-linux.md of version 1.3.0, which is the ociVersionMax.
SWITCH = {"enabled": bool}
DOCUMENT = {
    "ociVersionMin": str, "ociVersionMax": str, "hooks": [str], "mountOptions": [str], "annotations": {"*": str},
    "potentiallyUnsafeConfigAnnotations": [str],
    "linux": {
        "namespaces": [str], "capabilities": [str], "apparmor": SWITCH, "selinux": SWITCH, "netDevices": SWITCH,
        "cgroup": dict.fromkeys(("v1", "v2", "systemd", "systemdUser", "rdma"), bool),
        "seccomp": {"enabled": bool, **dict.fromkeys(("actions", "operators", "archs", "knownFlags", "supportedFlags"), [str])},
        "intelRdt": dict.fromkeys(("enabled", "schemata", "monitoring"), bool),
        "memoryPolicy": {"modes": [str], "flags": [str]}, "mountExtensions": {"idmap": SWITCH},
    },
}


def check_shape(value, shape, path):
    if isinstance(shape, dict):
        assert isinstance(value, dict), path
        for name, inner in value.items():
            assert name in shape or "*" in shape, f"{path}.{name} is not of the specification"
            check_shape(inner, shape.get(name, shape.get("*")), f"{path}.{name}")
    elif isinstance(shape, list):
        assert isinstance(value, list) and len(set(value)) == len(value), path
        for inner in value:
            check_shape(inner, shape[0], path)
    else:
        assert type(value) is shape, path


@pytest.mark.row("FE-01", "FE-03", "FE-05", "FE-09")
@davit_only
def test_the_document_has_the_members_of_the_specification_and_no_others(features):
    """Nothing is null, and no list is empty for "not known"."""
    check_shape(features, DOCUMENT, "features")
    check_shape(dict.fromkeys(DOCUMENT, None) | features, DOCUMENT, "features")      # all are there
    assert all(features["linux"]["seccomp"].values()) and all(features["linux"].values())


@pytest.mark.row("FE-06")
@NEW
def test_features_lists_every_hook(features):
    assert set(features["hooks"]) == {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}


@pytest.mark.row("FE-06")
@davit_only
def test_every_listed_hook_is_run(container, features):
    (container.rootfs / "notes").mkdir()
    container.give(container.rootfs / "notes")
    inside = container.guest_script("note", 'echo x > "/notes/$1"\n')
    outside = container.host_script("note", f'echo x > "{container.rootfs}/notes/$1"\n')
    container.spec["hooks"] = {kind: [{"path": inside if kind == "startContainer" else outside, "args": ["note", kind]}]
                               for kind in features["hooks"]}

    container.run(["true"])

    assert {path.name for path in (container.rootfs / "notes").iterdir()} == set(features["hooks"])


@davit_only
def test_features_lists_the_mount_options_of_the_specification(features):
    words = set(features["mountOptions"])

    assert {"ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec", "bind", "rbind", "private", "rprivate", "shared",
            "rshared", "slave", "rslave", "unbindable", "runbindable", "remount", "relatime", "noatime", "strictatime", "sync",
            "dirsync", "tmpcopyup", "idmap", "ridmap", "rro", "rnosuid", "rnodev", "rnoexec", "rstrictatime", "nosymfollow",
            "rnosymfollow", "lazytime"} <= words


@pytest.mark.row("CF-15")
@pytest.mark.row("FE-07")
@davit_only
def test_every_listed_mount_option_is_recognised(container, features):
    """On a bind mount, where an unknown word is an error; what cannot stand there has a mount of its own."""
    words = set(features["mountOptions"])
    source = container.directory / "source"
    source.mkdir()
    special = {"remount", "idmap", "ridmap", "tmpcopyup"}
    assert special <= words
    if container.view.name == "oldkernel":      # without mount_setattr
        words = {word for word in words if word[0] != "r" or word in ("ro", "rw", "relatime", "rbind")}
    if container.mode != "root":        # the kernel locks the times of the host's mounts
        words = {word for word in words if "atime" not in word}
    for number, word in enumerate(sorted(words - special)):
        (container.rootfs / f"m{number}").mkdir()       # with dest-nofollow none is made
        container.add_mount(f"/m{number}", source, "bind", ["rbind", word])
    container.add_mount("/copied", "tmpfs", "tmpfs", ["tmpcopyup"])
    container.add_mount("/copied", "tmpfs", "tmpfs", ["remount", "nosuid"])
    ids = [{"containerID": 0, "hostID": 1000, "size": 1}]
    for word in ("idmap", "ridmap") if container.mode == "root" and container.view.name != "oldkernel" else ():
        container.add_mount(f"/{word}", source, "bind", ["rbind", word]).update(uidMappings=ids, gidMappings=ids)

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.row("FE-07")
@davit_only
@pytest.mark.parametrize("word", ["size=64k", "mode=755", "lowerdir=/x", "newinstance", "hidepid=2", "banana"])
def test_a_word_of_a_file_system_is_not_listed_and_not_taken_by_a_bind_mount(container, features, word):
    assert word.partition("=")[0] not in features["mountOptions"]
    container.add_mount("/m", container.rootfs, "bind", ["rbind", word])

    out = container.run(["true"], check=False)
    assert out.returncode == 1
    assert word.partition("=")[0] in out.stderr


@pytest.mark.row("FE-08", "FL-08")
@davit_only
def test_features_lists_what_linux_offers(features):
    linux = features["linux"]

    assert set(linux["namespaces"]) == {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}
    assert {"CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"} <= set(linux["capabilities"])
    assert linux["cgroup"]["v1"] is True and linux["cgroup"]["v2"] is True
    assert linux["seccomp"]["enabled"] is True
    assert {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY", "SCMP_ACT_KILL_PROCESS"} <= set(linux["seccomp"]["actions"])
    assert len(linux["seccomp"]["operators"]) == 7
    assert "SCMP_ARCH_X86_64" in linux["seccomp"]["archs"]
    assert {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"} <= set(linux["seccomp"]["knownFlags"])
    assert set(linux["seccomp"]["supportedFlags"]) <= set(linux["seccomp"]["knownFlags"])
    assert linux["mountExtensions"]["idmap"]["enabled"] is True


@pytest.mark.row("FE-09")
@davit_only
def test_annotations_of_features_are_strings(features):
    assert all(isinstance(v, str) for v in features.get("annotations", {}).values())


@pytest.mark.row("FE-01", "FE-02")
@davit_only
@pytest.mark.all_views
def test_features_is_the_same_everywhere(container):
    """Decided at compile time, not by the running system."""
    out = container.runtime("features")

    assert out.stderr == ""
    text = json.dumps(out.json, sort_keys=True)
    previous = _seen.setdefault("features", text)
    assert text == previous


_seen = {}


@pytest.mark.row("FE-02")
@davit_only
@pytest.mark.rootless
def test_features_is_the_same_for_a_user(container):
    alone = subprocess.run([machine.RUNTIME, "features"], capture_output=True, text=True, check=True, env={}).stdout

    assert container.runtime("features").stdout == alone


# --- the names are true ------------------------------------------------------------------------------------------------------

@pytest.mark.row("FE-10")
@davit_only
def test_annotations_that_change_something_are_listed(features):
    """All that are read: prefixes end with a dot."""
    listed = features["potentiallyUnsafeConfigAnnotations"]
    sources = "".join(path.read_text() for path in (machine.REPO / "src").rglob("*.c"))
    read = set(re.findall(r'spec_annotation\([\w>-]+, "([^"]+)"', sources)) | set(re.findall(r'define PREFIX "([a-z.]+)"', sources))

    assert len(read) >= 5
    for name in read:
        assert any(name.startswith(prefix) if prefix.endswith(".") else name == prefix for prefix in listed), name


@pytest.mark.row("FL-01")
@davit_only
def test_every_listed_namespace_can_be_had(container, features):
    names = features["linux"]["namespaces"]
    container.use_user_namespace()
    container.linux["namespaces"] = [{"type": name} for name in names]
    links = {"network": "net", "mount": "mnt"}
    host = {name: os.readlink(f"/proc/self/ns/{links.get(name, name)}") for name in names}

    out = container.run(["sh", "-c", "cd /proc/self/ns; for n in *; do echo $n $(readlink $n); done"])

    seen = dict(line.split() for line in out.stdout.splitlines())
    for name in names:
        assert seen[links.get(name, name)] != host[name], name


@pytest.mark.row("FL-02")
@davit_only
def test_every_listed_capability_is_known(container, features):
    listed = features["linux"]["capabilities"]
    container.process["capabilities"] = {"bounding": [*listed, "CAP_BANANA"]}

    out = container.run(["true"], globals=["--log-level", "warning"])

    assert re.findall(r"unknown or unavailable capabilities: \[(.*?)\]", out.stderr) == ["CAP_BANANA"]


@pytest.mark.row("FL-03", "FL-05", "FL-09")
@davit_only
def test_what_can_be_switched_is_told(features):
    """What each of them does is in the tests of the cgroups, systemd, labels and network devices."""
    linux = features["linux"]

    assert linux["cgroup"] == dict.fromkeys(("v1", "v2", "systemd", "systemdUser", "rdma"), True)
    assert linux["apparmor"] == linux["selinux"] == linux["netDevices"] == {"enabled": True}


def with_profile(container, **members):
    rule = {"names": ["getpriority"], "action": "SCMP_ACT_ERRNO"}
    container.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule], **members}
    return rule


@pytest.mark.row("CL-100", "FL-04")
@davit_only
def test_every_listed_action_and_operator_is_known(container, features):
    seccomp = features["linux"]["seccomp"]
    assert len(seccomp["actions"]) == 9 and len(seccomp["operators"]) == 7
    for word in seccomp["actions"]:
        more = {"listenerPath": "/no/sock"} if word == "SCMP_ACT_NOTIFY" else {}
        with_profile(container, **more)["action"] = word
        container.write_config()
        assert container.runtime("validate").returncode == 0, word
    for word in seccomp["operators"]:
        with_profile(container)["args"] = [{"index": 0, "value": 1, "valueTwo": 1, "op": word}]
        assert container.run(["echo", "ok"]).stdout == "ok\n", word


ALL_ARCHITECTURES = ("X86 X86_64 X32 ARM AARCH64 LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 "
                     "PPC64LE S390 S390X SH SHEB PARISC PARISC64 RISCV64").split()


@pytest.mark.row("CL-102", "FL-04")
@davit_only
def test_every_listed_architecture_is_known(container, features):
    """All 23 names can be read; a filter can be made for those that libseccomp has, and they are listed."""
    listed = features["linux"]["seccomp"]["archs"]
    assert {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_S390X", "SCMP_ARCH_RISCV64"} <= set(listed)
    assert set(listed) <= {f"SCMP_ARCH_{name}" for name in ALL_ARCHITECTURES}
    with_profile(container, architectures=[f"SCMP_ARCH_{name}" for name in ALL_ARCHITECTURES])
    container.write_config()
    assert container.runtime("validate").returncode == 0
    for name in ALL_ARCHITECTURES:
        word = f"SCMP_ARCH_{name}"
        with_profile(container, architectures=[word])
        out = container.run(["true"], check=False)
        if word not in listed:
            assert f"libseccomp does not know {word}" in out.stderr
        elif out.returncode != 0:
            assert "cannot be" in out.stderr, out       # one filter cannot have both orders of bytes


@pytest.mark.row("CL-103", "FL-04")
@davit_only
def test_every_listed_flag_of_a_filter_works(container, features):
    seccomp = features["linux"]["seccomp"]
    assert len(seccomp["knownFlags"]) == 4
    for word in seccomp["knownFlags"]:
        with_profile(container, flags=[word])
        container.write_config()
        assert container.runtime("validate").returncode == 0, word
        if word in seccomp["supportedFlags"]:
            assert container.run(["echo", "ok"]).stdout == "ok\n", word


@pytest.mark.row("CL-94", "CL-96", "FL-06")
@davit_only
def test_every_listed_memory_policy_is_known(container, features):
    policies = features["linux"]["memoryPolicy"]
    assert len(policies["modes"]) == 7 and len(policies["flags"]) == 3
    for member, words in policies.items():
        for word in words:
            container.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0"}
            container.linux["memoryPolicy"].update({"mode": word} if member == "modes" else {"flags": [word]})
            container.write_config()
            assert container.runtime("validate").returncode == 0, word
