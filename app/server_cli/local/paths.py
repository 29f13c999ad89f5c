"""The directories of a stack, and the ones that its local attempts can enter.

Under root each attempt has its own uid, which can't enter directories that are closed to others.
"""

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from app.embedded.accounts import Account
from app.embedded.directories import can_enter
from app.server_cli.local.errors import OperateError
from app.server_cli.local.uids import UIDS

DEFAULT_HOME = ".muster"
DEFAULT_PORT = 9000
_ATTEMPT_ACCOUNT = Account("an attempt", UIDS[0], UIDS[0])


def stack_home(environ: Mapping[str, str] = os.environ) -> Path:
    """The stack's home: MUSTER_HOME or the default, as an absolute path."""
    return Path(environ.get("MUSTER_HOME") or DEFAULT_HOME).absolute()


def stack_port(default: int = DEFAULT_PORT, environ: Mapping[str, str] = os.environ) -> int:
    """The stack's port: MUSTER_PORT or the default. Raises OperateError."""
    text = environ.get("MUSTER_PORT") or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise OperateError(f"MUSTER_PORT isn't a port number: {text!r}")
    return int(text)


def repository_directories(home: Path, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the directories whose repositories local machines accept by path (`file:///…`): one in
    the home, and MUSTER_REPOSITORIES if set. Raises OperateError.
    """
    directories = [home / "repositories"]
    if text := environ.get("MUSTER_REPOSITORIES"):
        directories.append(Path(text).absolute())
        if not directories[-1].is_dir():
            raise OperateError(f"MUSTER_REPOSITORIES isn't a directory: {text!r}")
    return directories


def machines_directory(home: Path) -> Path:
    """Return the directory for homes of local machines, which attempts can enter; created if
    needed.

    It is `machines` in `home` or, if attempts can't enter `home`, a link of that name to another
    directory. `home` must exist. Raises OperateError.
    """
    area = home / "machines"
    if area.exists():
        return area.resolve()
    area.unlink(missing_ok=True)  # a dangling link
    if _is_enterable(home):
        area.mkdir(mode=0o755)
    else:
        area.symlink_to(_create_linked_directory(home))
    area.chmod(0o755)
    return area.resolve()


def _is_enterable(directory: Path) -> bool:
    return os.geteuid() != 0 or can_enter(directory, _ATTEMPT_ACCOUNT)


def _create_linked_directory(home: Path) -> Path:
    name = f"muster-{hashlib.sha256(bytes(home.resolve())).hexdigest()[:12]}"
    for place in (Path("/var/lib"), Path("/var/tmp"), Path(tempfile.gettempdir())):
        if place.is_dir() and os.access(place, os.W_OK) and _is_enterable(place):
            return _recreate_directory(place / name)
    raise OperateError(
        f"attempts run under their own uids, which can't enter {home}: set MUSTER_HOME to a "
        "directory that every user can enter"
    )


def _recreate_directory(area: Path) -> Path:
    # The name is derived from the home's path, so what is there belonged to a home that was
    # removed.
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISDIR(area.lstat().st_mode) or area.lstat().st_uid != os.geteuid():
            raise OperateError(f"{area} belongs to another user: remove it, or set MUSTER_HOME")
        shutil.rmtree(area)
    area.mkdir(mode=0o755)
    return area
