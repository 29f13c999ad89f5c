"""Accounts, their single sign-on identities, and providers."""

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, OutputSpec, age_column, column, outputs, report_action
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
    empty_message="No linked identities.",
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
    empty_message="No providers. Create one: muster admin providers create",
)

_DEVELOPER = "/api/admin/developers/{developer}"


@click.command("create")
@click.argument("name")
@click.option("--role", type=_ROLE_CHOICE, default="developer")
@click.option("--git-name", metavar="NAME", help="Name for commits (default: NAME).")
@click.option("--git-email", metavar="ADDRESS", required=True, help="Email address for commits.")
@click.option("--email", metavar="ADDRESS", help="Email address that single sign-on looks up.")
@pass_muster
@outputs(DEVELOPERS)
def create(
    muster: Muster, name: str, role: str, git_name: str | None, git_email: str, email: str | None
) -> object:
    """Create an account. Asks for its password, or reads it from stdin."""
    body = {"name": name, "role": role, "gitName": git_name or name, "gitEmail": git_email}
    body |= {"email": email} if email else {}
    body["password"] = read_secret("Password", twice=True)
    made = muster.api.post("/api/admin/developers", body)
    report_action(f"Created the account {made['name']} (ID {made['id']}).")
    return made, lambda: None


@click.command("update")
@click.argument("developer", metavar="ID")
@click.option("--role", type=_ROLE_CHOICE)
@click.option(
    "--password", is_flag=True, help="Set a new password; asks for it, or reads it from stdin."
)
@click.option("--disable/--enable", default=None, help="Disabling ends all sessions and tokens.")
@click.option(
    "-F",
    "--field",
    "others",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set email, gitName, gitEmail, platformUid or budget (JSON or text).",
)
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
    saved = muster.api.put(f"/api/admin/developers/{quote_segment(developer)}", body)
    report_action(f"Changed the account {saved['name']}.")
    return saved, lambda: None


developers = group(
    "developers",
    "Manage accounts.",
    [
        list_command("list", "/api/admin/developers", "List all accounts.", DEVELOPERS, most=0),
        create,
        update,
        action_command(
            "reset-totp",
            f"PUT {_DEVELOPER}/reset-totp",
            "Remove an account's second factor.",
            DEVELOPERS,
            question="Remove the second factor of account {developer}?",
            done="Removed the second factor of {name}.",
        ),
        action_command(
            "sign-out",
            f"DELETE {_DEVELOPER}/sessions",
            "End all sessions of an account.",
            None,
            question="End all sessions of account {developer}?",
            done="Ended all sessions of account {developer}.",
        ),
    ],
)
identities = group(
    "identities",
    "Link accounts to identities at providers.",
    [
        list_command(
            "list", f"{_DEVELOPER}/identities", "List an account's identities.", IDENTITIES
        ),
        action_command(
            "link",
            f"POST {_DEVELOPER}/identities",
            "Link an identity to an account.",
            IDENTITIES,
            Option("provider", "Provider name.", is_required=True),
            Option("subject", "Subject (sub) from the provider.", is_required=True),
            done="Linked account {developer} to {subject} at {provider}.",
        ),
        action_command(
            "unlink",
            f"DELETE {_DEVELOPER}/identities/{{identity}}",
            "Unlink an identity.",
            None,
            question="Unlink identity {identity}?",
            done="Unlinked identity {identity} from account {developer}.",
        ),
    ],
)
_PROVIDER = "Fields are in section 11 of the contract: -F enabled=false -F clientSecret=@FILE."
providers = group(
    "providers",
    "Manage single sign-on providers.",
    [
        list_command("list", "/api/admin/identity-providers", "List all providers.", PROVIDERS),
        action_command(
            "create",
            "POST /api/admin/identity-providers",
            f"Add an identity provider. {_PROVIDER}",
            PROVIDERS,
            Option(
                "name", "Name to use in URLs: letters (a-z), digits and hyphens.", is_required=True
            ),
            Option("label", "Label on the sign-in page.", is_required=True),
            Option("issuer", "Issuer URL, exactly as the provider states it.", is_required=True),
            Option("client-id", "Client ID at the provider.", is_required=True),
            free=True,
            done="Added the provider {name}.",
        ),
        action_command(
            "update",
            "PUT /api/admin/identity-providers/{provider}",
            f"Change an identity provider. {_PROVIDER}",
            PROVIDERS,
            free=True,
            done="Changed the provider {name}.",
        ),
        action_command(
            "delete",
            "DELETE /api/admin/identity-providers/{provider}",
            "Delete an identity provider.",
            None,
            question="Delete provider {provider} and all its identities?",
            done="Deleted provider {provider} and all its identities.",
        ),
    ],
)
