"""`flask reencrypt`: all secrets under the newest key."""

import click
from flask.cli import with_appcontext

from app.services.ops import reencryption


@click.command("reencrypt")
@with_appcontext
def reencrypt() -> None:
    """Encrypt every secret with the first of ENCRYPTION_KEYS; the others can be removed then."""
    last: dict[str, reencryption.Progress] = {}
    for step in reencryption.reencrypt_all():
        last[step.table] = step
        click.echo(f"{step.table}: {step.changed} of {step.seen} stored anew")
    unreadable = sum(step.unreadable for step in last.values())
    if unreadable:
        raise click.ClickException(
            f"{unreadable} open with none of ENCRYPTION_KEYS and were left as they are"
        )
