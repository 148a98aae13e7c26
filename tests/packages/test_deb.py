# SPDX-License-Identifier: Apache-2.0
"""The Debian package: what is in it, where its files are found, and a container that runs with the davit of it.

Nothing is installed on this host: dpkg gets a root of its own, and what must lie below /usr does so in a mount namespace only.
"""
import gzip
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tarfile

import pytest

from conftest import BUILD, ROOT

DIRECTORY = pathlib.Path(os.environ.get("DEB", BUILD / "deb"))
PACKAGES = sorted(DIRECTORY.glob("davit_*.deb"))
VERSION = re.search(r"version: '(.*)'", (ROOT / "meson.build").read_text()).group(1)
DOC = "/usr/share/doc/davit"
CONFIG = ("containers.conf", "daemon.json", "containerd.toml", "crio.conf", "runtimeclass.yaml")
PLAIN = {
    "/usr/bin/davit": None,
    "/usr/include/davit/seccomp_notify_plugin.h": "include/davit/seccomp_notify_plugin.h",
    "/usr/share/bash-completion/completions/davit": "completions/davit.bash",
    "/usr/share/zsh/vendor-completions/_davit": "completions/_davit",
    "/usr/share/fish/vendor_completions.d/davit.fish": "completions/davit.fish",
    "/usr/share/lintian/overrides/davit": "packaging/debian/lintian-overrides",
    f"{DOC}/copyright": "packaging/debian/copyright",
    f"{DOC}/examples/demo": "examples/demo",
    **{f"{DOC}/examples/seccomp-plugin/{p.name}": f"examples/seccomp-plugin/{p.name}"
       for p in (ROOT / "examples/seccomp-plugin").iterdir()},
    **{f"/usr/share/davit/{name}": f"config/{name}" for name in CONFIG},
}
COMPRESSED = {
    f"{DOC}/changelog.gz": "CHANGELOG.md",
    f"{DOC}/changelog.Debian.gz": "packaging/debian/changelog",
    **{f"/usr/share/man/man1/{p.name}.gz": f"man/{p.name}" for p in (ROOT / "man").iterdir()},
}
# debhelper compresses those of more than 4 kB.
DOCS = {f"{DOC}/{pathlib.Path(name).name}": name for name in (ROOT / "packaging/debian/docs").read_text().split()}

# In a mount namespace /usr is that of the host and above it the package's.
INSTALLED = """
set -eu
mount -t overlay -o "lowerdir=$1:/usr" overlay /usr
cd "$2"
shift 2
exec "$@"
"""

if "DEB" in os.environ and len(PACKAGES) != 1:
    raise pytest.UsageError(f"not one package in {DIRECTORY}: {PACKAGES}")
if len(PACKAGES) != 1:
    pytest.skip(f"there is no package in {DIRECTORY}: make check-deb builds it", allow_module_level=True)
PACKAGE = PACKAGES[0]


def output(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL, **more).stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    place = tmp_path_factory.mktemp("unpacked")
    output("dpkg-deb", "--extract", PACKAGE, place)
    return place


@pytest.fixture
def installed(unpacked, tmp_path):
    """A function that runs a command where the package's files lie below /usr, with a home and a temporary directory of its own."""
    if os.geteuid():
        pytest.skip("needs root")

    def run(*command, status=0, **variables):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8", **variables}
        out = subprocess.run(["unshare", "--mount", "sh", "-c", INSTALLED, "sh", unpacked / "usr", tmp_path, *command],
                             capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL, env=environment)
        assert (out.returncode, out.stderr) == (status, ""), out.stdout + out.stderr
        return out.stdout

    return run


def fields():
    lines = output("dpkg-deb", "--field", PACKAGE)
    return dict(re.findall(r"^([A-Za-z-]+): ?((?:.*)(?:\n .*)*)", lines, re.M))


# ---- what is in it ------------------------------------------------------------------------------

def test_it_has_each_file_and_no_other(unpacked):
    found = {"/" + str(p.relative_to(unpacked)) for p in unpacked.rglob("*") if not p.is_dir()}
    docs = {name for name in found if name.removesuffix(".gz") in DOCS}

    assert found - docs == PLAIN.keys() | COMPRESSED.keys()
    assert {name.removesuffix(".gz") for name in docs} == DOCS.keys() and len(docs) == len(DOCS)


def test_they_hold_what_the_tree_holds(unpacked):
    for name, source in {**COMPRESSED, **{f"{name}.gz": source for name, source in DOCS.items()}}.items():
        path = unpacked / name.lstrip("/")
        if path.exists():
            assert gzip.decompress(path.read_bytes()) == (ROOT / source).read_bytes(), name
        else:
            assert path.with_suffix("").read_bytes() == (ROOT / source).read_bytes(), name
    for name, source in PLAIN.items():
        if source and (ROOT / source).exists():
            assert (unpacked / name.lstrip("/")).read_bytes() == (ROOT / source).read_bytes(), name


def test_they_belong_to_root_and_only_programs_are_executable():
    programs = {"./usr/bin/davit", f".{DOC}/examples/demo"}
    seen = set()
    for line in output("dpkg-deb", "--contents", PACKAGE).splitlines():
        mode, owner, _, _, _, name = line.split(maxsplit=5)
        wanted = "drwxr-xr-x" if name.endswith("/") else "-rwxr-xr-x" if name in programs else "-rw-r--r--"
        assert (mode, owner) == (wanted, "root/root"), line
        seen.add(name)
    assert programs <= seen


def test_the_ready_files_name_the_binary_of_the_package(unpacked):
    for name in ("containers.conf", "daemon.json", "containerd.toml", "crio.conf"):
        text = (unpacked / "usr/share/davit" / name).read_text()
        assert re.findall(r'"(/[^"]*/davit)"', text.replace('"/run/davit"', "")) == ["/usr/bin/davit"], name
        assert "@" not in text


def test_its_control_fields_say_what_it_is():
    field = fields()

    assert field["Package"] == "davit"
    assert re.fullmatch(re.escape(VERSION) + r"-[0-9]+", field["Version"])
    assert field["Architecture"] == output("dpkg", "--print-architecture").strip()
    assert re.fullmatch(r"libc6 \(>= [0-9.]+\)", field["Depends"])      # libc is the only library
    assert field["Recommends"] == "libsystemd0 (>= 241)"
    assert (field["Section"], field["Priority"]) == ("admin", "optional")
    assert 500 < int(field["Installed-Size"]) < 4000
    assert field["Description"].splitlines()[0].startswith("OCI container runtime")
    assert max(len(line) for line in field["Description"].splitlines()) <= 80
    assert not {"Conflicts", "Replaces", "Essential", "Pre-Depends", "Breaks"} & field.keys()


def test_what_is_linked_in_is_named_with_its_version():
    built = dict(re.findall(r"(\S+) \(= ([^)]+)\)", fields()["Built-Using"]))

    assert built.keys() == {"json-c", "libcap2", "libseccomp"}
    assert built["libseccomp"] == output("dpkg-query", "--show", "--showformat", "${source:Version}", "libseccomp-dev")


def test_it_has_no_scripts_and_no_configuration_of_its_own(tmp_path):
    output("dpkg-deb", "--control", PACKAGE, tmp_path / "control")

    assert {p.name for p in (tmp_path / "control").iterdir()} == {"control", "md5sums"}


def test_the_debugging_symbols_are_those_of_this_binary(unpacked, tmp_path):
    symbols, = DIRECTORY.glob("davit-dbgsym_*.deb")
    output("dpkg-deb", "--extract", symbols, tmp_path)
    notes = subprocess.run(["readelf", "--notes", unpacked / "usr/bin/davit"], capture_output=True, text=True, check=False).stdout
    build_id = re.search(r"Build ID: ([0-9a-f]+)", notes).group(1)      # its status is 1: binutils 2.40 does not know our others

    assert (tmp_path / f"usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug").exists()
    assert ".debug_info" not in output("readelf", "--wide", "--sections", unpacked / "usr/bin/davit")


def test_the_source_package_is_the_tree_and_the_packaging_is_apart():
    upstream, = DIRECTORY.glob("davit_*.orig.tar.gz")
    with tarfile.open(upstream) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    debian, = DIRECTORY.glob("davit_*.debian.tar.xz")
    with tarfile.open(debian) as archive:
        packaging = {name for name in archive.getnames()}

    assert {"meson.build", "src/cli/main.c", "LICENSE", "packaging/build-deb"} <= names
    assert not [name for name in names if name.startswith(("build", "packaging/debian", ".git/", "debian"))]
    assert {"debian/control", "debian/rules", "debian/tests/run"} <= packaging


# ---- installed ----------------------------------------------------------------------------------

def test_dpkg_installs_verifies_and_purges_it(tmp_path):
    if os.geteuid():
        pytest.skip("needs root")
    root = tmp_path / "root"
    for name in ("info", "updates"):
        (root / "var/lib/dpkg" / name).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    dpkg = ("dpkg", f"--root={root}", "--log=/dev/null", "--force-depends")

    output(*dpkg, "--install", PACKAGE)
    state = output("dpkg-query", f"--root={root}", "--show", "--showformat", "${db:Status-Status}", "davit")
    changed = output(*dpkg, "--verify", "davit")
    output(*dpkg, "--purge", "davit")

    assert (state, changed) == ("installed", "")
    assert not [p for p in root.rglob("*davit*") if p.exists()]


def test_the_installed_davit_loads_nothing_but_libc(installed):
    says = installed("davit", "--version")
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", installed("readelf", "--dynamic", "/usr/bin/davit")))

    assert says.startswith(f"davit version {VERSION}\n")
    assert {name for name in needed if not name.startswith("ld-linux")} == {"libc.so.6"}


@pytest.mark.parametrize("script, status, says", [("echo hello", 0, "hello\n"), ("echo out; exit 7", 7, "out\n")])
def test_it_runs_a_container(installed, tmp_path, script, status, says):
    for name in ("bin", "dev", "proc", "sys"):
        (tmp_path / "bundle/rootfs" / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), tmp_path / "bundle/rootfs/bin/sh")
    installed("davit", "spec", "--bundle", "bundle", "--args", "/bin/sh", "--args", "-c", "--args", script)
    config = json.loads((tmp_path / "bundle/config.json").read_text())
    config["process"]["terminal"] = False
    (tmp_path / "bundle/config.json").write_text(json.dumps(config))

    out = installed("davit", "--root", tmp_path / "state", "run", "--bundle", "bundle", f"deb-{os.getpid()}", status=status)

    assert out == says
    assert installed("davit", "--root", tmp_path / "state", "list", "-q") == ""


def test_the_example_of_the_package_runs(installed, tmp_path):
    out = installed(f"{DOC}/examples/demo", tmp_path / "demo", DAVIT="/usr/bin/davit")

    assert "Hello from a container.\n" in out and '"status": "running"' in out


# ---- the tests for autopkgtest ------------------------------------------------------------------

def stanza(name):
    return dict(line.split(": ", 1) for line in (ROOT / "packaging/debian/tests" / name).read_text().splitlines())


def test_autopkgtest_is_told_all_that_its_tests_use():
    control = stanza("control")
    tests = {p.name for p in (ROOT / "packaging/debian/tests").iterdir()} - {"control"}

    assert set(control["Tests"].split()) == tests
    assert {"davit", "busybox-static"} <= set(control["Depends"].replace(",", " ").split())
    assert "needs-root" in control["Restrictions"].replace(",", " ").split()


@pytest.mark.parametrize("test", stanza("control")["Tests"].split())
@pytest.mark.parametrize("given", ["", "DAVIT"])
def test_the_tests_pass_as_autopkgtest_runs_them(installed, unpacked, tmp_path, test, given):
    """In the source tree, as an executable copy; each word on standard error is a failure, which `installed` sees to."""
    tree = tmp_path / "tree/debian/tests"
    shutil.copytree(ROOT / "packaging/debian/tests", tree)
    (tree / test).chmod(0o755)
    (tmp_path / "artifacts").mkdir()
    variables = {"AUTOPKGTEST_TMP": str(tmp_path), "AUTOPKGTEST_ARTIFACTS": str(tmp_path / "artifacts")}
    davit = "/usr/bin/davit"
    if given:
        davit = variables["DAVIT"] = str(unpacked / "usr/bin/davit")

    out = installed("sh", "-c", f"cd tree && exec debian/tests/{test}", **variables)

    assert out.endswith(f"a container ran with {davit}\n")
    assert {p.name for p in tmp_path.iterdir()} == {"tree", "artifacts"}


@pytest.mark.parametrize("test", stanza("control")["Tests"].split())
def test_the_tests_fail_with_a_davit_that_does_nothing(installed, test):
    script = ROOT / "packaging/debian/tests" / test
    assert installed("sh", "-c", f"! DAVIT=/bin/true {shlex.quote(str(script))} >/dev/null 2>&1 || echo passed") == ""


# ---- found by the shells ------------------------------------------------------------------------

def test_bash_completion_loads_it_by_itself(installed):
    out = installed("bash", "--norc", "-c", """
        . /usr/share/bash-completion/bash_completion
        ! complete -p davit 2>/dev/null || exit 1
        _completion_loader davit || [ $? = 124 ]
        complete -p davit""")

    assert out == "complete -o bashdefault -F _davit davit\n"


def test_zsh_finds_it(installed):
    assert installed("zsh", "-f", "-c", "autoload -Uz compinit; compinit -u -D; print $_comps[davit]; autoload +X _davit; print "
                     "$functions_source[_davit]") == "_davit\n/usr/share/zsh/vendor-completions/_davit\n"


def test_fish_finds_it(installed):
    assert "start\t" in installed("fish", "-c", "complete -C 'davit --root /x sta'")


# ---- how it is built ----------------------------------------------------------------------------

def test_a_version_without_an_entry_in_the_changelog_is_refused(tmp_path):
    shutil.copytree(ROOT / "packaging", tmp_path / "packaging")
    (tmp_path / "meson.build").write_text("project('davit', 'c',\n  version: '99.0',\n")

    out = subprocess.run([tmp_path / "packaging/build-deb", tmp_path / "out"], capture_output=True, text=True, check=False)

    assert out.returncode == 1
    assert out.stderr == (f"build-deb: meson.build has version 99.0, packaging/debian/changelog {VERSION}: "
                          "add an entry there\n")
    assert list((tmp_path / "out").iterdir()) == []
