"""`flask evidence-key`: another key for signing evidence."""

import click
from flask.cli import with_appcontext

from app.services.clock import now
from app.services.evidence import keys


@click.command("evidence-key")
@with_appcontext
def evidence_key() -> None:
    """Make another key that signs evidence. What the one before has signed stays valid."""
    click.echo(f"evidence is signed by key {keys.rotate(now())} from now on")
