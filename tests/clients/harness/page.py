# SPDX-License-Identifier: Apache-2.0
"""docs/clients.md, from the results of the views."""
import json

from . import environment, machine

PAGE = machine.REPO / "docs" / "clients.md"
HEAD = """# Clients

`make check-clients` runs these checks with real clients and each runtime, without network, and writes this page. It
fails when davit fails a check. A check is a test of that name in `tests/clients/`, one file a client.

Each check is done in each view of `/sys/fs/cgroup`: {views}; those of Podman in the last one, too. `ok` means in all
of them where it can be done, `fails` in one at least, `-` that it cannot be done on this machine; the remarks say why.

Here: Linux {kernels}, {runtimes}.{without}
"""


def davit_fails(results):
    """[(view, client, check)]."""
    return [(result["view"], entry["client"], entry["check"]) for result in results for entry in result["checks"]
            if entry["runtime"] == "davit" and entry["result"] == "fail"]


def of_one_binary(files):
    """The results of all views: a view may be of an earlier run, but not of another davit or of some checks only."""
    results, missing = [], []
    for file in files:
        if file.exists():
            results.append(json.loads(file.read_text(encoding="utf-8")))
        else:
            missing.append(file.stem)
    old = [result["view"] for result in results if result["binary"] != results[-1]["binary"] or not result["is_whole"]]
    if missing or old:
        raise SystemExit(f"clients: no page: run these views with the same davit: {' '.join(missing + old)}")
    return results


class Check:
    """How one check ended: {(runtime, view): entry}."""

    def __init__(self):
        self.entries = {}

    def cell(self, runtime):
        found = {entry["result"] for (name, _view), entry in self.entries.items() if name == runtime}
        return "fails" if "fail" in found else "ok" if "ok" in found else "-"

    def remarks(self, views, without):
        """Reasons, with the runtimes or views they are about where those are not all."""
        reasons, tried = {}, {}
        for (runtime, view), entry in self.entries.items():
            if (runtime, view) in without:
                continue
            for kind in (runtime, None):
                tried.setdefault(kind, set()).add(view)
            if entry["reason"]:
                kind = runtime if entry["result"] == "fail" else None
                reasons.setdefault((kind, entry["reason"]), set()).add(view)
        words = []
        for (kind, reason), where in reasons.items():
            about = [kind] if kind else []
            if where != tried[kind]:
                about.append(" ".join(view for view in views if view in where))
            words.append(f"{', '.join(about)}: {reason}" if about else reason)
        return "; ".join(words)


def write(results):
    views = [result["view"] for result in results]
    names = list(results[0]["runtimes"])
    clients, versions = {}, {}
    without = {(name, result["view"]): reason for result in results
               for name, reason in result["unavailable"].items() if reason}
    for result in results:
        versions.update(result["clients"])
        for entry in result["checks"]:
            checks = clients.setdefault(entry["client"], {})
            check = checks.setdefault(entry["check"], Check())
            check.entries[entry["runtime"], result["view"]] = entry
    kernels = {}
    for result in results:
        kernels.setdefault(result["kernel"], []).append(f"`{result['view']}`")
    text = HEAD.format(
        views=", ".join(f"`{view}` ({environment.VIEWS[view]})" for view in views),
        kernels=", ".join(f"{kernel} ({' '.join(where)})" for kernel, where in kernels.items()),
        runtimes=", ".join(f"{name} {version}" for name, version in results[0]["runtimes"].items()),
        without="".join(f" No results of {name} in `{view}`: {reason}." for (name, view), reason in without.items()))
    for client in sorted(clients):
        text += f"\n## {client.replace('_', ' ')} {versions.get(client, '')}".rstrip() + "\n\n"
        text += f"| check | {' | '.join(names)} | remarks |\n|{'---|' * (len(names) + 2)}\n"
        for name, check in clients[client].items():
            cells = " | ".join(check.cell(runtime) for runtime in names)
            text += f"| {name} | {cells} | {check.remarks(views, without)} |\n"
    PAGE.write_text(text, encoding="utf-8")
