"""Follow a task by its stream, and map its state to an exit status."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from muster.cli import errors
from muster.cli.client import Api
from muster.cli.params import task_path
from muster.cli.sse import Event

EXIT_STATUSES = {"completed": errors.DONE, "failed": errors.FAILED, "cancelled": errors.FAILED}
QUESTION_REASONS = ("gate", "question", "budget")
# Events after which a task's exit status may change.
SETTLING_EVENTS = frozenset(
    ["suspended", "completed", "failed", "cancelled", "requeued", "restored", "machine_lost"]
)

Task = Mapping[str, Any]
SETTLED = Event("settled", None, "")


def exit_status_for(task: Task) -> int | None:
    """Return the exit status for a task that has ended or waits; None if it continues by itself."""
    if task.get("status") in EXIT_STATUSES:
        return EXIT_STATUSES[str(task["status"])]
    asks = task.get("suspendReason") in QUESTION_REASONS
    reason = (task.get("waitingFor") or {}).get("reason")
    return errors.WAITING if asks or reason == "gate" else None


def wait_until_settled(
    api: Api,
    number: int,
    tell: Callable[[Event], None],
    *,
    past_questions: bool = False,
    beats: bool = False,
) -> tuple[dict[str, Any], int]:
    """Wait until the task has ended or needs an answer; return it with the exit status.

    `tell` gets every event of the stream, and finally `SETTLED`: the task can end before its stream
    has sent everything, so printers then fetch the rest. `past_questions`: wait for the end.
    `beats`: `tell` gets heartbeats, too.
    """
    for event in api.events(task_path(number, "stream"), beats=beats):
        tell(event)
        if not _may_be_settled(event):
            continue
        task = dict(api.get(task_path(number)))
        status = exit_status_for(task)
        if status is not None and not (past_questions and status == errors.WAITING):
            tell(SETTLED)
            return task, status
    raise AssertionError("a stream ends by an exception alone")


def _may_be_settled(event: Event) -> bool:
    if event.name in ("hello", "reset"):
        return True
    return event.name == "events" and any(
        task_event.get("type") in SETTLING_EVENTS for task_event in event.data
    )


def iterate_when_ended(
    api: Api, number: int, items: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the items once the task has ended: --follow for output that is printed at once."""
    wait_until_settled(api, number, lambda event: None, past_questions=True)
    yield from items


def list_events(api: Api, number: int, behind: int = 0, **of: object) -> Iterator[dict[str, Any]]:
    """Yield a task's events so far, in order, without the first `behind`.

    `of` filters events; `behind` then counts the matching ones.
    """
    offset = behind
    while True:
        page = api.get(task_path(number, "events"), limit=200, offset=offset, **of)
        items = page.get("items") or []
        yield from items
        offset += len(items)
        if not items or offset >= page.get("total", 0):
            return
