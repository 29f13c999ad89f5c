"""A worker's enrollment in its home, for the process that starts the worker."""

import json
import os
from pathlib import Path
from typing import Any


def machine_id(home: Path) -> str:
    """Return the machine's ID, even before it is enrolled. Raises OSError."""
    return (home / "credentials" / "machine-id").read_text().strip()


def server_url(home: Path) -> str | None:
    """Return the URL of the server that it is enrolled with; None if there is none."""
    try:
        return str(_read(home)["server"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def set_server_url(home: Path, url: str) -> None:
    """Set the server's URL. Raises OSError, ValueError."""
    fresh = _file(home).with_name("credentials.json.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({**_read(home), "server": url}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(_file(home))


def _file(home: Path) -> Path:
    return home / "credentials" / "credentials.json"


def _read(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_file(home).read_bytes())
    return found
