"""The account that gunicorn, Celery and beat run as when root starts a stack.

It is neither root nor the databases' account: whoever has taken a web process over reads no file of
theirs, and nothing of the home. Where it cannot get to what it has to run, they stay root.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.embedded import accounts, handles
from app.embedded.accounts import Account
from app.embedded.directories import can_enter
from app.embedded.errors import EmbeddedError

SETTING = "MUSTER_USER"
USUAL = ("muster", "daemon")
PACKAGES = "flask gunicorn celery"
_FILES = ("MUSTER_TLS_CERT", "MUSTER_TLS_KEY")
PROBE_SECONDS = 20.0
# Says what of all that a server process needs is out of its reach.
_PROBE = """
import importlib.util, os, socket, sys
port, packages, *files = sys.argv[1:]
for package in packages.split():
    found = importlib.util.find_spec(package)
    files.append(found.origin if found else package)
for file in files:
    if not os.access(file, os.R_OK):
        sys.exit(f"read {file}")
if int(port) < 1024:
    try:
        socket.create_server(("127.0.0.1", int(port))).close()
    except PermissionError:
        sys.exit(f"listen on port {port}")
"""


@dataclass(frozen=True)
class Choice:
    """The account, or None where they run as whoever starts them; `told` says why root does."""

    account: Account | None = None
    told: str = ""


def choose(home: Path, root: Path, port: int, env: Mapping[str, str]) -> Choice:
    """The account for a stack in `home`, which is made, whose programs lie in `root`.

    Raises EmbeddedError for a MUSTER_USER that there is not, OSError.
    """
    name = env.get(SETTING, "")
    if os.geteuid() != 0 or name == "root":
        return Choice()
    account = accounts.named(name) if name else accounts.first_of(USUAL)
    if name and account is None:
        raise EmbeddedError(f"{SETTING} names {name!r}, and this machine has no such user")
    if account is None:
        return Choice(told="there is no user for them: make one (useradd --system muster)")
    home.mkdir(parents=True, exist_ok=True)
    places = (root, Path(sys.prefix), Path(sys.base_prefix), home)
    closed = _closed(places, account)
    if closed is not None:
        return Choice(told=f"{account.name} cannot enter {closed}")
    files = [str(root / "wsgi.py"), *(env[key] for key in _FILES if env.get(key))]
    missing = _missing(account, port, files, env)
    return Choice(told=f"{account.name} cannot {missing}") if missing else Choice(account)


def make_directories(home: Path, names: Iterable[str], account: Account | None) -> None:
    """Make these directories of the home anew, for the account alone. What was in them is gone: it
    was an earlier start's, and perhaps another account's.
    """
    with handles.opened(home) as top:
        for name in names:
            top.remove_tree(name)
            top.private_directory(name, account).close()


def _closed(places: Iterable[Path], account: Account) -> Path | None:
    """The outermost directory on the way to one of these places that the account cannot enter."""
    for place in places:
        for directory in reversed((place.resolve(), *place.resolve().parents)):
            if not can_enter(directory, account):
                return directory
    return None


def _missing(account: Account, port: int, files: Iterable[str], env: Mapping[str, str]) -> str:
    """What the account cannot do, as words behind “cannot”; empty if there is nothing."""
    try:
        tried = subprocess.run(
            [sys.executable, "-c", _PROBE, str(port), PACKAGES, *files],
            cwd="/",
            env={"PATH": os.defpath, "PYTHONPATH": env.get("PYTHONPATH", "")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except (OSError, subprocess.TimeoutExpired):
        return f"run {sys.executable}"
    said = tried.stderr.strip().splitlines()
    return (said[-1] if said else f"run {sys.executable}") if tried.returncode else ""
