"""Parse option values. Each function raises ArgumentTypeError, or ValueError, for invalid ones."""

import argparse
import os
import re
import shlex
from pathlib import Path

from muster.protocol import labels
from muster.worker.git import ssh
from muster.worker.limits import sandbox_limits
from muster.worker.sandbox.mounts import SandboxDirectory


def path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def sandbox_directory(text: str) -> SandboxDirectory:
    path = text.removesuffix(":rw")
    found = Path(path).expanduser().absolute()
    if found == Path("/") or not found.is_dir():
        raise argparse.ArgumentTypeError(f"{path} isn't a directory that can be shown")
    return SandboxDirectory(found, writable=text != path)


def program(text: str) -> Path:
    found = path(text)
    if not os.access(found, os.X_OK) or found.is_dir():
        raise argparse.ArgumentTypeError(f"{text} isn't a program that can be run")
    return found


def label(text: str) -> tuple[str, str]:
    name, is_one, value = text.partition("=")
    if (
        not is_one
        or not re.fullmatch(labels.NAME_PATTERN, name)
        or not re.fullmatch(labels.VALUE_PATTERN, value)
    ):
        raise argparse.ArgumentTypeError(
            "name=value, each up to 63 of A-Z a-z 0-9 . _ -, with a letter or a digit at both ends"
        )
    return name, value


def host(text: str) -> str:
    if ssh.parse_host(f"ssh://{text}/") != text.strip("[]").lower():
        raise argparse.ArgumentTypeError("a host without user or port, such as git.example.com")
    return text


def command(text: str) -> str:
    try:
        is_one = bool(shlex.split(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not is_one:
        raise argparse.ArgumentTypeError("a program and its arguments")
    return text


def size(text: str) -> int:
    try:
        return sandbox_limits.parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    number = int(text)
    if not 64 <= number <= 1 << 22:
        raise argparse.ArgumentTypeError(f"from 64 to {1 << 22}")
    return number


def uids(text: str) -> range:
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) < 2**32 - 1):
        raise argparse.ArgumentTypeError("two user ids, such as 66000-66999")
    return range(int(first), int(last) + 1)


def positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("from 1 to 1000")
    return number
