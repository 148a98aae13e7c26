# SPDX-License-Identifier: Apache-2.0
"""The completions in bash, zsh and fish: each shell is asked itself what it offers at the end of a line."""
import contextlib
import json
import os
import pathlib
import pty
import select
import shutil
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAVIT = ROOT / "build/davit"

if not DAVIT.exists():
    pytest.skip("nothing is built: run make first", allow_module_level=True)

TABLES = json.loads(subprocess.run([DAVIT, "--dump-options"], capture_output=True, text=True, check=True).stdout)["commands"]
COMMANDS = {command["name"] for command in TABLES[1:]}
TAKES_ID = ("delete", "events", "exec", "kill", "pause", "ps", "resume", "start", "state", "update")

# Tells its arguments, and has other containers at each --root.
STUB = """#!/bin/sh
printf '%s|' "$@" >>"$STUB_LOG"
echo >>"$STUB_LOG"
[ -f "$HOME/names" ] && exec cat "$HOME/names"
case "$*" in
"list -q") echo web-1; echo web-2 ;;
"--root $HOME/other list -q" | "--root $HOME/an other list -q") echo api-1; echo api-2 ;;
esac
"""

# Each completes what comes on its terminal, or for fish on standard input, and writes the outcome to descriptor FD.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], r"""
        show() { printf '%s\0' "$READLINE_LINE" >&FD; READLINE_LINE= READLINE_POINT=0; }
        bind 'set bell-style none'
        bind '"\C-xa": insert-completions'
        bind -x '"\C-xp": show'
        source DIR/davit.bash
        printf 'ready\0' >&FD
        """),
    "zsh": (["zsh", "-f", "-i"], r"""
        show() { print -rNu FD -- "$BUFFER"; BUFFER=; }
        fpath=(DIR $fpath); autoload -Uz compinit; compinit -u -D
        zstyle ':completion:all-matches::::' completer _all_matches _complete
        zstyle ':completion:all-matches:*' insert yes
        zle -C all-matches complete-word _generic; bindkey '^Xa' all-matches
        zle -N show; bindkey '^Xp' show
        print -rNu FD ready
        """),
    "fish": (["fish", "--no-config", "-c", r"""
        source DIR/davit.fish
        printf 'ready\0' >&FD
        while read -l line; begin; complete -C $line; printf '\0'; end >&FD; end"""], ""),
}


class Shell:
    def __init__(self, name, home):
        self.name, self.home = name, home
        self.log = home / "stub.log"
        command, setup = SHELLS[name]
        environment = {"PATH": f"{home}/bin:{os.environ['PATH']}", "HOME": str(home), "TERM": "dumb", "LC_ALL": "C.UTF-8",
                       "STUB_LOG": str(self.log), "INPUTRC": "/dev/null", "XDG_DATA_HOME": str(home)}
        self.said = b""
        self.results, theirs = os.pipe()
        self.terminal, slave = pty.openpty()

        def fill(text):
            return text.replace("DIR", str(ROOT / "completions")).replace("FD", str(theirs))

        self.process = subprocess.Popen(
            [fill(word) for word in command], pass_fds=(theirs,), env=environment, cwd=home / "work", start_new_session=True,
            stdin=subprocess.PIPE if name == "fish" else slave, stdout=slave, stderr=slave)
        os.close(slave)
        threading.Thread(target=self.drain, daemon=True).start()
        self.write("".join(line.strip() + "\n" for line in fill(setup).splitlines()))
        os.close(theirs)
        assert self.result() == "ready"

    def drain(self):
        with contextlib.suppress(OSError):
            while more := os.read(self.terminal, 65536):
                self.said += more

    def write(self, text):
        os.write(self.process.stdin.fileno() if self.name == "fish" else self.terminal, text.encode())

    def result(self):
        text = b""
        while not text.endswith(b"\0"):
            assert select.select([self.results], [], [], 20)[0], f"{self.name} does not answer, only {text}"
            more = os.read(self.results, 65536)
            assert more, f"{self.name} has ended"
            text += more
        return text.decode().rstrip("\0")

    def ask(self, line):
        """What the shell makes of LINE: fish a list, the others a line with all words in it."""
        self.write(line + ("\n" if self.name == "fish" else "\x18a\x18p"))
        return self.result()

    def offers(self, line):
        """What may come in the place of the last word of LINE, or of its part after an =."""
        word = line.split(" ")[-1]
        option = word[:word.find("=") + 1] if word.startswith("-") else ""
        result = self.ask(line)
        if self.name == "fish":
            words = [one.split("\t")[0] for one in result.splitlines()]
        else:
            assert result.startswith(line)
            words = result[len(line) - len(word):].split() if result.strip() != line.strip() else []
        return {one.removeprefix(option).rstrip("=") for one in words}

    def close(self):
        os.close(self.terminal)
        os.close(self.results)
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module", params=SHELLS)
def shell(request, tmp_path_factory):
    assert shutil.which(request.param), f"there is no {request.param}: tools/install-deps check installs it"
    home = tmp_path_factory.mktemp(request.param)
    for name in ("bin", "other", "an other", "work/bundle", "work/state", "work/many/deep"):
        (home / name).mkdir(parents=True)
    (home / "work/config.json").write_text("{}")
    (home / "bin/davit").write_text(STUB)
    (home / "bin/davit").chmod(0o755)
    one = Shell(request.param, home)
    yield one
    one.close()


FILES = {"bundle", "state", "many", "config.json"}
DIRS = FILES - {"config.json"}


def options(name):
    return {f"--{o['name']}" for c in TABLES if c["name"] == name for o in c["options"]} | {"--help"}


@pytest.mark.parametrize("before", ["", "--debug ", "--root /x ", "--root=/x ", "--log file:/x ", "--log-level debug --root /a:b ",
                                    "--cgroup-manager=systemd --systemd-cgroup "])
def test_commands_come_after_global_options(shell, before):
    assert shell.offers(f"davit {before}") == COMMANDS
    assert shell.offers(f"davit {before}st") == {"start", "state"}


def test_a_command_stays_one_where_a_directory_has_its_name(shell):
    assert (shell.home / "work/state").is_dir()
    assert shell.offers("davit stat") == {"state"}


def test_help_takes_a_command(shell):
    assert shell.offers("davit --root /x help ") == COMMANDS
    assert "run" not in shell.offers("davit help run ")


def test_global_options_come_before_the_command_only(shell):
    assert shell.offers("davit --") == options("")
    assert shell.offers("davit --root /x --log-l") == {"--log-level"}
    assert shell.offers("davit list --log-l") == set()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_command_has_its_options(shell, command):
    assert shell.offers(f"davit {command} --") == options(command)


@pytest.mark.parametrize("line, words", [
    ("--cgroup-manager ", {"cgroupfs", "systemd", "disabled"}),
    ("--cgroup-manager=", {"cgroupfs", "systemd", "disabled"}),
    ("--cgroup-manager=s", {"systemd"}),
    ("--debug --log-level ", {"error", "warning", "info", "debug"}),
    ("--log-format ", {"text", "json"}),
    ("doctor --client ", {"podman", "buildah", "docker", "containerd", "crio", "kubernetes"}),
    ("--root /x doctor -c ", {"podman", "buildah", "docker", "containerd", "crio", "kubernetes"}),
    ("doctor --client=po", {"podman"}),
    ("events --all --format ", {"json", "table", "prometheus"}),
    ("list -f ", {"table", "json"}),
    ("exec --tty=", {"true", "false"}),
    ("run --preserve-fds ", set()),
    ("update --memory ", set()),
])
def test_options_have_their_values(shell, line, words):
    assert shell.offers(f"davit {line}") == words


@pytest.mark.parametrize("line, names", [
    ("--root ", DIRS), ("--root=", DIRS), ("--log ", FILES), ("run --bundle ", DIRS), ("run -b ", DIRS), ("run --bundle=bu", {"bundle"}),
    ("create --config ", FILES), ("update -r ", FILES), ("spec --rootfs ", DIRS), ("--root /x validate -b many/", {"many/deep"}),
    ("mounts add web-1 ", FILES),
])
def test_paths_are_files_or_directories(shell, line, names):
    assert {one.rstrip("/") for one in shell.offers(f"davit {line}")} == names


@pytest.mark.parametrize("command", TAKES_ID)
def test_containers_are_offered(shell, command):
    assert shell.offers(f"davit {command} ") == {"web-1", "web-2"}


@pytest.mark.parametrize("line", ["update --memory 5M ", "exec --user 0:0 ", "exec -t --env A=b ", "kill --all ", "delete -f ",
                                  "mounts add ", "mounts remove ", "events web-1 ", "ps --format=json ", "state -- "])
def test_containers_come_after_options_and_verbs(shell, line):
    offers = shell.offers(f"davit {line}")

    assert {"web-1", "web-2"} - set(line.split()) <= offers <= {"web-1", "web-2"}


@pytest.mark.parametrize("line", ["list ", "spec ", "features ", "run ", "create ", "state web-1 ", "exec web-1 ", "exec web-1 ls "])
def test_nothing_is_offered_where_nothing_known_comes(shell, line):
    offers = shell.offers(f"davit {line}")

    # zsh offers options then, as long as there may be some.
    assert {one for one in offers if line.startswith("exec") or one[0] != "-"} == set()


def test_options_end_where_the_command_of_exec_begins(shell):
    assert "--cwd" in shell.offers("davit exec --c")
    assert shell.offers("davit exec web-1 --c") == set()
    assert shell.offers("davit ps web-1 -") == set()
    assert shell.offers("davit state -- --") == set()
    assert shell.offers("davit state web-1 --e") == {"--explain"}


def test_mounts_has_verbs_and_kill_has_signals(shell):
    assert shell.offers("davit mounts ") == {"add", "remove"}
    assert shell.offers("davit kill web-1 WIN") == {"WINCH"}
    assert {"TERM", "KILL", "HUP"} <= shell.offers("davit kill --all web-1 ")


@pytest.mark.parametrize("root", ["--root HOME/other", "--root=HOME/other", "--debug --root HOME/other --log-level info",
                                  "--root ~/other", "--root 'HOME/an other'", "--root HOME/an\\ other"])
def test_containers_are_those_of_the_root_in_the_line(shell, root):
    before = "davit " + root.replace("HOME", str(shell.home))

    assert shell.offers(f"{before} state ") == {"api-1", "api-2"}
    assert shell.offers(f"{before} mounts add ") == {"api-1", "api-2"}
    assert shell.offers(f"{before} update --memory 5M ") == {"api-1", "api-2"}


@pytest.mark.parametrize("before", ["A=1 davit", "true; davit", "true && davit --debug", "~/bin/davit", "HOME/bin/davit"])
def test_the_line_may_hold_more_and_name_its_davit(shell, before):
    before = before.replace("HOME", str(shell.home))

    assert shell.offers(f"{before} --log file:/x sta") == {"start", "state"}
    assert shell.offers(f"{before} --root ~/other state ") == {"api-1", "api-2"}


def test_a_root_after_the_command_is_none(shell):
    assert shell.offers("davit exec --env --root ") == {"web-1", "web-2"}


def test_nothing_in_the_line_is_run(shell, ran):
    """A substitution in --root is passed on as it stands."""
    for root in ("--root ", "--root=", "-root ", "-root="):
        assert shell.offers(f"davit {root}$(touch\\ {shell.home}/ran) state ") == set()
    for line in ("$(touch ran) ", "`touch ran` ", "-$(touch ran) ", "--$(touch ran)=", "--log=$(touch ran) state ",
                 "exec -e$(touch ran) ", "exec -e $(touch ran) ", "exec -te'$(touch ran)' ", "<(touch ran) "):
        shell.ask(f"davit {line}")
    assert not ran()


EVIL = ["$(touch $HOME/ran)", "$(touch ${HOME:0:0}ran)", "(touch ran)", "`touch $HOME/ran`", "`touch ran`", ";touch ran", "a;touch ran;",
        "a b", "two words", "$HOME", "~", "*", "'", '"', "a\\", "a\tb", "-x=$(touch ran)", "<(touch ran)", "{a,b}", "web:3:a", "[3]"]


@pytest.fixture
def ran(shell):
    """The files that something which must not be run has made."""
    for path in shell.home.rglob("ran"):
        path.unlink()
    return lambda: [*shell.home.rglob("ran")]


@pytest.fixture
def evil(shell):
    """`list -q` prints such names, and two ids among them."""
    names = shell.home / "names"
    names.write_text("\n".join(["web-3", *EVIL, "a.b_c+d-e"]) + "\n")
    yield
    names.unlink()


@pytest.mark.parametrize("line, ids", [
    ("state ", {"web-3", "a.b_c+d-e"}), ("state w", {"web-3"}), ("state '", None), ("state $", None), ("state \\$", set()),
    ("state `", None), ("state \\;", set()), ("events web-3 ", None), ("mounts add ", {"web-3", "a.b_c+d-e"}),
])
def test_names_that_are_no_ids_are_not_offered_and_nothing_of_them_is_run(shell, evil, ran, line, ids):
    if ids is None:
        shell.ask(f"davit {line}")
    else:
        assert shell.offers(f"davit {line}") == ids
    assert not ran()


@pytest.mark.parametrize("place", ["$(touch HOME/ran)/davit", "$(touch ran)HOME/bin/davit", "`touch ran`/davit", "(touch ran)/davit",
                                   '"$(touch ran)/davit"', "'$(touch ran)'/davit", "<(touch ran)/davit"])
def test_nothing_in_the_name_of_the_program_is_run(shell, ran, place):
    if shell.name == "fish" and "`" in place:
        pytest.skip("a letter like others in fish")
    for line in ("state ", "--root /x state ", "--log-le"):
        shell.ask(f"{place.replace('HOME', str(shell.home))} {line}")

    assert not ran()


IDS, APIS, STA, LEVELS = {"web-1", "web-2"}, {"api-1", "api-2"}, {"start", "state"}, {"error", "warning", "info", "debug"}


@pytest.mark.parametrize("line, words", [
    ("--log-lev debug sta", STA), ("--log-lev ", LEVELS), ("--log-lev d", {"debug"}),
    ("--log-lev=d", {"debug"}), ("--log-lev=debug sta", STA), ("--deb sta", STA),
    ("--log-form=text --cg systemd sta", STA), ("events --for ", {"json", "table", "prometheus"}),
    ("exec --use 0 ", IDS), ("exec --env A=b --add 1,2 ", IDS), ("exec --tt ", IDS),
    ("exec --tt=", {"true", "false"}), ("doctor --cl=po", {"podman"}), ("exec --ig ", IDS),
    ("--rootless x spec --rootl --ar", {"--args"}),
    # --log is one of its own; --log- is one of two, which davit refuses.
    ("--log file:/x sta", STA), ("--log- sta", STA),
])
def test_a_prefix_of_one_long_option_is_that_option(shell, line, words):
    assert shell.offers(f"davit {line}") == words


@pytest.mark.parametrize("line, words", [
    ("exec -te A=b ", IDS), ("exec -tdu 0:0 ", IDS), ("exec -teA=b ", IDS),
    ("exec -te=A ", IDS), ("exec -td ", IDS), ("exec -e A=b -t ", IDS), ("exec -te ", set()),
    ("exec -et ", IDS), ("exec -t=false ", IDS), ("list -qf ", {"table", "json"}),
    ("events -af ", {"json", "table", "prometheus"}), ("events -af json ", IDS), ("delete -fr ", IDS),
    ("exec -u 0 -tu 1 --user 2 ", IDS), ("delete -f --force -ff ", IDS), ("exec --env -e ", IDS),
    ("list -f json --format=json -f ", {"table", "json"}), ("exec -td web-1 ", set()), ("exec -te A=b web-1 ", set()),
])
def test_letters_may_stand_together(shell, line, words):
    assert {one for one in shell.offers(f"davit {line}") if one[0] != "-"} == words


@pytest.mark.parametrize("line, words", [("list -qf=", {"table", "json"}), ("list -f=t", {"table"}), ("exec -t=", {"true", "false"}),
                                         ("run -b=bu", {"bundle"}), ("run -df=c", {"config.json"})])
def test_a_value_may_follow_a_letter_and_an_equals_sign(shell, line, words):
    if shell.name == "fish" and line.startswith("list"):
        words = set()  # fish takes the = for a part of it, but in paths
    assert {one.rstrip("/") for one in shell.offers(f"davit {line}")} == words


@pytest.mark.parametrize("line, words", [("list -ft", {"-ftable"}), ("list -qft", {"-qftable"}), ("doctor -cpo", {"-cpodman"})])
def test_a_value_may_be_attached_to_a_letter(shell, line, words):
    assert shell.offers(f"davit {line}") == words


@pytest.mark.parametrize("line, words", [
    ("-root /x sta", STA), ("-root=/x sta", STA), ("-log-level ", LEVELS),
    ("-log-level=d", {"debug"}), ("-debug sta", STA), ("-root ~/other state ", APIS),
    ("-root=HOME/other state ", APIS), ("-root ", DIRS), ("-root=b", {"bundle"}), ("run -bundle ", DIRS),
    ("run -bundle=bu", {"bundle"}),
    ("exec -env A=b ", IDS), ("exec -tty ", IDS), ("exec -tty=", {"true", "false"}),
    ("run -no-subreaper -bundle=b", {"bundle"}), ("doctor -format=t", {"text"}), ("doctor -client=po", {"podman"}),
    ("doctor -client po", {"podman"}),
])
def test_a_long_option_may_have_one_dash(shell, line, words):
    if shell.name == "fish" and line.startswith("doctor -") and "=" in line:
        words = set()  # -c and -f take a value
    assert {one.rstrip("/") for one in shell.offers(f"davit {line.replace('HOME', str(shell.home))}")} == words


def test_a_quoted_option_is_one(shell):
    assert shell.offers("davit '--log-level' ") == LEVELS
    assert shell.offers("davit \"--root\" ~/other state ") == APIS
    assert shell.offers("davit '--root='~/other sta") == STA


def test_no_shell_complains(shell):
    shell.offers("davit '' ")
    shell.offers("davit ! -a ")
    shell.offers("davit nothing --")
    shell.offers("nothing/davit --root /x state ")
    for line in ("--=", "--nothing=", "-=", "-?", "-root", "--root= ", "-- -", "exec -", "exec -*= ", "exec --[= ", "exec -e='"):
        shell.ask(f"davit {line}")
    for word in (b"bash: ", b": line ", b"_davit:", b"_davit_ids:", b"(line ", b"not found", b"test: ", b"nknown command", b"bad "):
        assert word not in shell.said, shell.said.decode()


def test_davit_understands_what_the_completions_call_it_with(shell):
    shell.offers("davit --root /nonexistent state ")

    calls = {tuple(line.split("|")[:-1]) for line in shell.log.read_text().splitlines()}

    assert ("list", "-q") in calls and ("--root", "/nonexistent", "list", "-q") in calls
    for call in calls:
        assert call[-2:] == ("list", "-q") and len(call) in (2, 4), call
        out = subprocess.run([DAVIT, "--root", "/nonexistent", *call[-2:]], capture_output=True, text=True, check=False)
        assert (out.returncode, out.stdout, out.stderr) == (0, "", "")


def test_bash_may_have_no_breaks_at_the_equals_sign(shell):
    if shell.name != "bash":
        pytest.skip("of bash only")
    shell.write("before=$COMP_WORDBREAKS COMP_WORDBREAKS=' '\n")

    lines = [shell.ask(f"davit {line}") for line in ("--log-lev=d", "list -f=t", "exec -t=f")]

    shell.write("COMP_WORDBREAKS=$before\n")
    assert lines == ["davit --log-lev=debug ", "davit list -f=table ", "davit exec -t=false "]
