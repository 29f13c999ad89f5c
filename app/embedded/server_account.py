"""The account that gunicorn, Celery and beat run as when root starts a stack.

It is neither root nor the account of PostgreSQL or Valkey: whoever has taken a web process over
reads no file of theirs, and nothing of the home. Where no other account can run them it is one of
the engines', and the start says so. Where none gets to what it has to run, they stay root.
"""

import os
import subprocess
import sys
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.embedded import accounts, handles
from app.embedded.accounts import Account
from app.embedded.directories import can_enter
from app.embedded.errors import EmbeddedError

SETTING = "MUSTER_USER"
DEFAULT_ACCOUNTS = ("muster", "daemon")
PACKAGES = "flask gunicorn celery"
# The engines' directories in the home, by the settings that name an engine of elsewhere instead.
_ENGINES = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
SHARED_ACCOUNT_WARNING = (
    "PostgreSQL or Valkey, too: whoever has taken a web process over has that one's files. Make a "
    "user for them (useradd --system NAME) and name it as MUSTER_USER"
)
_FILES = ("MUSTER_TLS_CERT", "MUSTER_TLS_KEY")
PROBE_TIMEOUT_SECONDS = 20.0
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
class AccountChoice:
    """The account, or None where they run as whoever starts them; `told` says what is not as it
    should be: why root runs them, or what that account runs as well.
    """

    account: Account | None = None
    warning: str = ""

    @property
    def startup_line(self) -> str:
        """What is to be said at the start; empty if there is nothing."""
        runs = "stay root:" if self.account is None else f"run as {self.account.name}, who runs"
        return f"gunicorn, Celery and beat {runs} {self.warning}" if self.warning else ""


def choose_server_account(
    home: Path, root: Path, port: int, env: Mapping[str, str]
) -> AccountChoice:
    """The account for a stack in `home`, which is made, whose programs lie in `root`.

    Raises EmbeddedError for a MUSTER_USER that there is not, or that runs the engines; OSError.
    """
    name = env.get(SETTING, "")
    if os.geteuid() != 0 or name == "root":
        return AccountChoice()
    engines = _engine_uids(home, env)
    candidates = [_require_account(name, engines)] if name else _default_accounts(engines)
    if not candidates:
        return AccountChoice(
            warning="there is no user for them: make one (useradd --system muster)"
        )
    home.mkdir(parents=True, exist_ok=True)
    obstacles = []
    for account in candidates:
        obstacle = _obstacle(account, home, root, port, env)
        if not obstacle:
            return AccountChoice(account, SHARED_ACCOUNT_WARNING if account.uid in engines else "")
        obstacles.append(f"{account.name} cannot {obstacle}")
    return AccountChoice(warning=obstacles[0])


def _engine_uids(home: Path, env: Mapping[str, str]) -> set[int]:
    """The users whom PostgreSQL and Valkey run as, where they are ours."""
    directories = [home / name for address, name in _ENGINES.items() if not env.get(address)]
    return {account.uid for each in directories if (account := accounts.choose_account(each))}


def _require_account(name: str, engines: Container[int]) -> Account:
    account = accounts.find_account(name)
    if account is None:
        raise EmbeddedError(f"{SETTING} names {name!r}, and this machine has no such user")
    if account.uid in engines:
        raise EmbeddedError(
            f"{SETTING} names {name!r}, who runs PostgreSQL or Valkey in this home, so whoever has "
            "taken a web process over would have the database's files: name another user"
        )
    return account


def _default_accounts(engines: Container[int]) -> list[Account]:
    """The first usual account that runs no engine; for where that cannot run the processes, the
    first that does: with it they are not root, at least.
    """
    found = (
        accounts.find_first(DEFAULT_ACCOUNTS, but=engines),
        accounts.find_first(DEFAULT_ACCOUNTS),
    )
    return [account for account in dict.fromkeys(found) if account is not None]


def _obstacle(
    account: Account, home: Path, root: Path, port: int, env: Mapping[str, str]
) -> str | None:
    """What the account cannot do, as words behind “cannot”; None if there is nothing."""
    places = (root, Path(sys.prefix), Path(sys.base_prefix), home)
    closed = _closed_directory(places, account)
    if closed is not None:
        return f"enter {closed}"
    files = [str(root / "wsgi.py"), *(env[key] for key in _FILES if env.get(key))]
    return _missing_access(account, port, files, env) or None


def make_directories(home: Path, names: Iterable[str], account: Account | None) -> None:
    """Make these directories of the home anew, for the account alone. What was in them is gone: it
    was an earlier start's, and perhaps another account's.
    """
    with handles.open_directory(home) as top:
        for name in names:
            top.remove_tree(name)
            top.private_directory(name, account).close()


def _closed_directory(places: Iterable[Path], account: Account) -> Path | None:
    """The outermost directory on the way to one of these places that the account cannot enter."""
    for place in places:
        for directory in reversed((place.resolve(), *place.resolve().parents)):
            if not can_enter(directory, account):
                return directory
    return None


def _missing_access(
    account: Account, port: int, files: Iterable[str], env: Mapping[str, str]
) -> str:
    """What the account cannot do, as words behind “cannot”; empty if there is nothing."""
    try:
        tried = subprocess.run(
            [sys.executable, "-c", _PROBE, str(port), PACKAGES, *files],
            cwd="/",
            env={"PATH": os.defpath, "PYTHONPATH": env.get("PYTHONPATH", "")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_SECONDS,
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except (OSError, subprocess.TimeoutExpired):
        return f"run {sys.executable}"
    lines = tried.stderr.strip().splitlines()
    return (lines[-1] if lines else f"run {sys.executable}") if tried.returncode else ""
