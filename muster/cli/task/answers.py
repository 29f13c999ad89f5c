"""Answering what tasks ask."""

from collections.abc import Mapping
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage, CliError
from muster.cli.output import OutputSpec, info, outputs
from muster.cli.params import read_text, task_argument, task_path
from muster.cli.task.follow import Task
from muster.cli.task.questions import answer_usage, find_open_gate

ANSWERED_TASK = OutputSpec(fields.TASK)
YES_NO_RESULTS = {"confirm": ("confirm", "reject"), "budget": ("continue", "stop")}

_comment_option = click.option(
    "-c", "--comment", metavar="TEXT", help="Why; it is kept with the answer."
)


@click.command
@task_argument
@click.option("--reject", is_flag=True, help="No: the task ends as cancelled.")
@_comment_option
@click.option("--more-minutes", type=float, help="Of a budget: how many minutes more.")
@click.option("--more-tokens", type=int, help="Of a budget: how many tokens more.")
@click.option("--more-cost", type=float, help="Of a budget: how much more it may cost.")
@pass_muster
@outputs(ANSWERED_TASK)
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
    gate = require_open_gate(muster.api, number)
    kind = str(gate["kind"])
    if kind not in YES_NO_RESULTS:
        raise _wrong_command_error(gate)
    more = {"minutes": more_minutes, "tokens": more_tokens, "cost": more_cost}
    budget = {name: value for name, value in more.items() if value is not None}
    extra = {"budget": budget} if budget else {}
    return _post_answer(muster.api, gate, YES_NO_RESULTS[kind][reject], comment, **extra)


@click.command
@task_argument
@click.argument("choice", required=False)
@_comment_option
@pass_muster
@outputs(ANSWERED_TASK)
def choose(muster: Muster, number: int, choice: str | None, comment: str | None) -> Any:
    """Choose among what a task offers. Without CHOICE: what that is.

    CHOICE is one of the words, its beginning, or its place from 1.
    """
    gate = require_open_gate(muster.api, number)
    choices = [str(offered) for offered in gate.get("choices") or []]
    if not choices:
        raise _wrong_command_error(gate)
    if choice is None:
        info(text_format.sanitize(gate.get("prompt")) or "It asks you to choose:")
        for place, offered in enumerate(choices, 1):
            click.echo(f"{place}  {text_format.one_line(offered)}")
        return None
    return _post_answer(muster.api, gate, match_choice(choices, choice), comment)


def match_choice(choices: list[str], text: str) -> str:
    """The choice that is meant. Raises BadUsage."""
    if text in choices:
        return text
    if text.isdecimal() and 1 <= int(text) <= len(choices):
        return choices[int(text) - 1]
    found = [choice for choice in choices if choice.casefold().startswith(text.casefold())]
    if len(found) == 1:
        return found[0]
    offered = ", ".join(map(text_format.one_line, choices))
    raise BadUsage(f"{text!r} is not one of the choices", advice=f"Choose of: {offered}")


@click.command("input")
@task_argument
@click.argument("text", required=False)
@_comment_option
@pass_muster
@outputs(ANSWERED_TASK)
def input_(muster: Muster, number: int, text: str | None, comment: str | None) -> Any:
    """Answer in words of your own. TEXT -, or your editor where it is left out."""
    gate = require_open_gate(muster.api, number)
    if gate["kind"] not in ("input", "question"):
        raise _wrong_command_error(gate)
    prompt = text_format.one_line(gate.get("prompt"))
    return _post_answer(muster.api, gate, read_text(text, prompt or "Your answer."), comment)


def require_open_gate(api: Api, number: int) -> Mapping[str, Any]:
    """The question that is open. Raises Trouble."""
    gate = find_open_gate(api, number)
    if gate is None:
        raise CliError(f"Task {number} asks nothing.")
    return gate


def _post_answer(
    api: Api, gate: Mapping[str, Any], result: str, comment: str | None, **extra: Any
) -> Task:
    """Answer that question and no other: it may have been answered, and asked anew, meanwhile."""
    place = {name: gate[name] for name in ("stageIndex", "number", "round") if name in gate}
    answer_fields = {"result": result, **({"comment": comment} if comment else {})}
    path = task_path(int(gate["taskId"]), "confirm-stage")
    return dict(api.post(path, {**place, **answer_fields, **extra}))


def _wrong_command_error(gate: Mapping[str, Any]) -> BadUsage:
    """It asks, but is answered by another command."""
    return BadUsage(
        f"task {gate['taskId']} asks something else ({gate.get('kind')})",
        advice=f"muster task {answer_usage(gate)}",
    )
