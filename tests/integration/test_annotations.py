# SPDX-License-Identifier: Apache-2.0
"""Annotations that change what davit does."""
import re

import pytest

from harness import machine


def read_by_the_source():
    """Every annotation, and prefix of some, that the source knows."""
    found = set()
    for path in sorted((machine.REPO / "src").rglob("*.c")):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'spec_annotation\([^"]*"([^"]+)"\)', text))
        if "annotations.v[" in text:
            found |= set(re.findall(r'"((?:org|io|run)\.[\w.]+\.)"', text))
    return found


@pytest.mark.davit_only
@pytest.mark.row("FE-10")
def test_the_features_tell_engines_of_every_annotation_that_changes_something(container):
    """An engine that takes annotations from its users asks this list which of them it must not pass on."""
    unsafe = container.runtime("features").json["potentiallyUnsafeConfigAnnotations"]
    known = read_by_the_source()

    assert {"run.oci.seccomp.plugins", "run.oci.seccomp_bpf_data", "org.systemd.property."} <= known
    for name in known:
        assert any(name == entry or (entry.endswith(".") and name.startswith(entry)) for entry in unsafe), name
