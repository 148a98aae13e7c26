# SPDX-License-Identifier: Apache-2.0
"""Wrong documents: reported once, completely, each mistake with its path; nothing has happened."""
import json
import os
import pathlib

import pytest

from harness import machine

davit_only = pytest.mark.davit_only
SAMPLES = machine.TESTS / "data" / "bundles"


def write(container, data):
    (container.bundle / "config.json").write_bytes(data if isinstance(data, bytes) else data.encode())


def refused(container, *texts, command=("run",), timeout=None):
    out = container.runtime(*command, container.id, check=False, timeout=timeout)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []
    return out


# --- documents that are none ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", ["", "{", '{"ociVersion": "1.0.2"', "[]", '"text"', "null", "5", "true", "{}", "\0",
                                  '{"a": }', "{'a': 1}", '{"a": 1,}', "nonsense"], ids=repr)
def test_what_is_no_config_is_refused(container, text):
    write(container, text)

    out = refused(container)
    assert "panic" not in out.stderr and "goroutine" not in out.stderr
    if machine.runtime_kind() == "davit":
        assert "config.json" in out.stderr


@davit_only
@pytest.mark.parametrize("text, position", [('{"ociVersion": "1.0.2",\n "process": }', "2:13"), ("{", "1:"), ('{\n\n  "a" 1}', "3:7")])
def test_a_syntax_error_has_its_line_and_column(container, text, position):
    write(container, text)

    out = refused(container, "config.json")
    line, _, column = position.partition(":")
    assert f":{line}" in out.stderr or f"line {line}" in out.stderr


@davit_only
@pytest.mark.parametrize("tail", ["x", "{}", "\0{}", ",", "\n\n5"], ids=repr)
def test_bytes_after_the_document_are_refused(container, tail):
    """Both peers take a document and ignore what follows a NUL."""
    container.write_config()
    path = container.bundle / "config.json"
    write(container, path.read_text() + tail)

    refused(container, "config.json")


@davit_only
@pytest.mark.parametrize("comment", ["/* x */", "// x\n", "# x\n"])
def test_comments_are_refused(container, comment):
    container.write_config()
    write(container, comment + (container.bundle / "config.json").read_text())

    refused(container)


@davit_only
@pytest.mark.parametrize("where", ["args", "hostname", "destination", "env"])
def test_a_nul_in_a_string_is_refused(container, where):
    """crun cuts the value there."""
    if where == "args":
        container.args = ["echo", "a\0b"]
    elif where == "hostname":
        container.spec["hostname"] = "a\0b"
    elif where == "env":
        container.process["env"].append("A=a\0b")
    else:
        container.add_mount("/a\0b", "tmpfs", "tmpfs", [])
    container.write_config()

    refused(container, where if where != "destination" else "mounts[6].destination")


@pytest.mark.row("BU-03")
@davit_only
def test_invalid_utf_8_is_refused(container):
    """runc changes it silently."""
    container.spec["hostname"] = "PLACE"
    container.write_config()
    write(container, (container.bundle / "config.json").read_bytes().replace(b"PLACE", b"a\xffb"))

    refused(container, "config.json")


@davit_only
@pytest.mark.row("BU-04")
@pytest.mark.parametrize("escaped", [False, True], ids=["", "escaped"])
@pytest.mark.parametrize("member", ["hostname", "mounts", "noNewPrivileges", "unknown"])
def test_a_name_twice_in_an_object_is_refused(container, member, escaped):
    """crun takes the first one, runc the last: whoever checked the config may have seen the other."""
    container.spec["unknown"] = container.process["unknown"] = 1
    container.write_config()
    text = json.dumps(container.spec, indent=1)
    line = next(i for i, line in enumerate(text.splitlines()) if f'"{member}"' in line)
    name = member.replace("n", "\\u006e", 1) if escaped else member
    write(container, text.replace(f'"{member}"', f'"{name}": null, "{member}"', 1))

    refused(container, f"config.json: line {line + 1}, ", "second time")


@davit_only
def test_a_byte_order_mark_or_utf_16_is_refused_not_misread(container):
    container.write_config()
    text = (container.bundle / "config.json").read_text()
    for data in (text.encode("utf-16"), ):
        write(container, data)
        refused(container, "config.json")


# --- size --------------------------------------------------------------------------------------------------------------

@davit_only
@pytest.mark.parametrize("depth", [10000, 400000])
@pytest.mark.parametrize("kind", ["array", "object"])
def test_a_deep_document_is_refused_with_a_position(container, depth, kind):
    """crun: SIGSEGV."""
    text = "[" * depth + "]" * depth if kind == "array" else '{"a":' * depth + "1" + "}" * depth
    write(container, '{"ociVersion": "1.0.2", "x": ' + text + "}")

    out = refused(container, "config.json", timeout=3)
    assert "deep" in out.stderr or "depth" in out.stderr or "nest" in out.stderr


@davit_only
@pytest.mark.parametrize("change, word", [
    (lambda c: c.process.update(env=[f"V{i}=x" for i in range(100000)]), "limit"),
    (lambda c: c.spec.update(annotations={"a": "x" * (50 << 20)}), "16 MiB"),
    (lambda c: c.process.update(args=["echo"] + ["x"] * 1000000), "limit"),
    (lambda c: c.spec.update(mounts=[{"destination": f"/m{i}", "type": "tmpfs", "source": "t"} for i in range(200000)]), "limit"),
], ids=["env", "annotation", "args", "mounts"])
def test_a_document_over_the_limits_is_refused_at_once(container, change, word):
    """Both peers hang at 100,000 environment variables."""
    change(container)
    container.write_config()

    out = refused(container, word, timeout=4)
    assert out.seconds < 2 * machine.PATIENCE


@davit_only
def test_a_document_within_the_limits_is_quick(container):
    container.process["env"] += [f"V{i}={'x' * 20}" for i in range(2000)]
    container.linux["maskedPaths"] += [f"/no/such/{i}" for i in range(500)]
    container.spec["annotations"] = {f"a{i}": "x" * 1000 for i in range(300)}

    out = container.run(["sh", "-c", "env | grep -c ^V"], timeout=3)

    assert out.stdout == "2000\n"


def test_a_config_that_is_no_regular_file_is_refused(container):
    os.mkfifo(container.bundle / "config.json")

    out = container.runtime("run", container.id, check=False, timeout=4) if machine.runtime_kind() == "davit" else None

    assert out is None or (out.returncode == 1 and "config.json" in out.stderr)


@pytest.mark.row("BU-01", "CF-06")
@pytest.mark.parametrize("what", ["bundle", "config", "rootfs", "rootfs is a file"])
def test_missing_parts_of_a_bundle(container, what):
    container.write_config()
    cwd = container.bundle
    if what == "bundle":
        out = container.runtime("run", "--bundle", "/no/such/bundle", container.id, check=False)
        text = "/no/such/bundle"
    else:
        if what == "config":
            (container.bundle / "config.json").unlink()
        else:
            container.rootfs.rename(container.directory / "away")
        if what == "rootfs is a file":
            container.rootfs.write_text("")
        out = container.runtime("run", container.id, check=False)
        text = "config.json" if what == "config" else "rootfs"
        if what == "rootfs is a file":
            container.rootfs.unlink()

    assert out.returncode == 1
    assert text in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.row("CF-03")
@pytest.mark.parametrize("root", [None, {}])
def test_a_config_without_a_root_is_refused(container, root):
    container.spec["root"] = root
    if root is None:
        del container.spec["root"]
    container.write_config()

    refused(container, "root", command=("create",))


# --- versions -----------------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-02", "UB-57")
@pytest.mark.parametrize("version", ["1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0", "1.99.0", "1.1.0+dev", "1.0.0-rc5"])
def test_every_1_x_version_is_accepted(container, version):
    container.spec["ociVersion"] = version

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.row("CF-01", "CF-02", "UB-57")
@davit_only
@pytest.mark.parametrize("version", ["", "invalid", "2.0.0", "1.0", 1, None])
def test_other_versions_are_refused(container, version):
    if version is None:
        del container.spec["ociVersion"]
    else:
        container.spec["ociVersion"] = version
    container.write_config()

    refused(container, "ociVersion")


# --- unknown members ------------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-62", "CF-93")
def test_unknown_members_are_ignored_everywhere(container):
    container.spec["unknown"] = {"a": [1, {"b": None}]}
    container.process["unknown"] = 1
    container.process["user"]["unknown"] = []
    container.linux["unknown"] = "x"
    container.linux["namespaces"][0]["unknown"] = 1
    container.spec["mounts"][0]["unknown"] = {}
    container.spec["root"]["unknown"] = False
    container.spec["hooks"] = {"createRuntime": [{"path": container.host_script("hook", "exit 0\n"), "unknown": {}}], "unknown": []}
    container.spec["annotations"] = {"org.example.unknown": "", "nothing-that-anybody-knows": "x"}
    for name in ("windows", "solaris", "vm", "zos", "freebsd"):
        container.spec[name] = {"something": 1}

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@davit_only
@pytest.mark.parametrize("path", ["hostname", "annotations", "process.capabilities", "process.rlimits", "linux.seccomp",
                                  "linux.resources.memory", "hooks", "process.user.additionalGids", "linux.devices", "mounts"])
def test_null_counts_as_absent(container, path):
    node = container.spec
    *parents, last = path.split(".")
    for name in parents:
        node = node.setdefault(name, {})
    node[last] = None
    if path == "mounts":
        container.linux["maskedPaths"] = container.linux["readonlyPaths"] = []
    container.write_config()

    out = container.runtime("run", container.id, check=False)
    assert out.returncode == 0 or path == "mounts", out


# --- wrong types: nothing restricting may vanish -----------------------------------------------------------------------------

WRONG = {
    "process": ["x", [], 5, True], "process.args": ["x", {}, 5], "process.args[0]": [5, {}, None], "process.env": ["x", {}],
    "process.env[0]": [5, []], "process.cwd": [5, [], {}], "process.terminal": ["true", 1, []],
    "process.user": ["0", [], 5], "process.user.uid": ["0", [], {}, True, 1.5], "process.capabilities": [[], "x"],
    "process.capabilities.bounding": ["CAP_KILL", {}], "process.rlimits": [{}, "x"], "process.rlimits[0]": ["x", []],
    "process.noNewPrivileges": ["true", 1], "root": ["rootfs", []], "root.path": [5, {}], "root.readonly": ["true", 1, []],
    "hostname": [5, {}, []], "mounts": [{}, "x"], "mounts[0]": ["x", []], "mounts[0].destination": [5, {}],
    "mounts[0].options": ["ro", {}], "linux": ["x", []], "linux.namespaces": [{}, "x"], "linux.namespaces[0]": ["pid", []],
    "linux.namespaces[0].type": [5, {}], "linux.maskedPaths": ["/x", {}], "linux.maskedPaths[0]": [5, {}],
    "linux.readonlyPaths": ["/x", {}], "linux.resources": [[], "x"], "linux.resources.devices": [{}, "x"],
    "linux.resources.devices[0].allow": ["true", 1], "linux.cgroupsPath": [5, {}], "annotations": [[], "x"],
    "hooks": [[], "x"], "linux.seccomp": [[], "x"], "linux.sysctl": [[], "x"], "linux.uidMappings": [{}, "x"],
    "linux.rootfsPropagation": [5, []], "linux.devices": [{}, "x"],
}


@davit_only
@pytest.mark.parametrize("path, value", [(p, v) for p, values in WRONG.items() for v in values],
                         ids=lambda v: v if isinstance(v, str) and "." in v else repr(v))
@pytest.mark.row("CF-94")
def test_a_value_of_a_wrong_type_is_refused_with_its_path(container, path, value):
    """crun 1.27 drops seccomp, masks, uid, readonly, limits silently when the type is wrong."""
    container.write_config()
    put(container.spec, path, value)
    container.write_config()

    out = container.runtime("validate", check=False)

    assert out.returncode == 1
    assert path in out.stdout + out.stderr, out


def put(spec, path, value):
    import re
    node = spec
    words = [int(w) if w.isdigit() else w for w in re.findall(r"[^.\[\]]+", path)]
    for word in words[:-1]:
        node = node[word] if isinstance(word, int) else node.setdefault(word, {})
    node[words[-1]] = value


@davit_only
def test_a_wrong_type_is_refused_by_run_just_as_by_validate(container):
    container.linux["seccomp"] = []
    container.write_config()

    refused(container, "linux.seccomp")
    refused(container, "linux.seccomp", command=("create",))


# --- the report ------------------------------------------------------------------------------------------------------------

@davit_only
@pytest.mark.parametrize("command", [("validate",), ("run", "ID"), ("create", "ID")], ids=lambda c: c[0])
def test_all_mistakes_are_reported_at_once(container, command):
    container.process["cwd"] = "relative"
    container.process["user"]["uid"] = "0"
    container.process["rlimits"] = [{"type": "RLIMIT_X", "soft": 1, "hard": 1}]
    last = len(container.linux["namespaces"])
    container.linux["namespaces"].append({"type": "banana"})
    container.spec["mounts"][2]["destination"] = 5
    container.write_config()

    out = container.runtime(*[container.id if w == "ID" else w for w in command], check=False)

    text = out.stdout + out.stderr
    assert out.returncode == 1
    for path in ("process.cwd", "process.user.uid", "process.rlimits[0].type", f"linux.namespaces[{last}].type", "mounts[2].destination"):
        assert path in text, out


@davit_only
def test_run_and_validate_print_the_same_report(container):
    container.process["cwd"] = 5
    container.spec["hostname"] = []
    container.write_config()

    first = container.runtime("validate", check=False)
    second = container.runtime("run", container.id, check=False)

    for path in ("process.cwd", "hostname"):
        [one] = [line for line in (first.stdout + first.stderr).splitlines() if path in line][:1]
        assert path in second.stderr
        assert one


@davit_only
def test_validate_takes_a_bundle(container):
    container.write_config()

    assert container.runtime("validate", "--bundle", str(container.bundle), cwd="/").returncode == 0
    assert container.runtime("validate", "-b", str(container.bundle), cwd="/").returncode == 0


@davit_only
def test_validate_and_plan_change_nothing(container):
    container.write_config()
    before = sorted(container.bundle.rglob("*"))

    container.runtime("validate")
    container.runtime("run", "--plan", container.id)

    assert sorted(container.bundle.rglob("*")) == before
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []


@davit_only
def test_the_plan_shows_what_would_be_done(container):
    container.process["user"] = {"uid": 1234, "gid": 5678}
    container.add_mount("/data", container.rootfs, "bind", ["rbind", "ro"])
    container.args = ["some-program", "argument"]
    container.write_config()

    out = container.runtime("run", "--plan", container.id)

    for text in ("some-program", "argument", "1234", "5678", "/data", "davit-test", "pid", "network", "mount"):
        assert text in out.stdout, text
    assert out.stderr == ""


@davit_only
def test_the_plan_of_a_wrong_config_is_its_report(container):
    container.process["cwd"] = "x"
    container.write_config()

    out = container.runtime("run", "--plan", container.id, check=False)

    assert out.returncode == 1
    assert "process.cwd" in out.stderr


# --- samples ---------------------------------------------------------------------------------------------------------------

def samples(kind):
    return sorted((SAMPLES / kind).glob("*.json"))


@davit_only
@pytest.mark.parametrize("path", samples("good"), ids=lambda p: p.stem)
def test_good_samples_validate(container, path):
    write(container, path.read_bytes())

    out = container.runtime("validate", check=False)
    assert out.returncode == 0, out


@davit_only
@pytest.mark.parametrize("path", samples("bad"), ids=lambda p: p.stem)
@pytest.mark.row("CF-94")
def test_bad_samples_are_refused_with_the_member_in_the_file_name(container, path):
    """NAME of bad/NAME.json: the member, dots and brackets kept, before a double underscore."""
    write(container, path.read_bytes())

    out = container.runtime("validate", check=False)

    assert out.returncode == 1
    assert path.stem.partition("__")[0] in out.stdout + out.stderr, out
