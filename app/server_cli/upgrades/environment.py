"""The environment of a release, created beside the running one with the same Python."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from app.server_cli.backups import passphrase
from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades.wheel import LOCKS, Wheel, unpack_bundled

COMPLETE_MARKER = "complete"
INSTALL_TIMEOUT_SECONDS = 1800.0
MIN_FREE_BYTES = 1 << 30


def create_environment(place: Path, wheel: Wheel) -> Path:
    """Create the wheel's environment in `place`. Returns its Python. Raises OperateError, OSError.

    Our own packages come from files; third-party ones are checked against the hashes of the locks
    in the wheel. One of them, psycogreen, exists only as source, so builds are allowed here, unlike
    on machines.
    """
    python = place / "bin" / "python"
    if (place / COMPLETE_MARKER).exists():
        return python
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    install = _create_empty(place)
    (files := place / "wheels").mkdir()
    ours = unpack_bundled(wheel, files)
    locks = [word for lock in LOCKS for word in ("-r", lock)]
    _run([*install, "--require-hashes", *locks], files)
    _run([*install, "--no-index", "--no-deps", *(f"./{path.name}" for path in ours)], files)
    os.sync()  # so that a power cut leaves all of it
    (place / COMPLETE_MARKER).touch()
    return python


def mark_incomplete(place: Path) -> None:
    """Make the next run create it again. Raises OSError."""
    (place / COMPLETE_MARKER).unlink(missing_ok=True)


def require_space(place: Path) -> None:
    """Raises OperateError."""
    there = next(path for path in (place, *place.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < MIN_FREE_BYTES:
        raise OperateError(
            f"{there} has {free >> 20} MiB free; a release takes up to {MIN_FREE_BYTES >> 20} MiB"
        )


def _create_empty(place: Path) -> list[str]:
    """Create an environment without packages. Returns the command that installs into it."""
    base, python = os.path.realpath(sys.executable), str(place / "bin" / "python")
    if (uv := shutil.which("uv")) is not None:
        _run([uv, "venv", "--quiet", "--python", base, str(place)], place.parent)
        return [uv, "pip", "install", "--quiet", "--python", python]
    try:
        _run([base, "-I", "-m", "venv", str(place)], place.parent)
    except OperateError as problem:
        raise OperateError(f"{problem}\nInstall uv, or venv for Python (python3-venv).") from None
    quiet = ("--disable-pip-version-check", "--no-input", "-q")
    return [python, "-I", "-m", "pip", *quiet, "install"]


def _run(argv: Sequence[str], there: Path) -> None:
    try:
        done = subprocess.run(
            argv,
            cwd=there,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_TIMEOUT_SECONDS,
            check=False,
            # The server's account must read it, and can't write compiled files there.
            umask=0o022,
            env={"UV_COMPILE_BYTECODE": "1", **passphrase.without_passphrase(os.environ)},
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise OperateError(f"{argv[0]}: {problem}") from None
    if done.returncode != 0:
        raise OperateError(f"can't install the release:\n{done.stdout.strip()}")
