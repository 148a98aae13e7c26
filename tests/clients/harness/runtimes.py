# SPDX-License-Identifier: Apache-2.0
"""The runtimes that are compared."""
import functools
import os
import resource
import subprocess

from . import machine

PATHS = {"davit": "/run/clients/bin/davit", "crun": "/usr/bin/crun", "runc": "/usr/sbin/runc"}
NAMES = list(PATHS)


def path(name):
    return PATHS[name]


def wanted():
    """DAVIT_CLIENTS_RUNTIMES=davit,runc; all of them otherwise."""
    names = os.environ.get("DAVIT_CLIENTS_RUNTIMES")
    return [name for name in NAMES if name in names.split(",")] if names else NAMES


def table():
    """[engine.runtimes] of containers.conf."""
    return "\n".join(f'{name} = ["{path}"]' for name, path in PATHS.items())


@functools.lru_cache(maxsize=None)
def version(name):
    """None when it is not installed."""
    if not os.access(path(name), os.X_OK):
        return None
    out = subprocess.run([path(name), "--version"], capture_output=True, text=True, check=True, timeout=10)
    return out.stdout.split()[2]


def may_raise_limits():
    """Whether a hard limit can be raised: CAP_SYS_RESOURCE, which some virtual machines lack."""
    effective = machine.read("/proc/self/status").partition("CapEff:")[2].split()[0]
    return bool(int(effective, 16) >> 24 & 1) or resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] == resource.RLIM_INFINITY


def unavailable(name, view):
    """Why the checks cannot be done with this runtime; None when they can."""
    if not version(name):
        return f"{name} is not installed"
    if name == "crun" and view == "hybrid":
        return "crun refuses hybrid cgroups"
    if name == "crun" and view == "v2" and not may_raise_limits():
        return "crun wants to raise RLIMIT_MEMLOCK for its device program, and root may not do that here"
    return None
