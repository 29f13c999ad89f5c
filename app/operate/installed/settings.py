"""The file of settings: what systemd reads as `EnvironmentFile=`."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from app.operate.installed.durable import keep_names
from app.operate.local.errors import OperateError

HEADER = "# Muster's settings. `muster-server install` writes this file and keeps the keys in it.\n"


def text(values: Mapping[str, str]) -> str:
    """Raises OperateError for a value that such a file cannot have."""
    return HEADER + "".join(f"{name}={_quoted(name, value)}\n" for name, value in values.items())


def parse(content: str) -> dict[str, str]:
    """Raises OperateError for a line that is none."""
    found = {}
    for line in content.splitlines():
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        name, equals, rest = line.partition("=")
        try:
            words = shlex.split(rest)
        except ValueError:
            words = ["", ""]
        if not equals or len(words) > 1:
            raise OperateError(f"a line of the settings is not NAME=VALUE: {name.strip()}")
        found[name.strip()] = words[0] if words else ""
    return found


def read(path: Path) -> dict[str, str]:
    """Those of a file; nothing of one that is not there. Raises OperateError, OSError."""
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        return {}


def write(path: Path, values: Mapping[str, str]) -> None:
    """For its owner alone, and whole or not at all. Raises OperateError, OSError."""
    _replace(path, text(values).encode())


def put(path: Path, name: str, value: str) -> None:
    """Set one in a file that is there; every other byte of it stays, as comments of an operator's.

    For its owner alone, and whole or not at all. Raises OperateError, OSError.
    """
    content, line = path.read_bytes(), f"{name}={_quoted(name, value)}".encode()
    ours = re.compile(rb"^[ \t]*%s[ \t]*=.*$" % re.escape(name.encode()), re.MULTILINE)
    content, number = ours.subn(lambda _: line, content)
    if number == 0:
        end = b"" if content.endswith(b"\n") or not content else b"\n"
        content += end + line + b"\n"
    _replace(path, content)


def remove(path: Path, name: str) -> None:
    """Have it not be set in a file that is there; as `put` otherwise."""
    content = path.read_bytes()
    ours = re.compile(rb"^[ \t]*%s[ \t]*=.*(?:\n|\Z)" % re.escape(name.encode()), re.MULTILINE)
    left = ours.sub(b"", content)
    if left != content:
        _replace(path, left)


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    keep_names(path.parent)


def _quoted(name: str, value: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise OperateError(f"{name} has a line break or a control character in it")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
