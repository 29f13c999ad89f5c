"""The directories of a stack, and what attempts on its local machines can reach.

Under root each attempt has a uid of its own, which cannot enter directories that are closed to
others, nor run an interpreter in one.
"""

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.embedded.accounts import Account
from app.embedded.directories import can_enter
from demo.errors import DemoError
from muster.worker.room.identity import UIDS

DEFAULT_HOME = ".muster"
DEFAULT_PORT = 9000
_ATTEMPT = Account("an attempt", UIDS[0], UIDS[0])


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """The stack's home: MUSTER_HOME or the default, as an absolute path."""
    return Path(environ.get("MUSTER_HOME") or DEFAULT_HOME).absolute()


def port(default: int = DEFAULT_PORT, environ: Mapping[str, str] = os.environ) -> int:
    """The stack's port: MUSTER_PORT or the default. Raises DemoError."""
    text = environ.get("MUSTER_PORT") or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise DemoError(f"MUSTER_PORT is no port number: {text!r}")
    return int(text)


def machine_area(home: Path) -> Path:
    """The directory for the homes of local machines, which attempts can enter; made if need be.

    It is `machines` in `home` or, if attempts cannot enter `home`, a link of that name to another
    directory. `home` must exist. Raises DemoError.
    """
    area = home / "machines"
    if area.exists():
        return area.resolve()
    area.unlink(missing_ok=True)  # a link whose directory is gone
    if _is_open(home):
        area.mkdir(mode=0o755)
    else:
        area.symlink_to(_made_elsewhere(home))
    area.chmod(0o755)
    return area.resolve()


def interpreter() -> Path:
    """A `python3` that attempts can run. Raises DemoError when there is none."""
    for candidate in _interpreters():
        if _can_run(candidate):
            return candidate
    raise DemoError(
        "the demo's agent needs a python3, and as root one that every user can run: "
        "install one outside of your home directory, or run this as an ordinary user"
    )


def _is_open(directory: Path) -> bool:
    return os.geteuid() != 0 or can_enter(directory, _ATTEMPT)


def _made_elsewhere(home: Path) -> Path:
    name = f"muster-{hashlib.sha256(bytes(home.resolve())).hexdigest()[:12]}"
    for place in (Path("/var/lib"), Path("/var/tmp"), Path(tempfile.gettempdir())):
        if place.is_dir() and os.access(place, os.W_OK) and _is_open(place):
            return _made_anew(place / name)
    raise DemoError(
        f"attempts have a uid of their own, which cannot get to {home}: "
        "set MUSTER_HOME to a directory that everybody may enter"
    )


def _made_anew(area: Path) -> Path:
    # The name follows from the home's path: what is there belonged to a home that has been removed.
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISDIR(area.lstat().st_mode) or area.lstat().st_uid != os.geteuid():
            raise DemoError(f"{area} belongs to someone else: remove it, or set MUSTER_HOME")
        shutil.rmtree(area)
    area.mkdir(mode=0o755)
    return area


def _interpreters() -> Iterator[Path]:
    # Our own first: the one on the PATH may be a version manager's shim, which is slow.
    yield Path(sys.base_prefix, "bin", "python3")
    for entry in os.get_exec_path():
        if os.path.isabs(entry):
            yield Path(entry, "python3")


def _can_run(program: Path) -> bool:
    as_attempt = {"user": UIDS[0], "group": UIDS[0], "extra_groups": []}
    try:
        tried = subprocess.run(
            [program, "-I", "-c", ""],
            cwd="/",
            env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
            check=False,
            **(as_attempt if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(tried.returncode == 0)
