"""The user account that the servers run as.

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
    """A user other than our own that servers are started as."""

    name: str
    uid: int
    gid: int


def choose_account(state: Path) -> Account | None:
    """The account for servers whose files lie (or will lie) in `state`; None: our own account.

    Under root it is the account that owns `state` already, else `nobody`. Raises EmbeddedError
    when there is no such account, or when `state` belongs to somebody else and we are not root.
    """
    owner = state.stat().st_uid if state.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedError(
                f"{state} belongs to user {owner}, not to you: "
                "run as that user or as root, or set MUSTER_HOME to another directory"
            )
        return None
    return _account_by_uid(owner) or _nobody_account()


def owner_names() -> list[str]:
    """The names of the user that we run as and of root, who can become anybody.

    Raises EmbeddedError when one has none.
    """
    try:
        return sorted({current_user(), pwd.getpwuid(0).pw_name})
    except KeyError:
        raise EmbeddedError(
            f"user {os.geteuid()} has no entry in this machine's list of users, which PostgreSQL "
            "needs: run as a user that has one, or set DATABASE_URL"
        ) from None


def current_user() -> str:
    """The name of the user that we run as. Raises KeyError when it has none."""
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
    """The account of that name; None if there is none, or if it is root's own."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid else None


def find_first(names: Iterable[str], but: Container[int] = ()) -> Account | None:
    """The first of these accounts that there is, and that is none of the users `but`."""
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
