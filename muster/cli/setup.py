"""`muster setup`: the steps from an empty server to a completed task, with their commands."""

import shlex
from typing import Any

import click

from muster.cli import text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, Item, OutputSpec, column, outputs, report_action

PATH = "/api/web/getting-started"

# What a step needs, by step and reason, or else by its state. {detail} is the step's, {name} the
# part of it before a colon and {more} the part after it.
_SENTENCES = {
    ("machine", "ask_admin"): "No machine yet. Ask an admin to add one: {detail}",
    ("machine", "awaiting_machine"): "Waiting for a machine. Run the install line on it",
    ("machine", "machine_offline"): "{name} isn't connected",
    ("machine", "machine_draining"): "{name} is draining: it isn't accepting tasks",
    ("machine", "sandbox_not_full"): "{name} is connected, without a full sandbox. {more}",
    ("machine", "open"): "No machine yet",
    ("machine", "done"): "{name} is connected, with a full sandbox",
    ("agent", "ask_admin"): "No agent found. Ask an admin to install one: {detail}",
    ("agent", "no_machine"): "Needs a connected machine",
    ("agent", "agent_not_found"): "No agent found on {name}. Install one there (docs/agents.md)",
    ("agent", "agent_unhealthy"): "The agents on {name} can't start: {more}",
    ("agent", "done"): "Found on {name}: {more}",
    ("project", "ask_admin"): "You aren't in a project yet. Ask an admin to add you: {detail}",
    ("project", "agent_unknown"): "No machine has the agent of {name}: {more}",
    ("project", "no_key_known"): "{name} has no known key for {more}, which may be signed in",
    ("project", "key_set"): "{name}; a key is set",
    ("project", "repository_checking"): "A machine is checking the repository of {name}",
    ("project", "repository_failed"): "{name}: {more}",
    ("project", "open"): "No project yet",
    ("project", "done"): "{name}",
    ("task", "no_project"): "Needs a project",
    ("task", "task_queued"): "{detail} waits for a machine",
    ("task", "task_running"): "{detail} is running",
    ("task", "task_asks"): "{detail} needs an answer",
    ("task", "task_waits"): "{detail} is paused and continues automatically",
    ("task", "task_failed"): "{detail} failed",
    ("task", "open"): "No task yet",
    ("people", "open"): "You are alone here",
    ("people", "done"): "Others have accounts",
}
# Likewise the command for it.
_COMMANDS = {
    ("machine", "awaiting_machine"): "machine list",
    ("machine", "machine_offline"): "machine show {name}",
    ("machine", "machine_draining"): "machine undrain {name}",
    ("machine", "sandbox_not_full"): "machine show {name}",
    ("machine", "open"): "machine add --wait",
    ("agent", "agent_not_found"): "agents",
    ("agent", "agent_unhealthy"): "machine show {name}",
    ("project", "agent_unknown"): "agents",
    ("project", "repository_failed"): "project check {name}",
    ("project", "no_key_known"): "project show {name} --yaml",
    ("project", "open"): "admin projects create --key APP --repo-url URL",
    ("task", "task_queued"): "task why {number}",
    ("task", "task_running"): "task watch {number}",
    ("task", "task_asks"): "inbox",
    ("task", "task_waits"): "task why {number}",
    ("task", "task_failed"): "task show {number}",
    ("task", "open"): "task create -p {project}",
    ("people", "open"): "invitation create -p {project}",
}
_ASKED = {"ask_admin", "no_machine", "no_project"}  # without a command of one's own


def _choose(texts: dict[tuple[str, str], str], step: Item) -> str:
    """Return the text for the step's reason, or else for its state; "" if there is none."""
    name = str(step.get("step"))
    return texts.get((name, str(step.get("reason")))) or texts.get(
        (name, str(step.get("state"))), ""
    )


def _describe_step(step: Item) -> str:
    detail = text_format.one_line(step.get("detail") or "")
    name, _, more = detail.partition(": ")
    if not detail and step.get("state") == "done":
        return _choose(_SENTENCES, step) if step.get("step") == "people" else "Done"
    return _choose(_SENTENCES, step).format(detail=detail, name=name, more=more).strip(" :")


def _find_command(step: Item, project: str) -> str:
    """Return the command that does the step's next thing; "" if there is none."""
    if step.get("reason") in _ASKED:
        return ""
    detail = text_format.one_line(step.get("detail") or "")
    name = shlex.quote(detail.partition(": ")[0])
    return _choose(_COMMANDS, step).format(
        name=name, number=detail.removeprefix("#"), project=shlex.quote(project)
    )


def _add_commands(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    details = {each.get("step"): str(each.get("detail") or "") for each in steps}
    project = details.get("project", "").partition(": ")[0] or "APP"
    return [{**each, "command": _find_command(each, project)} for each in steps]


SETUP = OutputSpec(
    ("step", "state", "detail", "reason", "command"),
    (
        column("STEP"),
        column("STATE"),
        Column("SUMMARY", _describe_step, stretches=True),
        Column("COMMAND", lambda step: step.get("command"), is_whole=True),
    ),
    id_field="step",
)


@click.command
@click.option("--dismiss", "change", flag_value="dismiss", help="Hide the steps in the console.")
@click.option("--undo", "change", flag_value="undo", help="Show them in the console again.")
@pass_muster
@outputs(SETUP)
def setup(muster: Muster, change: str | None) -> object:
    """Show what a new server needs until its first task completes.

    The last column is the command for the step. Admins can dismiss the steps for everyone.
    """
    if change is None:
        found = muster.api.get(PATH)
    else:
        found = muster.api.put(PATH, {"dismissed": change == "dismiss"})
        shown = "hides" if change == "dismiss" else "shows"
        report_action(f"The console {shown} these steps.")
    steps = _add_commands(found.get("steps") or [])
    return steps if change is None else (steps, lambda: None)
