"""What needs one."""

import shlex
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, Item, Printed, aged, dig, prints
from muster.cli.task.questions import verb_of
from muster.cli.task.show import first_line

KINDS = ("gate", "question", "budget", "failure", "result", "machine")
_THEN = {
    "fails": "fails",
    "goes_on": "goes on",
    "requeues": "tasks leave it",
    "recovers": "is well again",
}


def _about(item: Item) -> str:
    if machine := item.get("machine"):
        return f"{text_format.one_line(machine.get('name'))}"
    return f"#{dig(item, ['task', 'id'])} {dig(item, ['task', 'projectKey'])}"


def _says(item: Item) -> str:
    """What it is about, in a line."""
    if machine := item.get("machine"):
        troubles = machine.get("troubles") or []
        said = [f"{t.get('agent') or ''} {t.get('reason')}".strip() for t in troubles]
        return ", ".join(said)
    prompt = first_line(dig(item, ["gate", "prompt"]))
    failure = first_line(dig(item, ["task", "failure", "message"]))
    return prompt or failure or first_line(dig(item, ["task", "description"]))


def _then(item: Item) -> str:
    then = item.get("then")
    if then in (None, "nothing"):
        return ""
    at = text_format.age(item.get("at"), datetime.now(UTC))
    return f"{_THEN.get(str(then), then)} {at}".strip()


def _answer(item: Item) -> str:
    """The command that does what is most often meant."""
    number = dig(item, ["task", "id"])
    gate = item.get("gate")
    if gate:
        return f"task {verb_of(gate)} {number}"
    match item.get("kind"):
        case "failure":
            return f"task retry {number}"
        case "result":
            return f"task diff {number}"
        case _:
            name = text_format.one_line(dig(item, ["machine", "name"]))
            return f"machine show {shlex.quote(name)}"


INBOX = Printed(
    fields.INBOX_ITEM,
    (
        Column("KIND", lambda item: item.get("kind")),
        Column("ABOUT", _about),
        Column("SAYS", _says, stretches=True),
        Column("BY ITSELF", _then, may_go=True),
        aged("SINCE", "since"),
        Column("MUSTER", _answer, is_whole=True),
    ),
    nothing="Nothing needs you.",
)


@click.command
@click.option("-k", "--kind", metavar="A,B", help=f"Of {', '.join(KINDS)}.")
@click.option("-n", "--limit", default=50, type=click.IntRange(min=0), help="At most; 0: all.")
@pass_muster
@prints(INBOX)
def inbox(muster: Muster, kind: str | None, limit: int) -> Any:
    """What needs you.

    The last column is the command that answers it.
    """
    return muster.api.items("/api/web/inbox", limit, kind=kind)
