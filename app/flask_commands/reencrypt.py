"""`flask reencrypt`: encrypt all secrets with the newest key."""

import click
from flask.cli import with_appcontext

from app.services.ops import reencryption


@click.command("reencrypt")
@with_appcontext
def reencrypt() -> None:
    """Encrypt every secret with the first key in ENCRYPTION_KEYS. After that, you can remove the
    others.
    """
    last: dict[str, reencryption.Progress] = {}
    for step in reencryption.reencrypt_all():
        last[step.table] = step
        click.echo(f"{step.table}: {step.changed} of {step.seen} encrypted again")
    unreadable = sum(step.unreadable for step in last.values())
    if unreadable:
        raise click.ClickException(
            f"{unreadable} can't be decrypted with any of ENCRYPTION_KEYS and weren't changed"
        )
