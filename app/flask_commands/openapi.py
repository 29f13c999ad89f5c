"""`flask openapi`: the document that `GET /api/openapi.json` sends, without a server."""

import click
from flask import current_app
from flask.cli import with_appcontext


@click.command("openapi")
@with_appcontext
def openapi() -> None:
    """Print the API's OpenAPI document. Asks neither Postgres nor Redis."""
    click.echo(current_app.extensions["api_description"].json, nl=False)
