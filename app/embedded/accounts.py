"""The user account that runs the servers.

PostgreSQL refuses to run as root, so under root both servers run as an unprivileged account.
"""

import os
import pwd
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class Account:
    """A user other than our own that runs servers."""

    name: str
    uid: int
    gid: int


def choose_account(state: Path) -> Account | None:
    """Return the account for servers whose files are (or will be) in `state`; None: our own
    account.

    Under root it is the account that already owns `state`, else `nobody`. Raises EmbeddedError if
    that account doesn't exist, or if `state` belongs to another user and we aren't root.
    """
    owner = state.stat().st_uid if state.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedError(
                f"{state} belongs to user {owner}, not to you: run as that user or as root, or "
                "set MUSTER_HOME to another directory"
            )
        return None
    return _account_by_uid(owner) or _nobody_account()


def owner_names() -> list[str]:
    """Return the names of the current user and of root, who can become anyone.

    Raises EmbeddedError if one of them has no name.
    """
    try:
        return sorted({current_user(), pwd.getpwuid(0).pw_name})
    except KeyError:
        raise EmbeddedError(
            f"user {os.geteuid()} isn't in this machine's list of users, which PostgreSQL "
            "requires: run as a user that is, or set DATABASE_URL"
        ) from None


def current_user() -> str:
    """Return the current user's name. Raises KeyError if it has none."""
    return pwd.getpwuid(os.geteuid()).pw_name


def _account_by_uid(uid: int | None) -> Account | None:
    if not uid:  # unknown, or root
        return None
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def find_account(name: str) -> Account | None:
    """Return the account of that name; None if it doesn't exist, or if it is root's own."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid else None


def find_first(names: Iterable[str], but: Container[int] = ()) -> Account | None:
    """Return the first of these accounts that exists and isn't one of the users `but`."""
    there = (found for name in names if (found := find_account(name)))
    return next((account for account in there if account.uid not in but), None)


def _nobody_account() -> Account:
    account = find_account("nobody")
    if account is None:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root and this machine has no user 'nobody': "
            "run as an ordinary user, or set DATABASE_URL"
        )
    return account
