"""The first admin of a server."""

import os
import secrets
import sys
from pathlib import Path

from app.embedded.stack import Stack

ADMIN_NAME = "admin"
PASSWORD_VARIABLE = "MUSTER_ADMIN_PASSWORD"
_CREATED = "created the admin"


def create_command(name: str = ADMIN_NAME, *, is_generated: bool = False) -> tuple[str, ...]:
    """Return the command that creates the admin, with PASSWORD_VARIABLE in its environment.

    `is_generated`: the console asks the admin to change the password.
    """
    flask = (sys.executable, "-m", "flask", "--app", "wsgi", "create-admin", "--name", name)
    return (*flask, "--generated") if is_generated else flask


def is_created(output: str) -> bool:
    """Whether the command created the admin, according to its output."""
    return _CREATED in output


def new_password() -> str:
    """Return a password that the server accepts, for PASSWORD_VARIABLE in the server's
    environment.
    """
    return secrets.token_urlsafe(18)


def create_admin(stack: Stack, *, is_generated: bool = False) -> bool:
    """Create the admin with the stack's admin password, which may be generated.

    Returns False if there was one already. Raises EmbeddedError.
    """
    command = create_command(is_generated=is_generated)
    return is_created(
        stack.run("create-admin", command, MUSTER_ADMIN_PASSWORD=stack.admin_password)
    )


def load_password(home: Path) -> str:
    """Return the password that a demo stores in its home. The first run creates it, readable by its
    owner.
    """
    kept = home / "admin-password"
    if not kept.exists():
        home.mkdir(parents=True, exist_ok=True)
        with open(os.open(kept, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(new_password())
    return kept.read_text()
