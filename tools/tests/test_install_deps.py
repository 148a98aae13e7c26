# SPDX-License-Identifier: Apache-2.0
"""tools/install-deps asks for what is missing and for nothing else."""
import os
import subprocess

import pytest

from conftest import TOOLS

DPKG_QUERY = """#!/bin/sh
for last; do :; done
case " $HAVE " in *" $last "*) printf 'ii ';; *) exit 1;; esac
"""
APT_GET = """#!/bin/sh
echo "$*" >>"$APT_LOG"
[ ! -x "$POLICY_RC_D" ] || "$POLICY_RC_D" docker start || echo "policy says $?" >>"$APT_LOG"
case "$*" in *update*) touch "$APT_LOG.updated"; exit 0;; esac
[ -z "$NEEDS_UPDATE" ] || [ -e "$APT_LOG.updated" ]
"""


@pytest.fixture
def system(tmp_path):
    """A function that runs it on a system with our own apt-get (or none) and these packages."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("cat", "tr", "sed", "id", "sh", "mktemp", "rm", "tail", "touch", "chmod"):
        os.symlink(f"/usr/bin/{name}", programs / name)
    log = tmp_path / "log"

    def run(*arguments, have="", apt=True, needs_update=""):
        for name, text in (("apt-get", APT_GET), ("dpkg-query", DPKG_QUERY)):
            if apt:
                (programs / name).write_text(text)
                (programs / name).chmod(0o755)
        environment = {"PATH": str(programs), "HAVE": have, "APT_LOG": str(log),
                       "NEEDS_UPDATE": needs_update, "TMPDIR": str(tmp_path), "POLICY_RC_D": str(tmp_path / "policy-rc.d")}
        out = subprocess.run(["/bin/sh", TOOLS / "install-deps", *arguments], capture_output=True,
                             text=True, env=environment, check=False, stdin=subprocess.DEVNULL)
        out.apt = log.read_text().splitlines() if log.exists() else []
        return out

    return run


BUILD = "gcc libc6-dev linux-libc-dev make meson ninja-build pkg-config libjson-c-dev libseccomp-dev libcap-dev"


def test_nothing_is_done_when_nothing_is_missing(system):
    out = system("build", have=BUILD)

    assert (out.returncode, out.stdout, out.apt) == (0, "", [])


def test_only_what_is_missing_is_installed(system):
    out = system("demo", have=BUILD.replace(" meson", ""))

    assert out.returncode == 0
    assert out.stdout == "install-deps: installing meson busybox-static\n"
    assert len(out.apt) == 1 and out.apt[0].endswith("install --no-install-recommends meson busybox-static")


def test_an_empty_package_list_is_fetched(system):
    out = system("demo", have=BUILD, needs_update="yes")

    assert out.returncode == 0
    assert ["install" in line for line in out.apt] == [True, False, True]


def test_a_dry_run_prints_the_names(system):
    out = system("--dry-run", "demo", have=BUILD)

    assert (out.returncode, out.stdout, out.apt) == (0, "busybox-static\n", [])


def test_elsewhere_it_says_in_one_line_what_to_install(system):
    out = system("demo", apt=False)

    assert out.returncode == 1
    assert len(out.stderr.splitlines()) == 1
    assert "dnf install gcc glibc-devel" in out.stderr and "apk add gcc musl-dev" in out.stderr


def test_a_wrong_word_is_refused(system):
    assert system("everything").returncode == 64


@pytest.mark.parametrize("group, needs, not_needed", [
    ("check", "busybox-static libcmocka-dev python3-pytest bash zsh fish crun runc", "lintian podman containerd valgrind"),
    ("deb", "busybox-static debhelper dpkg-dev lintian libcmocka-dev python3-pytest bash-completion zsh fish", "crun podman"),
    ("clients", "busybox-static python3-pytest crun podman buildah conmon netavark slirp4netns", "containerd lintian"),
    ("daemons", "busybox-static python3-pytest podman buildah containerd containernetworking-plugins python3-grpcio", "lintian"),
])
def test_each_group_has_what_its_target_needs(system, group, needs, not_needed):
    out = system("--dry-run", group, have=BUILD)
    words = out.stdout.split()

    assert (out.returncode, out.stderr, out.apt) == (0, "", [])
    assert set(needs.split()) <= set(words)
    assert not set((not_needed + " " + BUILD).split()) & set(words)
    assert len(words) == len(set(words))


def test_a_group_that_is_there_needs_nothing(system):
    missing = system("--dry-run", "deb", have=BUILD).stdout.strip()

    assert missing.startswith("busybox-static debhelper ")
    assert system("deb", have=BUILD + " " + missing).apt == []


@pytest.mark.parametrize("group, one", [("clients", "podman"), ("daemons", "docker[.]io")])
def test_the_daemons_of_clients_are_not_started(system, tmp_path, group, one):
    out = system(group, have=BUILD)

    assert out.returncode == 0
    assert one in out.apt[0] and out.apt[1:] == ["policy says 101"]
    assert not (tmp_path / "policy-rc.d").exists()


def test_a_policy_of_the_host_about_daemons_is_kept(system, tmp_path):
    (tmp_path / "policy-rc.d").write_text("#!/bin/sh\nexit 104\n")

    assert system("clients", have=BUILD).returncode == 0
    assert (tmp_path / "policy-rc.d").read_text() == "#!/bin/sh\nexit 104\n"
