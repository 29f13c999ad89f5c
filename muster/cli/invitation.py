"""`muster invitation`: invite people, for admins."""

from collections.abc import Callable
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import Column, Item, OutputSpec, age_column, column, outputs, report_action
from muster.cli.request_commands import action_command, group, list_command

SYSTEM_ROLES = ["developer", "lead", "admin"]
PROJECT_ROLES = ["member", "maintainer"]

CREATED = OutputSpec(fields.CREATED_INVITATION)
INVITATIONS = OutputSpec(
    fields.INVITATION,
    (
        column("ID", "id", is_number=True),
        column("STATE"),
        Column("PERSON", lambda item: _person_text(item), stretches=True),
        column("ROLE"),
        Column("PROJECTS", lambda item: _projects_text(item), may_go=True),
        column("INVITED BY", "invitedBy", may_go=True),
        age_column("EXPIRES", "expiresAt"),
    ),
    empty_message="No invitations. Create one: muster invitation create",
)


def _person_text(item: Item) -> str:
    return str(item.get("developerName") or item.get("email") or item.get("note") or "")


def _projects_text(item: Item) -> str:
    return ", ".join(f"{each['key']}:{each['role']}" for each in item.get("projects") or [])


@click.command("create")
@click.option(
    "--role",
    type=click.Choice(SYSTEM_ROLES),
    default="developer",
    show_default=True,
    help="developer works in their projects; lead also sees all projects and machines; admin can "
    "do everything.",
)
@click.option(
    "-p",
    "--project",
    "projects",
    multiple=True,
    metavar="KEY[:ROLE]",
    help="Project to join, as member (default) or maintainer. Repeatable.",
)
@click.option("--email", metavar="ADDRESS", help="Only this address can accept by single sign-on.")
@click.option("--note", default="", metavar="TEXT", help="A note that only admins see.")
@pass_muster
@outputs(CREATED)
def create(
    muster: Muster, role: str, projects: tuple[str, ...], email: str | None, note: str
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Create an invitation, and print its link. Anyone with the link can create the account.

    Needs your confirmed identity: muster profile reauthenticate.

    \b
      muster invitation create -p WEB -p API:maintainer --note "Mei, starts Monday"
    """
    body: dict[str, Any] = {
        "role": role,
        "projects": [_read_project(text) for text in projects],
        "note": note,
    }
    made = muster.api.post("/api/admin/invitations", body | ({"email": email} if email else {}))

    until = made["expiresAt"][:16]
    report_action(f"Created invitation {made['id']}. Its link works once, until {until} UTC.")
    return made, lambda: click.echo(text_format.one_line(made["link"]))


def _read_project(text: str) -> dict[str, str]:
    """Return the project and role of KEY[:ROLE]. Raises BadUsage."""
    key, _, role = text.partition(":")
    if role and role not in PROJECT_ROLES:
        raise BadUsage(f"Unknown role {role!r} in {text!r}. Use member or maintainer.")
    return {"key": key, "role": role or "member"}


invitation = group(
    "invitation",
    "Invite people, and list and withdraw invitations.",
    [
        create,
        list_command(
            "list", "/api/admin/invitations", "List all invitations, newest first.", INVITATIONS
        ),
        action_command(
            "withdraw",
            "DELETE /api/admin/invitations/{invitation}",
            "Withdraw an invitation: its link stops working.",
            None,
            question="Withdraw invitation {invitation}?",
            done="Withdrew invitation {invitation}.",
        ),
    ],
)
