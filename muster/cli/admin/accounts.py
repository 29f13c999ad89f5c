"""Accounts, who they are elsewhere, and where they come from."""

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, OutputSpec, age_column, column, outputs
from muster.cli.params import parse_fields, read_secret
from muster.cli.request_commands import Option, action_command, group, list_command

_ROLE_CHOICE = click.Choice(["developer", "lead", "admin"])
DEVELOPERS = OutputSpec(
    fields.DEVELOPER,
    (
        column("ID", "id", is_number=True),
        column("NAME"),
        column("ROLE"),
        column("EMAIL", stretches=True),
        column("2FA", "totpEnabled"),
        Column("", lambda who: "disabled" if who.get("disabled") else ""),
        age_column("AGE", "createdAt"),
    ),
)
IDENTITIES = OutputSpec(
    fields.IDENTITY,
    (
        column("ID", "id", is_number=True),
        column("PROVIDER"),
        column("SUBJECT"),
        column("EMAIL", stretches=True),
        age_column("LAST USED", "lastUsedAt"),
    ),
    empty_message="They are nobody elsewhere.",
)
PROVIDERS = OutputSpec(
    fields.IDENTITY_PROVIDER,
    (
        column("ID", "id", is_number=True),
        column("NAME"),
        column("LABEL"),
        column("ISSUER", stretches=True),
        column("ENABLED"),
    ),
    empty_message="There is no provider: muster admin providers create makes one.",
)

_DEVELOPER = "/api/admin/developers/{developer}"


@click.command("create")
@click.argument("name")
@click.option("--role", type=_ROLE_CHOICE, default="developer")
@click.option("--git-name", metavar="NAME", help="Of their commits; else as they are called.")
@click.option("--git-email", metavar="ADDRESS", required=True, help="Of their commits.")
@click.option("--email", metavar="ADDRESS", help="By which a provider finds them.")
@pass_muster
@outputs(DEVELOPERS)
def create(
    muster: Muster, name: str, role: str, git_name: str | None, git_email: str, email: str | None
) -> object:
    """Make an account. Its password is asked for, or read from standard input."""
    body = {"name": name, "role": role, "gitName": git_name or name, "gitEmail": git_email}
    body |= {"email": email} if email else {}
    return muster.api.post(
        "/api/admin/developers", {**body, "password": read_secret("Password", twice=True)}
    )


@click.command("update")
@click.argument("developer", metavar="ID")
@click.option("--role", type=_ROLE_CHOICE)
@click.option("--password", is_flag=True, help="Another one, asked for or from standard input.")
@click.option("--disable/--enable", default=None, help="Disabling ends all that they have.")
@click.option("-F", "--field", "others", multiple=True, metavar="KEY=VALUE",
              help="email, gitName, gitEmail, platformUid, budget: JSON, or a text.")  # fmt: skip
@pass_muster
@outputs(DEVELOPERS)
def update(
    muster: Muster,
    developer: str,
    role: str | None,
    password: bool,
    disable: bool | None,
    others: tuple[str, ...],
) -> object:
    """Change an account."""
    from muster.cli.context import quote_segment

    body = parse_fields(others)
    body |= {"role": role} if role else {}
    body |= {"disabled": disable} if disable is not None else {}
    body |= {"password": read_secret("Password", twice=True)} if password else {}
    return muster.api.put(f"/api/admin/developers/{quote_segment(developer)}", body)


developers = group(
    "developers",
    "Accounts.",
    [
        list_command("list", "/api/admin/developers", "All accounts.", DEVELOPERS, most=0),
        create,
        update,
        action_command(
            "reset-totp",
            f"PUT {_DEVELOPER}/reset-totp",
            "Take their second factor away.",
            DEVELOPERS,
            question="Take the second factor of account {developer} away?",
        ),
        action_command(
            "sign-out",
            f"DELETE {_DEVELOPER}/sessions",
            "End all of their logins.",
            None,
            question="End all logins of account {developer}?",
            done="All logins of account {developer} have ended.",
        ),
    ],
)
identities = group(
    "identities",
    "Who accounts are at providers.",
    [
        list_command("list", f"{_DEVELOPER}/identities", "Who they are elsewhere.", IDENTITIES),
        action_command(
            "link",
            f"POST {_DEVELOPER}/identities",
            "Say who they are at a provider.",
            IDENTITIES,
            Option("provider", "Its name.", is_required=True),
            Option("subject", "Who they are there (sub).", is_required=True),
        ),
        action_command(
            "unlink",
            f"DELETE {_DEVELOPER}/identities/{{identity}}",
            "Have an identity sign nobody in.",
            None,
            question="Unlink identity {identity}?",
        ),
    ],
)
_PROVIDER = "Fields of the contract, section 11: -F enabled=false -F clientSecret=@FILE."
providers = group(
    "providers",
    "Providers of single sign-on.",
    [
        list_command("list", "/api/admin/identity-providers", "All providers.", PROVIDERS),
        action_command(
            "create",
            "POST /api/admin/identity-providers",
            f"Let people sign in by a provider. {_PROVIDER}",
            PROVIDERS,
            Option("name", "In its paths: a-z, 0-9 and -.", is_required=True),
            Option("label", "What people read.", is_required=True),
            Option("issuer", "As it names itself.", is_required=True),
            Option("client-id", "What we are called there.", is_required=True),
            free=True,
        ),
        action_command(
            "update",
            "PUT /api/admin/identity-providers/{provider}",
            f"Change a provider. {_PROVIDER}",
            PROVIDERS,
            free=True,
        ),
        action_command(
            "delete",
            "DELETE /api/admin/identity-providers/{provider}",
            "Have nobody sign in by it any more.",
            None,
            question="Delete provider {provider}, with all identities there?",
        ),
    ],
)
