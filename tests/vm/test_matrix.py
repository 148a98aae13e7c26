# SPDX-License-Identifier: Apache-2.0
"""Every cell of the state matrix (matrix.py) on this machine.  No call takes longer than its deadline."""
import os
import re

import pytest

import host
import matrix
from situations import Subject

# answer: what standard error has to say (a refusal ends with 1, or with 255 for exec)
REFUSALS = {
    "!ended": r"not running",
    "!live": r"is not in `created` or `stopped` state",
    "!ran": r"is running",
    "!paused": r"paused",
    "!freezer": r"freezer",
    "!cgroup": r"cgroup",
    "!moved": r"moved|other cgroup",
    "!record": r"state\.json|damaged|record",
}
STATUSES = ("created", "running", "paused", "stopped")
LISTS = ("both", "init", "none")


def words(container, verb):
    name, *options = verb.split()
    signal = ["KILL"] if name == "kill" else []
    program = ["sh", "-c", "echo inside; exit 3"] if name == "exec" else []
    formats = ["--format", "json"] if name in ("list", "ps") else []
    return [name, *formats, *options, *([] if name == "list" else [container.id]), *signal, *program]


def truth(subject):
    """What must not change when a command is refused or has nothing to do."""
    shown = subject.container.runtime("state", subject.container.id, check=False)
    document = shown.json if shown.returncode == 0 else {}
    return document.get("status"), document.get("pid"), subject.alive()


def check_end(answer, verb, out):
    """The exit status, and for a refusal the message."""
    if answer.startswith("!"):
        assert out.returncode == (255 if verb == "exec" else 1), str(out)
        assert re.search(REFUSALS[answer], out.message), str(out)
    else:
        assert out.returncode == (3 if verb == "exec" else 0), str(out)


def check_document(subject, answer, out):
    document = out.json
    if isinstance(document, list):
        document, = [entry for entry in document if entry["id"] == subject.container.id]
    assert document["status"] == answer
    assert document["pid"] == (0 if answer in ("stopped", "unknown") else subject.pid)
    assert bool(out.stderr) == (answer == "unknown"), str(out)


def check_gone(subject):
    subject.dies()
    assert not subject.container.state_dir.exists()
    assert [group for group in subject.made() if os.path.isdir(group)] == []


def check_works(subject, verb, out):
    container = subject.container
    if verb in ("start", "resume"):
        assert container.status() == "running"
        subject.makes_progress()
    elif verb == "pause":
        assert container.status() == "paused"
        subject.stands_still()
    elif verb == "exec":
        assert (out.stdout, out.stderr) == ("inside\n", ""), str(out)
    elif verb.startswith("kill"):
        subject.dies()
        assert container.status() == "stopped"
    else:
        check_gone(subject)


def check_held(subject):
    container = subject.container
    assert container.status() == "created"
    assert container.start(check=False).returncode == 1
    container.resume()
    container.start()
    subject.makes_progress()


def check_later(subject):
    subject.container.resume(check=False)
    subject.dies()
    assert subject.container.status() == "stopped"


def is_idle(answer):
    return answer == "same" or answer.startswith("!")


def changes_nothing(answer, verb):
    return verb == "exec" or is_idle(answer) or answer in STATUSES + LISTS + ("unknown",)


def cells():
    """By situation; within one, the cells that change nothing on any kind of host come first."""
    def late(verb):
        return any(not changes_nothing(matrix.answer(kind, situation, verb), verb) for kind in matrix.KINDS)

    found = []
    for situation in matrix.SITUATIONS:
        found += [(situation, verb) for verb in sorted(matrix.VERBS, key=late)]
    return [pytest.param(*cell, id="-".join(cell).replace(" ", "")) for cell in found]


@pytest.mark.parametrize("situation, verb", cells())
def test_cell(subjects, place, situation, verb):
    kind = host.LAYOUT.kind if host.LAYOUT else matrix.kind_of(*place)
    answer = matrix.answer(kind, situation, verb)
    if answer == "-":
        pytest.skip(f"cannot happen on a host with {matrix.KINDS[kind]}")
    subject = subjects.get(situation, changes_nothing(answer, verb))
    if subject.truth is None and is_idle(answer):
        subject.truth = truth(subject)

    out = subject.container.runtime(*words(subject.container, verb), check=False)

    check_end(answer, verb, out)
    if answer in STATUSES + ("unknown",):
        check_document(subject, answer, out)
    elif answer in LISTS:
        expected = {"both": [subject.pid, subject.child], "init": [subject.pid], "none": []}[answer]
        assert sorted(out.json) == sorted(pid for pid in expected if pid)
    elif answer == "works":
        check_works(subject, verb, out)
    elif answer == "held":
        check_held(subject)
    elif answer == "later":
        check_later(subject)
    elif answer == "folder":
        assert not subject.container.state_dir.exists()
        assert len(subject.alive()) == 2
    elif is_idle(answer):
        assert truth(subject) == subject.truth
    if subject.bystander:
        assert subject.bystander.poll() is None, "another process was killed"


def test_the_page_is_current():
    """tests/vm/matrix.py --write makes it."""
    assert matrix.PAGE.read_text(encoding="utf-8") == matrix.page()


def test_every_answer_is_used_and_explained():
    used = {*matrix.parse().values(), *matrix.differences().values()}

    assert used == set(matrix.ANSWERS)
