"""`muster inbox`: items that need your attention."""

import shlex
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, Item, OutputSpec, age_column, get_path, outputs
from muster.cli.task.questions import answer_command
from muster.cli.task.show import first_line

KINDS = (
    *("gate", "question", "permission", "budget", "host", "terminal"),
    *("failure", "result", "machine"),
)
_DEFAULT_ACTIONS = {
    "fails": "fails",
    "continues": "continues",
    "requeues": "tasks are requeued",
    "recovers": "recovers",
}


def _subject(item: Item) -> str:
    if machine := item.get("machine"):
        return f"{text_format.one_line(machine.get('name'))}"
    return f"#{get_path(item, ['task', 'id'])} {get_path(item, ['task', 'projectKey'])}"


def _summary(item: Item) -> str:
    """Summarize an item on one line."""
    if machine := item.get("machine"):
        problems = machine.get("problems") or []
        reasons = [f"{t.get('agent') or ''} {t.get('reason')}".strip() for t in problems]
        return ", ".join(reasons)
    if item.get("kind") == "terminal":
        return "Waiting in its terminal"
    if item.get("kind") == "host":
        hosts = ", ".join(map(text_format.one_line, item.get("refusedHosts") or []))
        return f"Denied access to {hosts}"
    prompt = first_line(get_path(item, ["gate", "prompt"]))
    failure = first_line(get_path(item, ["task", "failure", "message"]))
    return prompt or failure or first_line(get_path(item, ["task", "description"]))


def _default_action(item: Item) -> str:
    action = item.get("defaultAction")
    if action in (None, "nothing"):
        return ""
    at = text_format.format_age(item.get("at"), datetime.now(UTC))
    return f"{_DEFAULT_ACTIONS.get(str(action), action)} {at}".strip()


def _answer_command(item: Item) -> str:
    """Return the command that is most likely wanted."""
    number = get_path(item, ["task", "id"])
    gate = item.get("gate")
    if gate:
        return f"task {answer_command(gate)} {number}"
    match item.get("kind"):
        case "terminal":
            return f"attach {number}"
        case "host":
            return _host_command(item, number)
        case "failure":
            return f"task retry {number}"
        case "result":
            return f"task diff {number}"
        case _:
            name = text_format.one_line(get_path(item, ["machine", "name"]))
            return f"machine show {shlex.quote(name)}"


def _host_command(item: Item, number: object) -> str:
    hosts, key = item.get("refusedHosts"), get_path(item, ["task", "projectKey"])
    if not hosts or "allow_host" not in (item.get("actions") or []):
        return f"task show {number}"
    return f"project allow {key} --host {shlex.quote(text_format.one_line(hosts[0]))}"


INBOX = OutputSpec(
    fields.INBOX_ITEM,
    (
        Column("KIND", lambda item: item.get("kind")),
        Column("ABOUT", _subject),
        Column("SUMMARY", _summary, stretches=True),
        Column("DEFAULT ACTION", _default_action, may_go=True),
        age_column("SINCE", "since"),
        Column("COMMAND", _answer_command, is_whole=True),
    ),
    empty_message="You're all caught up.",
)


@click.command
@click.option("-k", "--kind", metavar="A,B", help=f"Filter by kind: {', '.join(KINDS)}.")
@click.option(
    "-n", "--limit", default=50, type=click.IntRange(min=0), help="Maximum results; 0 for all."
)
@pass_muster
@outputs(INBOX)
def inbox(muster: Muster, kind: str | None, limit: int) -> Any:
    """List items that need your attention.

    The last column is the command that handles the item.
    """
    return muster.api.items("/api/web/inbox", limit, kind=kind)
