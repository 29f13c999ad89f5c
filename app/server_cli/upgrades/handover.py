"""Hand over to the current release: the script on the PATH belongs to the release that was
installed first.
"""

import contextlib
import json
import os
import stat
import sys
from pathlib import Path

from app.server_cli.installation import paths

HANDED_OVER = "MUSTER_HANDED_OVER"
ROOT = Path(__file__).resolve().parents[3]


def exec_current_release() -> None:
    """Replace this process by the `muster-server` of the current release, if that is another one.

    A checkout isn't replaced, nor is a call that names another home. It never happens twice.
    """
    if os.environ.pop(HANDED_OVER, None) or os.environ.get("MUSTER_HOME"):
        return
    if ROOT.name != "site-packages" or (program := _current_program()) is None:
        return
    if program.parent == Path(sys.prefix) / "bin" or not os.access(program, os.F_OK):
        return
    os.execve(program, [str(program), *sys.argv[1:]], {**os.environ, HANDED_OVER: "1"})


def _current_program() -> Path | None:
    """Return the program that this host's installation names, if only trusted users can have
    written it.
    """
    where = next((each for each in paths.find_installations() if each.is_own), None)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        if where is not None and (text := _read_trusted(where.release)) is not None:
            python = Path(json.loads(text)["now"]["python"])
            return python.with_name("muster-server") if python.is_absolute() else None
    return None


def _read_trusted(path: Path) -> str | None:
    """Return the file's content; None if another user can have written it. Checks the opened file,
    so it can't be swapped.

    Raises OSError, ValueError.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        return file.read() if _is_trusted(os.fstat(file.fileno())) else None


def _is_trusted(found: os.stat_result) -> bool:
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    is_ours = found.st_uid in (0, os.geteuid())
    return stat.S_ISREG(found.st_mode) and is_ours and not is_open
