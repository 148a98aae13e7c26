# SPDX-License-Identifier: Apache-2.0
"""Ready BPF programs instead of a profile: the annotation run.oci.seccomp_bpf_data."""
import base64
import platform
import struct

import pytest

from harness.agent import Agent

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the system call numbers are x86_64's")

GETPRIORITY = 140
ANNOTATION = "run.oci.seccomp_bpf_data"
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO, NOTIFY, KILL = 0x7FFF0000, 0x00050000, 0x7FC00000, 0x80000000
EXDEV = 18


def program(*instructions):
    return b"".join(struct.pack("<HBBI", *i) for i in instructions)


def answer(number, action):
    """ACTION for the call NUMBER, everything else is allowed."""
    return program((LOAD, 0, 0, 0), (EQUAL, 0, 1, number), (RETURN, 0, 0, action), (RETURN, 0, 0, ALLOW))


DENY = answer(GETPRIORITY, ERRNO | EXDEV)


def use(container, data):
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    container.spec.setdefault("annotations", {})[ANNOTATION] = text


def profile(container, *names, **more):
    container.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", **more,
                                  "syscalls": [{"names": list(names), "action": "SCMP_ACT_ERRNO"}] if names else []}


def result(container):
    return container.run(["probe", "syscall", str(GETPRIORITY)], check=False).stdout.strip()


@pytest.mark.all_modes
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
def test_the_program_stands_in_for_the_profile(container, nnp):
    container.process["noNewPrivileges"] = nnp
    profile(container, "getpriority", "sysinfo")
    use(container, DENY)

    out = container.run(["sh", "-c", f"probe syscall {GETPRIORITY}; probe syscall 99"])

    assert out.stdout.split()[0] == "EXDEV"
    assert out.stdout.split()[1] != "EPERM"


@pytest.mark.davit_only
def test_no_profile_is_needed(container):
    use(container, DENY)

    assert result(container) == "EXDEV"


def test_exec_has_the_program_too(container):
    profile(container)
    use(container, DENY)
    container.up()

    assert container.exec(["probe", "syscall", str(GETPRIORITY)]).stdout == "EXDEV\n"


@pytest.mark.parametrize("flags", [[], ["SECCOMP_FILTER_FLAG_LOG"], ["SECCOMP_FILTER_FLAG_TSYNC"]], ids=str)
def test_the_flags_are_those_of_the_profile(container, flags):
    profile(container, flags=flags)
    use(container, DENY)

    assert result(container) == "EXDEV"


@pytest.mark.davit_only
def test_the_cache_has_no_part_in_it(container):
    use(container, DENY)
    container.up()

    assert not [path for path in container.root.rglob("*") if path.parent.name == "seccomp"]
    del container.spec["annotations"][ANNOTATION]


@pytest.mark.davit_only
@pytest.mark.parametrize("text, message", [
    ("BgAAAAAA/38!", "is not base64 at character 12"), ("BgAA/38", "7 characters are no multiple of four"),
    ("BgAAAAAA/39=", "is not base64 at character 11"), ("", "0 bytes are no BPF program"),
    (b"1234567", "7 bytes are no BPF program"), (b"12345678" * 4097, "4097 instructions, the kernel takes 4096")],
    ids=["digit", "cut", "bits", "empty", "size", "long"])
def test_what_is_no_program_is_refused_before_anything_happens(container, text, message):
    use(container, text)

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert f"annotation {ANNOTATION}" in out.stderr and message in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.davit_only
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
@pytest.mark.parametrize("instructions", [
    [(LOAD, 0, 0, 0)],                                          # does not end
    [(EQUAL, 9, 9, 0), (RETURN, 0, 0, ALLOW)],                  # jumps out of the program
    [(LOAD, 0, 0, 4096), (RETURN, 0, 0, ALLOW)],                # reads beyond seccomp_data
    [(0xFFFF, 0, 0, 0), (RETURN, 0, 0, ALLOW)]], ids=["no-end", "jump", "load", "code"])
def test_a_program_that_the_kernel_refuses_starts_no_container(container, instructions, nnp):
    container.process["noNewPrivileges"] = nnp
    use(container, program(*instructions))

    out = container.run(["echo", "ran"], check=False)

    assert (out.returncode, out.stdout) == (1, "")
    assert f"annotation {ANNOTATION}: load the filter: Invalid argument" in out.stderr
    assert "hint: " in out.stderr
    assert not container.state_dir.exists()


def test_a_program_that_kills(container):
    profile(container)
    use(container, answer(GETPRIORITY, KILL))

    out = container.run(["sh", "-c", f"probe syscall {GETPRIORITY}; exit $?"], check=False)

    assert out.returncode == 159


@pytest.mark.davit_only
def test_a_program_that_asks_when_nobody_answers_is_refused(container):
    use(container, answer(GETPRIORITY, NOTIFY))

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "instruction 2 returns SECCOMP_RET_USER_NOTIF, and nobody is there to answer" in out.stderr


@pytest.mark.davit_only
def test_a_program_that_asks_about_write_is_refused(container):
    """The hand-over of the descriptor would wait for its own answer."""
    container.spec["annotations"] = {"run.oci.seccomp.receiver": "/no/such/socket"}
    use(container, answer(1, NOTIFY))

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "SECCOMP_RET_USER_NOTIF cannot be used for the write syscall" in out.stderr


@pytest.mark.davit_only
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
def test_an_agent_answers_what_the_program_asks(container, nnp):
    agent = Agent(container.directory / "agent", owner=container.owner)
    container.process["noNewPrivileges"] = nnp
    container.spec["annotations"] = {"run.oci.seccomp.receiver": agent.path}
    use(container, answer(GETPRIORITY, NOTIFY))

    assert result(container) == "77"
    agent.close()
