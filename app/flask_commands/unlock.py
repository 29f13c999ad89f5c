"""`flask unlock`: unlock an account after failed sign-ins."""

import click
from flask.cli import with_appcontext

from app.services.accounts import login_limits


@click.command("unlock")
@click.argument("name")
@with_appcontext
def unlock(name: str) -> None:
    """Unlock the account NAME after failed sign-ins. Limits per address stay."""
    if not login_limits.unlock(name):
        raise click.ClickException(f"account {name} not found")
    click.echo(f"{name} can sign in again")
