# SPDX-License-Identifier: Apache-2.0
"""The process: user, groups, capabilities, limits, environment, directory, and what it inherits."""
import fcntl
import os
import re
import stat

import pytest

from harness import machine

# The whole list of Linux 6.18; the position is the number.
CAPS = ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
        "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
        "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
        "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
        "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()
SETS = {"CapInh": "inheritable", "CapPrm": "permitted", "CapEff": "effective", "CapBnd": "bounding",
        "CapAmb": "ambient"}


def bits(*names):
    return sum(1 << CAPS.index(name.removeprefix("CAP_")) for name in names)


def sets(probe):
    return {word: int(probe[line], 16) for line, word in SETS.items()}


def refused(container, *texts):
    out = container.run(["true"], check=False)

    assert out.returncode == 1, out
    for text in texts:
        assert text in out.stderr, out
    assert not container.state_dir.exists()
    return out


# --- user --------------------------------------------------------------------------------------------------------

@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("uid, gid, groups", [(0, 0, []), (1000, 1000, []), (1, 2, [3, 4]), (65534, 65534, [0]),
                                              pytest.param(4294967294, 4294967294, [4294967294],
                                                           marks=pytest.mark.root(why="nobody else has such an id"))])
@pytest.mark.row("CF-54", "CF-56")
def test_the_user_is_exactly_the_configured_one(container, uid, gid, groups):
    container.process["user"] = {"uid": uid, "gid": gid, "additionalGids": groups}
    if uid > 2**31 and machine.runtime_kind() == "runc":
        pytest.skip("runc's limit is 2^31")

    seen = container.probe()

    assert (seen["uid"], seen["euid"], seen["gid"], seen["egid"]) == (uid, uid, gid, gid)
    assert sorted(seen["groups"]) == groups


@pytest.mark.row("CF-56")
def test_the_callers_groups_are_not_kept(container):
    container.process["user"] = {"uid": 1000, "gid": 1000}

    assert container.run(["probe"], preexec_fn=lambda: os.setgroups([0, 4711])).json["groups"] == []


@pytest.mark.davit_only
@pytest.mark.parametrize("member", ["uid", "gid"])
@pytest.mark.parametrize("value", [-1, 4294967295, 4294967296, 1.5, "0", "1000", True, [0], "root", 1e30])
@pytest.mark.row("CF-54")
def test_what_is_no_id_is_refused_with_its_member(container, member, value):
    """crun runs `"uid": "1000"` and 4294967295 as root."""
    container.process["user"][member] = value

    refused(container, f"process.user.{member}")


@pytest.mark.row("CF-54")
@pytest.mark.parametrize("user", [{}, {"gid": 7}, {"uid": 7}], ids=str)
def test_an_id_that_is_absent_is_0(container, user):
    container.process["user"] = user

    seen = container.probe()

    assert (seen["uid"], seen["gid"]) == (user.get("uid", 0), user.get("gid", 0))


@pytest.mark.davit_only
@pytest.mark.parametrize("value", [-1, 4294967295, "5"])
def test_what_is_no_group_is_refused_with_its_member(container, value):
    container.process["user"]["additionalGids"] = [1, value]

    refused(container, "process.user.additionalGids[1]")


@pytest.mark.davit_only
def test_a_user_that_is_no_object_is_refused(container):
    container.process["user"] = "1000:1000"

    refused(container, "process.user")


def test_many_groups_arrive(container):
    groups = list(range(1, 1001))
    container.process["user"] = {"uid": 0, "gid": 0, "additionalGids": groups}

    assert sorted(container.probe()["groups"]) == groups


def test_standard_streams_belong_to_the_user(container):
    """So that the process can open /dev/stdout again."""
    container.process["user"] = {"uid": 1000, "gid": 1000}
    reader, writer = os.pipe()
    os.fchown(writer, container.owner, container.owner)

    container.run(["sh", "-c", "echo again > /proc/self/fd/1"], stdout=os.fdopen(writer, "wb"))

    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"again\n"


def test_the_null_device_of_the_host_is_not_chowned(container):
    before = os.stat("/dev/null")
    container.process["user"] = {"uid": 1000, "gid": 1000}
    container.run(["true"])

    after = os.stat("/dev/null")
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


# --- capabilities ---------------------------------------------------------------------------------------------------

@pytest.mark.views("hybrid", "oldkernel")
@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
@pytest.mark.row("CF-42")
def test_the_five_sets_are_exactly_as_configured_for_root(container, nnp):
    container.process["noNewPrivileges"] = nnp
    container.process["capabilities"] = {
        "bounding": ["CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW"], "permitted": ["CAP_KILL", "CAP_CHOWN"],
        "effective": ["CAP_KILL", "CAP_CHOWN"], "inheritable": [], "ambient": []}

    seen = sets(container.probe())

    assert seen["bounding"] == bits("KILL", "CHOWN", "NET_RAW")
    # By capabilities(7) the execve of root gains what is bounding, unless no_new_privs is on.
    gained = bits("KILL", "CHOWN") if nnp else bits("KILL", "CHOWN", "NET_RAW")
    assert seen["permitted"] == seen["effective"] == gained
    assert seen["inheritable"] == seen["ambient"] == 0


@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
@pytest.mark.row("CF-42")
def test_an_ordinary_user_has_no_capability_without_ambient(container, nnp):
    container.process["user"] = {"uid": 1000, "gid": 1000}
    container.process["noNewPrivileges"] = nnp

    seen = sets(container.probe())

    assert seen["bounding"] == bits("AUDIT_WRITE", "KILL", "NET_BIND_SERVICE")
    assert seen["permitted"] == seen["effective"] == seen["inheritable"] == seen["ambient"] == 0


@pytest.mark.parametrize("nnp", [True, False], ids=["nnp", "no-nnp"])
@pytest.mark.row("CF-42")
def test_ambient_capabilities_survive_the_exec_of_an_ordinary_user(container, nnp):
    container.process["user"] = {"uid": 1000, "gid": 1000}
    container.process["noNewPrivileges"] = nnp
    container.process["capabilities"] = {name: ["CAP_NET_RAW", "CAP_KILL"] for name in SETS.values()}
    container.process["capabilities"]["ambient"] = ["CAP_NET_RAW"]

    seen = sets(container.probe())

    assert seen["ambient"] == seen["permitted"] == seen["effective"] == bits("NET_RAW")
    assert seen["inheritable"] == seen["bounding"] == bits("NET_RAW", "KILL")


@pytest.mark.parametrize("uid", [0, 1000])
def test_inheritable_is_empty_unless_it_is_configured(container, uid):
    container.process["user"] = {"uid": uid, "gid": uid}

    assert sets(container.probe())["inheritable"] == 0


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.row("CF-42")
def test_inheritable_is_what_is_configured(container, uid):
    container.process["user"] = {"uid": uid, "gid": uid}
    container.process["capabilities"]["inheritable"] = ["CAP_KILL"]

    assert sets(container.probe())["inheritable"] == bits("KILL")


@pytest.mark.parametrize("block", ["absent", "empty"])
@pytest.mark.row("CF-42")
def test_without_capabilities_every_set_is_empty(container, block):
    """The bounding set, too: youki kept it full."""
    if block == "absent":
        del container.process["capabilities"]
    else:
        container.process["capabilities"] = {}

    assert set(sets(container.probe()).values()) == {0}


@pytest.mark.row("RT-27")
@pytest.mark.davit_only
@pytest.mark.row("CF-40")
def test_an_unknown_capability_is_a_warning(container):
    container.process["capabilities"]["bounding"].append("CAP_TEST")

    out = container.run(["echo", "ok"])

    assert out.stdout == "ok\n"
    logged = container.run(["true"], globals=["--log-level", "warning"])
    assert "CAP_TEST" in out.stderr + logged.stderr


def own_capabilities(container):
    """What the runtime may give; a new user namespace brings all."""
    if container.mode != "root":
        return bits(*CAPS)
    return int(re.search(r"CapBnd:\s*(\w+)", machine.read("/proc/self/status")).group(1), 16)


@pytest.mark.davit_only
@pytest.mark.row("CF-40", "CF-41")
def test_a_capability_that_we_do_not_have_is_left_out(container):
    """The specification: should not fail.  Every peer fails: this host lacks CAP_SYS_RESOURCE."""
    own = own_capabilities(container)
    missing = [name for name in CAPS if not own & bits(name)]
    if not missing:
        pytest.skip("this machine has every capability")
    for name in SETS.values():
        container.process["capabilities"][name] = [f"CAP_{missing[0]}", "CAP_KILL"]

    out = container.run(["probe"], globals=["--log-level", "warning"])

    assert set(sets(out.json).values()) == {bits("KILL")}
    assert f"CAP_{missing[0]}" in out.stderr


@pytest.mark.davit_only
def test_every_known_capability_can_be_asked_for(container):
    for name in ("bounding", "effective", "permitted"):
        container.process["capabilities"][name] = [f"CAP_{cap}" for cap in CAPS]
    own = own_capabilities(container)

    assert sets(container.probe())["bounding"] == own & bits(*CAPS)


@pytest.mark.davit_only
@pytest.mark.parametrize("value", [["CAP_KILL"], "CAP_KILL", {"bounding": "CAP_KILL"}, {"bounding": [1]}])
def test_capabilities_of_another_shape_are_refused(container, value):
    container.process["capabilities"] = value

    refused(container, "process.capabilities")


def test_securebits_and_keepcaps_are_not_left_on(container):
    container.process["user"] = {"uid": 1000, "gid": 1000}

    seen = container.probe()

    assert (seen["keepcaps"], seen["securebits"]) == (0, 0)


@pytest.mark.parametrize("value, shown", [(True, "1"), (False, "0"), (None, "0")])
@pytest.mark.row("CF-43")
def test_no_new_privileges(container, value, shown):
    if value is None:
        del container.process["noNewPrivileges"]
    else:
        container.process["noNewPrivileges"] = value

    assert container.probe()["NoNewPrivs"] == shown


@pytest.mark.davit_only
@pytest.mark.parametrize("value", ["true", 1, 0, [], None])
def test_no_new_privileges_of_another_type_is_refused(container, value):
    """crun runs `"true"` without it.  null counts as absent."""
    container.process["noNewPrivileges"] = value
    if value is None:
        assert container.probe()["NoNewPrivs"] == "0"
    else:
        refused(container, "process.noNewPrivileges")


@pytest.mark.davit_only
@pytest.mark.row("CF-39")
@pytest.mark.skipif(os.path.exists("/sys/module/apparmor"), reason="would need a profile that is loaded")
@pytest.mark.root("userns", why="it makes a mount for the runtime alone")
@pytest.mark.parametrize("command", ["run", "exec"])
def test_an_apparmor_profile_is_asked_of_the_kernel(container, command):
    """This kernel has no AppArmor and refuses it; the runtime is made to believe that it has."""
    fake = "/sys/module/apparmor/parameters"
    wrapper = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs t /sys/module && mkdir -p {fake} && echo Y > {fake}/enabled && exec "$@"', "sh"]
    if command == "exec":
        container.up()
        container.wrapper = wrapper
        out = container.exec(["true"], options=["--apparmor", "some-profile"], check=False)
    else:
        container.process["apparmorProfile"] = "some-profile"
        container.wrapper = wrapper
        out = container.run(["true"], check=False)

    assert out.returncode in (1, 255)
    assert "process.apparmorProfile: write `exec some-profile` to `/proc/thread-self/attr/exec`: Invalid argument" in out.stderr


# --- limits -----------------------------------------------------------------------------------------------------------

@pytest.mark.all_modes
@pytest.mark.row("CF-37")
def test_a_soft_and_a_hard_limit_reach_the_process(container):
    container.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 512, "hard": 1024}]

    assert container.run(["sh", "-c", "ulimit -n; ulimit -Hn"]).stdout == "512\n1024\n"


ALL_LIMITS = ("CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING "
              "STACK AS").split()


@pytest.mark.parametrize("name", ALL_LIMITS)
@pytest.mark.row("CF-37")
def test_every_limit_reaches_the_process(container, name):
    current = container.probe()["rlimits"][name]
    hard = current[1] if current[1] < 2**63 else 2**32
    hard -= hard > 5
    container.process["rlimits"] = [{"type": f"RLIMIT_{name}", "soft": hard, "hard": hard}]

    assert container.probe()["rlimits"][name] == [hard, hard]


@pytest.mark.row("CF-37")
def test_an_unlimited_limit(container):
    container.process["rlimits"] = [{"type": "RLIMIT_FSIZE", "soft": 2**64 - 1, "hard": 2**64 - 1}]

    assert container.probe()["rlimits"]["FSIZE"] == [2**64 - 1, 2**64 - 1]


@pytest.mark.skipif(machine.runtime_kind() == "runc", reason="Go raises the soft limit")
def test_limits_that_are_not_listed_are_the_callers(container):
    container.process["rlimits"] = []
    running = container.run(["probe"], limits=["-l", "nofile=700:900"])

    assert running.json["rlimits"]["NOFILE"] == [700, 900]


@pytest.mark.davit_only
@pytest.mark.parametrize("limits, text", [
    ([{"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1}], "process.rlimits[0].soft: is above hard"),
    ([{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2}] * 2, "process.rlimits[1].type"),
    ([{"type": "RLIMIT_TEST", "soft": 1, "hard": 2}], "process.rlimits[0].type"),
    ([{"type": "NOFILE", "soft": 1, "hard": 2}], "process.rlimits[0].type"),
    ([{"type": "RLIMIT_NOFILE", "soft": 1}], "process.rlimits[0].hard"),
    ([{"soft": 1, "hard": 2}], "process.rlimits[0].type"),
    ([{"type": "RLIMIT_NOFILE", "soft": -1, "hard": 2}], "process.rlimits[0].soft"),
    ([{"type": "RLIMIT_NOFILE", "soft": "1", "hard": 2}], "process.rlimits[0].soft"),
    ([{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2**64}], "beyond 64 bits"),
    ({"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2}, "process.rlimits")])
@pytest.mark.row("CF-36", "CF-38")
def test_wrong_limits_are_refused_with_their_member(container, limits, text):
    container.process["rlimits"] = limits

    refused(container, text)


def test_a_limit_above_the_hard_limit_of_the_host_is_refused(container):
    if os.sysconf("SC_OPEN_MAX") > 2**19:
        pytest.skip("the host's limit is too high")
    container.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 2**20, "hard": 2**20}]

    out = container.run(["true"], check=False, globals=["--log-level", "warning"])

    if container.mode != "root":
        assert out.returncode == 0
        assert "RLIMIT_NOFILE: hard 1048576 is lowered" in out.stderr
        return
    own = int(re.search(r"CapEff:\s*(\w+)", machine.read("/proc/self/status")).group(1), 16)
    if own & bits("SYS_RESOURCE"):
        assert out.returncode == 0
    else:
        assert out.returncode == 1
        assert "RLIMIT_NOFILE" in out.stderr or machine.runtime_kind() == "runc"


def test_hooks_do_not_run_under_the_limits_of_the_container(container):
    """crun sets them on itself."""
    script = container.host_script("hook", f"ulimit -n > {container.directory}/limit\n")
    container.spec["hooks"] = {"createRuntime": [{"path": script}]}
    container.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 99, "hard": 99}]
    container.run(["true"])

    assert (container.directory / "limit").read_text() != "99\n"


# --- the rest of the process ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("value", [0, 100, 1000])
@pytest.mark.row("CF-44")
def test_the_oom_score_is_set(container, value):
    container.process["oomScoreAdj"] = value

    assert container.probe()["oom_score_adj"] == str(value)


@pytest.mark.row("CF-45")
@pytest.mark.parametrize("value", ["0", "100"])
def test_an_unset_oom_score_is_the_callers(container, value):
    out = container.run(["probe"], preexec_fn=lambda: machine.write("/proc/self/oom_score_adj", value))

    assert out.json["oom_score_adj"] == value


@pytest.mark.davit_only
@pytest.mark.parametrize("value", [1001, 2000, -1001, "5", 1.5])
@pytest.mark.row("CF-44")
def test_an_oom_score_out_of_range_is_refused_with_its_member(container, value):
    container.process["oomScoreAdj"] = value

    refused(container, "process.oomScoreAdj")


@pytest.mark.parametrize("value", [0, 0o22, 0o77, 0o777])
@pytest.mark.row("CF-55", "UB-51")
def test_the_umask_is_set(container, value):
    container.process["user"]["umask"] = value

    assert container.probe()["umask"] == value


@pytest.mark.row("CF-55")
def test_an_unset_umask_is_022(container):
    """The specification says the caller's; every peer says 022, and images expect it."""
    assert container.run(["probe"], limits=["-M", "077"]).json["umask"] == 0o22


@pytest.mark.davit_only
@pytest.mark.parametrize("value", [0o1000, 99999, -1, "022"])
def test_a_umask_that_is_none_is_refused(container, value):
    container.process["user"]["umask"] = value

    refused(container, "process.user.umask")


@pytest.mark.all_modes
@pytest.mark.row("CF-33")
def test_the_working_directory(container):
    (container.rootfs / "work/dir").mkdir(parents=True)
    container.process["cwd"] = "/work/dir"

    assert container.run(["pwd"]).stdout == "/work/dir\n"


@pytest.mark.row("CF-33")
def test_a_missing_working_directory_is_made(container):
    container.process["cwd"] = "/not/there"

    assert container.run(["pwd"]).stdout == "/not/there\n"
    assert stat.S_IMODE((container.rootfs / "not/there").stat().st_mode) == 0o755


@pytest.mark.row("UB-09")
def test_a_working_directory_that_only_the_user_can_enter(container):
    directory = container.rootfs / "private"
    directory.mkdir(mode=0o700)
    os.chown(directory, container.host_id(1000), container.host_id(1000))
    container.process["user"] = {"uid": 1000, "gid": 1000}
    container.process["cwd"] = "/private"

    assert container.run(["pwd"]).stdout == "/private\n"


@pytest.mark.parametrize("cwd", ["/link", "/etc/passwd"])
def test_a_working_directory_that_is_none(container, cwd):
    (container.rootfs / "link").symlink_to("etc")
    container.process["cwd"] = cwd

    out = container.run(["pwd"], check=False)

    if cwd == "/link":
        assert out.stdout == "/etc\n"
    else:
        assert out.returncode == 1 and "/etc/passwd" in out.stderr


@pytest.mark.davit_only
@pytest.mark.parametrize("cwd", ["relative", "", None, 5])
@pytest.mark.row("CF-33")
def test_a_working_directory_that_is_not_absolute_is_refused(container, cwd):
    if cwd is None:
        del container.process["cwd"]
    else:
        container.process["cwd"] = cwd

    refused(container, "process.cwd")


# --- environment -----------------------------------------------------------------------------------------------------------

def environment(container):
    return container.probe()["env"]


@pytest.mark.row("CF-34")
def test_the_environment_is_as_configured_in_order_and_home_is_added(container):
    container.process["env"] = ["PATH=/bin", "B=2", "A=1", "EMPTY=", "UNI=ä", "EQ=a=b"]

    assert environment(container) == ["PATH=/bin", "B=2", "A=1", "EMPTY=", "UNI=\u00c3\u00a4", "EQ=a=b", "HOME=/root"]


@pytest.mark.row("CF-34")
def test_nothing_of_the_callers_environment_comes_through(container):
    seen = container.run(["probe"], env={"SECRET": "x", "LISTEN_FDNAMES": "y"}).json["env"]

    assert not [e for e in seen if e.startswith(("SECRET", "LISTEN", "_", "XDG", "LANG"))]


@pytest.mark.row("CF-34", "UB-41")
def test_of_two_equal_names_the_last_wins(container):
    container.process["env"] += ["A=1", "B=x", "A=2"]

    out = container.run(["sh", "-c", "echo $A $B; env | grep -c ^A="])

    assert out.stdout == "2 x\n1\n"


@pytest.mark.row("UB-41")
def test_a_value_with_a_newline_arrives(container):
    container.process["env"].append("TWO=line 1\nline 2")

    assert container.run(["sh", "-c", 'echo "$TWO"']).stdout == "line 1\nline 2\n"


@pytest.mark.parametrize("uid, home", [(0, "/root"), (1000, "/home/user"), (4242, "/")])
@pytest.mark.row("UB-41")
def test_home_comes_from_the_images_passwd(container, uid, home):
    container.process["user"] = {"uid": uid, "gid": 0}

    assert f"HOME={home}" in environment(container)


def test_a_configured_home_is_kept(container):
    container.process["env"].append("HOME=/elsewhere")

    assert [e for e in environment(container) if e.startswith("HOME")] == ["HOME=/elsewhere"]


@pytest.mark.davit_only
@pytest.mark.row("UB-41")
def test_an_empty_home_is_replaced(container):
    """PEERS 3.1, as runc does."""
    container.process["env"].append("HOME=")

    assert [e for e in environment(container) if e.startswith("HOME")] == ["HOME=/root"]


@pytest.mark.davit_only
@pytest.mark.row("CF-34")
def test_a_name_without_a_value_takes_the_variable_away(container):
    """As in crun, which hands each entry to putenv(3)."""
    container.process["env"] += ["GONE=1", "STAYS=2", "GONE"]

    names = [e.split("=")[0] for e in environment(container)]

    assert "GONE" not in names and "STAYS" in names


def test_without_any_environment(container):
    container.process["env"] = []

    assert container.run(["/bin/probe"]).json["env"] == ["HOME=/root"]


# --- the program ---------------------------------------------------------------------------------------------------------

@pytest.mark.row("CF-35")
def test_a_name_is_looked_up_in_the_containers_path(container):
    (container.rootfs / "opt").mkdir()
    os.link(container.rootfs / "bin/busybox", container.rootfs / "opt/onlyhere")
    os.link(container.rootfs / "bin/busybox", container.rootfs / "opt/echo")
    container.process["env"] = ["PATH=/no/such:/opt"]

    assert container.run(["echo", "found"]).stdout == "found\n"


@pytest.mark.row("CF-35")
def test_a_name_with_a_slash_is_not_looked_up(container):
    container.process["env"] = ["PATH=/:/bin"]
    container.process["cwd"] = "/tmp"

    out = container.create(["bin/echo"], check=False)

    assert out.returncode == 1
    assert "bin/echo" in out.stderr


def test_a_relative_path_counts_from_the_working_directory(container):
    container.process["cwd"] = "/bin"

    assert container.run(["./echo", "found"]).stdout == "found\n"


def test_a_link_to_a_program_is_followed_inside(container):
    (container.rootfs / "sbin/relative").symlink_to("../bin/probe")
    (container.rootfs / "sbin/absolute").symlink_to("/bin/probe")

    for name in ("relative", "absolute"):
        assert container.run([name, "exit", "4"], check=False).returncode == 4


def test_the_first_argument_is_passed_as_given(container):
    container.process["cwd"] = "/bin"

    assert container.run(["./probe"]).json["args"] == ["./probe"]
    assert container.run(["probe"]).json["args"] == ["probe"]


def test_arguments_arrive_unchanged(container):
    words = ["a b", "", "$HOME", "*", "'\"\\", "ä", "-x", "--", "\n"]

    out = container.run(["sh", "-c", 'for a; do echo "[$a]"; done', "sh", *words])

    assert out.stdout == "".join(f"[{w}]\n" for w in words)


@pytest.mark.parametrize("args", [["nosuchprogram"], ["nosuchprogram", "arg"]])
@pytest.mark.parametrize("how", ["run", "create"])
def test_a_program_that_is_not_in_path(container, how, args):
    out = getattr(container, how)(args, check=False)

    assert out.returncode == 1
    assert "executable file" in out.stderr.lower() and "not found in $PATH" in out.stderr


@pytest.mark.davit_only
@pytest.mark.parametrize("how", ["run", "create"])
@pytest.mark.row("CF-35", "UB-10")
def test_the_text_for_a_missing_program_is_what_podman_and_docker_read(container, how):
    out = getattr(container, how)(["nosuchprogram"], check=False)

    assert "executable file `nosuchprogram` not found in $PATH: no such file or directory" in out.stderr
    assert not container.state_dir.exists()


@pytest.mark.davit_only
@pytest.mark.parametrize("path", ["/no/such/program", "./nothere", "/etc/passwd/x"])
@pytest.mark.row("UB-10")
def test_the_text_for_a_missing_path(container, path):
    out = container.create([path], check=False)

    assert out.returncode == 1
    assert path in out.stderr
    assert "no such file or directory" in out.stderr


@pytest.mark.davit_only
@pytest.mark.parametrize("path", ["/etc/passwd", "/etc", "/etc/fifo", "/dev/null"])
@pytest.mark.parametrize("how", ["run", "create"])
@pytest.mark.row("CF-35", "UB-10")
def test_the_text_for_what_cannot_be_executed(container, how, path):
    """Podman and Docker turn `permission denied` into 126; Docker's client wants it in small letters."""
    os.mkfifo(container.rootfs / "etc/fifo")
    out = getattr(container, how)([path], check=False)

    assert out.returncode == 1
    assert path in out.stderr and "permission denied" in out.stderr


@pytest.mark.davit_only
def test_a_program_that_only_root_may_execute(container):
    (container.rootfs / "bin/busybox2").write_text("#!/bin/sh\necho ran\n")
    (container.rootfs / "bin/busybox2").chmod(0o700)
    container.process["user"] = {"uid": 1000, "gid": 1000}

    out = container.run(["busybox2"], check=False)

    assert out.returncode == 1
    assert "permission denied" in out.stderr


def test_a_program_on_a_noexec_mount(container):
    """Podman's suite wants the failure at create or start."""
    source = container.directory / "programs"
    source.mkdir()
    script = source / "script"
    script.write_text("#!/bin/sh\necho ran\n")
    script.chmod(0o755)
    container.add_mount("/m", source, "bind", ["bind", "noexec"])

    out = container.run(["/m/script"], check=False)

    assert out.returncode != 0
    assert "ermission denied" in out.stderr


@pytest.mark.davit_only
@pytest.mark.parametrize("args", [[], None, [""], "echo", ["echo", 5]])
@pytest.mark.row("CF-35")
def test_args_that_name_no_program_are_refused(container, args):
    if args is None:
        del container.process["args"]
    else:
        container.process["args"] = args

    out = container.runtime("run", container.id, check=False) if container.write_config() else None

    assert out.returncode == 1
    assert "process.args" in out.stderr or args == [""]


@pytest.mark.row("RT-42")
@pytest.mark.davit_only
@pytest.mark.row("CF-30")
def test_without_a_process_create_is_refused(container):
    del container.spec["process"]
    container.write_config()

    out = container.runtime("create", container.id, check=False)

    assert out.returncode == 1
    assert "process" in out.stderr
    assert container.list() == []


# --- what a process starts with -------------------------------------------------------------------------------------------

@pytest.mark.row("LX-01")
@pytest.mark.all_modes
@pytest.mark.views("hybrid", "oldkernel")
def test_only_the_standard_streams_are_open(container):
    reader, writer = os.pipe()
    high = fcntl.fcntl(reader, fcntl.F_DUPFD, 200)
    try:
        seen = container.run(["probe"], pass_fds=(high, reader)).json
    finally:
        for fd in (reader, writer, high):
            os.close(fd)

    assert set(seen["fds"]) == {"0", "1", "2"}


@pytest.mark.davit_only
@pytest.mark.row("UB-36")
def test_a_created_container_holds_only_what_it_needs(container):
    """PEERS 3.1: fd hygiene at create.  The gate, the standard streams and nothing of the caller."""
    reader, writer = os.pipe()
    try:
        container.create(["sleep", "1000"], pass_fds=(reader, writer))
        links = {n: os.readlink(f"/proc/{container.pid}/fd/{n}") for n in os.listdir(f"/proc/{container.pid}/fd")}
    finally:
        os.close(reader)
        os.close(writer)

    others = {n: t for n, t in links.items() if int(n) > 2}
    assert len(others) <= 3, links
    assert not [t for t in others.values() if str(container.directory) in t and str(container.root) not in t], links
    assert not [t for t in others.values() if t.startswith("pipe:")], links


def test_signals_are_not_blocked_or_ignored(container):
    seen = container.probe()

    assert int(seen["SigBlk"], 16) == 0
    assert int(seen["SigIgn"], 16) == 0


def test_ignored_signals_of_the_caller_are_not_inherited(container):
    import signal
    seen = container.run(["probe"], preexec_fn=lambda: [signal.signal(s, signal.SIG_IGN) for s in (1, 2, 13, 15)]).json

    assert int(seen["SigIgn"], 16) == 0


def test_the_process_is_a_session_leader_without_a_terminal(container):
    seen = container.probe()

    assert seen["sid"] == seen["pgid"] == seen["pid"]
    assert seen["tty"] == ""


def test_the_process_does_not_die_with_the_runtime(container):
    seen = container.probe()

    assert seen["pdeathsig"] == 0
    assert seen["subreaper"] == 0


def test_the_process_is_dumpable(container):
    assert container.probe()["dumpable"] == 1


def test_the_cpu_mask_is_the_hosts(container):
    allowed = re.search(r"Cpus_allowed_list:\s*(\S+)", machine.read("/proc/self/status")).group(1)

    assert container.probe()["Cpus_allowed_list"] == allowed


# --- descriptors that are passed on ------------------------------------------------------------------------------------------

@pytest.fixture
def five_pipes():
    """Read ends at 3 to 7 of the child; the test process keeps its own numbers."""
    pairs = [os.pipe() for _ in range(5)]
    yield pairs
    for pair in pairs:
        for fd in pair:
            os.close(fd)


def with_fds(pairs, count):
    """Puts the first COUNT read ends at 3, 4, … of the runtime."""
    def arrange():
        for i, pair in enumerate(pairs[:count]):
            os.dup2(pair[0], 100 + i)
        for i in range(count):
            os.dup2(100 + i, 3 + i)
            os.close(100 + i)
    # Python opens everything close-on-exec, so only what `arrange` makes comes through.
    return {"preexec_fn": arrange, "close_fds": False}


@pytest.mark.row("LX-02", "UB-11")
@pytest.mark.parametrize("number", [0, 1, 3])
def test_preserved_descriptors_are_open_and_no_others(container, five_pipes, number):
    seen = container.run(["probe"], options=["--preserve-fds", str(number)], **with_fds(five_pipes, 3)).json

    assert set(seen["fds"]) == {str(n) for n in range(3 + number)}
    for i in range(number):
        assert seen["fds"][str(3 + i)] == f"pipe:[{os.fstat(five_pipes[i][0]).st_ino}]"


@pytest.mark.davit_only
@pytest.mark.parametrize("value", ["-1", "x", "", "1x", "99999999999", "1000000"])
def test_a_wrong_number_of_descriptors_is_refused(container, value):
    """crun: -1 closes standard error."""
    out = container.run(["true"], options=[f"--preserve-fds={value}"], check=False)

    assert out.returncode in (1, 64)
    assert "preserve-fds" in out.stderr


@pytest.mark.davit_only
def test_preserving_descriptors_that_are_not_open_is_refused(container):
    out = container.run(["true"], options=["--preserve-fds", "2"], check=False)

    assert out.returncode == 1
    assert "3" in out.stderr


@pytest.mark.row("LX-02")
def test_listen_fds_are_passed_on(container, five_pipes):
    container.process["env"].append("LISTEN_FDS=2")
    container.wrapper = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"]
    running = container.start_run(["probe"], env={"LISTEN_FDS": "2"}, **with_fds(five_pipes, 2))

    seen = running.wait()
    assert seen.returncode == 0, seen
    assert set(seen.json["fds"]) == {"0", "1", "2", "3", "4"}
    assert "LISTEN_FDS=2" in seen.json["env"]
    assert "LISTEN_PID=1" in seen.json["env"]
