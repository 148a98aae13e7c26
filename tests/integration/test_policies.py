# SPDX-License-Identifier: Apache-2.0
"""Personality and memory policy of the process."""
import os

import pytest

from harness import machine

MODERN = pytest.mark.skipif(machine.runtime_kind() == "runc", reason="newer than runc 1.1")
NUMA = pytest.mark.skipif(not os.path.exists("/proc/self/numa_maps"), reason="a kernel without NUMA")


def refused(container, *texts):
    out = container.run(["true"], check=False)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out


@pytest.mark.row("CL-119")
@MODERN
def test_a_32_bit_personality(container):
    container.linux["personality"] = {"domain": "LINUX32"}

    seen = container.probe()
    assert seen["machine"] in ("i686", "armv8l", "armv7l")
    assert int(seen["personality"], 16) & 0xff == 8


@pytest.mark.row("CL-119")
@MODERN
def test_the_native_personality(container):
    container.linux["personality"] = {"domain": "LINUX"}

    seen = container.probe()
    assert seen["machine"] == os.uname().machine
    assert int(seen["personality"], 16) & 0xff == 0


@pytest.mark.row("CL-119")
@pytest.mark.davit_only
@pytest.mark.parametrize("value", [{"domain": "SOLARIS"}, {}])
def test_an_unknown_personality_is_refused(container, value):
    container.linux["personality"] = value

    refused(container, "linux.personality.domain")


@pytest.mark.row("CL-119")
@pytest.mark.davit_only
def test_flags_of_a_personality_are_said_to_have_no_effect(container):
    container.linux["personality"] = {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}

    out = container.run(["echo", "ok"], globals=["--log-level", "warning"])
    assert out.stdout == "ok\n"
    assert "linux.personality.flags[0]" in out.stderr


# --- where memory comes from -------------------------------------------------------------------------------------------------

@pytest.mark.row("CL-94", "CL-95", "UB-54")
@pytest.mark.davit_only
@NUMA
@pytest.mark.parametrize("policy, seen", [
    ({"mode": "MPOL_DEFAULT"}, "default"), ({"mode": "MPOL_DEFAULT", "nodes": ""}, "default"),
    ({"mode": "MPOL_LOCAL"}, "local"), ({"mode": "MPOL_BIND", "nodes": "0"}, "bind:0"),
    ({"mode": "MPOL_INTERLEAVE", "nodes": "0-0"}, "interleave:0"), ({"mode": "MPOL_PREFERRED", "nodes": "0"}, "prefer:0"),
    ({"mode": "MPOL_PREFERRED", "nodes": ""}, "local"), ({"mode": "MPOL_PREFERRED_MANY", "nodes": "0"}, "prefer (many):0"),
    ({"mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "0"}, "weighted interleave:0")], ids=str)
def test_the_memory_policy(container, policy, seen):
    container.linux["memoryPolicy"] = policy

    text = container.run(["cat", "/proc/self/numa_maps"], check=False)
    if "WEIGHTED" in policy["mode"] and "set_mempolicy" in text.stderr:
        pytest.skip("weighted interleaving came with Linux 6.9")
    assert text.stdout.partition(" ")[2].startswith(f"{seen} ")


@pytest.mark.row("CL-96", "UB-54")
@pytest.mark.davit_only
@NUMA
@pytest.mark.parametrize("mode, flag, seen", [("MPOL_BIND", "MPOL_F_STATIC_NODES", "bind=static:0"),
                                              ("MPOL_INTERLEAVE", "MPOL_F_RELATIVE_NODES", "interleave=relative:0"),
                                              ("MPOL_BIND", "MPOL_F_NUMA_BALANCING", "bind")])
def test_the_flags_of_a_memory_policy(container, mode, flag, seen):
    container.linux["memoryPolicy"] = {"mode": mode, "nodes": "0", "flags": [flag]}

    assert container.run(["cat", "/proc/self/numa_maps"]).stdout.split()[1].startswith(seen)


@pytest.mark.row("CL-94", "CL-95", "CL-96", "UB-54")
@pytest.mark.davit_only
@pytest.mark.parametrize("policy, member", [
    ({}, "linux.memoryPolicy.mode"), ({"mode": "MPOL_BANANA"}, "linux.memoryPolicy.mode"),
    ({"mode": "MPOL_BIND"}, "linux.memoryPolicy.nodes"), ({"mode": "MPOL_INTERLEAVE", "nodes": ""}, "linux.memoryPolicy.nodes"),
    ({"mode": "MPOL_DEFAULT", "nodes": "0"}, "linux.memoryPolicy.nodes"), ({"mode": "MPOL_LOCAL", "nodes": "0"}, "linux.memoryPolicy.nodes"),
    ({"mode": "MPOL_BIND", "nodes": "banana"}, "linux.memoryPolicy.nodes"), ({"mode": "MPOL_BIND", "nodes": "900"}, "linux.memoryPolicy"),
    ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_BANANA"]}, "linux.memoryPolicy.flags[0]"),
    ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}, "linux.memoryPolicy")], ids=str)
def test_a_wrong_memory_policy_is_refused_with_its_member(container, policy, member):
    container.linux["memoryPolicy"] = policy

    refused(container, member)
