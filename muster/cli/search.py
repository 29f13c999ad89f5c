"""`muster search`: find tasks, projects and machines."""

from typing import Any

import click

from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, OutputSpec, info, outputs
from muster.cli.task.show import first_line, status_text

RESULTS = OutputSpec(
    ("kind", "id", "name", "status"),
    (
        Column("KIND", lambda item: item["kind"]),
        Column("ID", lambda item: item["id"]),
        Column("STATUS", lambda item: item["status"]),
        Column("NAME", lambda item: first_line(item["name"]), stretches=True),
    ),
    empty_message="No matches.",
)


@click.command
@click.argument("text", metavar="WORDS…", nargs=-1, required=True)
@click.option(
    "-n", "--limit", type=click.IntRange(1, 200), help="Maximum results per kind (default 20)."
)
@pass_muster
@outputs(RESULTS)
def search(muster: Muster, text: tuple[str, ...], limit: int | None) -> list[dict[str, Any]]:
    """Search tasks, projects and machines."""
    found = muster.api.get("/api/web/search", q=" ".join(text), limit=limit)
    if not found.get("complete", True):
        info("The search didn't cover all old tasks.")
    tasks = [
        {"kind": "task", "id": task["id"], "name": task["description"], "status": status_text(task)}
        for task in found.get("tasks") or []
    ]
    projects = [
        {"kind": "project", "id": project["key"], "name": project["name"], "status": ""}
        for project in found.get("projects") or []
    ]
    machines = [
        {"kind": "machine", "id": item["id"], "name": item["name"], "status": item["status"]}
        for item in found.get("machines") or []
    ]
    return tasks + projects + machines
