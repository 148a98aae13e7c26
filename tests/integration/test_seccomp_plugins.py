# SPDX-License-Identifier: Apache-2.0
"""Plugins that answer the system calls of a container: the annotation run.oci.seccomp.plugins."""
import os
import platform
import re
import signal
import subprocess

import pytest

from harness import machine

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the system call numbers are x86_64's")

GETPRIORITY = 140
INCLUDE = machine.REPO / "include"
EXAMPLE = machine.REPO / "examples" / "seccomp-plugin" / "example.c"
PLUGIN = machine.TOOLS / "notify-plugin.c"


def build(directory, source, **macros):
    """A shared object in DIRECTORY that every user can read."""
    name = re.sub(r"\W", "-", "-".join([source.stem, *(f"{k}{v}" for k, v in macros.items())]))
    target = directory / f"{name}.so"
    if not target.exists():
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-I", INCLUDE, "-o", target, source,
                        *(f"-D{k}={v}" for k, v in macros.items())], check=True)
        target.chmod(0o755)
    return target


@pytest.fixture(scope="module")
def plugin(session):
    """A function that builds the test plugin with these macros."""
    directory = session.directory / "plugins"
    directory.mkdir(mode=0o755, exist_ok=True)

    def make(name=None, **macros):
        if name:
            macros["NAME"] = f'"{name}"'
        return build(directory, PLUGIN, **macros)

    make.directory = directory
    return make


def use(container, *plugins, names=("getpriority",), nnp=True):
    container.spec.setdefault("annotations", {})["run.oci.seccomp.plugins"] = ":".join(map(str, plugins))
    container.process["noNewPrivileges"] = nnp
    container.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                                  "syscalls": [{"names": list(names), "action": "SCMP_ACT_NOTIFY"}]}


def result(container):
    return container.run(["probe", "syscall", str(GETPRIORITY)], check=False).stdout.strip()


def log_of(container, name):
    return machine.read(container.bundle / f"{name}.log").splitlines()


def answerers():
    """The processes in which plugins run."""
    return [pid for pid in machine.tree_of(os.getpid())
            if machine.read(f"/proc/{pid}/comm").strip() == "davit-answerer"]


# --- answers ----------------------------------------------------------------------------------------------------------

@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
def test_the_example_answers(container, plugin, nnp):
    use(container, build(plugin.directory, EXAMPLE), names=["mkdir", "mkdirat", "getpriority"], nnp=nnp)

    out = container.run(["sh", "-c", f"mkdir /tmp/x; probe syscall {GETPRIORITY}; rmdir /tmp/x"], check=False)

    assert out.stdout == "13\n"
    assert "Disk quota exceeded" in out.stderr or "Quota exceeded" in out.stderr


@pytest.mark.parametrize("handled, value, seen", [(0, 5, "EOPNOTSUPP"), (1, 5, "5"), (2, 5, "5"), (3, 5, "20")])
def test_what_a_plugin_says_about_a_request(container, plugin, handled, value, seen, nice_0):
    use(container, plugin(HANDLED=handled, VALUE=value))

    assert result(container) == seen


def test_plugins_are_asked_in_their_order_until_one_answers(container, plugin):
    use(container, plugin("first", HANDLED=0), plugin("second", VALUE=2), plugin("third", VALUE=3))

    assert result(container) == "2"
    assert "request" in log_of(container, "first")
    assert "request" in log_of(container, "second")
    assert "request" not in log_of(container, "third")


def test_a_plugin_learns_for_whom_it_works_and_when_that_ends(container, plugin):
    use(container, plugin("log", VALUE=1))

    result(container)

    start, *requests, stop = log_of(container, "log")
    state = container.state_dir
    assert start == f"start 1 {container.id} {state} {container.bundle} {state}/config.json"
    assert requests == ["request"]
    assert stop == "stop 1"


@pytest.mark.davit_only
def test_a_bare_name_is_found_by_the_dynamic_linker(container, plugin):
    path = plugin(VALUE=6)
    use(container, path.name)

    out = container.run(["probe", "syscall", str(GETPRIORITY)], env={"LD_LIBRARY_PATH": str(path.parent)})

    assert out.stdout == "6\n"


@pytest.mark.davit_only
def test_plugins_answer_before_an_agent(container, plugin):
    use(container, plugin(VALUE=6))
    container.linux["seccomp"]["listenerPath"] = "/no/such/socket"

    assert result(container) == "6"


# --- where the runtime does not stay ---------------------------------------------------------------------------------

@pytest.mark.davit_only
@pytest.mark.all_modes
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
def test_a_created_container_is_answered_after_the_runtime_has_left(container, plugin, nnp):
    use(container, plugin("log", VALUE=4), nnp=nnp)
    container.create(["sh", "-c", f"probe syscall {GETPRIORITY}; exec sleep 1000"])
    container.start()

    container.wait_for_output("4\n")
    assert container.exec(["probe", "syscall", str(GETPRIORITY)]).stdout == "4\n"
    container.stop()
    machine.wait_until(lambda: container.session.orphans() is not None and "stop 1" in log_of(container, "log"))


@pytest.mark.davit_only
def test_a_detached_container_is_answered(container, plugin):
    use(container, plugin(VALUE=4))
    container.run_detached(["sh", "-c", f"probe syscall {GETPRIORITY}; exec sleep 1000"])

    container.wait_for_output("4\n")


@pytest.mark.davit_only
def test_nothing_of_the_caller_stays_open_in_the_process_of_the_plugins(container, plugin):
    """Whoever reads the runtime's output to its end would wait for the container's."""
    use(container, plugin(VALUE=4))
    container.create(["sleep", "1000"])
    read, write = os.pipe()
    container.launch("start", container.id, stderr=write, pass_fds=(write,)).wait()
    os.close(write)

    assert len(answerers()) == 1
    assert os.read(read, 1) == b""
    os.close(read)


@pytest.mark.davit_only
@pytest.mark.all_modes
def test_no_process_of_the_container_sees_the_plugins(container, plugin):
    use(container, plugin(VALUE=4))
    container.up()
    running = container.start_exec(["sh", "-c", f"probe syscall {GETPRIORITY}; exec sleep 1000"])
    machine.wait_until(lambda: "4" in running.output())

    pids = answerers()
    assert len(pids) == 2       # of start and of exec
    for pid in pids:
        for kind in ("pid", "ipc", "uts", "net"):
            assert os.readlink(f"/proc/{pid}/ns/{kind}") == os.readlink(f"/proc/self/ns/{kind}"), kind


@pytest.mark.davit_only
def test_no_process_of_plugins_outlives_the_container(container, plugin):
    use(container, plugin(VALUE=4))
    container.up()
    assert len(answerers()) == 1

    container.force_delete()

    machine.wait_until(lambda: container.session.orphans() is not None and not answerers())


@pytest.mark.davit_only
def test_ctrl_c_is_for_the_container(container, plugin):
    """The plugins go on answering a container that handles the signal."""
    use(container, plugin(VALUE=4))
    script = f"trap 'probe syscall {GETPRIORITY}; exit 3' INT; echo ready; while :; do sleep 0.1; done"
    running = container.start_run(["sh", "-c", script], new_session=True)
    machine.wait_until(lambda: "ready" in running.output())

    os.killpg(running.pid, signal.SIGINT)

    out = running.wait()
    assert (out.returncode, out.stdout) == (3, "ready\n4\n")


# --- mistakes -------------------------------------------------------------------------------------------------------------

@pytest.mark.davit_only
@pytest.mark.parametrize("command", ["run", "create"])
@pytest.mark.parametrize("macros, text", [
    ({"NO_HANDLE_REQUEST": 1}, "does not export run_oci_seccomp_notify_handle_request"),
    ({"name": "x", "VERSION": 2}, "has version 2 of the interface, davit has 1")])
def test_what_is_no_plugin_is_refused_before_anything_happens(container, plugin, command, macros, text):
    use(container, plugin(**macros))

    out = getattr(container, command)(["true"], check=False)

    assert out.returncode == 1
    assert "annotation run.oci.seccomp.plugins" in out.stderr and text in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.davit_only
@pytest.mark.parametrize("names, text", [
    (["/no/such.so"], "load `/no/such.so`"), (["no-such-plugin.so"], "load `no-such-plugin.so`"),
    (["lib/x.so"], "`lib/x.so` is a relative path"), ([], "names no plugin"), (["", ""], "names no plugin")], ids=str)
def test_a_name_that_leads_nowhere_is_refused(container, names, text):
    use(container, *names)

    out = container.create(["true"], check=False)

    assert out.returncode == 1
    assert "annotation run.oci.seccomp.plugins" in out.stderr and text in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.davit_only
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
@pytest.mark.parametrize("start, text", [("-EACCES", "Permission denied"), ("3", "it returned 3"),
                                         ("(abort(),0)", "crashed while it was loaded: signal 6"),
                                         ("(_exit(0),0)", "ended the process while it was loaded")])
def test_a_plugin_that_does_not_start_keeps_the_container_from_starting(container, plugin, start, text, nnp):
    use(container, plugin("x", START=start), nnp=nnp)

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert text in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.davit_only
def test_plugins_of_a_profile_that_asks_nobody_are_ignored(container):
    use(container, "/no/such.so")
    container.linux["seccomp"]["syscalls"][0]["action"] = "SCMP_ACT_ERRNO"

    assert result(container) == "EPERM"


# --- plugins that fail -------------------------------------------------------------------------------------------------

@pytest.mark.davit_only
@pytest.mark.parametrize("macros, text", [({"ACTION": "return -EIO"}, "Input/output error"),
                                          ({"HANDLED": 9}, "*handled is none of the values")], ids=str)
def test_a_plugin_that_fails_makes_the_call_fail_and_is_named_once(container, plugin, macros, text):
    path = plugin(**macros)
    use(container, path, plugin(VALUE=1))

    out = container.run(["sh", "-c", f"probe syscall {GETPRIORITY}; probe syscall {GETPRIORITY}; echo done"],
                        globals=["--log-level", "warning"], check=False)

    assert out.stdout.split() == ["EOPNOTSUPP", "EOPNOTSUPP", "done"]
    assert out.stderr.count(f"seccomp plugin `{path}`") == 1
    assert text in out.stderr


@pytest.mark.davit_only
def test_a_plugin_that_crashes_takes_nobody_with_it(container, plugin):
    use(container, plugin(ACTION="abort()"))

    out = container.run(["sh", "-c", f"probe syscall {GETPRIORITY}; probe syscall {GETPRIORITY}; echo done"],
                        globals=["--log-level", "warning"], check=False)

    assert out.stdout.split() == ["ENOSYS", "ENOSYS", "done"]
    assert "a seccomp plugin crashed: signal 6" in out.stderr


@pytest.mark.davit_only
@pytest.mark.slow
def test_a_plugin_that_hangs_holds_nobody_but_the_caller(container, plugin):
    use(container, plugin("log", ACTION="for (;;) pause()"))
    running = container.start_run(["sh", "-c", f"probe syscall {GETPRIORITY} & sleep 1000"])
    machine.wait_until(lambda: "request" in log_of(container, "log"))

    assert container.exec(["echo", "alive"]).stdout == "alive\n"
    container.kill("KILL")
    out = running.wait()

    assert out.returncode == 137
    assert not container.state_dir.exists()


@pytest.mark.davit_only
def test_failures_of_plugins_are_in_the_log_of_a_detached_container(container, plugin):
    log = container.directory / "log"
    use(container, plugin(ACTION="return -EIO"))
    container.run_detached(["sh", "-c", f"probe syscall {GETPRIORITY}; exec sleep 1000"],
                           globals=["--log", str(log), "--log-level", "warning"])

    container.wait_for_output("EOPNOTSUPP")
    machine.wait_until(lambda: "Input/output error" in machine.read(log))
