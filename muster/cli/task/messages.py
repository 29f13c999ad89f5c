"""Messages to a task's agent, and interrupts."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import click

from muster.cli import fields
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, OutputSpec, age_column, column, outputs, report_action
from muster.cli.params import read_text, task_argument, task_path
from muster.cli.task.show import first_line

MESSAGE = OutputSpec(
    fields.MESSAGE,
    (
        column("ID", "id", is_number=True),
        column("STATE"),
        column("WHEN"),
        column("BY", "createdBy.name"),
        Column("TEXT", lambda item: first_line(item.get("text")), stretches=True),
        age_column("AGE", "createdAt"),
    ),
    empty_message="No messages.",
)

_EFFECTS = {
    "returned": "wasn't sent: no agent is left to read it",
    "followed_up": "became a follow-up",
}


@click.command
@task_argument
@click.argument("text", required=False)
@click.option("--now", is_flag=True, help="Stop the agent's running step first.")
@click.option(
    "--or-follow-up", is_flag=True, help="Follow up with it if no agent is left to read it."
)
@pass_muster
@outputs(MESSAGE)
def message(
    muster: Muster, number: int, text: str | None, now: bool, or_follow_up: bool
) -> tuple[dict[str, Any], Callable[[], None]]:
    """Send a message to a task's agent.

    TEXT is the message; - for stdin (default: editor). The agent reads it at its next step; if
    none is working, with the prompt of the next agent stage.
    """
    body = {
        "text": read_text(text, f"A message to the agent of task {number}."),
        "when": "now" if now else "next",
        "ifTooLate": "follow_up" if or_follow_up else "return",
    }
    made = muster.api.post(task_path(number, "messages"), body, key=str(uuid.uuid4()))
    is_bound = made.get("stageIndex") is not None
    waiting = "is on its way to the agent" if is_bound else "waits for the next agent stage"
    effect = _EFFECTS.get(str(made.get("state")), waiting)
    report_action(f"Message {made['id']} to #{number} {effect}.")
    return made, lambda: None


@click.command
@task_argument
@pass_muster
@outputs(MESSAGE)
def messages(muster: Muster, number: int) -> Iterable[dict[str, Any]]:
    """List messages to a task's agent."""
    return muster.api.items(task_path(number, "messages"))


@click.command("withdraw-message")
@task_argument
@click.argument("message_id", metavar="MESSAGE", type=int)
@pass_muster
def withdraw_message(muster: Muster, number: int, message_id: int) -> None:
    """Withdraw a message that hasn't been sent to an agent."""
    where = task_path(number, "messages", message_id)
    text = first_line(muster.api.get(where).get("text"))
    muster.api.delete(where)
    report_action(f"Withdrew message {message_id} to #{number}: {text}")


@click.command
@task_argument
@click.option("--stop-stage", is_flag=True, help="Also end the agent's process.")
@pass_muster
def interrupt(muster: Muster, number: int, stop_stage: bool) -> None:
    """Stop what a task's agent does; it then asks what to do instead."""
    muster.api.post(task_path(number, "interrupt"), {"stopStage": stop_stage})
    report_action(f"Interrupted the agent of #{number}.")
