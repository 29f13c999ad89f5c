"""`flask doctor`: check the host, Postgres and Redis."""

import json

import click
from flask.cli import with_appcontext

from app.services import doctor as examination


@click.command("doctor")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON list of {name, ok, text, advice}."
)
@with_appcontext
def doctor(as_json: bool) -> None:
    """Check the host and services, with advice on problems. Exits with 1 if there are any."""
    found = []
    for finding in examination.findings():
        found.append(finding)
        if not as_json:
            click.echo(_format_finding(finding))
    if as_json:
        click.echo(json.dumps([{**one._asdict(), "ok": one.ok} for one in found], indent=2))
    if not all(finding.ok for finding in found):
        raise click.exceptions.Exit(1)


def _format_finding(finding: examination.Finding) -> str:
    if finding.ok:
        return f"ok {finding.name}: {finding.text}"
    return f"!! {finding.name}: {finding.text} — {finding.advice}"
