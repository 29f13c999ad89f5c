"""`flask password-login`: turn password sign-in on again."""

import click
from flask.cli import with_appcontext

from app.services.accounts import break_glass


@click.command("password-login")
@with_appcontext
def password_login() -> None:
    """Turn password sign-in on again (the setting passwordLogin), if you are locked out."""
    break_glass.enable_password_login()
    click.echo("password sign-in is on")
