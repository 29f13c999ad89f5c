"""`flask evidence-key`: create a new key for signing evidence."""

import click
from flask.cli import with_appcontext

from app.services.clock import now
from app.services.evidence import keys


@click.command("evidence-key")
@with_appcontext
def evidence_key() -> None:
    """Create a new key for signing evidence. Existing signatures stay valid."""
    click.echo(f"evidence is now signed by key {keys.rotate(now())}")
