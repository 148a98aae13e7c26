# SPDX-License-Identifier: Apache-2.0
"""The notify descriptor: how it reaches the agent, and who that is.  Its message is in test_seccomp.py."""
import platform

import pytest

from harness import machine
from harness.agent import Agent

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the system call numbers are x86_64's")

GETPRIORITY = 140
RECEIVER = "run.oci.seccomp.receiver"


@pytest.fixture
def agent(container):
    agent = Agent(container.directory / "agent", owner=container.owner)
    yield agent
    agent.close()


def notify(container, *names, nnp=True, **more):
    container.process["noNewPrivileges"] = nnp
    container.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], **more,
                                  "syscalls": [{"names": list(names or ["getpriority"]), "action": "SCMP_ACT_NOTIFY"}]}


def annotate(container, name, value):
    container.spec.setdefault("annotations", {})[name] = value


def result(container, **more):
    return container.run(["probe", "syscall", str(GETPRIORITY)], **more).stdout.strip()


def refuse_getfd(container):
    """As an unprivileged runtime, Yama with ptrace_scope 3, or a kernel before 5.6."""
    container.wrapper = [machine.tool("deny-syscalls"), "-e", "EPERM", "pidfd_getfd", "--"]


# --- the way to the agent ---------------------------------------------------------------------------------------------

@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
def test_the_agent_answers(container, agent, nnp):
    notify(container, nnp=nnp, listenerPath=agent.path)

    assert result(container) == "77"
    assert agent.requests == [GETPRIORITY]


@pytest.mark.all_modes
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
def test_the_agent_answers_a_created_container_and_an_exec(container, agent, nnp):
    notify(container, nnp=nnp, listenerPath=agent.path)
    container.create(["sh", "-c", f"probe syscall {GETPRIORITY}; exec sleep 1000"])
    container.start()

    container.wait_for_output("77\n")
    assert container.exec(["probe", "syscall", str(GETPRIORITY)]).stdout == "77\n"
    assert [message["state"]["status"] for message in agent.messages][1] == "running"


@pytest.mark.davit_only
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
def test_a_descriptor_that_cannot_be_taken_is_sent(container, agent, nnp):
    notify(container, nnp=nnp, listenerPath=agent.path)
    refuse_getfd(container)

    assert result(container) == "77"


@pytest.mark.davit_only
@pytest.mark.newkernel("it is taken with pidfd_getfd")
@pytest.mark.root("userns", why="an ordinary user cannot take it")
def test_a_descriptor_that_cannot_be_sent_is_taken(container, agent):
    notify(container, "sendmsg", "getpriority", listenerPath=agent.path)

    assert result(container) == "77"


@pytest.mark.davit_only
@pytest.mark.slow
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
@pytest.mark.row("UB-29")
def test_a_descriptor_that_can_be_neither_taken_nor_sent_is_an_error(container, agent, nnp):
    """sendmsg would wait for the agent, which is not there yet."""
    notify(container, "sendmsg", nnp=nnp, listenerPath=agent.path)
    refuse_getfd(container)

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert "pidfd_getfd: Operation not permitted" in out.stderr and "must allow sendmsg" in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.row("UB-29")
def test_without_its_agent_a_call_does_not_exist(container):
    agent = Agent(container.directory / "agent", owner=container.owner)
    notify(container, listenerPath=agent.path)
    container.up(["sh", "-c", f"until [ -e /go ]; do sleep 0.02; done; probe syscall {GETPRIORITY}; exec sleep 1000"])
    agent.wait_for_message()
    agent.close()
    (container.rootfs / "go").touch()

    assert container.exec(["true"], check=False).returncode != 0        # nobody listens for its descriptor
    container.wait_for_output("ENOSYS")


# --- who it is ----------------------------------------------------------------------------------------------------------

def test_the_annotation_names_the_agent(container, agent):
    notify(container)
    annotate(container, RECEIVER, agent.path)

    assert result(container) == "77"


def test_the_environment_names_the_agent(container, agent):
    notify(container)

    assert result(container, env={"RUN_OCI_SECCOMP_RECEIVER": agent.path}) == "77"


@pytest.mark.davit_only
@pytest.mark.parametrize("nnp", [True, False], ids=["at_start", "at_create"])
def test_the_environment_of_create_counts_for_the_life_of_the_container(container, agent, nnp):
    """Whoever may call `start` or `exec` cannot put another agent in its place."""
    notify(container, nnp=nnp)
    other = {"RUN_OCI_SECCOMP_RECEIVER": "/no/such/socket"}
    container.create(["sh", "-c", f"probe syscall {GETPRIORITY}; exec sleep 1000"],
                     env={"RUN_OCI_SECCOMP_RECEIVER": agent.path})
    container.start(env=other)

    container.wait_for_output("77\n")
    assert container.exec(["probe", "syscall", str(GETPRIORITY)], env=other).stdout == "77\n"


def test_the_annotation_comes_before_the_environment(container, agent):
    notify(container)
    annotate(container, RECEIVER, agent.path)

    assert result(container, env={"RUN_OCI_SECCOMP_RECEIVER": "/no/such/socket"}) == "77"


def test_the_profile_comes_before_both(container, agent):
    notify(container, listenerPath=agent.path)
    annotate(container, RECEIVER, "/no/such/socket")

    assert result(container, env={"RUN_OCI_SECCOMP_RECEIVER": "/no/such/socket"}) == "77"


@pytest.mark.davit_only
def test_the_metadata_goes_to_an_agent_of_the_annotation_as_well(container, agent):
    notify(container, listenerMetadata="meta")
    annotate(container, RECEIVER, agent.path)

    result(container)

    assert agent.messages[0]["metadata"] == "meta"


@pytest.mark.parametrize("where", ["annotation", "environment"])
def test_an_agent_by_a_relative_path_is_refused(container, where):
    notify(container)
    env = {}
    if where == "annotation":
        annotate(container, RECEIVER, "agent")
    else:
        env["RUN_OCI_SECCOMP_RECEIVER"] = "agent"

    out = container.run(["true"], check=False, env=env)

    assert out.returncode == 1
    assert "absolute" in out.stderr and "`agent`" in out.stderr


# --- tracers, flags, unknown names ----------------------------------------------------------------------------------------

def test_a_call_for_a_tracer_does_not_exist_when_nobody_traces(container):
    notify(container)
    container.linux["seccomp"]["syscalls"][0]["action"] = "SCMP_ACT_TRACE"

    assert result(container) == "ENOSYS"


@pytest.mark.parametrize("flags", [[], ["TSYNC"], ["LOG"], ["SPEC_ALLOW"], ["WAIT_KILLABLE_RECV"],
                                   ["TSYNC", "LOG", "SPEC_ALLOW", "WAIT_KILLABLE_RECV"]], ids="+".join)
@pytest.mark.row("UB-30")
def test_flags_go_with_a_listener(container, agent, flags):
    notify(container, flags=[f"SECCOMP_FILTER_FLAG_{flag}" for flag in flags], listenerPath=agent.path)

    assert result(container) == "77"


@pytest.mark.parametrize("flag", ["TSYNC", "WAIT_KILLABLE_RECV"])
def test_flags_are_taken_without_a_listener(container, flag):
    notify(container, flags=[f"SECCOMP_FILTER_FLAG_{flag}"])
    container.linux["seccomp"]["syscalls"][0]["action"] = "SCMP_ACT_ERRNO"

    assert result(container) == "EPERM"


@pytest.mark.parametrize("value, code", [("1", 1), ("", 1), ("0", 0), (None, 0)])
def test_unknown_names_are_an_error_when_the_annotation_wants_it(container, value, code):
    notify(container, "no_such_call_ever")
    container.linux["seccomp"]["syscalls"][0]["action"] = "SCMP_ACT_ERRNO"
    if value is not None:
        annotate(container, "run.oci.seccomp_fail_unknown_syscall", value)

    out = container.run(["true"], check=False)

    assert out.returncode == code
    assert code == 0 or "no_such_call_ever" in out.stderr
