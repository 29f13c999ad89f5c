"""The settings file, which systemd reads as `EnvironmentFile=`."""

import re
import shlex
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from app.server_cli.installation import atomic_write
from app.server_cli.local.errors import OperateError

HEADER = "# Muster's settings. `muster-server install` writes this file and keeps the keys in it.\n"
FILE_MODE = 0o600  # only for its owner
_CONTROL_CATEGORIES = {
    "Cc",
    "Cs",
    "Zl",
    "Zp",
}  # control characters, halves of characters, ends of lines


def parse_settings(content: str) -> dict[str, str]:
    """Return the variables of a settings file. Raises OperateError for an invalid line."""
    found = {}
    for line in (each.rstrip("\r") for each in content.split("\n")):
        if "\r" in line:  # ends a line for systemd, but not for us
            raise OperateError("a line of the settings has a carriage return")
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        name, equals, rest = line.partition("=")
        try:
            words = shlex.split(rest)
        except ValueError:
            words = ["", ""]
        if not equals or len(words) > 1:
            raise OperateError(f"a line of the settings is not NAME=VALUE: {name.strip()}")
        found[name.strip(" \t")] = words[0] if words else ""
    return found


def read_settings(path: Path) -> dict[str, str]:
    """Read a settings file; empty if it doesn't exist. Raises OperateError, OSError."""
    try:
        return parse_settings(_decode(path.read_bytes()))
    except FileNotFoundError:
        return {}


def write_settings(path: Path, values: Mapping[str, str]) -> None:
    """Set exactly these variables in the file. All other bytes stay, such as comments and lines
    that are already right.

    Only its owner can read it, and it is replaced atomically. Raises OperateError, OSError.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = HEADER.encode()
    known = parse_settings(_decode(content))
    for name in known.keys() - values.keys():
        content = _remove_line(content, name)
    for name, value in values.items():
        if known.get(name) != value:
            content = _set_line(content, name, value)
    atomic_write.replace_file(path, content, FILE_MODE)


def set_value(path: Path, name: str, value: str) -> None:
    """Set one variable in an existing file; otherwise like `write_settings`."""
    atomic_write.replace_file(path, _set_line(path.read_bytes(), name, value), FILE_MODE)


def remove_value(path: Path, name: str) -> None:
    """Remove one variable from an existing file; otherwise like `write_settings`."""
    content = path.read_bytes()
    if (left := _remove_line(content, name)) != content:
        atomic_write.replace_file(path, left, FILE_MODE)


def _decode(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise OperateError(f"line {line} of the settings isn't UTF-8: rewrite it") from None


def _set_line(content: bytes, name: str, value: str) -> bytes:
    line = f"{name}={_quote(name, value)}".encode()
    ours = re.compile(rb"^[ \t]*%s[ \t]*=.*$" % re.escape(name.encode()), re.MULTILINE)
    content, number = ours.subn(lambda _: line, content)
    if number:
        return content
    end = b"" if content.endswith(b"\n") or not content else b"\n"
    return content + end + line + b"\n"


def _remove_line(content: bytes, name: str) -> bytes:
    ours = re.compile(rb"^[ \t]*%s[ \t]*=.*(?:\n|\Z)" % re.escape(name.encode()), re.MULTILINE)
    return ours.sub(b"", content)


def _quote(name: str, value: str) -> str:
    if any(unicodedata.category(character) in _CONTROL_CATEGORIES for character in value):
        raise OperateError(f"{name} has a line break or a control character")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
