"""What a worker keeps in its home that whoever starts it has to know, and may have to set right."""

import json
import os
from pathlib import Path
from typing import Any


def machine_id(home: Path) -> str:
    """The id by which the machine is known, or was to be. Raises OSError."""
    return (home / "credentials" / "machine-id").read_text().strip()


def server_url(home: Path) -> str | None:
    """The address of the server that it is enrolled at; None where it is at none."""
    try:
        return str(_read(home)["server"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def set_server_url(home: Path, url: str) -> None:
    """Have it find the server there. Raises OSError, ValueError."""
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
