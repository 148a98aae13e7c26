# SPDX-License-Identifier: Apache-2.0
"""docs/clients.md, from the results of the views."""
import json

from . import environment, machine

PAGE = machine.REPO / "docs" / "clients.md"
HEAD = """# Clients

`make check-clients` runs these checks with real clients and each runtime, without network, and writes this page. It
fails when davit fails a check. A check is a test of that name in `tests/clients/`, one file a client.

Each check is done in each view of `/sys/fs/cgroup`; in the last one those of Podman alone:

{views}

`ok` means in all of them where it can be done, `fails` in one at least, `-` that it cannot be done on this machine;
the remarks say why.

Here: Linux {kernels}, {runtimes}.{without}
"""


def davit_fails(results):
    """[(view, client, check)]."""
    return [(result["view"], entry["client"], entry["check"]) for result in results for entry in result["checks"]
            if entry["runtime"] == "davit" and entry["result"] == "fail"]


def of_one_binary(files):
    """The results of all views: a view may be of an earlier run, but not of another davit or of some checks only."""
    there = [file for file in files if file.exists()]
    results = {file: json.loads(file.read_text(encoding="utf-8")) for file in there}
    last = max(there, key=lambda file: file.stat().st_mtime_ns, default=None)
    missing = [file.stem for file in files if file not in results or not results[file].get("is_whole")
               or results[file]["binary"] != results[last].get("binary")]
    if missing:
        raise SystemExit(f"clients: no page: run these views with the same davit: {' '.join(missing)}")
    return list(results.values())


def by_view(pairs):
    """What is the same in all views, or each with its views: PAIRS are of view and text."""
    views = {}
    for view, text in pairs:
        if text:
            views.setdefault(text, []).append(f"`{view}`")
    return ", ".join(text if len(views) == 1 else f"{text} ({' '.join(where)})" for text, where in views.items())


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
        return "; ".join(words).replace("|", "\\|")


def write(results):
    views = [result["view"] for result in results]
    names = list(results[0]["runtimes"])
    clients = {}
    without = {(name, result["view"]): reason for result in results
               for name, reason in result["unavailable"].items() if reason}
    for result in results:
        for entry in result["checks"]:
            checks = clients.setdefault(entry["client"], {})
            check = checks.setdefault(entry["check"], Check())
            check.entries[entry["runtime"], result["view"]] = entry
    text = HEAD.format(
        views="\n".join(f"- `{view}`: {environment.VIEWS[view]}" for view in views),
        kernels=by_view((result["view"], result["kernel"]) for result in results),
        runtimes=", ".join(f"{name} {by_view((result['view'], result['runtimes'][name]) for result in results)}" for name in names),
        without="".join(f" No results of {name} in `{view}`: {reason}." for (name, view), reason in without.items()))
    for client in sorted(clients):
        version = by_view((result["view"], result["clients"].get(client)) for result in results)
        text += f"\n## {client.replace('_', ' ')} {version}".rstrip() + "\n\n"
        text += f"| check | {' | '.join(names)} | remarks |\n|{'---|' * (len(names) + 2)}\n"
        for name, check in clients[client].items():
            cells = " | ".join(check.cell(runtime) for runtime in names)
            text += f"| {name} | {cells} | {check.remarks(views, without)} |\n"
    PAGE.write_text(text, encoding="utf-8")
