"""The script on the PATH is of the release that was installed first; it hands over to the one that
the installation uses now.
"""

import contextlib
import json
import os
import stat
import sys
from pathlib import Path

from app.operate.installed import places

HANDED = "MUSTER_HANDED_OVER"
ROOT = Path(__file__).resolve().parents[3]


def to_release() -> None:
    """Become the `muster-server` of the release in use, where that is another one.

    A checkout stays what it is, as does whoever names another home. It never happens twice.
    """
    if os.environ.pop(HANDED, None) or os.environ.get("MUSTER_HOME"):
        return
    if ROOT.name != "site-packages" or (program := _program()) is None:
        return
    if program.parent == Path(sys.prefix) / "bin" or not program.exists():
        return
    os.execve(program, [str(program), *sys.argv[1:]], {**os.environ, HANDED: "1"})


def _program() -> Path | None:
    """What the installation of this host says, if nobody else can have written it."""
    where = places.found()
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        if where is not None and _is_trusted(where.release.stat()):
            python = Path(json.loads(where.release.read_text())["now"]["python"])
            return python.with_name("muster-server") if python.is_absolute() else None
    return None


def _is_trusted(found: os.stat_result) -> bool:
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return found.st_uid in (0, os.geteuid()) and not is_open
