# SPDX-License-Identifier: Apache-2.0
"""`make install` puts each file where its variables say, and names that place in the ready files."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = sorted(p.name for p in (ROOT / "man").glob("*.1"))

if not (ROOT / "build/build.ninja").exists():
    pytest.skip("nothing is built: run make first", allow_module_level=True)


def make(*words):
    return subprocess.run(["make", "-s", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
                          stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})


@pytest.fixture(scope="module", autouse=True)
def usual_places(tmp_path_factory):
    """The build directory is left as `make install` without variables leaves it."""
    yield
    make("install", f"DESTDIR={tmp_path_factory.mktemp('last')}")


@pytest.fixture
def install(tmp_path):
    """A function that installs with these variables below a directory, which it returns."""
    def run(**variables):
        place = tmp_path / "place"
        shutil.rmtree(place, ignore_errors=True)
        out = make("install", f"DESTDIR={place}", *(f"{name}={value}" for name, value in variables.items()))
        assert out.returncode == 0, out.stdout + out.stderr
        return place
    return run


def files(place):
    return {"/" + str(p.relative_to(place)) for p in place.rglob("*") if p.is_file()}


def wanted(bin="/usr/local/bin", share="/usr/local/share", man="/usr/local/share/man", include="/usr/local/include"):
    return ({f"{bin}/davit", f"{include}/davit/seccomp_notify_plugin.h",
             f"{share}/bash-completion/completions/davit", f"{share}/zsh/site-functions/_davit",
             f"{share}/fish/vendor_completions.d/davit.fish"}
            | {f"{man}/man1/{page}" for page in COMMANDS}
            | {f"{share}/davit/{name}" for name in ("containers.conf", "daemon.json", "containerd.toml", "crio.conf",
                                                    "runtimeclass.yaml")})


@pytest.mark.parametrize("variables, places", [
    ({"PREFIX": "/usr"}, {"bin": "/usr/bin", "share": "/usr/share", "man": "/usr/share/man", "include": "/usr/include"}),
    ({"DATADIR": "/srv/share", "LIBDIR": "/usr/lib64"}, {"share": "/srv/share", "man": "/srv/share/man"}),
    ({"BINDIR": "/opt/sbin", "MANDIR": "/usr/man", "INCLUDEDIR": "/opt/include", "SYSCONFDIR": "/opt/etc"},
     {"bin": "/opt/sbin", "man": "/usr/man", "include": "/opt/include"}),
], ids=lambda d: "-".join(d))
def test_each_variable_moves_its_files_and_no_others(install, variables, places):
    place = install(**variables)

    assert files(place) == wanted(**places)
    binary = places.get("bin", "/usr/local/bin") + "/davit"
    share = place / places.get("share", "/usr/local/share").lstrip("/") / "davit"
    for name in ("containers.conf", "daemon.json", "containerd.toml", "crio.conf"):
        named = re.findall(r'"(/[^"]*/davit)"', (share / name).read_text().replace('"/run/davit"', ""))
        assert named == [binary], name


def test_without_variables_all_is_below_usr_local_with_the_usual_modes(install):
    install(PREFIX="/opt/one", BINDIR="/opt/two")

    place = install()

    assert files(place) == wanted()
    for path in sorted(files(place)):
        mode = (place / path.lstrip("/")).stat().st_mode & 0o7777
        assert mode == (0o755 if path.endswith("/bin/davit") else 0o644), path


def test_the_installed_binary_works_and_uninstall_removes_all(tmp_path):
    prefix = tmp_path / "prefix"
    out = make("install", f"PREFIX={prefix}")
    assert out.returncode == 0, out.stderr

    says = subprocess.run([prefix / "bin/davit", "--version"], capture_output=True, text=True, check=True).stdout
    daemon = json.loads((prefix / "share/davit/daemon.json").read_text())
    removed = make("uninstall")

    assert says.startswith("davit ")
    assert daemon["runtimes"]["davit"]["path"] == f"{prefix}/bin/davit"
    assert removed.returncode == 0 and not files(prefix)
