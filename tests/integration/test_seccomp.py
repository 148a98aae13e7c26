# SPDX-License-Identifier: Apache-2.0
"""Seccomp profiles: actions, arguments, errno values, new system calls, flags, the cache."""
import platform

import pytest

from harness import machine

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the system call numbers are x86_64's")

GETPRIORITY, SYSINFO, PERSONALITY, DUP3 = 140, 99, 135, 292
FUTURE = 1999       # a system call that no profile knows


def profile(container, *rules, default="SCMP_ACT_ALLOW", **more):
    container.linux["seccomp"] = {"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64"],
                                  "syscalls": list(rules), **more}


def deny(*names, **more):
    return {"names": list(names), "action": "SCMP_ACT_ERRNO", **more}


def result_of(container, number):
    return container.run(["probe", "syscall", str(number)], check=False).stdout.strip()


def refused(container, *texts):
    out = container.run(["true"], check=False)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    return out


@pytest.mark.row("CL-101")
@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
def test_a_denied_call_fails_with_eperm(container, nnp):
    container.process["noNewPrivileges"] = nnp
    profile(container, deny("getpriority"))

    out = container.run(["sh", "-c", f"probe syscall {GETPRIORITY}; grep ^Seccomp: /proc/self/status"])

    assert out.stdout.split() == ["EPERM", "Seccomp:", "2"]


@pytest.mark.row("CL-101")
@pytest.mark.parametrize("errno, name", [(38, "ENOSYS"), (13, "EACCES"), (95, "EOPNOTSUPP"), (4095, "0")])
def test_a_rule_has_its_own_errno(container, errno, name):
    if errno == 4095:
        name = None
    profile(container, deny("getpriority", errnoRet=errno))

    seen = result_of(container, GETPRIORITY)
    assert seen == name if name else seen != "EPERM"


@pytest.mark.row("CL-101", "UB-28")
def test_the_default_errno(container):
    allowed = [{"names": COMMON, "action": "SCMP_ACT_ALLOW"}]
    profile(container, *allowed, default="SCMP_ACT_ERRNO", defaultErrnoRet=95)

    assert result_of(container, GETPRIORITY) == "EOPNOTSUPP"


# What the probe and musl-free static programs need.
COMMON = """read write open openat close stat fstat lstat newfstatat poll lseek mmap mprotect munmap brk rt_sigaction
rt_sigprocmask rt_sigreturn ioctl pread64 pwrite64 readv writev access pipe select sched_yield mremap madvise dup dup2
nanosleep getpid socket connect sendto recvfrom clone fork vfork execve exit wait4 kill uname fcntl getcwd chdir
getuid getgid geteuid getegid getresuid getresgid getgroups setuid setgid setgroups setresuid setresgid getppid getpgrp setsid capget capset
sigaltstack prctl arch_prctl futex set_tid_address set_robust_list rseq prlimit64 getrandom exit_group tgkill gettid
clock_gettime clock_nanosleep getdents64 readlink readlinkat close_range rt_sigsuspend pause sysinfo execveat clone3
faccessat faccessat2 statx fchdir umask openat2 getrlimit setrlimit dup3 pipe2 fsync unlink unlinkat
""".split()


@pytest.mark.davit_only
@pytest.mark.parametrize("architectures", ["listed", "absent"])
@pytest.mark.row("UB-28")
def test_a_call_newer_than_the_profile_gets_enosys(container, architectures):
    """runc's most valuable hidden behaviour; crun and youki answer EPERM, and new C libraries break."""
    profile(container, {"names": COMMON, "action": "SCMP_ACT_ALLOW"}, default="SCMP_ACT_ERRNO", defaultErrnoRet=1)
    if architectures == "absent":
        del container.linux["seccomp"]["architectures"]

    assert result_of(container, FUTURE) == "ENOSYS"
    assert result_of(container, GETPRIORITY) == "EPERM"     # older than the newest named call: the default


@pytest.mark.davit_only
@pytest.mark.row("UB-28")
def test_the_explicit_default_errno_does_not_hide_enosys(container):
    profile(container, {"names": COMMON, "action": "SCMP_ACT_ALLOW"}, default="SCMP_ACT_ERRNO", defaultErrnoRet=13)

    assert result_of(container, FUTURE) == "ENOSYS"


def test_a_profile_that_allows_by_default_lets_new_calls_through_to_the_kernel(container):
    profile(container, deny("getpriority"))

    assert result_of(container, FUTURE) == "ENOSYS"         # the kernel's own answer


@pytest.mark.row("CL-100")
@pytest.mark.parametrize("action, code", [("SCMP_ACT_KILL", 159), ("SCMP_ACT_KILL_THREAD", 159),
                                          ("SCMP_ACT_KILL_PROCESS", 159), ("SCMP_ACT_TRAP", 159)])
def test_a_call_that_kills(container, action, code):
    profile(container, {"names": ["getpriority"], "action": action})

    out = container.run(["sh", "-c", f"probe syscall {GETPRIORITY}; exit $?"], check=False)

    assert out.returncode == code


@pytest.mark.row("CL-100")
def test_a_logged_call_goes_through(container, nice_0):
    profile(container, {"names": ["getpriority"], "action": "SCMP_ACT_LOG"})

    assert result_of(container, GETPRIORITY) == "20"


@pytest.mark.row("CL-111")
@pytest.mark.parametrize("op, value, two, denied", [
    ("SCMP_CMP_EQ", 0, 0, True), ("SCMP_CMP_EQ", 1, 0, False), ("SCMP_CMP_NE", 1, 0, True), ("SCMP_CMP_NE", 0, 0, False),
    ("SCMP_CMP_LT", 1, 0, True), ("SCMP_CMP_LT", 0, 0, False), ("SCMP_CMP_LE", 0, 0, True), ("SCMP_CMP_GE", 0, 0, True),
    ("SCMP_CMP_GE", 1, 0, False), ("SCMP_CMP_GT", 0, 0, False), ("SCMP_CMP_MASKED_EQ", 0xff, 0, True),
    ("SCMP_CMP_MASKED_EQ", 0xff, 1, False)])
def test_arguments_are_compared(container, op, value, two, denied):
    """The probe calls with zeros."""
    profile(container, deny("getpriority", args=[{"index": 0, "value": value, "valueTwo": two, "op": op}]))

    assert (result_of(container, GETPRIORITY) == "EPERM") == denied


def test_conditions_on_two_arguments_must_both_hold(container, nice_0):
    profile(container, deny("getpriority", args=[{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"},
                                                 {"index": 1, "value": 5, "op": "SCMP_CMP_EQ"}]))

    assert result_of(container, GETPRIORITY) == "20"


def test_two_conditions_on_one_argument_are_alternatives(container):
    profile(container, deny("getpriority", args=[{"index": 0, "value": 7, "op": "SCMP_CMP_EQ"},
                                                 {"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]))

    assert result_of(container, GETPRIORITY) == "EPERM"


@pytest.mark.row("CL-110")
def test_unknown_calls_are_skipped(container):
    profile(container, deny("getpriority", "no_such_call_ever"))

    assert result_of(container, GETPRIORITY) == "EPERM"


def test_exec_runs_under_the_same_filter(container):
    profile(container, deny("getpriority"))
    container.up()

    out = container.exec(["sh", "-c", f"probe syscall {GETPRIORITY}; grep ^Seccomp: /proc/self/status"])

    assert out.stdout.split() == ["EPERM", "Seccomp:", "2"]


@pytest.mark.newkernel("the shim is a filter itself")
def test_there_is_no_filter_without_a_profile(container):
    assert container.probe()["Seccomp"] == "0"


def test_a_strict_profile_still_starts_the_program(container):
    """The runtime's own calls between the filter and the exec are few."""
    profile(container, {"names": COMMON, "action": "SCMP_ACT_ALLOW"}, default="SCMP_ACT_ERRNO")
    for nnp in (True, False):
        container.process["noNewPrivileges"] = nnp
        assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.davit_only
def test_with_no_new_privileges_only_execve_and_exit_are_needed(container):
    profile(container, {"names": ["execve", "execveat", "exit_group", "write", "arch_prctl", "brk", "mmap", "mprotect", "munmap",
                                  "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom",
                                  "uname", "fstat", "newfstatat", "getuid", "geteuid", "getgid", "getegid", "rt_sigaction",
                                  "prctl", "ioctl", "setuid", "setgid", "rt_sigprocmask"],
                        "action": "SCMP_ACT_ALLOW"}, default="SCMP_ACT_ERRNO")

    assert container.run(["echo", "ok"]).stdout == "ok\n"


@pytest.mark.row("CL-103", "UB-30")
@pytest.mark.parametrize("flags", [[], ["SECCOMP_FILTER_FLAG_LOG"], ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
                                   ["SECCOMP_FILTER_FLAG_TSYNC"], ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
                                   ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]], ids="+".join)
def test_flags_are_accepted(container, flags):
    profile(container, deny("getpriority"), flags=flags)

    assert result_of(container, GETPRIORITY) == "EPERM"


@pytest.mark.parametrize("arch", ["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"])
def test_other_architectures_beside_the_native_one(container, arch):
    profile(container, deny("getpriority"))
    container.linux["seccomp"]["architectures"] = [arch]

    assert result_of(container, GETPRIORITY) == "EPERM"


@pytest.mark.row("CL-100", "CL-101", "CL-102", "CL-103", "CL-108", "CL-109", "CL-111")
@pytest.mark.davit_only
@pytest.mark.parametrize("change, text", [
    ({"defaultAction": "SCMP_ACT_BANANA"}, "linux.seccomp.defaultAction"),
    ({"defaultAction": None}, "linux.seccomp.defaultAction"),
    ({"architectures": ["SCMP_ARCH_Z80"]}, "linux.seccomp.architectures[0]"),
    ({"flags": ["SECCOMP_FILTER_FLAG_BANANA"]}, "linux.seccomp.flags[0]"),
    ({"syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}, "linux.seccomp.syscalls[0].names"),
    ({"syscalls": [{"action": "SCMP_ACT_ERRNO"}]}, "linux.seccomp.syscalls[0].names"),
    ({"syscalls": [{"names": ["read"], "action": "BANANA"}]}, "linux.seccomp.syscalls[0].action"),
    ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4096}]}, "linux.seccomp.syscalls[0].errnoRet"),
    ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "errnoRet": 5}]}, "linux.seccomp.syscalls[0].errnoRet"),
    ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]},
     "linux.seccomp.syscalls[0].args[0].index"),
    ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 0, "op": "BANANA"}]}]},
     "linux.seccomp.syscalls[0].args[0].op"),
    ({"syscalls": [{"names": ["read"]}]}, "linux.seccomp.syscalls[0].action"),
    ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "errnoRet": 5}]}, "linux.seccomp.syscalls[0].errnoRet"),
    ({"defaultErrnoRet": 5}, "linux.seccomp.defaultErrnoRet"),
    ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"value": 0, "op": "SCMP_CMP_EQ"}]}]},
     "linux.seccomp.syscalls[0].args[0].index"),
    ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ"}]}]},
     "linux.seccomp.syscalls[0].args[0].value"),
    ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 0}]}]},
     "linux.seccomp.syscalls[0].args[0].op"),
    ({"listenerMetadata": "x"}, "linux.seccomp.listenerMetadata")], ids=str)
def test_a_wrong_profile_is_refused_with_its_member(container, change, text):
    profile(container, deny("getpriority"))
    container.linux["seccomp"].update(change)
    for key, value in change.items():
        if value is None:
            del container.linux["seccomp"][key]

    refused(container, text)


@pytest.mark.davit_only
@pytest.mark.parametrize("value", [[], "profile", 5, True])
def test_a_profile_of_another_shape_is_refused(container, value):
    """crun runs without a filter."""
    container.linux["seccomp"] = value

    refused(container, "linux.seccomp")


# --- the cache --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("first, second", [
    (["mkd", "ir"], ["mkdir"]), (["mkdir"], ["mkd", "ir"]), (["getpriority"], ["getpriorit", "y"])])
def test_one_profile_never_gets_the_filter_of_another(new_container, first, second):
    """crun joins the names without separators: a harmless profile poisons the cache for a real one."""
    call = {"mkdir": 83, "getpriority": GETPRIORITY}
    for names in (first, second, first):
        container = new_container()
        profile(container, deny(*names))
        number = call["mkdir" if "mkd" in "".join(names) else "getpriority"]
        denied = "mkdir" in names or "getpriority" in names

        assert (result_of(container, number) == "EPERM") == denied, names


def test_profiles_that_differ_only_in_the_errno_differ(new_container):
    """crun leaves errnoRet out of the key."""
    for errno, name in ((38, "ENOSYS"), (13, "EACCES"), (38, "ENOSYS")):
        container = new_container()
        profile(container, deny("getpriority", errnoRet=errno))

        assert result_of(container, GETPRIORITY) == name


def test_profiles_that_differ_only_in_an_argument_differ(new_container):
    for value, denied in ((0, True), (1, False), (0, True)):
        container = new_container()
        profile(container, deny("getpriority", args=[{"index": 0, "value": value, "op": "SCMP_CMP_EQ"}]))

        assert (result_of(container, GETPRIORITY) == "EPERM") == denied


@pytest.mark.davit_only
def test_a_foreign_or_damaged_cache_is_not_trusted(new_container):
    container = new_container()
    profile(container, deny("getpriority"))
    assert result_of(container, GETPRIORITY) == "EPERM"
    damaged = 0
    for path in container.root.rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x06\0\0\0\0\0\xff\x7f" * 3)      # three times "allow"
            damaged += 1

    again = new_container()
    profile(again, deny("getpriority"))
    assert result_of(again, GETPRIORITY) == "EPERM"


# --- notify --------------------------------------------------------------------------------------------------------------

@pytest.mark.row("CL-104", "CL-105", "CL-107", "CL-112", "CL-113")
@pytest.mark.davit_only
def test_a_notify_profile_hands_its_descriptor_to_the_listener(container):
    import json
    import os
    import socket
    path = container.directory / "agent"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    container.give(path)
    server.listen(1)
    profile(container, {"names": ["getpriority"], "action": "SCMP_ACT_NOTIFY"}, listenerPath=str(path), listenerMetadata="meta")
    container.create(["sleep", "1000"])
    starting = container.launch("start", container.id)     # with no_new_privileges the filter comes last
    server.settimeout(5)
    try:
        connection, _ = server.accept()
    except TimeoutError:
        pytest.fail(f"nobody connects: {starting.wait()}")
    text, descriptors = b"", []
    while True:
        block, received, _flags, _address = socket.recv_fds(connection, 65536, 4)
        assert not (received and text), "only the first part of the message has descriptors"
        descriptors += received
        if not block:
            break
        text += block
    connection.close()
    server.close()
    assert starting.wait().returncode == 0
    for fd in descriptors:
        os.close(fd)

    message = json.loads(text)
    assert len(descriptors) == 1
    assert message["fds"] == ["seccompFd"]
    assert message["metadata"] == "meta"
    assert message["pid"] == container.pid
    assert message["state"]["id"] == container.id
    assert message["ociVersion"] == message["state"]["ociVersion"]
    assert message["state"]["status"] == "creating"
    assert message["state"]["pid"] == container.pid
    assert message["state"]["bundle"] == str(container.bundle)


@pytest.mark.row("CL-104", "CL-106", "UB-29")
@pytest.mark.davit_only
@pytest.mark.parametrize("path", ["/no/sock", None])
def test_a_notify_profile_without_a_listener_is_refused(container, path):
    profile(container, {"names": ["getpriority"], "action": "SCMP_ACT_NOTIFY"})
    if path:
        container.linux["seccomp"]["listenerPath"] = path

    refused(container, path or "listenerPath")


@pytest.mark.davit_only
@pytest.mark.row("CL-104")
def test_a_listener_that_no_rule_needs_is_left_alone(container):
    """crun connects all the same."""
    profile(container, deny("getpriority"), listenerPath="/no/sock", listenerMetadata="meta")

    assert result_of(container, GETPRIORITY) == "EPERM"


@pytest.mark.davit_only
@pytest.mark.row("CL-104", "CL-106", "UB-29")
@pytest.mark.parametrize("kind", ["DGRAM", "SEQPACKET"])
def test_a_listener_of_another_kind_is_refused(container, kind):
    import socket
    path = container.directory / "agent"
    with socket.socket(socket.AF_UNIX, getattr(socket, f"SOCK_{kind}")) as server:
        server.bind(str(path))
        if kind == "SEQPACKET":
            server.listen(1)
        profile(container, {"names": ["getpriority"], "action": "SCMP_ACT_NOTIFY"}, listenerPath=str(path))

        refused(container, "linux.seccomp.listenerPath", str(path))


@pytest.mark.davit_only
@pytest.mark.row("CL-105")
def test_two_listening_containers_have_two_connections(new_container):
    import json
    import socket
    first, second = new_container(), new_container()
    path = first.directory / "agent"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        first.give(path)
        server.listen(2)
        server.settimeout(5)
        for container in (first, second):
            profile(container, {"names": ["getpriority"], "action": "SCMP_ACT_NOTIFY"}, listenerPath=str(path))
            container.create(["sleep", "1000"])
            starting = container.launch("start", container.id)
            connection, _ = server.accept()
            text = b"".join(iter(lambda: connection.recv(65536), b""))
            connection.close()
            assert starting.wait().returncode == 0

            assert json.loads(text)["state"]["id"] == container.id
