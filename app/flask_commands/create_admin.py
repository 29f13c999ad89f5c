"""`flask create-admin`: create the first admin's account."""

import os
import secrets

import click
from flask.cli import with_appcontext

from app.domain.errors import DomainError, InvalidFields
from app.services.accounts import developers


@click.command("create-admin")
@click.option("--name", default="admin", show_default=True)
@click.option("--password", help="Default: MUSTER_ADMIN_PASSWORD, or a generated password.")
@click.option("--generated", is_flag=True, help="The console asks for a new password.")
@with_appcontext
def create_admin(name: str, password: str | None, *, generated: bool) -> None:
    """Create the first admin. An existing account isn't changed."""
    given = password or os.environ.get("MUSTER_ADMIN_PASSWORD")
    chosen = given or secrets.token_urlsafe(18)
    try:
        admin = developers.create_admin(name, chosen, is_generated=generated or not given)
    except DomainError as error:
        raise click.ClickException(_reason(error)) from None
    if admin is None:
        click.echo(f"{name} already exists; nothing changed")
    elif given:
        click.echo(f"created the admin {name}")
    else:
        click.echo(f"created the admin {name}, password (shown only now): {chosen}")


def _reason(error: DomainError) -> str:
    if isinstance(error, InvalidFields):
        return "; ".join(f"{name} {', '.join(found)}" for name, found in error.errors.items())
    return str(error)
