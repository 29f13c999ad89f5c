"""The account that runs gunicorn, Celery and beat when root starts a stack.

It is neither root nor the account of PostgreSQL or Valkey: an attacker who takes over a web process
can't read their files, or anything in the home. If no other account can run the processes, it is
one of the engines', and the start prints a warning. If no account can reach the necessary files,
they stay root.
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
# The engines' directories in the home, by the settings that name an external engine instead.
_ENGINES = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
SHARED_ACCOUNT_WARNING = (
    "PostgreSQL or Valkey: an attacker who takes over a web process gets its files. Create a user "
    "for them (useradd --system NAME) and set MUSTER_USER to that name"
)
_FILES = ("MUSTER_TLS_CERT", "MUSTER_TLS_KEY")
PROBE_TIMEOUT_SECONDS = 20.0
# Prints the first resource of a server process that the account can't access.
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
    """The account, or None to run as the current user; `warning` is the problem: why root runs
    them, or what else the account runs.
    """

    account: Account | None = None
    warning: str = ""

    @property
    def startup_line(self) -> str:
        """The line to print at the start; empty if there is nothing to report."""
        runs = (
            "stay root:" if self.account is None else f"run as {self.account.name}, which also runs"
        )
        return f"gunicorn, Celery and beat {runs} {self.warning}" if self.warning else ""


def choose_server_account(
    home: Path, root: Path, port: int, env: Mapping[str, str]
) -> AccountChoice:
    """Return the account for a stack in `home`, which is created, with programs in `root`.

    Raises EmbeddedError for a MUSTER_USER that doesn't exist, or that runs the engines; OSError.
    """
    name = env.get(SETTING, "")
    if os.geteuid() != 0 or name == "root":
        return AccountChoice()
    engines = _engine_uids(home, env)
    candidates = [_require_account(name, engines)] if name else _default_accounts(engines)
    if not candidates:
        return AccountChoice(
            warning="there is no user for them: create one (useradd --system muster)"
        )
    home.mkdir(parents=True, exist_ok=True)
    obstacles = []
    for account in candidates:
        obstacle = _obstacle(account, home, root, port, env)
        if not obstacle:
            return AccountChoice(account, SHARED_ACCOUNT_WARNING if account.uid in engines else "")
        obstacles.append(f"{account.name} can't {obstacle}")
    return AccountChoice(warning=obstacles[0])


def _engine_uids(home: Path, env: Mapping[str, str]) -> set[int]:
    """Return the users that run PostgreSQL and Valkey, unless these are external."""
    directories = [home / name for address, name in _ENGINES.items() if not env.get(address)]
    return {account.uid for each in directories if (account := accounts.choose_account(each))}


def _require_account(name: str, engines: Container[int]) -> Account:
    account = accounts.find_account(name)
    if account is None:
        raise EmbeddedError(f"{SETTING} is {name!r}, but this machine has no such user")
    if account.uid in engines:
        raise EmbeddedError(
            f"{SETTING} is {name!r}, who runs PostgreSQL or Valkey in this home, so an "
            "attacker who takes over a web process would get the database's files: choose another "
            "user"
        )
    return account


def _default_accounts(engines: Container[int]) -> list[Account]:
    """Return the first usual account that runs no engine; then, in case that can't run the
    processes, the first that does: better than root.
    """
    found = (
        accounts.find_first(DEFAULT_ACCOUNTS, but=engines),
        accounts.find_first(DEFAULT_ACCOUNTS),
    )
    return [account for account in dict.fromkeys(found) if account is not None]


def _obstacle(
    account: Account, home: Path, root: Path, port: int, env: Mapping[str, str]
) -> str | None:
    """Return what the account can't do, as text after “can't”; None if there is no obstacle."""
    places = (root, Path(sys.prefix), Path(sys.base_prefix), home)
    closed = _closed_directory(places, account)
    if closed is not None:
        return f"enter {closed}"
    files = [str(root / "wsgi.py"), *(env[key] for key in _FILES if env.get(key))]
    return _missing_access(account, port, files, env) or None


def make_directories(home: Path, names: Iterable[str], account: Account | None) -> None:
    """Recreate these directories of the home, for the account alone. Deletes their contents from an
    earlier start, possibly of another account.
    """
    with handles.open_directory(home) as top:
        for name in names:
            top.remove_tree(name)
            top.private_directory(name, account).close()


def _closed_directory(places: Iterable[Path], account: Account) -> Path | None:
    """Return the outermost directory above these paths that the account can't enter."""
    for place in places:
        for directory in reversed((place.resolve(), *place.resolve().parents)):
            if not can_enter(directory, account):
                return directory
    return None


def _missing_access(
    account: Account, port: int, files: Iterable[str], env: Mapping[str, str]
) -> str:
    """Return what the account can't do, as text after “can't”; empty if nothing is missing."""
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
