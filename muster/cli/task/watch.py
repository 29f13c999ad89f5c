"""Watching a task, by its events."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from muster.cli import errors, fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, Printed, column, prints, say
from muster.cli.params import a_task
from muster.cli.sse import Event
from muster.cli.task.follow import at_its_end, past_events, until_settled
from muster.cli.task.questions import how_to_answer, open_one
from muster.cli.task.show import first_line, lines_of

EVENTS = Printed(
    fields.EVENT,
    (
        column("ID", "id", is_number=True),
        Column("AT", lambda event: text_format.clock(event.get("createdAt"))),
        column("TYPE"),
        column("MESSAGE", stretches=True),
    ),
    nothing="Nothing has happened yet.",
)
_STYLES = {
    "suspended": "yellow",
    "warning": "yellow",
    "failed": "red",
    "error": "red",
    "completed": "green",
}


@click.command
@a_task
@click.option("--all", "with_log", is_flag=True, help="Also the machine's own notes.")
@click.option("--until-end", is_flag=True, help="Go on past questions, until it ends.")
@pass_muster
@click.pass_context
def watch(ctx: click.Context, muster: Muster, number: int, with_log: bool, until_end: bool) -> None:
    """Follow what happens, until it ends or waits.

    Exit status: 0 completed, 1 failed or cancelled, 4 it waits for somebody.
    """
    teller = Teller(muster.api, number, with_log)
    task, status = until_settled(muster.api, number, teller, past_questions=until_end)
    conclude(muster, task, status)
    ctx.exit(status)


class Teller:
    """Says the events of a stream, line by line; first those from before it began."""

    def __init__(self, api: Api, number: int, with_log: bool) -> None:
        self._api, self._number, self._with_log = api, number, with_log
        self._told = 0

    def __call__(self, event: Event) -> None:
        match event.name:
            case "hello" | "reset" | "settled":
                for said in past_events(self._api, self._number, self._told):
                    self._say(said)
            case "events":
                for said in event.data:
                    self._say(said)

    def _say(self, event: Mapping[str, Any]) -> None:
        if event["id"] <= self._told:
            return
        self._told = event["id"]
        if event["type"] == "log" and not self._with_log:
            return
        clock = click.style(text_format.clock(event.get("createdAt")), dim=True)
        style = _STYLES.get(event["type"])
        kind = click.style(f"{text_format.one_line(event['type']):<14}", fg=style)
        click.echo(f"{clock}  {kind}  {text_format.one_line(event.get('message'))}")


def conclude(muster: Muster, task: Mapping[str, Any], status: int) -> None:
    """What has come of it, and what is to be done next, in a sentence on stderr."""
    number = task["id"]
    if status == errors.WAITS:
        say(f"Task {number} waits for an answer.")
        _ask(muster.api, number)
        return
    failure, result = task.get("failure") or {}, task.get("result") or {}
    said = f"Task {number} is {task['status']}."
    if failure:
        said += f" {text_format.one_line(failure.get('message'))} ({text_format.one_line(failure.get('code'))})"
        said += f"\nmuster task logs {number}"
    elif result.get("changed"):
        branch = text_format.one_line(result.get("branch") or task.get("branch"))
        said += f" {lines_of(result)} on {branch}\nmuster task diff {number}"
    say(said)


def _ask(api: Api, number: int) -> None:
    """What a task asks, and by which command it is answered."""
    gate = open_one(api, number)
    if gate is None:  # somebody was quicker
        return
    if prompt := text_format.plain(gate.get("prompt")).strip():
        say(f"\n{prompt}\n")
    choices = list(gate.get("choices") or [])
    if choices:
        say("\n".join(f"  {first_line(choice)}" for choice in choices))
    say(f"muster task {how_to_answer(gate)}")


@click.command
@a_task
@click.option("-t", "--type", "kinds", metavar="A,B", help="Of these types alone.")
@click.option("--search", metavar="WORDS", help="In message or data.")
@click.option("-f", "--follow", is_flag=True, help="Go on as more happens, until it ends.")
@pass_muster
@prints(EVENTS)
def events(
    muster: Muster, number: int, kinds: str | None, search: str | None, follow: bool
) -> Iterable[dict[str, Any]] | tuple[Any, Callable[[], None]]:
    """What has happened to a task, in order."""
    found = past_events(muster.api, number, type=kinds, search=search)
    if not follow:
        return found
    teller = Teller(muster.api, number, with_log=True)
    return at_its_end(muster.api, number, found), lambda: _follow(muster.api, number, teller)


def _follow(api: Api, number: int, teller: Teller) -> None:
    until_settled(api, number, teller, past_questions=True)
