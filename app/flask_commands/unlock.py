"""`flask unlock`: let an account sign in again that failed logins have blocked."""

import click
from flask.cli import with_appcontext

from app.services.accounts import login_limits


@click.command("unlock")
@click.argument("name")
@with_appcontext
def unlock(name: str) -> None:
    """Forget the failed logins of the account NAME. Limits on addresses stay."""
    if not login_limits.unlock(name):
        raise click.ClickException(f"there is no account {name}")
    click.echo(f"{name} can sign in again")
