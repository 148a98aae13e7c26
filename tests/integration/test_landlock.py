# SPDX-License-Identifier: Apache-2.0
"""run.oci.davit.landlock: what the payload may do with files, whatever its user and capabilities."""
import ctypes

import pytest

from harness import machine

LANDLOCK = "run.oci.davit.landlock"
VERSION = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)
pytestmark = [pytest.mark.davit_only, pytest.mark.skipif(VERSION < 1, reason="the kernel has no Landlock")]

RULES = "rx:/bin,rwx:/data,r:/proc,rw:/dev"
TRIES = """
echo x > /data/file && cat /data/file && echo data
ls / > /dev/null 2>&1 || echo no root
cat /etc/secret 2>/dev/null || echo no secret
echo x > /bin/new 2>/dev/null || echo no change
cp /bin/busybox /data/busybox && /data/busybox echo executed
"""
ALLOWED = ["x", "data", "no root", "no secret", "no change", "executed"]


@pytest.fixture
def box(container):
    container.add_mount("/data", "tmpfs", kind="tmpfs", options=["mode=1777"])
    (container.bundle / "rootfs/etc/secret").write_text("secret")
    container.spec["annotations"] = {LANDLOCK: RULES}
    return container


@pytest.mark.all_modes
def test_only_what_the_rules_allow_can_be_used(box):
    assert box.run(["sh", "-c", TRIES]).stdout.splitlines() == ALLOWED


@pytest.mark.parametrize("no_new_privileges", [False, True])
@pytest.mark.parametrize("uid", [0, 1000])
def test_the_user_and_no_new_privileges_do_not_matter(box, uid, no_new_privileges):
    box.process["user"] = {"uid": uid, "gid": uid}
    box.process["noNewPrivileges"] = no_new_privileges

    assert box.run(["sh", "-c", TRIES]).stdout.splitlines() == ALLOWED


def test_without_the_annotation_nothing_is_restricted(box):
    del box.spec["annotations"]

    assert box.run(["cat", "/etc/secret"]).stdout == "secret"


def test_exec_is_restricted_too(box):
    box.up()

    assert box.exec(["sh", "-c", TRIES]).stdout.splitlines() == ALLOWED


def test_a_profile_that_denies_landlock_does_not_matter(box):
    box.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
        {"names": ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"], "action": "SCMP_ACT_KILL"}]}

    assert box.run(["sh", "-c", TRIES]).stdout.splitlines() == ALLOWED


def test_a_rule_may_name_a_file(box):
    box.spec["annotations"] = {LANDLOCK: RULES + ",rwx:/etc/secret"}

    assert box.run(["sh", "-c", "cat /etc/secret; cat /etc/passwd 2>/dev/null || echo no"]).stdout == "secretno\n"


@pytest.mark.parametrize("rules, text", [
    ("rx:/bin,ro:/no/such", "open /no/such: No such file or directory"), ("rx", "`rx` is not ACCESS:PATH"), ("", "is empty"),
    ("ro:bin", "`ro:bin` is not ACCESS:PATH")])
def test_a_rule_that_is_none_is_refused(box, rules, text):
    box.spec["annotations"] = {LANDLOCK: rules}

    out = box.create(["true"], check=False)

    assert out.returncode == 1
    assert f'annotations["{LANDLOCK}"]: {text}' in out.stderr


def test_a_program_that_no_rule_lets_execute_is_an_error(box):
    box.spec["annotations"] = {LANDLOCK: "ro:/bin,rw:/dev"}

    out = box.run(["true"], check=False)

    assert out.returncode == 1
    assert "ermission denied" in out.stderr


def test_a_kernel_without_landlock_is_an_error(box):
    box.wrapper = [machine.tool("deny-syscalls"), "landlock_create_ruleset", "--"]

    out = box.create(["true"], check=False)

    assert out.returncode == 1
    assert "Landlock is not available" in out.stderr
    assert "lsm=" in out.stderr
