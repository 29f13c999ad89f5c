"""Projects, machines and enrollment tokens, for admins."""

from datetime import UTC, datetime

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster, quote_segment
from muster.cli.machines import MACHINES, find_machine
from muster.cli.output import (
    OutputSpec,
    age_column,
    column,
    get_path,
    outputs,
    print_facts,
    report_action,
)
from muster.cli.params import require_yes
from muster.cli.projects import MEMBERS, PROJECTS, save_member
from muster.cli.request_commands import Option, action_command, group, list_command

TOKENS = OutputSpec(
    fields.ENROLLMENT_TOKEN,
    (
        column("ID", "id", is_number=True),
        column("STATUS"),
        column("LABEL", stretches=True),
        column("PREFIX"),
        age_column("AGE", "createdAt"),
        age_column("EXPIRES", "expiresAt"),
        age_column("USED", "usedAt"),
    ),
    empty_message="No enrollment tokens. Create one: muster machine add",
)
CREATED = OutputSpec(fields.CREATED_TOKEN, (column("TOKEN"),))
SAVED = OutputSpec(fields.SAVED_PROJECT, (column("KEY"), column("NAME")), id_field="key")
TOKEN_STATUS = OutputSpec(
    ("status", "usedAt", "connectedAt", "agents", "firstTask", "machine"), id_field="status"
)


@click.command("status")
@click.argument("token")
@pass_muster
@outputs(TOKEN_STATUS)
def token_status(muster: Muster, token: str) -> object:
    """Show enrollment progress for a token."""
    response = muster.api.get(f"/api/admin/worker-tokens/{quote_segment(token)}/status")

    def print_status() -> None:
        first = get_path(response, ["firstTask", "taskId"])
        print_facts(
            [
                ("token", response.get("status")),
                ("used", _age_text(response.get("usedAt"))),
                ("connected", _age_text(response.get("connectedAt"))),
                ("machine", get_path(response, ["machine", "name"])),
                ("first task", f"#{first}" if first else ""),
            ]
        )

    return response, print_status


def _age_text(moment: str | None) -> str:
    return f"{text_format.format_age(moment, datetime.now(UTC))} ago" if moment else ""


tokens = group(
    "tokens",
    "Manage enrollment tokens.",
    [
        list_command("list", "/api/admin/worker-tokens", "List all enrollment tokens.", TOKENS),
        action_command(
            "create",
            "POST /api/admin/worker-tokens",
            "Create a token that enrolls one machine. It's shown once.",
            CREATED,
            Option("label", "Purpose of the token."),
            Option("expires-at", "Expiry time, such as 2030-01-01T00:00:00Z."),
            done="Created enrollment token {id}, which is shown once.",
            is_shown=True,
        ),
        action_command(
            "revoke",
            "POST /api/admin/worker-tokens/{token}/revoke",
            "Revoke an enrollment token.",
            TOKENS,
            done="Revoked enrollment token {token}.",
        ),
        token_status,
    ],
)


@click.command("update")
@click.argument("name", metavar="MACHINE")
@click.option("--rename", metavar="NAME", help="New name.")
@click.option("--slots", type=int, help="Maximum concurrent attempts.")
@click.option(
    "--status", type=click.Choice(["online", "draining"]), help="Undrain or drain the machine."
)
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE",
              help="Replace the labels set by admins; '' for none.")  # fmt: skip
@pass_muster
@outputs(MACHINES)
def update(
    muster: Muster,
    name: str,
    rename: str | None,
    slots: int | None,
    status: str | None,
    labels: tuple[str, ...],
) -> object:
    """Change a machine's name, slots, status or labels."""
    machine = find_machine(muster.api, name)
    wish = {"name": rename, "slots": slots, "status": status}
    body: dict[str, object] = {key: value for key, value in wish.items() if value is not None}
    if labels:
        pairs = (label.partition("=") for label in labels if label)
        body["labels"] = {key: value for key, _, value in pairs}
    saved = muster.api.put(f"/api/admin/machines/{machine['id']}", body)
    report_action(f"Changed {saved['name']}.")
    return saved, lambda: None


@click.command("decommission")
@click.argument("name", metavar="MACHINE")
@click.option(
    "--dead",
    is_flag=True,
    help="Confirm that the machine is off permanently, so its tasks restart elsewhere now.",
)
@click.option("-y", "--yes", is_flag=True, help="Skip confirmation.")
@pass_muster
def decommission(muster: Muster, name: str, dead: bool, yes: bool) -> None:
    """Decommission a machine permanently."""
    machine = find_machine(muster.api, name)
    if not yes:
        require_yes(f"Decommission {machine['name']} permanently? Tasks running there fail.")
    muster.api.delete(f"/api/admin/machines/{machine['id']}", dead=dead or None)
    report_action(f"Decommissioned {machine['name']}.")


machines = group(
    "machines",
    "Rename, configure and decommission machines.",
    [
        list_command(
            "list",
            "/api/admin/machines",
            "List all machines.",
            MACHINES,
            Option(
                "status", "Filter by status: online, offline, draining, drained, decommissioned."
            ),
            Option("selector", "Filter by labels, such as gpu=true."),
            most=0,
        ),
        update,
        decommission,
    ],
)


@click.command("set-member")
@click.argument("key")
@click.argument("name")
@click.option("--role", type=click.Choice(["member", "maintainer"]), default="member")
@pass_muster
@outputs(MEMBERS)
def set_member(muster: Muster, key: str, name: str, role: str) -> object:
    """Add a member or change their role."""
    path = f"/api/admin/projects/{quote_segment(key)}/members"
    return save_member(muster.api, path, key, name, role)


projects = group(
    "projects",
    "Manage all projects.",
    [
        list_command("list", "/api/admin/projects", "List all projects.", PROJECTS, most=0),
        action_command(
            "create",
            "POST /api/admin/projects",
            "Create a project. To set everything, use project apply -f.",
            SAVED,
            Option("key", "Project key, used in commands.", is_required=True),
            Option("repo-url", "Repository URL.", is_required=True),
            free=True,
            done="Created {key}.",
        ),
        action_command(
            "update",
            "PUT /api/admin/projects/{key}",
            "Change a project.",
            SAVED,
            free=True,
            done="Changed {key}.",
        ),
        action_command(
            "delete",
            "DELETE /api/admin/projects/{key}",
            "Delete a project.",
            None,
            Option(
                "force",
                "Delete the project even if it has active tasks, and cancel them.",
                kind=bool,
            ),
            question="Delete project {key} and its secrets?",
            done="Deleted project {key}.",
        ),
        action_command(
            "destroy-secrets",
            "DELETE /api/admin/projects/{key}/secrets",
            "Destroy all of a project's secrets.",
            None,
            question="Destroy the secrets, Git token and SSH key of {key}?",
            done="Destroyed the secrets of {key}.",
        ),
        list_command(
            "members", "/api/admin/projects/{key}/members", "List members.", MEMBERS, most=0
        ),
        set_member,
        action_command(
            "remove-member",
            "DELETE /api/admin/projects/{key}/members",
            "Remove a member.",
            None,
            Option("developer-id", "Developer ID.", kind=int, is_required=True),
            done="Removed developer {developer_id} from {key}.",
        ),
    ],
)
