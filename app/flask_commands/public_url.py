"""`flask public-url`: set the address for links and machines."""

import click
from flask.cli import with_appcontext

from app.domain.errors import DomainError, InvalidFields
from app.services import settings
from app.services.accounts import developers


@click.command("public-url")
@click.argument("url")
@click.option(
    "--name",
    default="admin",
    show_default=True,
    help="Admin to record as the author of the change.",
)
@click.option("--unless-set", is_flag=True, help="Keep an existing value and print it.")
@with_appcontext
def public_url(url: str, name: str, unless_set: bool) -> None:
    """Set publicUrl, as an admin does in the console's settings."""
    if unless_set and (known := settings.value("publicUrl")):
        click.echo(f"publicUrl is {known}")
        return
    admin = developers.find_by_name(name)
    if admin is None:
        raise click.ClickException(f"admin {name} not found")
    try:
        settings.update(admin, {"publicUrl": url})
    except InvalidFields as error:
        raise click.ClickException(f"{url} isn't a server address") from error
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"publicUrl is {url}")
