"""The stack's first admin."""

import os
import secrets
import sys
from pathlib import Path

from app.embedded.stack import Stack

NAME = "admin"
_CREATE = (sys.executable, "-m", "flask", "--app", "wsgi", "create-admin", "--name", NAME)
_CREATED = "created the admin"


def new_password() -> str:
    """A password that the server accepts, for MUSTER_ADMIN_PASSWORD in the stack's environment."""
    return secrets.token_urlsafe(18)


def create(stack: Stack) -> bool:
    """Create the admin, with the MUSTER_ADMIN_PASSWORD of the stack.

    Returns False if there was one already. Raises EmbeddedError.
    """
    return _CREATED in stack.run("create-admin", _CREATE)


def kept_password(home: Path) -> str:
    """The password that a demo keeps in its home, made at the first run and readable by its
    owner.
    """
    kept = home / "admin-password"
    if not kept.exists():
        home.mkdir(parents=True, exist_ok=True)
        with open(os.open(kept, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(new_password())
    return kept.read_text()
