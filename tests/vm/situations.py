# SPDX-License-Identifier: Apache-2.0
"""How a container gets into each situation of the matrix, from outside, and what is true then."""
import json
import os
import signal
import time

from harness import machine
from harness.machine import wait_until

# init and one child, which both count, without other processes and without using up a processor: nothing is
# ever written to the fifo, so each `read` waits a moment.
COUNT = "exec 3<>/never; i=0; while :; do i=$((i+1)); echo $i > {}; read -t 0.02 x <&3; done"
PROGRAM = ["sh", "-c", f"({COUNT.format('/child')}) & {COUNT.format('/init')}"]


def cgroups_of(pid):
    """{mount point: directory} of a process, as the host sees them."""
    found = {}
    for line in machine.read(f"/proc/{pid}/cgroup").splitlines():
        _number, names, path = line.split(":", 2)
        for name in names.split(",") if names else ["unified"]:
            point = machine.hierarchies().get(name.removeprefix("name="))
            if point:
                found[point] = point + path
    return found


class Subject:
    """A container in a situation."""

    half_made_at = {}           # {place: the system call of `create` that is its last}

    def __init__(self, container, session):
        self.container, self.session = container, session
        self.away = []          # cgroups that we made
        self.bystander = None   # a process of ours that has init's pid on record
        self.pid = None
        self.child = None
        self.groups = {}
        self.record = None
        self.truth = None       # what `state` said at first
        self.seen = None

    def enter(self, situation):
        getattr(self, "enter_" + situation.replace("-", "_"))()

    def enter_created(self):
        os.mkfifo(self.container.rootfs / "never", 0o666)
        os.chown(self.container.rootfs / "never", self.container.owner, self.container.owner)
        self.container.create(PROGRAM)
        self.pid = self.container.pid
        self.groups = cgroups_of(self.pid)
        self.record = self.container.state_dir / "state.json"

    def enter_running(self):
        self.enter_created()
        self.container.start()
        self.makes_progress()
        self.child, = machine.children_of(self.pid)

    def enter_paused(self):
        self.enter_running()
        self.container.pause()

    def enter_frozen(self):
        self.enter_running()
        freezer = machine.hierarchies().get("freezer")
        if freezer and self.container.view.has_v1_freezer:
            group = self.groups[freezer]
            machine.write(f"{group}/freezer.state", "FROZEN")
            wait_until(lambda: "FROZEN" in machine.read(f"{group}/freezer.state"), what="FROZEN")
        else:
            group = self.groups[machine.hierarchies()["unified"]]
            machine.write(f"{group}/cgroup.freeze", "1")
            wait_until(lambda: "frozen 1" in machine.read(f"{group}/cgroup.events"), what="frozen 1")

    def enter_killed(self):
        self.enter_running()
        os.kill(self.pid, signal.SIGKILL)
        self.container.wait_dead(self.pid)

    def enter_zombie(self):
        self.enter_running()
        # We are its parent; while we do not reap it, it stays a zombie.
        self.session.orphans = lambda: []
        os.kill(self.pid, signal.SIGKILL)
        wait_until(lambda: machine.proc_state(self.pid) == "Z", what="a zombie")

    def enter_reused(self):
        self.enter_killed()
        self.bystander = self.session.spawn(["sleep", "1000"], stdout=None, stderr=None)
        document = json.loads(self.record.read_text())
        assert document["pid"] == self.pid
        document["pid"] = self.bystander.pid
        self.record.write_text(json.dumps(document))

    def made(self):
        """The cgroups that were made for the container."""
        return [group for group in self.groups.values() if self.container.id in group]

    def leave_cgroups(self, pids):
        """Moves processes to cgroups of ours beside the container's."""
        for group in self.made():
            place = f"{group}-away"
            os.mkdir(place)
            self.away.append(place)
            for file in ("cpuset.cpus", "cpuset.mems"):
                if os.path.exists(f"{group}/tasks") and os.path.exists(f"{group}/{file}"):
                    machine.write(f"{place}/{file}", machine.read(f"{group}/{file}"))
            for file in ("", "/cgroup.procs"):
                os.chown(place + file, self.container.owner, self.container.owner)
            for pid in pids:
                assert machine.write(f"{place}/cgroup.procs", str(pid)), place

    def enter_removed(self):
        self.enter_running()
        self.leave_cgroups([self.pid, self.child])
        for group in self.made():
            os.rmdir(group)

    def enter_moved(self):
        self.enter_running()
        self.leave_cgroups([self.pid])

    def enter_damaged(self):
        self.enter_running()
        text = self.record.read_text()
        self.record.write_text(text[:len(text) // 2])

    def enter_half_made(self):
        self.container.args = PROGRAM
        self.container.write_config()
        self.record = self.container.state_dir / "state.json"
        place = (self.container.view.name, self.container.mode)
        known = self.half_made_at.get(place)
        if known and self.create_until(known):
            return
        # Not so late that init stands at the gate and outlives its creator, not so early that there is no record.
        total = self.create_until(10 ** 9)
        for number in range(total * 3 // 4, 0, -max(1, total // 60)):
            if self.create_until(number):
                self.half_made_at[place] = number
                return
        raise AssertionError("create was nowhere half done")

    def create_until(self, number):
        """Kills `create` at its call NUMBER.  Whether a record is left, and no process; without a kill, the calls."""
        note = self.container.directory / "note"
        self.container.wrapper = [machine.tool("kill-at"), str(number), str(note)]
        self.container.runtime("create", self.container.id, check=False)
        self.container.wrapper = []
        what, count = note.read_text().split()[0], int(note.read_text().split()[-1])
        if what == "killed" and self.record.exists():
            document = json.loads(self.record.read_text())
            end = time.monotonic() + 1
            while self.session.orphans() and time.monotonic() < end:
                time.sleep(0.01)
            if document["phase"] == "creating" and not self.session.orphans():
                return True
        self.container.runtime("delete", "--force", self.container.id)
        return count if what != "killed" else False

    # --- what is true ------------------------------------------------------------------------------------

    def counters(self):
        return [machine.read(self.container.rootfs / name) for name in ("init", "child")]

    def moves(self):
        """Whether both processes have counted since the first call."""
        if self.seen is None or "" in self.seen:
            self.seen = self.counters()
            return False
        return all(a != b for a, b in zip(self.seen, self.counters()))

    def makes_progress(self):
        self.seen = None
        wait_until(self.moves, what="progress of the container")

    def stands_still(self):
        first, end = self.counters(), time.monotonic() + 0.15
        while time.monotonic() < end:
            assert self.counters() == first, "it is called paused, and it goes on"
            time.sleep(0.01)

    def alive(self):
        return [pid for pid in (self.pid, self.child) if pid and machine.is_alive(pid)]

    def dies(self):
        """Waits until both processes have ended; we are the one that reaps them."""
        wait_until(lambda: self.session.orphans() is not None and not self.alive(), what="the end of the processes")

    def finish(self):
        """Nothing is left, whatever the runtime said."""
        vars(self.session).pop("orphans", None)
        if self.bystander:
            self.bystander.kill()
            self.bystander.wait()
            self.session.forget(self.bystander)
        if self.container.state_dir.exists():
            self.container.runtime("delete", "--force", self.container.id, check=False)
        for group in self.away + self.made():
            machine.remove_cgroup(group)
        for pid in self.alive():
            machine.send(pid, signal.SIGKILL)
        self.dies()
