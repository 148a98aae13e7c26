# SPDX-License-Identifier: Apache-2.0
"""`spec` writes a config that runs; `features` tells the truth."""
import json
import os
import re

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


@NEW
def test_features_lists_every_hook(features):
    assert set(features["hooks"]) == {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}


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
    skip = {"remount", "idmap", "ridmap", "tmpcopyup", "copy-symlink", "src-nofollow", "dest-nofollow", "unbindable", "runbindable"}
    source = container.directory / "source"
    source.mkdir()
    for number, word in enumerate(sorted(set(features["mountOptions"]) - skip)):
        container.add_mount(f"/m{number}", source, "bind", ["rbind", word])

    assert container.run(["echo", "ok"]).stdout == "ok\n"


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
