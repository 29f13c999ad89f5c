"""`flask password-login`: passwords sign in again."""

import click
from flask.cli import with_appcontext

from app.services.accounts import break_glass


@click.command("password-login")
@with_appcontext
def password_login() -> None:
    """Have passwords sign in again (the setting passwordLogin), for who is locked out."""
    break_glass.enable_password_login()
    click.echo("passwords sign in")
