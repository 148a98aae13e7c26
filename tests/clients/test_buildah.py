# SPDX-License-Identifier: Apache-2.0
"""Buildah: `bud` and `run` with the isolation oci."""
import pytest

from harness import machine
from harness.image import NAME as BOX
from harness.inside import WORK

quick = pytest.mark.quick


@pytest.fixture
def working(buildah):
    """A working container."""
    return buildah("from", "--pull-never", BOX).text


@quick
def test_bud(buildah, source):
    name = buildah.bud(source, "RUN echo built >/built && id -u >>/built", "COPY file /copied",
                       "RUN cat /copied >>/built", "USER user", "WORKDIR /home", "RUN id -un >/tmp/user && pwd >>/tmp/user")

    with buildah.mounted(name) as root:
        assert (root / "built").read_text(encoding="utf-8") == "built\n0\ncontent\n"
        assert (root / "tmp/user").read_text(encoding="utf-8") == "user\n/home\n"


@quick
def test_bud_fails(buildah, source):
    out = buildah.bud(source, "RUN exit 7", code=7)

    assert "exit status 7" in out.err


def test_bud_missing_program(buildah, source):
    out = buildah.bud(source, 'RUN ["no-such-program"]', code=None)

    assert out.code != 0 and "no-such-program" in out.err, out


def test_bud_output(buildah, source):
    out = buildah.bud(source, "RUN echo to-out; echo to-err >&2", raw=True)

    assert "to-out" in out.out and "to-err" in out.err


def test_bud_many_runs(buildah, source):
    name = buildah.bud(source, *[f"RUN echo {i} >>/built" for i in range(8)])

    with buildah.mounted(name) as root:
        assert (root / "built").read_text(encoding="utf-8") == "".join(f"{i}\n" for i in range(8))


def test_bud_cache_mount(buildah, source):
    name = buildah.bud(source, "RUN --mount=type=tmpfs,target=/scratch touch /scratch/file && ls /scratch >/built",
                       "RUN --mount=type=bind,source=file,target=/bound cat /bound >>/built")

    with buildah.mounted(name) as root:
        assert (root / "built").read_text(encoding="utf-8") == "file\ncontent\n"


def test_bud_secret(buildah, source):
    name = buildah.bud(source, "RUN --mount=type=secret,id=one cat /run/secrets/one >/built",
                       options=["--secret", f"id=one,src={source}/file"])

    with buildah.mounted(name) as root:
        assert (root / "built").read_text(encoding="utf-8") == "content\n"


def test_bud_limits(buildah, source, place):
    place.needs("memory")
    name = buildah.bud(source, "RUN cat $(find /sys/fs/cgroup -name memory.limit_in_bytes -o -name memory.max | head -1) "
                       ">/built", options=["--memory=64m"])

    with buildah.mounted(name) as root:
        assert (root / "built").read_text(encoding="utf-8") == f"{64 << 20}\n"


def test_bud_userns(buildah, source):
    name = buildah.bud(source, "RUN cat /proc/self/uid_map >/built && id -u >>/built",
                       options=["--userns-uid-map=0:100000:65536", "--userns-gid-map=0:100000:65536"])

    with buildah.mounted(name) as root:
        assert (root / "built").read_text(encoding="utf-8").split() == ["0", "100000", "65536", "0"]


@quick
def test_run(buildah, working):
    assert buildah.run(working, "echo", "hello").out == "hello\n"


def test_run_exit_code(buildah, working):
    buildah.run(working, "sh", "-c", "exit 7", code=7)


def test_run_tty(buildah, working):
    out = buildah.terminal("run", *buildah.options, "-t", working, "--", "tty")

    assert out.text.startswith("/dev/pts/")


def test_run_input(buildah, working):
    assert buildah.run(working, "cat", input="typed").out == "typed"


def test_run_user(buildah, working):
    assert buildah.run(working, "id", "-un", options=["--user", "user"]).text == "user"


def test_run_volume(buildah, working, source):
    out = buildah.run(working, "sh", "-c", "cat /data/file; touch /data/x || echo read-only",
                      options=["-v", f"{source}:/data:ro"])

    assert out.lines == ["content", "read-only"]


def test_run_capabilities(buildah, working):
    ordinary, less, more = (
        int(buildah.run(working, "grep", "CapEff", "/proc/self/status", options=options).text.split()[1], 16)
        for options in ([], ["--cap-drop=CAP_KILL"], ["--cap-add=CAP_SYS_ADMIN"]))

    assert (ordinary & ~less, more & ~ordinary) == (1 << 5, 1 << 21)


def test_run_seccomp(buildah, working):
    assert buildah.run(working, "grep", "^Seccomp:", "/proc/self/status").text == "Seccomp:\t2"


def test_run_hostname(buildah, working):
    assert buildah.run(working, "hostname", options=["--hostname=box1"]).text == "box1"


def test_run_network(buildah, working):
    look = "cut -d: -f1 /proc/net/dev"

    assert "uplink" in buildah("run", "--runtime", buildah.path, "--isolation=oci", "--network=host", working, "--", "sh",
                               "-c", look).out
    assert "uplink" not in buildah.run(working, "sh", "-c", look).out


def test_run_missing_program(buildah, working):
    out = buildah.run(working, "no-such-program", code=None)

    assert out.code != 0 and "no-such-program" in out.err, out


def test_run_not_executable(buildah, working):
    out = buildah.run(working, "/etc/group", code=None)

    assert out.code != 0 and "permission denied" in out.err.lower(), out


def test_run_working_directory(buildah, working):
    """Buildah makes a directory that is not there; a file cannot become one."""
    out = buildah.run(working, "true", options=["--workingdir", "/etc/passwd"], code=None)

    assert out.code != 0 and "/etc/passwd" in out.err and "not a directory" in out.err.lower(), out


def test_run_full_pids(buildah, place):
    """Buildah has no such limit of its own, and removes one of the cgroup that it gives; not that of one above."""
    place.needs("pids")
    with place.cgroup("builds", "pids") as (parent, directory):
        working = buildah("from", "--pull-never", "--cgroup-parent", f"{parent}/one", BOX).text
        machine.write(f"{directory}/pids.max", "1")

        out = buildah.run(working, "sh", "-c", "true & wait", code=None)

        assert out.code != 0 and ("can't fork" in out.err or "temporarily unavailable" in out.err), out


def test_run_bad_seccomp_profile(buildah):
    profile = WORK / "here" / "buildah-bad.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}', encoding="utf-8")
    working = buildah("from", "--pull-never", "--security-opt", f"seccomp={profile}", BOX).text

    out = buildah.run(working, "true", code=None)

    assert out.code != 0 and "SCMP_ACT_NONSENSE" in out.err, out


def test_commit(buildah, working):
    buildah.run(working, "sh", "-c", "echo new >/new")
    buildah("commit", "--quiet", working, "localhost/committed")

    again = buildah("from", "--pull-never", "localhost/committed").text

    assert buildah.run(again, "cat", "/new").text == "new"
