# SPDX-License-Identifier: Apache-2.0
"""tools/check-layers finds each kind of wrong include, and nothing in a right tree."""
import subprocess

import pytest

from conftest import run

LAYERS = ["base", "spec", "state", "cgroup", "os", "container", "api", "cli"]


def include(*targets):
    return "".join(f'#include "{t}"\n' for t in targets)


@pytest.fixture
def house(tree):
    """One header and one source in each folder, each including what lies below it."""
    below = []
    for layer in LAYERS:
        tree.add(f"src/{layer}/{layer}.h")
        siblings = {"state", "cgroup", "os"} if layer in ("state", "cgroup", "os") else set()
        tree.add(f"src/{layer}/{layer}.c",
                 include(f"{layer}/{layer}.h", *(f"{b}/{b}.h" for b in below if b not in siblings)))
        below.append(layer)
    return tree


def test_a_right_tree_has_no_problem(house):
    house.add("include/davit/davit.h", "#include <davit/error.h>\n#include <stdint.h>\n")
    house.add("handlers/wamr.c", '#include <davit/handler.h>\n#include "wamr-list.h"\n')
    house.add("src/os/a.c", '#include <linux/mount.h>\n#include <davit/error.h>\n#include "config.h"\n')

    assert house.problems("check-layers") == []


@pytest.mark.parametrize("lower, upper", [
    ("base", "spec"), ("spec", "state"), ("spec", "os"), ("os", "container"), ("container", "api"),
    ("api", "cli"), ("base", "cli")])
def test_an_upward_include_is_found(house, lower, upper):
    house.add(f"src/{lower}/new.c", include(f"{upper}/{upper}.h"))

    assert house.problems("check-layers") == [
        f"src/{lower}/new.c:5: {lower} lies below {upper}: an include may only point down"]


@pytest.mark.parametrize("one, other", [("state", "cgroup"), ("cgroup", "os"), ("os", "state")])
def test_siblings_do_not_include_each_other(house, one, other):
    house.add(f"src/{one}/new.c", include(f"{other}/{other}.h"))

    assert house.problems("check-layers") == [
        f"src/{one}/new.c:5: {one} and {other} are siblings: what both need moves down to base"]


def test_a_cycle_is_found_in_each_of_its_files(house):
    house.add("src/os/a.h", include("os/b.h")).add("src/os/b.c", include("os/c.h"))
    house.add("src/os/b.h").add("src/os/c.h", include("os/a.h"))

    assert house.problems("check-layers") == [
        "src/os/a.h:5: cycle of 3 modules: os/a, os/b, os/c",
        "src/os/b.c:5: cycle of 3 modules: os/a, os/b, os/c",
        "src/os/c.h:5: cycle of 3 modules: os/a, os/b, os/c"]


def test_a_source_and_its_header_are_one_module(house):
    house.add("src/os/a.h").add("src/os/a.c", include("os/a.h"))

    assert house.problems("check-layers") == []


@pytest.mark.parametrize("line, reason", [
    ('#include "os.h"', '"os.h" is not a path from src/ (folder/file.h)'),
    ('#include "../os/os.h"', '"../os/os.h" is not a path from src/ (folder/file.h)'),
    ('#include "os/gone.h"', "there is no src/os/gone.h"),
    ('#include "os/os.c"', '"os/os.c" is a source, not a header'),
    ("#include <os/os.h>", 'a header of ours stands in quotes: "os/os.h"'),
    ('#  include  "cli/cli.h" /* why */', "container lies below cli: an include may only point down"),
])
def test_other_ways_to_include_are_found(house, line, reason):
    house.add("src/container/new.c", line + "\n")

    assert house.problems("check-layers") == [f"src/container/new.c:5: {reason}"]


def test_an_include_in_a_comment_is_none(house):
    house.add("src/base/new.c", '/*\n#include "cli/cli.h"\n*/\n// #include "cli/cli.h"\n')

    assert house.problems("check-layers") == []


def test_an_unknown_folder_is_found(house):
    house.add("src/utils/utils.c")

    assert house.problems("check-layers") == [
        "src/utils/utils.c:1: src/utils is not a folder that the order knows"]


def test_handlers_bindings_and_public_headers_include_only_public_headers(house):
    house.add("handlers/a.c", include("os/os.h")).add("bindings/python/b.c", include("../../src/os/os.h"))
    house.add("include/davit/davit.h", include("base/base.h"))

    assert house.problems("check-layers") == [
        "bindings/python/b.c:5: bindings includes only <davit/*.h>, not ../../src/os/os.h",
        "handlers/a.c:5: handlers includes only <davit/*.h>, not os/os.h",
        "include/davit/davit.h:5: a public header includes only <davit/*.h>, not base/base.h"]


def test_an_upward_call_without_an_include_is_found_by_linking(house, tmp_path):
    build = tmp_path / "build"
    for layer, text in (("base", "int low(void){return 0;}"),
                        ("spec", "int low(void), high(void); int mid(void){return low() + high();}"),
                        ("os", "int high(void){return 1;}")):
        directory = build / "src" / layer
        directory.mkdir(parents=True)
        (directory / "a.c").write_text(text)
        subprocess.run(["cc", "-c", "-o", directory / "a.o", directory / "a.c"], check=True)
        subprocess.run(["ar", "rcs", directory / f"lib{layer}.a", directory / "a.o"], check=True)

    problems = house.problems("check-layers", "--link", str(build))

    assert problems == [f"{build}/src/spec/libspec.a: a.c calls high(): nothing below spec has it"]


def test_help_explains_the_order():
    assert "base <- spec <- { state, cgroup, os } <- container <- api <- cli" in run("check-layers", "--help").stdout
