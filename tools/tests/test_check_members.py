# SPDX-License-Identifier: Apache-2.0
"""tools/check-members finds a member that no code names, whatever else has its name."""
import json
import pathlib
import shutil
import subprocess

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[1] / "check-members"
SPEC_H = """#pragma once
struct spec_mount {
	char *type; /* of the file system */
	const char *label[4];
};

struct spec {
	unsigned long n_mounts;
	struct spec_mount *mounts;
};
"""


@pytest.fixture
def house(tmp_path):
    """A source tree with the tool in it; its REFUSED names one member."""
    for name in ("tools", "src/spec", "src/os", "build"):
        (tmp_path / name).mkdir(parents=True)
    text = TOOL.read_text(encoding="utf-8")
    begin, end = text.index("REFUSED = {"), text.index("}\n", text.index("REFUSED = {"))
    tool = tmp_path / "tools/check-members"
    tool.write_text(text[:begin] + 'REFUSED = {"spec_mount.label": "never"' + text[end:], encoding="utf-8")
    shutil.copymode(TOOL, tool)
    (tmp_path / "src/spec/spec.h").write_text(SPEC_H, encoding="utf-8")
    return tmp_path


def check(house, code):
    (house / "src/os/mount.c").write_text(f'#include "spec/spec.h"\nstruct other {{ int type; }};\n{code}\n')
    (house / "build/compile_commands.json").write_text(json.dumps([{
        "directory": str(house / "build"), "file": "../src/os/mount.c",
        "command": "cc -I../src -Wall -O2 -MD -MF x.d -o x.o -c ../src/os/mount.c"}]))
    ran = subprocess.run([house / "tools/check-members", house / "build"], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stderr.splitlines()


USES = "unsigned long f(struct spec *s) { return s->n_mounts + (unsigned long)s->mounts[0].type; }"


def test_members_that_are_used_or_refused_are_no_mistake(house):
    assert check(house, USES) == (0, [])


def test_a_member_of_another_struct_with_the_same_name_is_no_use(house):
    code = USES.replace("(unsigned long)s->mounts[0].type", "(unsigned long)s->mounts") + \
        "\nint g(struct other *o) { return o->type; }"

    assert check(house, code) == (1, ["check-members: spec_mount.type is read from config.json and then ignored"])


def test_a_reason_for_a_member_that_is_used_is_a_mistake(house):
    code = USES + "\nconst char *g(struct spec_mount *m) { return m->label[0]; }"

    assert check(house, code) == (1, ["check-members: spec_mount.label is used; take it out of REFUSED"])


def test_a_use_inside_src_spec_does_not_count(house):
    (house / "src/spec/check.c").write_text(USES)

    status, lines = check(house, "")

    assert status == 1
    assert len(lines) == 3
