"""Projects, machines and what lets machines in, as admins see them."""

from datetime import UTC, datetime

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster, server_id
from muster.cli.machines import MACHINES, found
from muster.cli.output import Printed, aged, column, dig, facts, prints, say
from muster.cli.params import require_yes
from muster.cli.projects import MEMBERS, PROJECTS
from muster.cli.request_commands import Given, act, group, listing

TOKENS = Printed(
    fields.ENROLLMENT_TOKEN,
    (
        column("ID", "id", is_number=True),
        column("STATUS"),
        column("LABEL", stretches=True),
        column("PREFIX"),
        aged("AGE", "createdAt"),
        aged("EXPIRES", "expiresAt"),
        aged("USED", "usedAt"),
    ),
    nothing="There is no token: muster machine add makes one.",
)
CREATED = Printed(fields.CREATED_TOKEN, (column("TOKEN"),))
SAVED = Printed(fields.SAVED_PROJECT, (column("KEY"), column("NAME")), id="key")
ARRIVED = Printed(
    ("status", "usedAt", "connectedAt", "agents", "firstTask", "machine"), id="status"
)


@click.command("status")
@click.argument("token")
@pass_muster
@prints(ARRIVED)
def arrived(muster: Muster, token: str) -> object:
    """How far the machine has come that a token let in."""
    told = muster.api.get(f"/api/admin/worker-tokens/{server_id(token)}/status")

    def tell() -> None:
        first = dig(told, ["firstTask", "taskId"])
        facts(
            [
                ("token", told.get("status")),
                ("used", _ago(told.get("usedAt"))),
                ("connected", _ago(told.get("connectedAt"))),
                ("machine", dig(told, ["machine", "name"])),
                ("first task", f"#{first}" if first else ""),
            ]
        )

    return told, tell


def _ago(moment: str | None) -> str:
    return f"{text_format.age(moment, datetime.now(UTC))} ago" if moment else ""


tokens = group(
    "tokens",
    "Tokens that let machines in.",
    [
        listing("list", "/api/admin/worker-tokens", "All tokens.", TOKENS),
        act(
            "create",
            "POST /api/admin/worker-tokens",
            "Make a token that lets one machine in. It is shown once.",
            CREATED,
            Given("label", "What it is for."),
            Given("expires-at", "When it ends: 2030-01-01T00:00:00Z."),
        ),
        act(
            "revoke",
            "POST /api/admin/worker-tokens/{token}/revoke",
            "Have a token let nobody in any more.",
            TOKENS,
        ),
        arrived,
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
@prints(MACHINES)
def update(
    muster: Muster,
    name: str,
    rename: str | None,
    slots: int | None,
    status: str | None,
    labels: tuple[str, ...],
) -> object:
    """Change a machine: its name, its slots, its labels."""
    machine = found(muster.api, name)
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
    machine = found(muster.api, name)
    if not yes:
        require_yes(f"Decommission {machine['name']} for good? What runs there fails.")
    muster.api.delete(f"/api/admin/machines/{machine['id']}", dead=dead or None)
    say(f"{machine['name']} is decommissioned.")


machines = group(
    "machines",
    "Machines: names, slots, labels, the end.",
    [
        listing(
            "list",
            "/api/admin/machines",
            "All machines.",
            MACHINES,
            Given("status", "online, offline, draining, drained, decommissioned."),
            Given("selector", "With such labels: gpu=true."),
            most=0,
        ),
        update,
        decommission,
    ],
)


@click.command("put-member")
@click.argument("key")
@click.argument("name")
@click.option("--role", type=click.Choice(["member", "maintainer"]), default="member")
@pass_muster
@prints(MEMBERS)
def put_member(muster: Muster, key: str, name: str, role: str) -> object:
    """Let somebody into a project, or change their role."""
    from muster.cli.projects import developer

    body = {"developerId": developer(muster.api, name), "role": role}
    return muster.api.post(f"/api/admin/projects/{server_id(key)}/members", body)


projects = group(
    "projects",
    "All projects.",
    [
        listing("list", "/api/admin/projects", "All projects.", PROJECTS, most=0),
        act(
            "create",
            "POST /api/admin/projects",
            "Make a project; with all of it by project apply -f.",
            SAVED,
            Given("key", "What it is called in commands.", is_needed=True),
            Given("repo-url", "Its repository.", is_needed=True),
            free=True,
        ),
        act("update", "PUT /api/admin/projects/{key}", "Change a project.", SAVED, free=True),
        act(
            "delete",
            "DELETE /api/admin/projects/{key}",
            "Delete a project.",
            None,
            Given("force", "Also with tasks that live, which are cancelled.", kind=bool),
            question="Delete project {key}, with its secrets?",
            done="Project {key} is deleted.",
        ),
        act(
            "destroy-secrets",
            "DELETE /api/admin/projects/{key}/secrets",
            "Destroy all of its secrets.",
            None,
            question="Destroy secrets, git token and SSH key of {key}?",
        ),
        listing("members", "/api/admin/projects/{key}/members", "Who is in it.", MEMBERS, most=0),
        put_member,
        act(
            "remove-member",
            "DELETE /api/admin/projects/{key}/members",
            "Take somebody out.",
            None,
            Given("developer-id", "Whom, by id.", kind=int, is_needed=True),
        ),
    ],
)
