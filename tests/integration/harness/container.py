# SPDX-License-Identifier: Apache-2.0
"""One container of a test: its bundle, its state root, the commands on it, and what it leaves."""
import copy
import dataclasses
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

from . import bundle as bundles
from . import machine
from .views import UserNamespace


# The host's id of the caller, who is root in his containers.
OWNERS = {"root": 0, "rootless": bundles.UNPRIVILEGED, "userns": UserNamespace.FIRST_ID}


def host_id(mode, outer):
    """The host's id of what the runtime of MODE calls OUTER."""
    return outer + (UserNamespace.FIRST_ID if mode == "userns" else 0)


class Hang(AssertionError):
    """A command did not come back in time."""


class CommandFailed(AssertionError):
    """A command that had to work did not."""


@dataclasses.dataclass
class Result:
    """What a finished command did."""

    args: list
    returncode: int
    stdout: str
    stderr: str
    seconds: float

    def __str__(self):
        return (f"{' '.join(self.args)}\n-> {self.returncode} after {self.seconds:.3f} s\n"
                f"stdout: {self.stdout[-2000:]}\nstderr: {self.stderr[-2000:]}")

    @property
    def json(self):
        return json.loads(self.stdout)

    @property
    def message(self):
        """The error, without the hint below it."""
        lines = [line for line in self.stderr.splitlines() if not line.startswith("hint: ")]
        return "\n".join(lines)


class Running:
    """A command that has been started and not yet awaited."""

    def __init__(self, session, args, process, out, err, history):
        self.session, self.args, self.process, self.out, self.err = session, args, process, out, err
        self.started = process.started
        self.history = history

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        return machine.read(self.out) if self.out else ""

    def errors(self):
        return machine.read(self.err) if self.err else ""

    def wait(self, timeout=None):
        timeout = machine.DEADLINE if timeout is None else timeout * machine.PATIENCE
        # Reaping goes on meanwhile, as conmon's does: a pid namespace cannot end before the zombies
        # of the processes that were put into it from outside are gone.
        end = time.monotonic() + timeout
        while not machine.wait_for_end(self.process, 0.05):
            self.session.orphans()
            if time.monotonic() > end:
                self.session.end_hang(self, timeout)
        self.session.forget(self.process)
        result = Result(self.args, self.process.returncode, self.output(), self.errors(),
                        time.monotonic() - self.started)
        self.history.append(result)
        return result


class Session:
    """All of one pytest run: temporary files, the cgroup subtree, views, living commands.

    MODE is who calls the runtime for tests that do not say so.  If that is not root, he has what a distribution
    gives its users: a delegated cgroup subtree and a range of ids.
    """

    def __init__(self, mode="root"):
        machine.become_subreaper()
        machine.remove_stale()
        self.group = f"davit-test-{os.getpid()}"
        self.directory = pathlib.Path(os.environ.get("DAVIT_TEST_TMP", "/var/tmp")) / self.group
        self.directory.mkdir(mode=0o755)
        self.template = bundles.Template(self.directory / "template")
        self.lock = threading.Lock()
        self.processes = {}
        self.statuses = {}
        self.views = {}
        self.namespaces = {}
        self.serial = 0
        self.was_in = None
        self.unified = machine.hierarchies().get("unified")
        # Two subtrees: a runtime may enable v2 controllers above its containers, and then no process
        # could enter there any more; the v2 view has to, see views.View.
        self.groups = [self.group, f"{self.group}-c"]
        # Who is not root moves a process within v2 only where the common parent is his, so his containers
        # are beside the runner.
        self.mode = mode
        self.delegated_to = OWNERS[mode]
        self.container_group = self.groups[0 if self.delegated_to else 1]
        for point in machine.hierarchies().values():
            for group in self.groups:
                os.mkdir(f"{point}/{group}")
        if self.unified:
            self.was_in = re.search(r"^0::(.*)$", machine.read("/proc/self/cgroup"), re.M).group(1)
            os.mkdir(f"{self.unified}/{self.group}/runner")
            machine.write(f"{self.unified}/{self.group}/runner/cgroup.procs", str(os.getpid()))
            self.subtree_control = machine.read(f"{self.unified}/cgroup.subtree_control")
        if self.delegated_to:
            self.view("v2")         # now: nobody enters a cgroup that hands controllers on
            for point in machine.hierarchies().values():
                machine.delegate(f"{point}/{self.group}", self.delegated_to)
            os.makedirs(f"{self.unified}/{self.group}/outside/leaf")

    def outside(self):
        """Words before a command that begins where nothing is delegated."""
        leaf = f"{self.unified}/{self.group}/outside/leaf"
        return ["/bin/sh", "-ec", f'echo 0 > {leaf}/cgroup.procs; exec "$@"', "sh"] if self.delegated_to else []

    def view(self, name):
        if name not in self.views:
            from .views import View
            self.views[name] = View(name, self.group, self.container_group)
            if self.views[name].holder:
                self.remember(self.views[name].holder)
                if self.mode == "rootless":
                    self._give_sub_ids(self.views[name])
        return self.views[name]

    def _give_sub_ids(self, view):
        """A range of ids for the ordinary user, in private copies of the host's files, in the view only."""
        user = bundles.UNPRIVILEGED
        lines = {"/etc/passwd": f"davit-test:x:{user}:{user}::/:/bin/sh\n",
                 "/etc/subuid": f"davit-test:{bundles.SUB_ID}:65535\n",
                 "/etc/subgid": f"davit-test:{bundles.SUB_ID}:65535\n"}
        for path, line in lines.items():
            copy = self.directory / path.rpartition("/")[2]
            copy.write_text(machine.read(path) + line)
            copy.chmod(0o644)
            subprocess.run(view.prefix() + ["--", "mount", "--bind", str(copy), path], check=True)

    def user_namespace(self, view):
        if view.name not in self.namespaces:
            self.namespaces[view.name] = UserNamespace(view)
            self.remember(self.namespaces[view.name].holder)
        return self.namespaces[view.name]

    def next_name(self):
        with self.lock:
            self.serial += 1
            return f"t{os.getpid()}-{self.serial}"

    # Popen objects reap their own process; everything else below us is an orphan.
    def remember(self, process):
        with self.lock:
            self.processes[process.pid] = process

    def forget(self, process):
        with self.lock:
            self.processes.pop(process.pid, None)

    def orphans(self):
        """Processes that came to us because their parent ended; dead ones are reaped on the way."""
        with self.lock:
            found = []
            for pid in machine.children_of(os.getpid()):
                if pid in self.processes:
                    continue
                try:
                    done, status = os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    continue
                if done:
                    self.statuses[pid] = os.waitstatus_to_exitcode(status)
                else:
                    found.append(pid)
            return found

    def spawn(self, args, *, stdin=subprocess.DEVNULL, stdout, stderr, cwd=None, env=None,
              pass_fds=(), preexec_fn=None, new_session=False, close_fds=True):
        with self.lock:
            before = time.monotonic()       # on a busy machine the child may be well on its way when Popen returns
            process = subprocess.Popen(args, stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd,
                                       env=env, pass_fds=pass_fds, preexec_fn=preexec_fn,
                                       start_new_session=new_session, close_fds=close_fds)
            self.processes[process.pid] = process
            process.started = before
        return process

    def end_hang(self, running, timeout):
        tree = machine.tree_of(running.pid)
        for orphan in self.orphans():
            tree += machine.tree_of(orphan)
        report = "\n".join("  " + machine.describe(pid) for pid in tree)
        for point in machine.hierarchies().values():
            for group in self.groups:
                machine.thaw(f"{point}/{group}")
        for pid in tree:
            machine.send(pid, signal.SIGKILL)
        try:
            running.process.wait(5)
        except subprocess.TimeoutExpired:
            report += "\n  and SIGKILL does not end it"
        self.forget(running.process)
        raise Hang(f"{' '.join(running.args)}\nhangs after {timeout:g} s:\n{report}\n"
                   f"stdout: {running.output()[-1000:]}\nstderr: {running.errors()[-1000:]}")

    def close(self):
        for namespace in self.namespaces.values():
            namespace.close()
        for view in self.views.values():
            view.close()
        if self.was_in is not None:
            machine.write(f"{self.unified}{self.was_in}/cgroup.procs", str(os.getpid()))
        for point in machine.hierarchies().values():
            for group in self.groups:
                machine.remove_cgroup(f"{point}/{group}")
        shutil.rmtree(self.directory, ignore_errors=True)


class Console:
    """Listens for the terminal of a container, as conmon does."""

    def __init__(self, path, backlog=1):
        self.path = str(path)
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(self.path)
        self.server.listen(backlog)
        self.master = None
        self.message = None

    def accept(self, seconds=5):
        self.server.settimeout(seconds * machine.PATIENCE)
        connection, _ = self.server.accept()
        connection.settimeout(seconds * machine.PATIENCE)
        self.message, descriptors, _flags, _address = socket.recv_fds(connection, 4096, 8)
        assert len(descriptors) == 1, f"{len(descriptors)} descriptors came"
        self.master = descriptors[0]
        connection.close()
        return self.master

    def read_until(self, wanted=None, seconds=5):
        """What the terminal printed, up to WANTED or its end."""
        return read_terminal(self.master, wanted, seconds)

    def close(self):
        self.server.close()
        if self.master is not None:
            os.close(self.master)
            self.master = None


def read_terminal(master, wanted=None, seconds=5):
    """What MASTER prints, up to WANTED or to its end."""
    data, end = bytearray(), time.monotonic() + seconds * machine.PATIENCE
    mark = wanted.encode() if wanted else None
    while True:
        left = end - time.monotonic()
        assert left > 0, f"the terminal did not print {wanted!r} but {bytes(data[-500:])!r}"
        if not select.select([master], [], [], left)[0]:
            continue
        try:
            block = os.read(master, 65536)
        except OSError:
            block = b""
        data += block
        if mark and mark in data[-len(block) - len(mark):]:
            break
        if not block:
            assert mark is None, f"the terminal ended without {wanted!r}: {bytes(data[-500:])!r}"
            break
    return data.decode(errors="replace")


class Container:
    """Made by the fixture `container`; change .spec, then run something."""

    def __init__(self, session, view, mode, directory, runtime=None, root=None, delegated=False):
        """DELEGATED: a caller who is not root has a cgroup subtree and, rootless, a range of ids."""
        self.session, self.view, self.mode, self.delegated = session, view, mode, delegated
        self.runtime_path = runtime or machine.RUNTIME
        self.directory = pathlib.Path(directory)
        self.id = session.next_name()
        self.bundle = self.directory / f"bundle-{self.id}"
        self.rootfs = self.bundle / "rootfs"
        self.root = root or self.directory / "state"
        self.spec = copy.deepcopy(bundles.default_spec(mode))
        if mode == "rootless" and delegated:
            for table in bundles.ID_TABLES:
                self.linux[table] = copy.deepcopy(bundles.RANGES["rootless"])
        if view.has_cgroups and (mode == "root" or delegated):
            self.spec["linux"]["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
            self.spec["linux"]["cgroupsPath"] = f"{view.cgroup_parent}/{self.id}"
        self.bundle.mkdir(mode=0o755)
        session.template.make_rootfs(self.rootfs)
        if mode != "root":
            self._give_away()
        self.env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    "HOME": "/root", "LANG": "C.UTF-8"}
        if mode == "rootless":
            runtime_dir = self.directory / "xdg"
            if not runtime_dir.exists():
                runtime_dir.mkdir(mode=0o700)
                os.chown(runtime_dir, self.owner, self.owner)
            self.env.update(HOME=str(self.directory), XDG_RUNTIME_DIR=str(runtime_dir))
        self.wrapper = []           # words before the runtime: strace and the like
        self.used = False
        self.pid_file = self.directory / f"{self.id}.pid"
        self.console = None
        self.running = []
        self.history = []

    @property
    def owner(self):
        return OWNERS[self.mode]

    def use_user_namespace(self):
        """A user namespace with 65536 ids for the container; its root owns the rootfs."""
        if self.mode != "rootless":         # which has one
            self.linux["namespaces"].append({"type": "user"})
            for table in bundles.ID_TABLES:
                self.linux[table] = copy.deepcopy(bundles.RANGES[self.mode])
        for top, _directories, _files in os.walk(self.rootfs):
            os.chown(top, self.host_id(0), self.host_id(0))
        return self

    def without_ranges(self):
        """An ordinary user without newuidmap: what traces the runtime then traces nothing else."""
        if self.mode == "rootless":
            for table in bundles.ID_TABLES:
                self.linux[table] = [{"containerID": 0, "hostID": self.owner, "size": 1}]

    def share_user_namespace(self, other):
        """What joins other namespaces of OTHER, another container, needs as an ordinary user."""
        if self.mode == "rootless":
            self.namespace("user")["path"] = f"/proc/{other.pid}/ns/user"

    def host_id(self, inner):
        """The host's id of INNER in the container."""
        for row in self.linux.get("uidMappings", [{"containerID": 0, "hostID": 0, "size": 1 << 32}]):
            if 0 <= inner - row["containerID"] < row["size"]:
                return host_id(self.mode, inner - row["containerID"] + row["hostID"])
        raise AssertionError(f"the container has no id {inner}")

    def give(self, *paths):
        """Lets the caller of the runtime own PATHS and what is below them."""
        for path in paths:
            for place in (path, *pathlib.Path(path).rglob("*")):
                os.chown(place, self.owner, self.owner, follow_symlinks=False)

    def caller_pid(self):
        """A process in the namespaces of the caller."""
        return (self.session.user_namespace(self.view) if self.mode == "userns" else self.view).holder.pid

    def enter(self):
        """The words before a command that lets root work where the caller is."""
        return (self.session.user_namespace(self.view) if self.mode == "userns" else self.view).prefix() + ["--"]

    def _give_away(self):
        for path in (self.directory, self.bundle):
            os.chown(path, self.owner, self.owner)
        for top, directories, files in os.walk(self.rootfs):
            os.chown(top, self.owner, self.owner)
            for name in files:
                path = os.path.join(top, name)
                if os.stat(path).st_nlink == 1:
                    os.chown(path, self.owner, self.owner)

    # --- the files of the bundle ------------------------------------------------------------------

    @property
    def args(self):
        return self.spec["process"]["args"]

    @args.setter
    def args(self, value):
        self.spec["process"]["args"] = list(value)

    @property
    def linux(self):
        return self.spec["linux"]

    @property
    def process(self):
        return self.spec["process"]

    @property
    def state_dir(self):
        return self.root / self.id

    def namespace(self, kind):
        """The entry of linux.namespaces, None when it is not listed."""
        return next((n for n in self.linux["namespaces"] if n["type"] == kind), None)

    def drop_namespace(self, kind):
        self.linux["namespaces"] = [n for n in self.linux["namespaces"] if n["type"] != kind]

    def add_mount(self, destination, source, kind="bind", options=("rbind",)):
        self.spec["mounts"].append({"destination": destination, "type": kind, "source": str(source),
                                    "options": list(options)})
        return self.spec["mounts"][-1]

    def set_resources(self, **resources):
        self.linux.setdefault("resources", {}).update(resources)

    def write_config(self):
        path = self.bundle / "config.json"
        path.write_text(json.dumps(self.spec), encoding="utf-8")
        if self.mode != "root":
            os.chown(path, self.owner, self.owner)
        return path

    def host_script(self, name, text):
        """An executable shell script beside the bundle's rootfs; for hooks."""
        path = self.bundle / name
        path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
        path.chmod(0o755)
        if self.mode != "root":
            os.chown(path, self.owner, self.owner)
        return str(path)

    def guest_script(self, name, text):
        """The same inside the root file system; returns the path as the container sees it."""
        path = self.rootfs / "bin" / name
        path.unlink(missing_ok=True)        # an applet is a hard link to the shared busybox
        path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
        path.chmod(0o755)
        return f"/bin/{name}"

    def full_device(self):
        """A device like /dev/full, but our own: some runtimes put a file in its place."""
        path = self.directory / "full"
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
        return str(path)

    # --- running the runtime -----------------------------------------------------------------------

    def command(self, *words, root=True, limits=()):
        """The full argument list that runs the runtime in this view and mode."""
        prefix = self.view.prefix()
        if self.mode == "userns":
            prefix = self.session.user_namespace(self.view).prefix()
        elif self.mode == "rootless":
            prefix += ["-u", f"{self.owner}:{self.owner}"]
        if not self.delegated:
            prefix = self.session.outside() + prefix
        prefix += list(limits)
        line = [self.runtime_path]
        if root:
            line += ["--root", str(self.root)]
        words = line + [str(w) for w in words]
        tracers = (["strace"], [machine.tool("deny-syscalls")])
        if self.mode == "rootless" and self.wrapper[:1] in tracers and len(self.linux.get("uidMappings", [])) > 1:
            # newuidmap needs a tracer with its rights, and no no_new_privs.
            return (self.view.shim() + self.wrapper + prefix, words)
        # The shim of an old kernel comes first: root can do without no_new_privs, which newuidmap cannot.
        return (self.view.shim() + prefix, self.wrapper + words)

    def launch(self, *words, root=True, stdin=subprocess.DEVNULL, stdout=None, stderr=None, cwd=None,
               env=None, pass_fds=(), limits=(), **more):
        """Starts the runtime with WORDS and returns at once.  Output goes to files, so that a
        container that keeps them open does not keep the test waiting."""
        self.used = True
        self.session.orphans()
        prefix, line = self.command(*words, root=root, limits=limits)
        out = err = None
        if stdout is None:
            out = self.directory / f"{self.session.next_name()}.out"
            stdout = open(out, "wb")
            os.fchown(stdout.fileno(), self.owner, self.owner)
        if stderr is None:
            err = self.directory / f"{self.session.next_name()}.err"
            stderr = open(err, "wb")
            os.fchown(stderr.fileno(), self.owner, self.owner)
        env = {**self.env, **(env or {})}
        if machine.sanitized(self.runtime_path):
            # LeakSanitizer cannot work below strace or kill-at, which trace themselves.
            options = os.environ.get("ASAN_OPTIONS", "abort_on_error=1")
            env["ASAN_OPTIONS"] = options + (":detect_leaks=0" if self.wrapper else "")
        process = self.session.spawn(
            prefix + ["-d", str(cwd or self.bundle), "--"] + line, stdin=stdin, stdout=stdout,
            stderr=stderr, env=env, pass_fds=pass_fds, **more)
        for stream in (stdout, stderr):
            if hasattr(stream, "close") and stream not in (subprocess.PIPE, subprocess.STDOUT):
                stream.close()
        running = Running(self.session, line, process, out, err, self.history)
        self.running.append(running)
        return running

    def runtime(self, *words, check=True, timeout=None, input=None, **more):
        """Runs the runtime with WORDS to its end."""
        if input is not None:
            path = self.directory / f"{self.session.next_name()}.in"
            path.write_bytes(input if isinstance(input, bytes) else input.encode())
            with open(path, "rb") as stdin:
                result = self.launch(*words, stdin=stdin, **more).wait(timeout)
        else:
            result = self.launch(*words, **more).wait(timeout)
        if check and result.returncode != 0:
            raise CommandFailed(str(result))
        return result

    # --- commands ------------------------------------------------------------------------------------

    def _prepare(self, args):
        if args is not None:
            self.args = args
        if self.spec is not None:
            self.write_config()

    def run(self, args=None, *, options=(), globals=(), check=True, **more):
        """`run` in the foreground; check=True wants exit code 0."""
        self._prepare(args)
        return self.runtime(*globals, "run", *options, self.id, check=check, **more)

    def start_run(self, args=None, *, options=(), globals=(), **more):
        """`run` in the foreground, not awaited."""
        self._prepare(args)
        return self.launch(*globals, "run", *options, self.id, **more)

    def create(self, args=None, *, options=(), globals=(), check=True, **more):
        """`create`; what the container prints later is in .output()."""
        self._prepare(args)
        timeout = more.pop("timeout", None)
        started = self.launch(*globals, "create", "--pid-file", self.pid_file, *options, self.id, **more)
        self.log = started
        result = started.wait(timeout)
        if check and result.returncode != 0:
            raise CommandFailed(str(result))
        return result

    def run_detached(self, args=None, *, options=(), globals=(), check=True, **more):
        self._prepare(args)
        timeout = more.pop("timeout", None)
        started = self.launch(*globals, "run", "--detach", "--pid-file", self.pid_file, *options,
                              self.id, **more)
        self.log = started
        result = started.wait(timeout)
        if check and result.returncode != 0:
            raise CommandFailed(str(result))
        return result

    def output(self):
        """What the detached container printed so far."""
        return self.log.output()

    def wait_for_output(self, text, seconds=5):
        machine.wait_until(lambda: text in self.output(), seconds, f"the output {text!r}")
        return self.output()

    def start(self, **more):
        return self.runtime("start", self.id, **more)

    def up(self, args=("sleep", "1000"), **more):
        """create and start: a running container."""
        self.create(list(args), **more)
        self.start()
        return self

    def state(self, **more):
        return self.runtime("state", self.id, **more).json

    def status(self):
        return self.state()["status"]

    @property
    def pid(self):
        return int(self.pid_file.read_text())

    def kill(self, *words, **more):
        options = [word for word in words if word.startswith("--")]
        return self.runtime("kill", *options, self.id, *[w for w in words if w not in options], **more)

    def delete(self, *options, check=True, **more):
        return self.runtime("delete", *options, self.id, check=check, **more)

    def force_delete(self, **more):
        return self.delete("--force", **more)

    def exec(self, args, *, options=(), globals=(), check=True, **more):
        return self.runtime(*globals, "exec", *options, self.id, *args, check=check, **more)

    def start_exec(self, args, *, options=(), **more):
        return self.launch("exec", *options, self.id, *args, **more)

    def ps(self, **more):
        return self.runtime("ps", "--format", "json", self.id, **more).json

    def list(self, **more):
        return self.runtime("list", "--format", "json", **more).json or []

    def listed(self):
        """This container's entry of `list`, None when it is not there."""
        return next((entry for entry in self.list() if entry["id"] == self.id), None)

    def pause(self, **more):
        return self.runtime("pause", self.id, **more)

    def resume(self, **more):
        return self.runtime("resume", self.id, **more)

    def stop(self):
        """SIGKILL, and wait until the process is gone."""
        pid = self.pid
        self.kill("KILL")
        self.wait_dead(pid)

    def wait_dead(self, pid=None, seconds=5):
        pid = pid or self.pid
        machine.wait_until(lambda: self.session.orphans() is not None and not machine.is_alive(pid),
                           seconds, f"the end of pid {pid}")
        self.session.orphans()

    def exit_code(self, pid=None):
        """How a detached container ended; we are its reaper, as conmon would be."""
        pid = pid or self.pid
        self.wait_dead(pid)
        return self.session.statuses[pid]

    def probe(self, **more):
        """Runs the probe in the container and returns what it saw."""
        return self.run(["probe"], **more).json

    def open_console(self, backlog=1):
        self.console = Console(self.directory / f"{self.id}.tty", backlog)
        if self.mode != "root":
            os.chown(self.console.path, self.owner, self.owner)
        return self.console

    # --- cgroups ---------------------------------------------------------------------------------------

    def cgroup_of(self, pid=None):
        """{controller or "unified": path} from /proc/PID/cgroup."""
        found = {}
        for line in machine.read(f"/proc/{pid or self.pid}/cgroup").splitlines():
            _number, names, path = line.split(":", 2)
            for name in names.split(",") if names else ["unified"]:
                found[name.removeprefix("name=")] = path
        return found

    def cgroup_places(self):
        """Where the container's cgroups are or would be, as host paths."""
        path = self.linux.get("cgroupsPath") or f"/{self.id}"
        parent = f"/{self.session.group}" if self.view.name == "v2" else ""
        return [f"{point}{parent}{path}" for point in machine.hierarchies().values()]

    def cgroup_dirs(self):
        """Those that exist now."""
        return [path for path in self.cgroup_places() if os.path.isdir(path)]

    def cgroup_file(self, controller, name):
        """The text of a control file; CONTROLLER is a v1 name or "unified"."""
        path = self.linux.get("cgroupsPath") or f"/{self.id}"
        parent = f"/{self.session.group}" if self.view.name == "v2" else ""
        with open(f"{machine.hierarchies()[controller]}{parent}{path}/{name}", encoding="ascii") as f:
            return f.read().strip()

    # --- the end -----------------------------------------------------------------------------------------

    def finish(self):
        """Ends what the test left on purpose: with the runtime, as a user would."""
        for running in self.running:
            if running.process.poll() is None:
                for pid in machine.tree_of(running.pid):
                    machine.send(pid, signal.SIGKILL)
                running.process.wait(5)
            self.session.forget(running.process)
        if self.console:
            self.console.close()
        self.wrapper = []
        if os.path.lexists(self.state_dir):
            self.force_delete(check=False)
