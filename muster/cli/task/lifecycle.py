"""Cancel, retry, follow up on and dismiss tasks."""

import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.output import (
    Column,
    OutputSpec,
    age_column,
    column,
    outputs,
    report_action,
    set_exit_status,
)
from muster.cli.params import TASK, read_text, task_argument, task_path
from muster.cli.task.follow import wait_until_settled
from muster.cli.task.images import image_option, upload_images
from muster.cli.task.show import first_line, status_text
from muster.cli.task.watch import EventPrinter, print_conclusion

CHANGED_TASK = OutputSpec(
    fields.TASK,
    (
        column("ID", "id", is_number=True),
        Column("STATUS", status_text),
        column("PROJECT", "projectKey"),
    ),
)
FOLLOW_UP = OutputSpec(
    fields.FOLLOW_UP,
    (
        column("ID", "id", is_number=True),
        column("ROUND", is_number=True),
        column("STATE"),
        column("BY", "createdBy.name"),
        Column("INSTRUCTION", lambda item: first_line(item.get("instruction")), stretches=True),
        age_column("AGE", "createdAt"),
    ),
    empty_message="No follow-ups.",
)

_tasks_argument = click.argument("numbers", metavar="TASK…", type=TASK, nargs=-1, required=True)


@click.command
@_tasks_argument
@pass_muster
@outputs(CHANGED_TASK)
def cancel(muster: Muster, numbers: tuple[int, ...]) -> object:
    """Cancel active tasks."""
    cancelled = [muster.api.post(task_path(number, "cancel")) for number in numbers]
    report_action(f"Cancelled {_list_tasks(numbers)}.")
    return cancelled, lambda: None


@click.command
@_tasks_argument
@click.option("--from-stage", type=int, help="First stage to run, counted from 0.")
@pass_muster
@outputs(CHANGED_TASK)
def retry(muster: Muster, numbers: tuple[int, ...], from_stage: int | None) -> object:
    """Retry failed or cancelled tasks."""
    body = {} if from_stage is None else {"fromStage": from_stage}
    retried = [muster.api.post(task_path(number, "retry"), body) for number in numbers]
    report_action(f"Queued {_list_tasks(numbers)} again.")
    return retried, lambda: None


def _list_tasks(numbers: Iterable[int]) -> str:
    return ", ".join(f"#{number}" for number in numbers)


@click.command("follow-up")
@task_argument
@click.option(
    "-d", "--instruction", metavar="TEXT", help="Instruction; - for stdin (default: editor)."
)
@click.option("--from-stage", type=int, help="First stage to run, counted from 0 (default 0).")
@click.option("--review", "review_id", type=int, metavar="ID", help="ID of the review to act on.")
@image_option
@click.option("-w", "--wait", is_flag=True, help="Wait until the task ends or needs an answer.")
@pass_muster
@outputs(FOLLOW_UP)
def follow_up(
    muster: Muster,
    number: int,
    instruction: str | None,
    from_stage: int | None,
    review_id: int | None,
    images: tuple[Path, ...],
    wait: bool,
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Follow up on a task with new instructions.

    Starts now if the task is idle; otherwise it's queued.
    """
    body: dict[str, Any] = {
        "instruction": read_text(instruction, f"Instructions for task {number}.")
    }
    if from_stage is not None:
        body["fromStage"] = from_stage
    if review_id is not None:
        body["reviewId"] = review_id
    if images:
        project_key = muster.api.get(task_path(number))["projectKey"]
        body["imageIds"] = upload_images(muster.api, project_key, images)
    made = muster.api.post(task_path(number, "follow-ups"), body, key=str(uuid.uuid4()))
    is_queued = made.get("state") == "queued"
    state_text = "is queued" if is_queued else f"started as round {made.get('round')}"
    report_action(f"Follow-up {made['id']} of #{number} {state_text}.")
    if wait:
        teller = EventPrinter(muster.api, number, with_log=False)
        task, status = wait_until_settled(muster.api, number, teller)
        print_conclusion(muster, task, status)
        set_exit_status(status)
    return made, lambda: None


@click.command("send-back")
@task_argument
@pass_muster
@outputs(FOLLOW_UP)
def send_back(muster: Muster, number: int) -> tuple[dict[str, Any], Callable[[], None]]:
    """Send a failed check back to the agent before it."""
    made = muster.api.post(task_path(number, "send-back"))
    report_action(f"Sent #{number} back, as round {made.get('round')}.")
    return made, lambda: None


@click.command("follow-ups")
@task_argument
@pass_muster
@outputs(FOLLOW_UP)
def follow_ups(muster: Muster, number: int) -> Iterable[dict[str, Any]]:
    """List a task's follow-ups."""
    return muster.api.items(task_path(number, "follow-ups"))


@click.command
@task_argument
@click.argument("follow_up_id", metavar="FOLLOW-UP", type=int)
@pass_muster
def withdraw(muster: Muster, number: int, follow_up_id: int) -> None:
    """Withdraw a follow-up that hasn't started."""
    where = task_path(number, "follow-ups", follow_up_id)
    instruction = first_line(muster.api.get(where).get("instruction"))
    muster.api.delete(where)
    report_action(f"Withdrew follow-up {follow_up_id} of #{number}: {instruction}")


@click.command
@task_argument
@click.option("--undo", is_flag=True, help="Return the task to your inbox.")
@pass_muster
def dismiss(muster: Muster, number: int, undo: bool) -> None:
    """Dismiss a finished task from your inbox."""
    muster.api.put(task_path(number, "dismiss"), {"dismissed": not undo})
    report_action(f"Returned #{number} to your inbox." if undo else f"Dismissed #{number}.")
