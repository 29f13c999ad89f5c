"""Read a passphrase from the environment, a file or the terminal. Never from an argument, which
everyone on the host could read.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from app.server_cli.backups.errors import BackupError

VARIABLE = "MUSTER_BACKUP_PASSPHRASE"
MIN_LENGTH = 12  # characters


def read_passphrase(file: Path | None, *, is_new: bool) -> str:
    """Return the passphrase; ask twice for a new one. Raises BackupError."""
    if file is not None:
        found = _read_file(file)
    elif VARIABLE in os.environ:
        found = os.environ[VARIABLE]
    elif sys.stdin.isatty():
        found = click.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True)
    else:
        raise BackupError(f"no passphrase: set {VARIABLE}, or use --passphrase-file")
    if is_new and len(found) < MIN_LENGTH:
        raise BackupError(
            f"a passphrase needs {MIN_LENGTH} characters or more: an attacker with the "
            "file can try many"
        )
    return found


def without_passphrase(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for another program, without the passphrase."""
    return {name: text for name, text in environ.items() if name != VARIABLE}


def _read_file(file: Path) -> str:
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise BackupError(f"can't read the passphrase from {file}: {problem}") from None
    if not lines:
        raise BackupError(f"{file} is empty: its first line must be the passphrase")
    return lines[0]
