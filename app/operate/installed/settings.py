"""The file of settings: what systemd reads as `EnvironmentFile=`."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from app.operate.installed import durable
from app.operate.local.errors import OperateError

HEADER = "# Muster's settings. `muster-server install` writes this file and keeps the keys in it.\n"
MODE = 0o600  # for its owner alone


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
    durable.replace(path, text(values).encode(), MODE)


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
    durable.replace(path, content, MODE)


def remove(path: Path, name: str) -> None:
    """Have it not be set in a file that is there; as `put` otherwise."""
    content = path.read_bytes()
    ours = re.compile(rb"^[ \t]*%s[ \t]*=.*(?:\n|\Z)" % re.escape(name.encode()), re.MULTILINE)
    left = ours.sub(b"", content)
    if left != content:
        durable.replace(path, left, MODE)


def _quoted(name: str, value: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise OperateError(f"{name} has a line break or a control character in it")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
