"""Projects, machines and what lets machines in, as admins see them."""

from datetime import UTC, datetime

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster, quote_segment
from muster.cli.machines import MACHINES, find_machine
from muster.cli.output import OutputSpec, age_column, column, get_path, info, outputs, print_facts
from muster.cli.params import require_yes
from muster.cli.projects import MEMBERS, PROJECTS
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
    empty_message="There is no token: muster machine add makes one.",
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
    """How far the machine has come that a token let in."""
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
    "Tokens that let machines in.",
    [
        list_command("list", "/api/admin/worker-tokens", "All tokens.", TOKENS),
        action_command(
            "create",
            "POST /api/admin/worker-tokens",
            "Make a token that lets one machine in. It is shown once.",
            CREATED,
            Option("label", "What it is for."),
            Option("expires-at", "When it ends: 2030-01-01T00:00:00Z."),
        ),
        action_command(
            "revoke",
            "POST /api/admin/worker-tokens/{token}/revoke",
            "Have a token let nobody in any more.",
            TOKENS,
        ),
        token_status,
    ],
)


@click.command("update")
@click.argument("name", metavar="MACHINE")
@click.option("--rename", metavar="NAME", help="Another name.")
@click.option("--slots", type=int, help="How many attempts it may have at once.")
@click.option("--status", type=click.Choice(["online", "draining"]), help="Drain it, or undrain.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE",
              help="All labels that admins give it; '' for none.")  # fmt: skip
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
    """Change a machine: its name, its slots, its labels."""
    machine = find_machine(muster.api, name)
    wish = {"name": rename, "slots": slots, "status": status}
    body: dict[str, object] = {key: value for key, value in wish.items() if value is not None}
    if labels:
        pairs = (label.partition("=") for label in labels if label)
        body["labels"] = {key: value for key, _, value in pairs}
    return muster.api.put(f"/api/admin/machines/{machine['id']}", body)


@click.command("decommission")
@click.argument("name", metavar="MACHINE")
@click.option("--dead", is_flag=True, help="Your word that nothing runs there, also later.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_muster
def decommission(muster: Muster, name: str, dead: bool, yes: bool) -> None:
    """End a machine's service, for good."""
    machine = find_machine(muster.api, name)
    if not yes:
        require_yes(f"Decommission {machine['name']} for good? What runs there fails.")
    muster.api.delete(f"/api/admin/machines/{machine['id']}", dead=dead or None)
    info(f"{machine['name']} is decommissioned.")


machines = group(
    "machines",
    "Machines: names, slots, labels, the end.",
    [
        list_command(
            "list",
            "/api/admin/machines",
            "All machines.",
            MACHINES,
            Option("status", "online, offline, draining, drained, decommissioned."),
            Option("selector", "With such labels: gpu=true."),
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
    """Let somebody into a project, or change their role."""
    from muster.cli.projects import find_developer_id

    body = {"developerId": find_developer_id(muster.api, name), "role": role}
    return muster.api.post(f"/api/admin/projects/{quote_segment(key)}/members", body)


projects = group(
    "projects",
    "All projects.",
    [
        list_command("list", "/api/admin/projects", "All projects.", PROJECTS, most=0),
        action_command(
            "create",
            "POST /api/admin/projects",
            "Make a project; with all of it by project apply -f.",
            SAVED,
            Option("key", "What it is called in commands.", is_required=True),
            Option("repo-url", "Its repository.", is_required=True),
            free=True,
        ),
        action_command(
            "update", "PUT /api/admin/projects/{key}", "Change a project.", SAVED, free=True
        ),
        action_command(
            "delete",
            "DELETE /api/admin/projects/{key}",
            "Delete a project.",
            None,
            Option("force", "Also with tasks that live, which are cancelled.", kind=bool),
            question="Delete project {key}, with its secrets?",
            done="Project {key} is deleted.",
        ),
        action_command(
            "destroy-secrets",
            "DELETE /api/admin/projects/{key}/secrets",
            "Destroy all of its secrets.",
            None,
            question="Destroy secrets, git token and SSH key of {key}?",
        ),
        list_command(
            "members", "/api/admin/projects/{key}/members", "Who is in it.", MEMBERS, most=0
        ),
        set_member,
        action_command(
            "remove-member",
            "DELETE /api/admin/projects/{key}/members",
            "Take somebody out.",
            None,
            Option("developer-id", "Whom, by id.", kind=int, is_required=True),
        ),
    ],
)
