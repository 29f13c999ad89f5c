"""Ends and new beginnings: cancelling, retrying, and what is to be done next."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, Printed, aged, column, ends_with, prints, say
from muster.cli.params import TASK, a_task, a_text, path_of
from muster.cli.task.follow import until_settled
from muster.cli.task.show import first_line, state
from muster.cli.task.watch import Teller, conclude

ACTED = Printed(
    fields.TASK,
    (column("ID", "id", is_number=True), Column("STATUS", state), column("PROJECT", "projectKey")),
)
FOLLOW_UP = Printed(
    fields.FOLLOW_UP,
    (
        column("ID", "id", is_number=True),
        column("ROUND", is_number=True),
        column("STATE"),
        column("BY", "createdBy.name"),
        Column("INSTRUCTION", lambda item: first_line(item.get("instruction")), stretches=True),
        aged("AGE", "createdAt"),
    ),
    nothing="There is no follow-up.",
)

_tasks = click.argument("numbers", metavar="TASK…", type=TASK, nargs=-1, required=True)


@click.command
@_tasks
@pass_muster
@prints(ACTED)
def cancel(muster: Muster, numbers: tuple[int, ...]) -> Iterable[dict[str, Any]]:
    """End tasks that live."""
    return [muster.api.post(path_of(number, "cancel")) for number in numbers]


@click.command
@_tasks
@click.option("--from-stage", type=int, help="From that stage on, counted from 0.")
@pass_muster
@prints(ACTED)
def retry(
    muster: Muster, numbers: tuple[int, ...], from_stage: int | None
) -> Iterable[dict[str, Any]]:
    """Try tasks again that failed or were cancelled."""
    body = {} if from_stage is None else {"fromStage": from_stage}
    return [muster.api.post(path_of(number, "retry"), body) for number in numbers]


@click.command("follow-up")
@a_task
@click.option("-d", "--instruction", metavar="TEXT", help="What; - from stdin, else your editor.")
@click.option("--from-stage", type=int, help="From that stage on, counted from 0; else the first.")
@click.option("--review", "review_id", type=int, metavar="ID", help="The review that it answers.")
@click.option("-w", "--wait", is_flag=True, help="Until the task ends or waits for somebody.")
@pass_muster
@prints(FOLLOW_UP)
def follow_up(
    muster: Muster,
    number: int,
    instruction: str | None,
    from_stage: int | None,
    review_id: int | None,
    wait: bool,
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Say what is to be done next on the work.

    It begins at once where the task rests, and is queued where it runs.
    """
    body: dict[str, Any] = {"instruction": a_text(instruction, f"What next in task {number}?")}
    if from_stage is not None:
        body["fromStage"] = from_stage
    if review_id is not None:
        body["reviewId"] = review_id
    made = muster.api.post(path_of(number, "follow-ups"), body, key=str(uuid.uuid4()))
    is_queued = made.get("state") == "queued"
    told = "is queued" if is_queued else f"has begun as round {made.get('round')}"
    say(f"Follow-up {made['id']} of task {number} {told}.")
    if wait:
        teller = Teller(muster.api, number, with_log=False)
        task, status = until_settled(muster.api, number, teller)
        conclude(muster, task, status)
        ends_with(status)
    return made, lambda: None


@click.command("follow-ups")
@a_task
@pass_muster
@prints(FOLLOW_UP)
def follow_ups(muster: Muster, number: int) -> Iterable[dict[str, Any]]:
    """What is to be done next, and was."""
    return muster.api.items(path_of(number, "follow-ups"))


@click.command
@a_task
@click.argument("follow_up_id", metavar="FOLLOW-UP", type=int)
@pass_muster
def withdraw(muster: Muster, number: int, follow_up_id: int) -> None:
    """Take back a follow-up that has not begun."""
    where = path_of(number, "follow-ups", follow_up_id)
    instruction = first_line(muster.api.get(where).get("instruction"))
    muster.api.delete(where)
    say(f"It will not begin: {instruction}")


@click.command
@a_task
@click.option("--undo", is_flag=True, help="Have it need you again.")
@pass_muster
def seen(muster: Muster, number: int, undo: bool) -> None:
    """Have a task's end need you no more."""
    muster.api.put(path_of(number, "seen"), {"seen": not undo})
    say(f"Task {number} {'is in your inbox again' if undo else 'is out of your inbox'}.")
