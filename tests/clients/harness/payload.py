# SPDX-License-Identifier: Apache-2.0
"""What the process of a container is seen to be and to have written."""
from . import machine


def wait_runs(pid, *words):
    """Until it is that program: a client may have its answer before the runtime has let it go."""
    wanted = "".join(f"{word}\0" for word in words)
    machine.wait_until(lambda: machine.read(f"/proc/{pid}/cmdline") == wanted, 10, f"{pid} to be {' '.join(words)}")


def wait_shown(top, commands):
    """Until TOP, which prints a head and then pids with command lines, shows just these."""
    def shown():
        return sorted(line.split(None, 1)[1].strip() for line in top().lines[1:])
    machine.wait_until(lambda: shown() == commands, 30, f"{commands} in the list")


def log_lines(path):
    """[(stream, line)] of a log `TIME STREAM P|F TEXT`; a line that was written in parts is one."""
    lines, parts = [], {}
    for row in machine.read(path).splitlines():
        _time, stream, kind, text = row.split(" ", 3)
        parts[stream] = parts.get(stream, "") + text
        if kind == "F":
            lines.append((stream, parts.pop(stream)))
    return lines + list(parts.items())
