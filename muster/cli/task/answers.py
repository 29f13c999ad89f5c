"""Answering what tasks ask."""

from collections.abc import Mapping
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage, Trouble
from muster.cli.output import Printed, prints, say
from muster.cli.params import a_task, a_text, path_of
from muster.cli.task.follow import Task
from muster.cli.task.questions import how_to_answer, open_one

ANSWERED = Printed(fields.TASK)
WORDS = {"confirm": ("confirm", "reject"), "budget": ("continue", "stop")}

_comment = click.option("-c", "--comment", metavar="TEXT", help="Why; it is kept with the answer.")


@click.command
@a_task
@click.option("--reject", is_flag=True, help="No: the task ends as cancelled.")
@_comment
@click.option("--more-minutes", type=float, help="Of a budget: how many minutes more.")
@click.option("--more-tokens", type=int, help="Of a budget: how many tokens more.")
@click.option("--more-cost", type=float, help="Of a budget: how much more it may cost.")
@pass_muster
@prints(ANSWERED)
def confirm(
    muster: Muster,
    number: int,
    reject: bool,
    comment: str | None,
    more_minutes: float | None,
    more_tokens: int | None,
    more_cost: float | None,
) -> Any:
    """Say yes or no to what a task asks.

    A budget that is used up is asked about likewise: yes grants as much again, or what --more-…
    say; no ends the task.
    """
    gate = asked(muster.api, number)
    kind = str(gate["kind"])
    if kind not in WORDS:
        raise _otherwise(gate)
    more = {"minutes": more_minutes, "tokens": more_tokens, "cost": more_cost}
    budget = {name: value for name, value in more.items() if value is not None}
    extra = {"budget": budget} if budget else {}
    return _answer(muster.api, gate, WORDS[kind][reject], comment, **extra)


@click.command
@a_task
@click.argument("choice", required=False)
@_comment
@pass_muster
@prints(ANSWERED)
def choose(muster: Muster, number: int, choice: str | None, comment: str | None) -> Any:
    """Choose among what a task offers. Without CHOICE: what that is.

    CHOICE is one of the words, its beginning, or its place from 1.
    """
    gate = asked(muster.api, number)
    choices = [str(offered) for offered in gate.get("choices") or []]
    if not choices:
        raise _otherwise(gate)
    if choice is None:
        say(text_format.plain(gate.get("prompt")) or "It asks you to choose:")
        for place, offered in enumerate(choices, 1):
            click.echo(f"{place}  {text_format.one_line(offered)}")
        return None
    return _answer(muster.api, gate, chosen(choices, choice), comment)


def chosen(choices: list[str], said: str) -> str:
    """The choice that is meant. Raises BadUsage."""
    if said in choices:
        return said
    if said.isdecimal() and 1 <= int(said) <= len(choices):
        return choices[int(said) - 1]
    found = [choice for choice in choices if choice.casefold().startswith(said.casefold())]
    if len(found) == 1:
        return found[0]
    offered = ", ".join(map(text_format.one_line, choices))
    raise BadUsage(f"{said!r} is not one of the choices", advice=f"Choose of: {offered}")


@click.command("input")
@a_task
@click.argument("text", required=False)
@_comment
@pass_muster
@prints(ANSWERED)
def input_(muster: Muster, number: int, text: str | None, comment: str | None) -> Any:
    """Answer in words of your own. TEXT -, or your editor where it is left out."""
    gate = asked(muster.api, number)
    if gate["kind"] not in ("input", "question"):
        raise _otherwise(gate)
    prompt = text_format.one_line(gate.get("prompt"))
    return _answer(muster.api, gate, a_text(text, prompt or "Your answer."), comment)


def asked(api: Api, number: int) -> Mapping[str, Any]:
    """The question that is open. Raises Trouble."""
    gate = open_one(api, number)
    if gate is None:
        raise Trouble(f"Task {number} asks nothing.")
    return gate


def _answer(
    api: Api, gate: Mapping[str, Any], result: str, comment: str | None, **extra: Any
) -> Task:
    """Answer that question and no other: it may have been answered, and asked anew, meanwhile."""
    place = {name: gate[name] for name in ("stageIndex", "number", "round") if name in gate}
    said = {"result": result, **({"comment": comment} if comment else {})}
    path = path_of(int(gate["taskId"]), "confirm-stage")
    return dict(api.post(path, {**place, **said, **extra}))


def _otherwise(gate: Mapping[str, Any]) -> BadUsage:
    """It asks, but is answered by another command."""
    return BadUsage(
        f"task {gate['taskId']} asks something else ({gate.get('kind')})",
        advice=f"muster task {how_to_answer(gate)}",
    )
