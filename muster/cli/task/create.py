"""Create tasks."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import ApiError, BadUsage
from muster.cli.output import OutputSpec, info, outputs, report_action, set_exit_status
from muster.cli.params import read_text
from muster.cli.suggestions import suggest_item
from muster.cli.task.follow import wait_until_settled
from muster.cli.task.images import image_option, upload_images
from muster.cli.task.watch import EventPrinter, print_conclusion

CREATED_TASK = OutputSpec(fields.CREATED_TASK)
MAX_LISTED_PROJECTS = 50
PERMISSIONS = click.Choice(["edit", "run", "all"])


@click.command
@click.option(
    "-p", "--project", "project_key", metavar="KEY", help="Project (default: your only one)."
)
@click.option(
    "-d", "--description", metavar="TEXT", help="Description; - for stdin (default: editor)."
)
@click.option("-w", "--wait", is_flag=True, help="Wait until the task ends or needs an answer.")
@click.option("-a", "--agent", "agent_type", metavar="NAME", help="Agent (default: the project's).")
@click.option("--model", metavar="NAME", help="Model for the agent.")
@click.option("--permissions", type=PERMISSIONS, help="Actions the agent can take without asking.")
@click.option(
    "--approvals",
    type=click.Choice(["ask", "deny"]),
    help="What happens with all other actions.",
)
@click.option("-m", "--machine", "machine_id", metavar="ID", help="Run on this machine.")
@click.option(
    "--selector", metavar="LABELS", help="Run on a machine with these labels, such as gpu=true."
)
@click.option("--priority", type=int, help="-1000 to 1000 (default 0).")
@click.option("--max-minutes", type=float, help="Ask before the task runs longer than this.")
@click.option("--max-tokens", type=int, help="Ask before the task uses more tokens than this.")
@click.option("--max-cost", type=float, help="Ask before the task costs more than this.")
@image_option
@click.option(
    "--idempotency-key", metavar="KEY", help="Idempotency key: repeating it returns the first task."
)
@pass_muster
@click.pass_context
@outputs(CREATED_TASK)
def create(
    ctx: click.Context,
    muster: Muster,
    project_key: str | None,
    description: str | None,
    wait: bool,
    idempotency_key: str | None,
    images: tuple[Path, ...],
    **wishes: Any,
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Create a task.

    The description is Markdown. --wait prints the task's events, unless you use --json or --quiet.
    Exit status with --wait: 0 completed, 1 failed or cancelled, 4 waiting for an answer.

    \b
      muster task create -p APP -d "Fix the flaky test" --wait
      muster task create -p APP -d "Align this" --image shot.png
      cat notes | muster task create -p APP -d -
      muster task create -p APP --json id --jq '.[].id' -d "…"
    """
    key = project_key or _find_only_project(muster.api)
    body: dict[str, Any] = {
        "projectKey": key,
        "description": read_text(description, f"Describe the task for {key}."),
    }
    body |= _optional_fields(wishes)
    if images:
        body["imageIds"] = upload_images(muster.api, key, images)
    made = _create_task(muster.api, body, idempotency_key or str(uuid.uuid4()))
    for warning in made.get("warnings") or []:
        info(f"Warning: {text_format.one_line(warning.get('message'))}")
    page = f"{muster.profile.server}/tasks/{made['id']}"
    report_action(f"Created #{made['id']} in {made['projectKey']}: {page}")
    if not wait:
        return made, lambda: None
    teller = EventPrinter(muster.api, made["id"], with_log=False)
    quietly = any(ctx.params.get(name) for name in ("fields", "program", "quiet"))
    tell = (lambda event: None) if quietly else teller
    task, status = wait_until_settled(muster.api, made["id"], tell)
    print_conclusion(muster, task, status)
    set_exit_status(status)
    return {**made, **task}, lambda: None


def _create_task(api: Api, body: dict[str, Any], idempotency_key: str) -> dict[str, Any]:
    """Create the task. A project that doesn't exist gets a suggestion. Raises CliError."""
    try:
        return dict(api.post("/api/web/tasks", body, key=idempotency_key))
    except ApiError as refusal:
        if refusal.http_status == 404:
            near = suggest_item(api, "/api/web/projects", "key", body["projectKey"])
            refusal.advice = near or refusal.advice
        raise


def _optional_fields(values: dict[str, Any]) -> dict[str, Any]:
    """Return the given options as fields of the body."""
    options = {name: values[name] for name in ("model", "permissions", "approvals")}
    budget = {
        "minutes": values["max_minutes"],
        "tokens": values["max_tokens"],
        "cost": values["max_cost"],
    }
    task_fields = {
        "agentType": values["agent_type"],
        "machineId": values["machine_id"],
        "machineSelector": values["selector"],
        "priority": values["priority"],
        "agentOptions": _without_none(options) or None,
        "budget": _without_none(budget) or None,
    }
    return _without_none(task_fields)


def _without_none(fields_: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields_.items() if value is not None}


def _find_only_project(api: Api) -> str:
    """Return the only project that takes tasks. Raises BadUsage if there are several, or none."""
    found = list(api.items("/api/web/projects", MAX_LISTED_PROJECTS + 1))
    keys = [str(project["key"]) for project in found if not project.get("archivedAt")]
    if len(keys) == 1:
        return keys[0]
    others = ", …" if len(found) > MAX_LISTED_PROJECTS else ""
    listed = f"Projects: {', '.join(keys[:MAX_LISTED_PROJECTS])}{others}"
    missing = "All your projects are archived" if found else "You aren't in a project yet"
    advice = listed if keys else missing
    raise BadUsage("No project given: muster task create -p KEY", advice=advice)
