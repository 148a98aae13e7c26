# SPDX-License-Identifier: Apache-2.0
"""The layouts: each way in which a Linux host can arrange its cgroups, as kernel options and an init.

`systemd` boots Debian's systemd, which mounts the cgroups as a distribution does: on v1 with
cpu,cpuacct and net_cls,net_prio mounted together and symlinks for each.  `small` boots
guest/small-init, which mounts one hierarchy for each controller (v1) or cgroup2 with all controllers
switched on (v2), as hosts without systemd do; it also starts in a third of the time.
"""
import dataclasses

V1 = "systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1"
HYBRID = "systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0"
V2 = "systemd.unified_cgroup_hierarchy=1"


@dataclasses.dataclass(frozen=True)
class Layout:
    """One row of LAYOUTS."""

    name: str
    about: str
    init: str               # systemd or small
    kernel: str             # kernel options
    kind: str               # what a container has there, see KINDS in matrix.py
    view: str               # the view of the integration tests that this machine really is
    user: str = "root"      # root, rootless or delegated: who runs the containers of the matrix
    quick: bool = False     # part of `make check-vm-quick`


LAYOUTS = {layout.name: layout for layout in [
    Layout("v1", "cgroup v1, as systemd mounts it", "systemd", V1, "v1", "v1"),
    Layout("v1-nofreezer", "v1 without the freezer: an empty directory stands in its place", "systemd",
           f"{V1} cgroup_no_v1=freezer", "nofreezer", "nofreezer-dir-v1", quick=True),
    Layout("v1-nopids", "v1 without pids, a mount for each controller", "small",
           "davit.cgroup=v1 cgroup_no_v1=pids", "v1", "v1"),
    Layout("v1-nomemory", "v1 without memory, a mount for each controller", "small",
           "davit.cgroup=v1 cgroup_disable=memory", "v1", "v1"),
    Layout("hybrid", "v1 controllers, and a v2 hierarchy without any at `unified`", "systemd", HYBRID, "v1", "hybrid"),
    Layout("hybrid-nofreezer", "hybrid without the v1 freezer", "systemd",
           f"{HYBRID} cgroup_no_v1=freezer", "v2", "nofreezer-dir"),
    Layout("v2", "cgroup v2, no systemd on the host", "small", "davit.cgroup=v2", "v2", "v2"),
    Layout("v2-systemd", "cgroup v2, as systemd mounts it", "systemd", V2, "v2", "v2", quick=True),
    Layout("v2-nomemory", "cgroup v2 without the memory controller", "small",
           "davit.cgroup=v2 cgroup_disable=memory", "v2", "v2"),
    Layout("rootless-delegated", "an ordinary user with a cgroup that systemd delegated", "systemd",
           V2, "v2", "v2", user="delegated"),
    Layout("rootless", "an ordinary user without a delegated cgroup", "systemd", V2, "nocgroup", "v2", user="rootless"),
    Layout("oldkernel", "hybrid, and the system calls that came after Linux 5.1 are denied", "systemd",
           HYBRID, "v1", "oldkernel"),
]}
QUICK = [name for name, layout in LAYOUTS.items() if layout.quick]
