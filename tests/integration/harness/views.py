# SPDX-License-Identifier: Apache-2.0
"""Views: what a host may look like to the runtime.

A view is a private mount namespace, kept by a sleeping process of ours; a command enters it
through tests/tools/in-view.  Nothing that a view changes can be seen outside.  Each one has its
own copy of /sys/fs/cgroup where the view takes something away, so a runtime that wrongly
creates plain files there spoils the copy, not the host.
"""
import os
import signal
import subprocess

from . import machine

# What Linux 5.4, the oldest kernel davit supports, does not have.  The mount API came with 5.2, but
# distributions' seccomp profiles of that time block it, so it is denied as well.
NEW_CALLS = ("openat2,open_tree,move_mount,fsopen,fsconfig,fsmount,fspick,mount_setattr,clone3,"
             "close_range,pidfd_open,pidfd_send_signal,pidfd_getfd,faccessat2,fchmodat2,statmount,"
             "listmount,open_tree_attr,epoll_pwait2")

# The copy is complete before the old tree goes: a hidden cgroup mount would stay in mountinfo.
PRIVATE_COPY = r"""
copy=$(mktemp -d)
mount -t tmpfs -o mode=755 davit-test-view "$copy"
for point in /sys/fs/cgroup/*; do
    name=${point##*/}
    [ -d "$point" ] || continue
    case " $SKIP " in *" $name "*) continue;; esac
    mkdir "$copy/$name"
    case " $EMPTY " in *" $name "*) continue;; esac
    mount --bind "$point" "$copy/$name"
done
umount -R /sys/fs/cgroup
mount --move "$copy" /sys/fs/cgroup
rmdir "$copy"
"""

VIEWS = {
    # name:              (needs host layout,  skipped directories, empty directories, script)
    "hybrid":            (("hybrid",), "", "", ":"),
    "v1":                (("hybrid", "v1"), "unified", "", "copy"),
    "nofreezer-dir":     (("hybrid",), "", "freezer", "copy"),
    "nofreezer-dir-v1":  (("hybrid", "v1"), "unified", "freezer", "copy"),
    "nofreezer-gone":    (("hybrid",), "freezer", "", "copy"),
    "nofreezer-gone-v1": (("hybrid", "v1"), "unified freezer", "", "copy"),
    "v2":                (("hybrid", "v2"), "", "", "v2"),
    "nocgroup":          (("hybrid", "v1", "v2"), "", "", "umount -R /sys/fs/cgroup"),
    "oldkernel":         (("hybrid", "v1", "v2"), "", "", ":"),
}
ALL_VIEWS = list(VIEWS)
NO_FREEZER = [name for name in VIEWS if name.startswith("nofreezer")]


def default_view():
    wanted = os.environ.get("DAVIT_TEST_VIEW")
    if wanted:
        return wanted
    layout = machine.host_layout()
    # Debian's crun refuses the hybrid layout, so its comparisons run beside v1.
    if layout == "hybrid" and machine.runtime_kind() == "crun":
        return "v1"
    return layout


class View:
    """One private mount namespace (and, for v2, a cgroup namespace)."""

    def __init__(self, name, group, container_group):
        layouts, skip, empty, script = VIEWS[name]
        self.name = name
        self.unavailable = None
        self.holder = None
        if machine.host_layout() not in layouts:
            self.unavailable = f"the host's cgroup layout is {machine.host_layout()}"
            return

        script = {"copy": PRIVATE_COPY, "v2": "umount -R /sys/fs/cgroup\n"
                  "mount -t cgroup2 davit-test-view /sys/fs/cgroup\n"}.get(script, script)
        command = ["unshare", "--mount", "--propagation", "private"]
        if name == "v2":
            # The cgroup namespace makes our subtree look like the whole hierarchy, so nothing
            # at the host's root is touched, not even cgroup.subtree_control.
            unified = machine.hierarchies()["unified"]
            enter = f"echo 0 > {unified}/{group}/cgroup.procs"
            leave = f"echo 0 > {unified}/{group}/runner/cgroup.procs"
            command = ["sh", "-ec", f'{enter}; exec "$@"', "sh"] + command + ["--cgroup"]
            script = leave + "\n" + script
        command += ["setpriv", "--pdeathsig", "KILL", "sh", "-ec",
                    script + "\necho ready; exec sleep infinity"]
        self.holder = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                       text=True, env={"PATH": os.environ["PATH"], "SKIP": skip,
                                                       "EMPTY": empty})
        assert self.holder.stdout.readline() == "ready\n", f"view {name} could not be made"
        self.holder.stdout.close()

        self.has_unified = name in ("hybrid", "nofreezer-dir", "nofreezer-gone", "v2") or (
            name == "oldkernel" and machine.host_layout() != "v1")
        self.has_v1 = name not in ("v2", "nocgroup") and machine.host_layout() != "v2"
        self.has_cgroups = name != "nocgroup"
        self.has_v1_freezer = self.has_v1 and not name.startswith("nofreezer")
        self.can_pause = self.has_v1_freezer or self.has_unified
        self.cgroup_parent = "" if name == "v2" else f"/{container_group}"

    def path(self, path):
        """PATH of the view, as the test process can open it."""
        return f"/proc/{self.holder.pid}/root{path}"

    def prefix(self):
        """The words before a command that let it run in the view."""
        words = [machine.tool("in-view"), "-m", f"/proc/{self.holder.pid}/ns/mnt"]
        if self.name == "v2":
            words += ["-c", f"/proc/{self.holder.pid}/ns/cgroup"]
        return words

    def shim(self):
        """The words that come first."""
        if self.name == "oldkernel":
            return [machine.tool("deny-syscalls"), NEW_CALLS, "--"]
        return []

    def mountinfo(self):
        return machine.read(f"/proc/{self.holder.pid}/mountinfo").splitlines()

    def strays(self):
        """Plain files and directories that stand where only cgroups should be."""
        if self.name.startswith("nofreezer-dir"):
            return [f"/sys/fs/cgroup/freezer/{name}" for name in
                    os.listdir(self.path("/sys/fs/cgroup/freezer"))]
        if self.name.startswith("nofreezer-gone") and os.path.exists(self.path("/sys/fs/cgroup/freezer")):
            return ["/sys/fs/cgroup/freezer"]
        if self.name == "nocgroup":
            return [f"/sys/fs/cgroup/{name}" for name in os.listdir(self.path("/sys/fs/cgroup"))]
        return []

    def close(self):
        if self.holder:
            self.holder.send_signal(signal.SIGKILL)
            self.holder.wait()


class UserNamespace:
    """A user namespace with 131072 ids from FIRST_ID, and a mount namespace that it owns."""

    FIRST_ID = 300000

    def __init__(self, view):
        self.view = view
        command = view.prefix() + [
            "unshare", "--user", "--mount", "--propagation", "private", "setpriv", "--pdeathsig",
            "KILL", "sh", "-ec", "echo ready; exec sleep infinity"]
        self.holder = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                       text=True, env={"PATH": os.environ["PATH"]})
        assert self.holder.stdout.readline() == "ready\n", "the user namespace could not be made"
        self.holder.stdout.close()
        for table in ("uid_map", "gid_map"):
            assert machine.write(f"/proc/{self.holder.pid}/{table}", f"0 {self.FIRST_ID} 131072"), table

    def prefix(self):
        return [machine.tool("in-view"), "-U", f"/proc/{self.holder.pid}/ns/user",
                "-m", f"/proc/{self.holder.pid}/ns/mnt", "-u", "0:0"]

    def mountinfo(self):
        return machine.read(f"/proc/{self.holder.pid}/mountinfo").splitlines()

    def close(self):
        self.holder.send_signal(signal.SIGKILL)
        self.holder.wait()
