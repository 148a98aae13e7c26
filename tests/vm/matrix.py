# SPDX-License-Identifier: Apache-2.0
"""The state matrix: what each command answers in each situation, on each cgroup layout.

TABLE is the specification; test_matrix.py makes a test of every cell, and `matrix.py --write` makes
docs/state-matrix.md.  A cell is one word of ANSWERS.  DIFFERENCES lists the cells where a kind of host
has another answer; a host's own kind wins over TABLE, the last line over those before it.
"""
import functools
import pathlib
import sys

SITUATIONS = {
    "created":  "after `create`, before `start`",
    "running":  "after `start`",
    "paused":   "after `pause`",
    "frozen":   "frozen from outside, by a write to the freezer",
    "killed":   "init was killed from outside, its parent has reaped it",
    "zombie":   "init was killed from outside, its parent has not reaped it",
    "reused":   "init is gone, another process has its pid",
    "removed":  "the processes were moved away and the cgroups removed from outside",
    "moved":    "init was moved to other cgroups, its child was not",
    "damaged":  "the record is cut off in the middle",
    "half-made": "`create` was killed mid-way",
}

VERBS = ["state", "list", "ps", "start", "exec", "pause", "resume", "kill", "kill --all", "delete", "delete --force"]

ANSWERS = {
    "created": "status `created`",
    "running": "status `running`, with the pid of init",
    "paused":  "status `paused`, with the pid of init",
    "stopped": "status `stopped`, pid 0",
    "unknown": "status `unknown`, pid 0; a warning says what is wrong",
    "both":    "lists init and its child",
    "init":    "lists init only",
    "none":    "lists nothing",
    "works":   "ends with 0, and it is so: `start`, `resume` → `running` and it makes progress; `pause` → `paused` "
               "and it stands still; `exec` → output and exit status; `kill` → the processes are gone; "
               "`delete` → processes, cgroups and state are gone",
    "held":    "ends with 0; it stays `created` and can be started only after `resume`",
    "later":   "ends with 0; the processes are gone after `resume`",
    "same":    "ends with 0, and nothing changes",
    "folder":  "ends with 0 and removes the state folder only: nothing in the record can be trusted to name a process",
    "!ended":  "is refused: it is not running",
    "!live":   "is refused: it is neither created nor stopped",
    "!ran":    "is refused: it is running already",
    "!paused": "is refused: it is paused",
    "!freezer": "is refused: this host has no freezer",
    "!cgroup": "is refused: the cgroup is missing, and the message names it",
    "!moved":  "is refused: init is not in the container's cgroup",
    "!record": "is refused: the record is damaged, and the message names the container",
    "-":       "cannot happen on this host",
}

TABLE = """
           state    list     ps       start    exec     pause    resume   kill     kill--all delete   delete--force
created    created  created  both     works    works    held     same     works    works     works    works
running    running  running  both     !ran     works    works    same     works    works     !live    works
paused     paused   paused   both     !paused  !paused  same     works    works    works     !live    works
frozen     paused   paused   both     !paused  !paused  same     works    works    works     !live    works
killed     stopped  stopped  none     !ended   !ended   !ended   !ended   !ended   same      works    works
zombie     stopped  stopped  none     !ended   !ended   !ended   !ended   !ended   same      works    works
reused     stopped  stopped  none     !ended   !ended   !ended   !ended   !ended   same      works    works
removed    running  running  init     !ran     works    !cgroup  !cgroup   works    works     !live    works
moved      running  running  both     !ran     works    !moved   same     works    works     !live    works
damaged    !record  unknown  !record  !record  !record  !record  !record  !record  !record   !record  folder
half-made  stopped  stopped  none     !ended   !ended   !ended   !ended   !ended   same      works    works
"""

# Kinds of hosts, by what a container has there.
KINDS = {
    "v2":        "the v2 freezer",
    "v1":        "the v1 freezer",
    "nofreezer": "cgroups, but no freezer",
    "nocgroup":  "no cgroup",
}
ABOUT = {
    "v2":        "",
    "v1":        "A frozen process does not even die of SIGKILL.",
    "nofreezer": "v1 with `cgroup_no_v1=freezer`, or the hierarchy is not mounted.",
    "nocgroup":  "No hierarchy is mounted, or an ordinary user has no delegated one.",
}

# kind      situation verb  answer; * stands for every verb.
DIFFERENCES = """
v1          paused    kill        later
v1          frozen    kill        later
nofreezer   created   pause       !freezer
nofreezer   running   pause       !freezer
nofreezer   moved     pause       !freezer
nofreezer   removed   pause       !freezer
nofreezer   created   resume      !freezer
nofreezer   running   resume      !freezer
nofreezer   moved     resume      !freezer
nofreezer   removed   resume      !freezer
nofreezer   paused    *           -
nofreezer   frozen    *           -
nocgroup    created   ps          !cgroup
nocgroup    created   pause       !cgroup
nocgroup    created   resume      !cgroup
nocgroup    created   kill--all   !cgroup
nocgroup    running   ps          !cgroup
nocgroup    running   pause       !cgroup
nocgroup    running   resume      !cgroup
nocgroup    running   kill--all   !cgroup
nocgroup    paused    *           -
nocgroup    frozen    *           -
nocgroup    removed   *           -
nocgroup    moved     *           -
"""


@functools.lru_cache(maxsize=None)
def parse():
    """{(situation, verb): answer}."""
    head, *rows = TABLE.strip().splitlines()
    assert [word.replace("--", " --") for word in head.split()] == VERBS
    cells = {}
    for row in rows:
        name, *answers = row.split()
        assert name in SITUATIONS and len(answers) == len(VERBS), row
        cells.update({(name, verb): answer for verb, answer in zip(VERBS, answers)})
    assert len(cells) == len(SITUATIONS) * len(VERBS)
    return cells


@functools.lru_cache(maxsize=None)
def differences():
    """{(kind, situation, verb): answer}."""
    found = {}
    for row in DIFFERENCES.strip().splitlines():
        kind, situation, verb, answer = row.split()
        assert kind in KINDS and situation in SITUATIONS and answer in ANSWERS, row
        for name in VERBS if verb == "*" else [verb.replace("--", " --")]:
            assert name in VERBS, row
            found[kind, situation, name] = answer
    return found


def answer(kind, situation, verb):
    """What davit has to answer there."""
    return differences().get((kind, situation, verb), parse()[situation, verb])


def kind_of(view, mode):
    """The kind of a view of the integration tests, as root or as an ordinary user."""
    if not view.has_cgroups or mode == "rootless":
        return "nocgroup"
    if view.has_v1_freezer:
        return "v1"
    return "v2" if view.has_unified else "nofreezer"


# --- docs/state-matrix.md ---------------------------------------------------------------------------------

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "state-matrix.md"

HEAD = """# What each command answers

`tests/vm/matrix.py --write` makes this page from the table that the tests run; a test fails when it is not
current. Rows are what happened to the container, columns are commands (`kill` sends `KILL`). Each cell is tested
on each layout at the end of this page, on a real kernel, and each call has a deadline: nothing hangs.

The process decides first: a container whose init lives is never called stopped, whatever its cgroups look like.
A freezer can turn `running` into `paused`, and nothing else.
"""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def kind_table(kind):
    """All cells on hosts of one kind; what differs from TABLE is bold."""
    def cell(situation, verb):
        here = answer(kind, situation, verb)
        return here if here == parse()[situation, verb] else f"**{here}**"

    return table([""] + [f"`{verb}`" for verb in VERBS],
                 [[name] + [cell(name, verb) for verb in VERBS] for name in SITUATIONS])


def page():
    from vmlib.layouts import LAYOUTS

    parts = [HEAD]
    for kind, text in KINDS.items():
        names = ", ".join(f"`{layout.name}`" for layout in LAYOUTS.values() if layout.kind == kind)
        parts.append(f"## With {text}\n\n{ABOUT[kind]} Layouts: {names}.\n".replace("\n\n ", "\n\n"))
        parts.append(kind_table(kind) + "\n")
    parts.append("## Situations\n\n" + table(["", "the container"], SITUATIONS.items()) + "\n")
    parts.append("## Answers\n\n" + table(["", "the command"], ANSWERS.items()) + "\n")
    parts.append("## Layouts\n\n" + table(["", "the host"], [[f"`{layout.name}`", layout.about]
                                                         for layout in LAYOUTS.values()]))
    return "\n".join(parts) + "\n"


def main():
    if sys.argv[1:] == ["--write"]:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if sys.argv[1:]:
        print("usage: matrix.py [--write]    prints docs/state-matrix.md, or writes it", file=sys.stderr)
        return 64
    print(page(), end="")
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
