"""Machines whose sandboxes can't be created for a while: a program in between fails."""

import os
import shutil
from pathlib import Path

import pytest

from muster.worker.sandbox import bubblewrap

WORDS = "no room today"
FAILS = f'echo "bwrap: {WORDS}" >&2; exit 1'


def break_sandboxes(
    directory: Path, monkeypatch: pytest.MonkeyPatch, which: str = "*", how: str = FAILS
) -> Path:
    """Return a file; while it exists no sandbox can be created for a command line of that shell
    pattern: the programs that create sandboxes do `how`. Applies to later detections."""
    broken, tools = directory / "broken", directory / "tools"
    tools.mkdir()
    for name in ("bwrap", "unshare"):
        (tools / name).write_text(
            f'#!/bin/sh\n[ ! -e {broken} ] || case "$*" in {which})\n'
            f"{how};; esac\n"
            f'exec {_real(name)} "$@"\n'
        )
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return broken


def _real(name: str) -> str:
    if name == "bwrap":
        return bubblewrap.candidates()[0].program
    return shutil.which(name) or "/nowhere"
