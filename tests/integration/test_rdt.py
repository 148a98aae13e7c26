# SPDX-License-Identifier: Apache-2.0
"""linux.intelRdt where there is no resctrl, as on most machines.  What is done where there is one:
tests/unit/os/test-rdt.c."""
import os

import pytest

from harness import machine

pytestmark = pytest.mark.skipif(os.path.exists("/sys/fs/resctrl/schemata"), reason="this machine has resctrl")
SCHEMA = {"l3CacheSchema": "L3:0=f", "enableMonitoring": True}


@pytest.mark.row("CL-81")
@pytest.mark.parametrize("rdt", [{}, SCHEMA, {"closID": "/"}, {"closID": "group", "schemata": ["L3:0=f"]}])
def test_without_resctrl_it_is_refused_and_nothing_is_left(container, rdt):
    container.linux["intelRdt"] = rdt

    out = container.run(["true"], check=False)

    assert out.returncode != 0
    assert not container.state_dir.exists()
    assert container.cgroup_dirs() == []
    if machine.runtime_kind() == "davit":
        assert "linux.intelRdt: there is no resctrl file system at /sys/fs/resctrl" in out.stderr
        assert "mount -t resctrl" in out.stderr


@pytest.mark.row("CL-85", "CL-86")
@pytest.mark.davit_only
@pytest.mark.parametrize("rdt, path", [
    ({"closID": "../x"}, "linux.intelRdt.closID"),
    ({"memBwSchema": "XX:0=5"}, "linux.intelRdt.memBwSchema"),
    ({"memBwSchema": "MB:0=5\nL3:0=f"}, "linux.intelRdt.memBwSchema"),
    ({"l3CacheSchema": 5}, "linux.intelRdt.l3CacheSchema"),
    ({"schemata": ["L3:0=f\nMB:0=5"]}, "linux.intelRdt.schemata[0]"),
])
def test_a_wrong_schema_is_refused_by_name(container, rdt, path):
    container.linux["intelRdt"] = rdt

    out = container.run(["true"], check=False)

    assert out.returncode == 1
    assert path in out.stderr


@pytest.mark.row("FL-07")
@pytest.mark.davit_only
def test_features_tell_it(container):
    told = container.runtime("features").json["linux"]["intelRdt"]

    assert told == {"enabled": True, "schemata": True, "monitoring": True}
