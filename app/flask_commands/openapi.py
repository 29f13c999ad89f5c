"""`flask openapi`: print the document of `GET /api/openapi.json`, without a server."""

import click
from flask import current_app
from flask.cli import with_appcontext


@click.command("openapi")
@with_appcontext
def openapi() -> None:
    """Print the API's OpenAPI document. Needs neither Postgres nor Redis."""
    click.echo(current_app.extensions["api_description"].json, nl=False)
