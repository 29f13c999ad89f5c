"""Watch a task's events."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from muster.cli import errors, fields, sse, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.output import Column, OutputSpec, column, info, outputs
from muster.cli.params import task_argument, task_path
from muster.cli.sse import Event
from muster.cli.task.follow import iterate_when_ended, list_events, wait_until_settled
from muster.cli.task.questions import answer_usage, find_open_gate
from muster.cli.task.show import activity_text, change_summary, first_line

EVENTS = OutputSpec(
    fields.EVENT,
    (
        column("ID", "id", is_number=True),
        Column("AT", lambda event: text_format.format_clock(event.get("createdAt"))),
        column("TYPE"),
        column("MESSAGE", stretches=True),
    ),
    empty_message="No events yet.",
)
_VERBS = {"command": "runs", "edit": "edits"}
_STYLES = {
    "suspended": "yellow",
    "warning": "yellow",
    "failed": "red",
    "error": "red",
    "completed": "green",
}


@click.command
@task_argument
@click.option("--all", "with_log", is_flag=True, help="Also print the machine's notes.")
@click.option("--until-end", is_flag=True, help="Continue past questions until the task ends.")
@pass_muster
@click.pass_context
def watch(ctx: click.Context, muster: Muster, number: int, with_log: bool, until_end: bool) -> None:
    """Follow a task until it ends or waits for an answer.

    Exit status: 0 completed, 1 failed or cancelled, 4 waiting for an answer.
    """
    teller = EventPrinter(muster.api, number, with_log, with_activity=True)
    task, status = wait_until_settled(
        muster.api, number, teller, past_questions=until_end, beats=True
    )
    print_conclusion(muster, task, status)
    ctx.exit(status)


class EventPrinter:
    """Prints a stream's events line by line, starting with earlier ones; and, `with_activity`,
    what the agent starts to do, and once for how long it has been quiet.
    """

    def __init__(
        self, api: Api, number: int, with_log: bool, *, with_activity: bool = False
    ) -> None:
        self._api, self._number, self._with_log = api, number, with_log
        self._with_activity = with_activity
        self._started: set[tuple[int, int]] = set()
        self._quiet_since: str | None = None
        self._last_event_id = 0

    def __call__(self, event: Event) -> None:
        match event.name:
            case "hello" | "reset" | "settled":
                for task_event in list_events(self._api, self._number, self._last_event_id):
                    self._print_event(task_event)
            case "events":
                for task_event in event.data:
                    self._print_event(task_event)
            case "transcript" if self._with_activity:
                for entry in event.data:
                    self._print_activity(entry)
            case sse.HEARTBEAT.name if self._with_activity:
                self._print_silence()

    def _print_activity(self, entry: Mapping[str, Any]) -> None:
        """Print an action when it starts."""
        place = (entry["attempt"], entry["number"])
        if entry.get("state") != "running" or place in self._started:
            return
        self._started.add(place)
        verb, title = _VERBS.get(entry["kind"], "uses"), text_format.one_line(entry.get("title"))
        _print_line(entry.get("startedAt"), verb, "blue", title)

    def _print_silence(self) -> None:
        """Print that the agent is quiet, and what runs. The server says since when; it sends
        heartbeats only while nothing happens."""
        activity = self._api.get(task_path(self._number)).get("activity") or {}
        quiet_since = activity.get("quietSince")
        if quiet_since and quiet_since != self._quiet_since:
            now = datetime.now(UTC)
            _print_line(now.isoformat(), "quiet", "yellow", activity_text(activity, now))
        self._quiet_since = quiet_since

    def _print_event(self, event: Mapping[str, Any]) -> None:
        if event["id"] <= self._last_event_id:
            return
        self._last_event_id = event["id"]
        if event["type"] == "log" and not self._with_log:
            return
        kind, text = text_format.one_line(event["type"]), text_format.one_line(event.get("message"))
        _print_line(event.get("createdAt"), kind, _STYLES.get(event["type"]), text)


def _print_line(at: str | None, kind: str, style: str | None, text: str) -> None:
    clock = click.style(text_format.format_clock(at), dim=True)
    click.echo(f"{clock}  {click.style(f'{kind:<14}', fg=style)}  {text}")


def print_conclusion(muster: Muster, task: Mapping[str, Any], status: int) -> None:
    """Print the result and the next command to stderr."""
    number = task["id"]
    if status == errors.WAITING:
        info(f"Task {number} is waiting for an answer.")
        _print_question(muster.api, number)
        return
    failure, result = task.get("failure") or {}, task.get("result") or {}
    text = f"Task {number} {task['status']}."
    if failure:
        message, code = (text_format.one_line(failure.get(key)) for key in ("message", "code"))
        text += f" {message} ({code})"
        text += f"\nmuster task logs {number}"
    elif result.get("changed"):
        branch = text_format.one_line(result.get("branch") or task.get("branch"))
        text += f" {change_summary(result)} on {branch}\nmuster task diff {number}"
    info(text)


def _print_question(api: Api, number: int) -> None:
    """Print a task's question and the command that answers it."""
    gate = find_open_gate(api, number)
    if gate is None:  # already answered
        return
    if prompt := text_format.sanitize(gate.get("prompt")).strip():
        info(f"\n{prompt}\n")
    choices = list(gate.get("choices") or [])
    if choices:
        info("\n".join(f"  {first_line(choice)}" for choice in choices))
    info(f"muster task {answer_usage(gate)}")


@click.command
@task_argument
@click.option("-t", "--type", "kinds", metavar="A,B", help="Filter by type.")
@click.option("--search", metavar="WORDS", help="Search messages and data.")
@click.option("-f", "--follow", is_flag=True, help="Keep printing until the task ends.")
@pass_muster
@outputs(EVENTS)
def events(
    muster: Muster, number: int, kinds: str | None, search: str | None, follow: bool
) -> Iterable[dict[str, Any]] | tuple[Any, Callable[[], None]]:
    """List a task's events in order."""
    found = list_events(muster.api, number, type=kinds, search=search)
    if not follow:
        return found
    teller = EventPrinter(muster.api, number, with_log=True)
    return iterate_when_ended(muster.api, number, found), lambda: _follow_events(
        muster.api, number, teller
    )


def _follow_events(api: Api, number: int, teller: EventPrinter) -> None:
    wait_until_settled(api, number, teller, past_questions=True)
