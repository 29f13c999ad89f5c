"""`flask reencrypt`."""

import click
from flask.cli import with_appcontext

from app.services.ops import reencryption


@click.command("reencrypt")
@with_appcontext
def reencrypt() -> None:
    """Store every secret under the first of ENCRYPTION_KEYS; the others can go then."""
    last: dict[str, reencryption.Progress] = {}
    for step in reencryption.run():
        last[step.table] = step
        click.echo(f"{step.table}: {step.changed} of {step.seen} stored anew")
    unreadable = sum(step.unreadable for step in last.values())
    if unreadable:
        raise click.ClickException(
            f"{unreadable} open with none of ENCRYPTION_KEYS and were left as they are"
        )
