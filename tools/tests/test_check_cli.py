# SPDX-License-Identifier: Apache-2.0
"""tools/check-cli writes completions that the shells can read, whatever the tables hold."""
import subprocess

import pytest

from conftest import load

check_cli = load("check-cli")


def option(kind, name, letter="", **more):
    return {"kind": kind, "letter": letter, "name": name, "arg": "", "words": [], "help": "as it says", **more}


def command(name, *options, **more):
    return {"name": name, "operands": "ID", "summary": "do it", "has_id": True, "stops_at_operand": False, "verbs": [],
            "options": list(options), **more}


TTY = option("maybe", "tty", arg="BOOL")
TABLES = {
    "nothing": (command("", operands="COMMAND"), [command("one", operands="")]),
    "no command stops": (command("", option("string", "root", arg="DIR"), operands="COMMAND"), [command("one")]),
    "one stops": (command("", operands="COMMAND"), [command("one", stops_at_operand=True), command("two")]),
    "a value without a letter may be attached": (command("", operands="COMMAND"), [command("one", TTY)]),
    "a help with everything": (command("", operands="COMMAND"), [command("one", option("flag", "all", "a", help="a\\b [c]: 'd' \\"),
                                                                         summary="it's a\\")]),
}


def words_of_zsh(text):
    out = subprocess.run(["zsh", "-f", "-c", f"print -rl -- {text}"], capture_output=True, text=True, check=True)
    return out.stdout.splitlines()


@pytest.mark.parametrize("tables", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_read_its_completion(tmp_path, shell, tables):
    path = tmp_path / "completion"
    path.write_text(getattr(check_cli, shell)(*tables))

    out = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)

    assert (out.returncode, out.stderr) == (0, "")


def test_a_value_that_may_be_attached_is_one_of_the_long_option_only():
    assert words_of_zsh(check_cli.zsh_option(TTY)) == ["--tty=-[as it says]::value:(true false)"]
    assert words_of_zsh(check_cli.zsh_option({**TTY, "letter": "t"})) == [
        "(-t --tty)-t[as it says]", "(-t --tty)--tty=-[as it says]::value:(true false)"]


def test_zsh_gets_each_text_as_it_stands():
    assert words_of_zsh("'" + check_cli.zsh_quote("a\\b [c]: 'd' \\") + "'") == ["a\\\\b \\[c\\]\\: 'd' \\\\"]
