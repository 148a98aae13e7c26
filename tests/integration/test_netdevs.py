# SPDX-License-Identifier: Apache-2.0
"""linux.netDevices: devices of the host, which is a network namespace of the test here, move into the
container with their addresses."""
import json
import os
import subprocess

import pytest

from harness import machine

pytestmark = [pytest.mark.davit_only, pytest.mark.views("hybrid")]
BACK = "run.oci.davit.return_net_devices"
V4, V6 = "192.0.2.7/24", "2001:db8::7/64"


class Network:
    """A network namespace in the place of the host's; davit is started in it."""

    def __init__(self, session):
        self.session = session
        self.holder = session.spawn(["unshare", "-n", "sh", "-c", "echo ready; exec sleep 1000"],
                                    stdout=subprocess.PIPE, stderr=None, env={"PATH": os.environ["PATH"]})
        assert self.holder.stdout.readline() == b"ready\n"
        self.holder.stdout.close()
        self.prefix = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]

    def ip(self, *words, check=True):
        return subprocess.run([*self.prefix, "ip", *words], capture_output=True, text=True, check=check).stdout

    def device(self, name):
        """One end of a pair, with addresses; the other end stays."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", f"{name}-peer")
        self.ip("link", "set", name, "mtu", "1400", "up")
        self.ip("link", "set", f"{name}-peer", "up")
        self.ip("addr", "add", V4, "dev", name)
        self.ip("addr", "add", V6, "dev", name, "nodad")
        self.ip("addr", "add", "169.254.3.4/16", "scope", "link", "dev", name)

    def names(self):
        return {link["ifname"] for link in json.loads(self.ip("-j", "link"))}

    def addresses(self, name, *prefix):
        """{address/length} of global scope, and whether the device is up."""
        words = [*prefix, "ip", "-j", "addr", "show", "dev", name]
        text = subprocess.run(words if prefix else [*self.prefix, *words], capture_output=True, text=True, check=True).stdout
        [link] = [entry for entry in json.loads(text) if entry]
        found = {f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] == "global"}
        return found, "UP" in link["flags"], link["mtu"]

    def close(self):
        machine.send(self.holder.pid, 9)
        self.holder.wait()
        self.session.forget(self.holder)


@pytest.fixture
def network(session, setting):
    if setting[1] != "root":
        pytest.skip(f"{setting[1]}: network devices of the host belong to its root")
    network = Network(session)
    yield network
    network.close()


@pytest.fixture
def box(container, network):
    """A container whose runtime runs in the network."""
    network.device("d0")
    container.wrapper = network.prefix
    for capabilities in container.process["capabilities"].values():
        capabilities[:] = [name for name in capabilities if name != "CAP_NET_ADMIN"]
    return container


def inside(container):
    return ["nsenter", f"--net=/proc/{container.pid}/ns/net", "--"]


@pytest.mark.parametrize("name", [None, "eth0"])
@pytest.mark.row("CL-22", "CL-24", "CL-25", "UB-27")
def test_a_device_moves_with_its_addresses(box, network, name):
    network.ip("link", "set", "d0", "address", "02:00:00:00:00:77")
    box.linux["netDevices"] = {"d0": {"name": name} if name else {}}
    box.up()

    assert network.names() == {"lo", "d0-peer"}
    addresses, up, mtu = network.addresses(name or "d0", *inside(box))
    assert addresses == {V4, V6}
    assert up
    assert mtu == 1400
    out = subprocess.run([*inside(box), "ip", "addr"], capture_output=True, text=True, check=True).stdout
    assert "169.254.3.4" not in out
    assert "02:00:00:00:00:77" in out


@pytest.mark.row("CL-23", "UB-27")
def test_a_name_can_be_a_template(box, network):
    network.device("d1")
    box.linux["netDevices"] = {"d0": {"name": "eth%d"}, "d1": {"name": "eth%d"}}
    box.up()

    for name in ("eth0", "eth1"):
        assert network.addresses(name, *inside(box))[0] == {V4, V6}


def test_it_is_there_before_the_hooks_and_the_program_run(box, network):
    box.linux["netDevices"] = {"d0": {"name": "eth0"}}

    out = box.run(["cat", "/proc/net/dev"])

    assert "eth0" in out.stdout


@pytest.mark.row("CL-26")
@pytest.mark.parametrize("how", ["run", "delete"])
def test_in_the_end_it_is_not_brought_back(box, network, how):
    """A virtual device ends with its namespace; a physical one goes home by itself."""
    box.linux["netDevices"] = {"d0": {"name": "eth0"}}
    if how == "run":
        box.run(["true"])
    else:
        box.up().force_delete()

    machine.wait_until(lambda: network.names() == {"lo"})


@pytest.mark.parametrize("how", ["run", "delete"])
def test_it_comes_back_when_the_annotation_says_so(box, network, how):
    box.spec["annotations"] = {BACK: "1"}
    box.linux["netDevices"] = {"d0": {"name": "eth0"}}
    if how == "run":
        box.run(["true"])
    else:
        box.up().force_delete()

    assert network.names() == {"lo", "d0", "d0-peer"}
    assert network.addresses("d0") == ({V4, V6}, True, 1400)


def test_what_a_container_may_have_made_itself_does_not_come_back(box, network):
    """With CAP_NET_ADMIN it could hand the host a device with addresses of its choice."""
    box.spec["annotations"] = {BACK: "1"}
    for kind in ("bounding", "effective", "permitted"):
        box.process["capabilities"].setdefault(kind, []).append("CAP_NET_ADMIN")
    box.linux["netDevices"] = {"d0": {"name": "eth0"}}
    box.up()

    box.force_delete()

    assert "d0" not in network.names()


@pytest.mark.row("CL-26")
def test_it_is_left_alone_inside_after_the_move(box, network, session):
    other = Network(session)
    try:
        box.namespace("network")["path"] = f"/proc/{other.holder.pid}/ns/net"
        box.linux["netDevices"] = {"d0": {"name": "eth0"}}
        box.create(["sleep", "1000"])
        other.ip("addr", "del", V4, "dev", "eth0")
        other.ip("link", "set", "eth0", "mtu", "1300", "down")
        box.start()
        box.exec(["true"])
        box.force_delete()

        assert other.addresses("eth0")[1:] == (False, 1300)
        assert V4 not in other.addresses("eth0")[0]
        assert network.names() == {"lo", "d0-peer"}
    finally:
        box.force_delete()
        other.close()


@pytest.mark.parametrize("how", ["create", "run"])
@pytest.mark.row("UB-27")
def test_after_a_failure_it_is_where_it_was(box, network, how):
    network.device("d1")
    box.linux["netDevices"] = {"d0": {"name": "eth0"}, "d1": {}}
    box.args = ["/nothing"]
    box.write_config()

    out = box.runtime(how, box.id, check=False)

    assert out.returncode == 1
    assert {"d0", "d1"} <= network.names()
    assert network.addresses("d0") == ({V4, V6}, True, 1400)
    assert not box.state_dir.exists()


@pytest.mark.parametrize("devices, text", [
    ({"missing": {}}, 'linux.netDevices["missing"]'),
    ({"d0": {}, "missing": {}}, 'linux.netDevices["missing"]'),
    ({"d0": {"name": "lo"}}, 'linux.netDevices["d0"]'),
    ({"d0": {"name": "eth0"}, "d0-peer": {"name": "eth0"}}, 'linux.netDevices["d0-peer"]'),
    ({"lo": {"name": "lo2"}}, 'linux.netDevices["lo"]'),
    ({"d0": {"name": "a/b"}}, 'linux.netDevices["d0"].name'),
    ({"d0": {"name": "sixteen-letters-"}}, 'linux.netDevices["d0"].name'),
])
@pytest.mark.row("CL-23")
def test_what_cannot_be_moved_is_named_and_nothing_changes(box, network, devices, text):
    box.linux["netDevices"] = devices

    out = box.run(["true"], check=False)

    assert out.returncode == 1
    assert text in out.stderr
    assert "d0" in network.names()
    assert network.addresses("d0") == ({V4, V6}, True, 1400)
    assert not box.state_dir.exists()


def test_a_network_namespace_is_needed(box, network):
    box.drop_namespace("network")
    box.linux["netDevices"] = {"d0": {}}

    out = box.run(["true"], check=False)

    assert out.returncode == 1
    assert "linux.netDevices: needs a network namespace" in out.stderr


@pytest.mark.row("UB-27")
def test_into_a_namespace_that_is_joined(box, network, session):
    other = Network(session)
    try:
        box.namespace("network")["path"] = f"/proc/{other.holder.pid}/ns/net"
        box.linux["netDevices"] = {"d0": {"name": "eth0"}}
        box.up()

        assert other.addresses("eth0")[0] == {V4, V6}
        assert network.names() == {"lo", "d0-peer"}
    finally:
        box.force_delete()
        other.close()


@pytest.mark.row("UB-27")
def test_with_a_user_namespace(box, network):
    box.use_user_namespace()
    box.linux["netDevices"] = {"d0": {"name": "eth0"}}
    box.up()

    assert network.addresses("eth0", *inside(box))[0] == {V4, V6}


def test_features_tell_it(container):
    assert container.runtime("features").json["linux"]["netDevices"] == {"enabled": True}
