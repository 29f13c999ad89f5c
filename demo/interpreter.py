"""A Python for the demo's agent, a script: under root, attempts can't run every `python3`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.server_cli.local.errors import OperateError
from app.server_cli.local.uids import UIDS
from muster.worker.sandbox import interpreter

MISSING = (
    "The demo's agent needs a python3 that every user can run. Install one outside of your home "
    "directory (Debian: apt install python3), or run the demo as an ordinary user."
)


def find() -> Path:
    """Return a `python3` that attempts can run. Raises OperateError if there's none."""
    for candidate in _interpreters():
        if _can_run(candidate):
            return candidate
    raise OperateError(MISSING)


def copy(area: Path) -> Path:
    """Copy our own `python3` to `area`, which attempts can enter.

    Raises OperateError if attempts can't run the copy, OSError.
    """
    directory = area / "python"
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)
    copied = next(interpreter.copied_interpreters(directory))
    interpreter.remove_copies(directory, copied)
    program = copied.program.with_name("python3")
    if not program.exists():
        program.symlink_to(copied.program.name)
    if not _can_run(program):
        raise OperateError(MISSING)
    return program


def _interpreters() -> Iterator[Path]:
    # Our own first: the one in PATH may be a version manager's slow shim.
    yield Path(sys.base_prefix, "bin", "python3")
    for entry in os.get_exec_path():
        if os.path.isabs(entry):
            yield Path(entry, "python3")


def _can_run(program: Path) -> bool:
    as_attempt = {"user": UIDS[0], "group": UIDS[0], "extra_groups": []}
    try:
        tried = subprocess.run(
            [program, "-I", "-c", ""],
            cwd="/",
            env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
            check=False,
            **(as_attempt if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(tried.returncode == 0)
