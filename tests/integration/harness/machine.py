# SPDX-License-Identifier: Apache-2.0
"""This machine: the runtime under test, the compiled helpers, cgroup hierarchies, processes."""
import ctypes
import functools
import hashlib
import os
import pathlib
import select
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).resolve()
TESTS = HERE.parents[2]
REPO = TESTS.parent
TOOLS = TESTS / "tools"
RUNTIME = os.environ.get("DAVIT", str(REPO / "build" / "davit"))

# A sanitizer build or a busy machine may need more: DAVIT_TEST_PATIENCE=3 triples every deadline.
PATIENCE = float(os.environ.get("DAVIT_TEST_PATIENCE", "1"))
DEADLINE = 10 * PATIENCE

PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None, use_errno=True)


def become_subreaper():
    """Every orphan of a test becomes a child of ours, so no leftover can hide."""
    if LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")


@functools.lru_cache(maxsize=None)
def runtime_kind(path=RUNTIME):
    """davit, runc or crun, from the first word of --version."""
    out = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10,
                         check=True, env={"PATH": os.environ["PATH"]})
    return out.stdout.split()[0]


@functools.lru_cache(maxsize=None)
def sanitized(path=RUNTIME):
    """Whether the runtime was built with AddressSanitizer: it needs more of everything."""
    with open(path, "rb") as f:
        return b"__asan_init" in f.read()


@functools.lru_cache(maxsize=None)
def tool(name):
    """The static helper tests/tools/NAME.c, compiled once into a cache outside the source tree."""
    source = TOOLS / f"{name}.c"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    cache = pathlib.Path(os.environ.get("DAVIT_TEST_CACHE", f"/var/tmp/davit-test-tools-{os.geteuid()}"))
    binary = cache / f"{name}-{digest}"

    if not binary.exists():
        cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = cache / f".{name}-{os.getpid()}"
        subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-o", fresh, source], check=True)
        fresh.chmod(0o755)
        fresh.rename(binary)
    return str(binary)


# --- processes -----------------------------------------------------------------------------------

def children_of(pid):
    """Direct children, of all its threads."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
                found += [int(word) for word in f.read().split()]
    except OSError:
        pass
    return found


def tree_of(pid):
    """PID and all that descend from it, parents first."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop(0)
        found.append(current)
        queue += children_of(current)
    return found


def read(path, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return default


def proc_state(pid):
    """The letter in /proc/PID/stat, None when there is no such process."""
    text = read(f"/proc/{pid}/stat")
    return text.rpartition(")")[2].split()[0] if text else None


def is_alive(pid):
    return proc_state(pid) not in (None, "Z", "X")


def wait_for_end(process, seconds):
    """Waits for a Popen without the polling of its own wait().  False when the time is over."""
    if process.poll() is not None:
        return True
    pidfd = os.pidfd_open(process.pid)
    try:
        ready = select.select([pidfd], [], [], seconds)[0]
    finally:
        os.close(pidfd)
    if ready:
        process.wait()
    return bool(ready)


def describe(pid):
    """One line about a process, for messages."""
    command = read(f"/proc/{pid}/cmdline").replace("\0", " ").strip() or read(f"/proc/{pid}/comm").strip()
    return (f"pid {pid} state {proc_state(pid)} in {read(f'/proc/{pid}/wchan') or '?'}"
            f" call {read(f'/proc/{pid}/syscall').split(' ')[0].strip() or '?'}: {command[:200]}")


def send(pid, sig):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def wait_until(condition, seconds=5.0, what="the condition"):
    """Polls; a test never sleeps for a fixed time.  Returns what CONDITION returned."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(0.003)


# --- cgroup hierarchies ----------------------------------------------------------------------------

@functools.lru_cache(maxsize=None)
def hierarchies():
    """{name: mount point} of the host: the v1 controllers by name, "unified" for v2."""
    found = {}
    for line in read("/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        point, root = left.split()[4], left.split()[3]
        kind, _source, options = right.split()[:3]
        if root != "/" or not point.startswith("/sys/fs/cgroup"):
            continue
        if kind == "cgroup2":
            found["unified"] = point
        elif kind == "cgroup":
            for word in options.split(","):
                if word not in ("rw", "ro", "xattr", "clone_children", "noprefix"):
                    found[word.removeprefix("name=")] = point
    return found


def remove_stale(prefix="davit-test-"):
    """What test runs left that were killed: their process is gone."""
    for point in hierarchies().values():
        for entry in os.scandir(point):
            pid = entry.name.removeprefix(prefix).removesuffix("-c")
            if entry.name.startswith(prefix) and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
                remove_cgroup(entry.path, 1)


def host_layout():
    names = set(hierarchies())
    if names == {"unified"}:
        return "v2"
    if "unified" in names:
        return "hybrid"
    return "v1" if names else "nocgroup"


def walk_cgroups(path):
    """PATH and its sub-cgroups, deepest first."""
    try:
        entries = [e.path for e in os.scandir(path) if e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [deeper for entry in entries for deeper in walk_cgroups(entry)] + [path]


def cgroup_pids(path):
    return [int(word) for word in read(os.path.join(path, "cgroup.procs")).split()]


def write(path, text):
    try:
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return True
    except OSError:
        return False


def delegate(path, owner):
    """Lets OWNER make cgroups below PATH and move processes there; the limits of PATH stay out of reach."""
    for name in ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks"):
        if os.path.exists(f"{path}/{name}"):
            os.chown(f"{path}/{name}", owner, owner)
    for name in ("cpuset.cpus", "cpuset.mems"):         # v1 cpusets start empty
        if os.path.exists(f"{path}/{name}") and not read(f"{path}/{name}").strip():
            write(f"{path}/{name}", read(f"{os.path.dirname(path)}/{name}"))


def thaw(path):
    for cgroup in reversed(walk_cgroups(path)):
        if os.path.exists(cgroup + "/freezer.state"):
            write(cgroup + "/freezer.state", "THAWED")
        if os.path.exists(cgroup + "/cgroup.freeze"):
            write(cgroup + "/cgroup.freeze", "0")


def remove_cgroup(path, seconds=5.0):
    """Kills what is inside (our own subtree only) and removes it."""
    end = time.monotonic() + seconds
    while os.path.isdir(path):
        thaw(path)
        for cgroup in walk_cgroups(path):
            for pid in cgroup_pids(cgroup):
                if pid not in (0, os.getpid()):
                    send(pid, signal.SIGKILL)
            try:
                os.rmdir(cgroup)
            except OSError:
                pass
        if time.monotonic() > end:
            return False
        if os.path.isdir(path):
            time.sleep(0.01)
    return True
