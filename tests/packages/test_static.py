# SPDX-License-Identifier: Apache-2.0
"""-Dstatic=true: one file that needs nothing else of its system."""
import json
import os
import subprocess

import pytest

from conftest import ROOT

STATIC = ROOT / os.environ.get("STATIC", "build-static") / "davit"

if not STATIC.exists():
    pytest.skip(f"there is no {STATIC}: make check-static builds it", allow_module_level=True)


@pytest.fixture
def bare(system):
    system.add(STATIC, "bin/davit")
    return system


def test_it_has_no_interpreter_and_needs_no_library():
    out = subprocess.run(["readelf", "--wide", "--program-headers", "--dynamic", STATIC], capture_output=True, text=True,
                         check=True).stdout

    assert "LOAD" in out
    for word in ("INTERP", "NEEDED", "RPATH", "RUNPATH"):
        assert word not in out


def test_it_holds_no_trace_of_a_loader():
    """Neither what glibc would load for names and character sets, nor what we load elsewhere."""
    assert not [s for s in (b".note.dlopen", b"libsystemd.so.0\"", b"libgcc_s.so") if s in STATIC.read_bytes()]


def test_a_container_runs_where_there_is_no_library(bare):
    bare.config("/bin/davit", "/bin/busybox", "echo", "hello")

    out = bare.run("/bin/davit", "run", "--bundle", "/bundle", "web")

    assert (out.stdout, out.stderr, out.returncode) == ("hello\n", "", 0)
    assert not list(bare.place.rglob("*.so*"))


def test_it_is_created_seen_entered_and_deleted_there(bare):
    bare.config("/bin/davit", "/bin/busybox", "sleep", "60")

    out = bare.run("/bin/sh", "-ec", """
        davit create --bundle /bundle web </dev/null >/dev/null 2>&1
        davit start web
        davit state web
        davit exec web /bin/busybox echo inside >&2
        davit delete --force web""")

    assert json.loads(out.stdout)["status"] == "running"
    assert (out.stderr, out.returncode) == ("inside\n", 0)


def test_systemd_is_refused_with_the_reason(bare):
    bare.config("/bin/davit", "/bin/busybox", "true")
    config = json.loads((bare.place / "bundle/config.json").read_text())
    config["linux"]["cgroupsPath"] = "system.slice:davit:web"
    (bare.place / "bundle/config.json").write_text(json.dumps(config))

    out = bare.run("/bin/davit", "--systemd-cgroup", "run", "--bundle", "/bundle", "web")

    assert out.returncode == 1
    assert "the systemd cgroup driver needs the library libsystemd.so.0: this davit is linked statically" in out.stderr
    assert "hint: take a davit that is linked dynamically, or use --cgroup-manager=cgroupfs" in out.stderr


def test_seccomp_plugins_are_refused_with_the_reason(bare):
    bare.config("/bin/davit", "/bin/busybox", "true")
    config = json.loads((bare.place / "bundle/config.json").read_text())
    config["annotations"] = {"run.oci.seccomp.plugins": "/plugin.so"}
    config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                  "syscalls": [{"names": ["sethostname"], "action": "SCMP_ACT_NOTIFY"}]}
    (bare.place / "bundle/config.json").write_text(json.dumps(config))

    out = bare.run("/bin/davit", "run", "--bundle", "/bundle", "web")

    assert out.returncode == 1
    assert "is linked statically and cannot load plugins" in out.stderr


def test_doctor_knows_the_user_without_modules_for_names(bare):
    (bare.place / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nweb:x:0:0::/:/bin/sh\n")
    (bare.place / "etc/subuid").write_text("root:100000:65536\n")
    (bare.place / "etc/subgid").write_text("root:100000:65536\n")

    checks = json.loads(bare.run("/bin/davit", "doctor", "--format", "json").stdout)["checks"]
    found = {(c["group"], c["name"]): c["value"] for c in checks}

    assert found["ids", "ranges"] == "65536 users in /etc/subuid, 65536 groups in /etc/subgid"
    assert "linked statically" in found["systemd", "manager"]
