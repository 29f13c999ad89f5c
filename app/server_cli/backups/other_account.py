"""The database of a home that belongs to another account. When root asks, the account runs it.

An attacker may have taken over the account's server and filled its home with links, so root writes
nothing there.
"""

import json
import os
import pwd
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.embedded.accounts import Account
from app.embedded.postgres import READY_TIMEOUT_SECONDS
from app.embedded.processes import Program, process_error, spawn, wait_until
from app.embedded.stack import ADDRESSES_FILE, ROOT
from app.server_cli.backups.errors import BackupError

# An address without a service: neither a backup nor a restore needs Redis.
NO_REDIS = "redis://127.0.0.1:1/0"
ENGINES_COMMAND = (sys.executable, "-m", "app.server_cli", "engines")
_PASSED_VARIABLES = ("PATH", "LANG", "LC_ALL", "MUSTER_EMBEDDED_FSYNC")


def find_owner(home: Path) -> Account | None:
    """Return the home's owner if we are root and it is another account's; else None. Raises
    BackupError.
    """
    if os.geteuid() != 0 or not home.is_dir() or not (uid := home.stat().st_uid):
        return None
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise BackupError(
            f"{home} belongs to user {uid}, who isn't a user of this system"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


@contextmanager
def run_database(home: Path, account: Account) -> Iterator[str]:
    """Run the database as the account and yield its URL. Raises BackupError."""
    variables = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
    env = {**variables, "MUSTER_HOME": str(home.resolve()), "REDIS_URL": NO_REDIS}
    with tempfile.TemporaryDirectory() as notes:
        log = Path(notes) / "engines.log"
        program = Program(
            "the database", ENGINES_COMMAND, log, ROOT, env, account, stop_seconds=60.0
        )
        process = spawn(program)
        try:
            wait_until(
                lambda: bool(running_database_url(home)) or process.poll() is not None,
                READY_TIMEOUT_SECONDS,
                pause=0.05,
            )
            if process.poll() is not None or not (url := running_database_url(home)):
                raise BackupError(str(process_error(process, "didn't start", quote=True)))
            yield url
        finally:
            process.stop()


@contextmanager
def impersonate(account: Account | None) -> Iterator[None]:
    """Create and read files as the account in this context; None: as the current user. Only while
    no other thread of this process runs.
    """
    if account is None:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(account.gid)
    os.seteuid(account.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def running_database_url(home: Path) -> str:
    """Return the URL of the database that runs there, if there is one."""
    try:
        return str(json.loads((home / ADDRESSES_FILE).read_text())["DATABASE_URL"])
    except (OSError, ValueError, KeyError):
        return ""
