"""Create files in an attempt's home before its agent's first start there."""

import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath

_EXCLUDE_FILE = ".git/info/exclude"


def build_script(home: str, files: Iterable[tuple[str, str]], leaves: Iterable[str]) -> str:
    """Return a shell script to run as the attempt in the workspace. It creates missing files, given
    as paths in `home` and texts, and makes git ignore the patterns `leaves`. Empty if there is
    nothing to do.
    """
    lines = [_file_command(PurePosixPath(home, path), text) for path, text in files]
    lines += [_exclude_command(pattern) for pattern in leaves]
    return "\n".join(["set -e", "umask 077", *lines]) if lines else ""


def _file_command(path: PurePosixPath, text: str) -> str:
    quoted, parent = shlex.quote(str(path)), shlex.quote(str(path.parent))
    write = f"mkdir -p {parent}; printf %s {shlex.quote(text)} > {quoted}"
    return f"if ! [ -e {quoted} ]; then {write}; fi"


def _exclude_command(pattern: str) -> str:
    line = shlex.quote(pattern)
    known = f"grep -qxF -e {line} {_EXCLUDE_FILE} 2>/dev/null"
    return f"{known} || {{ mkdir -p .git/info; printf '%s\\n' {line} >> {_EXCLUDE_FILE}; }}"
