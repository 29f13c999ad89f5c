"""A task's state as people see it: in the console, the CLI and chats."""

from collections.abc import Mapping
from enum import StrEnum

from app.domain.task import LIVE, SuspendReason, TaskStatus


class ShownState(StrEnum):
    """The statuses, with `suspended` divided by who acts next. The values are shown as they are."""

    QUEUED = "queued"
    ASSIGNED = "assigned"
    RUNNING = "running"
    NEEDS_YOU = "needs you"  # a person answers
    WAITING = "waiting"  # it continues without one
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ASKING = frozenset({TaskStatus.QUEUED, TaskStatus.RUNNING, TaskStatus.SUSPENDED})
_WAITS = frozenset({SuspendReason.MACHINE_LOST, SuspendReason.QUOTA})


def find_shown_state(
    status: TaskStatus, reason: SuspendReason | None, *, is_asking: bool
) -> ShownState:
    """Return the shown state. `is_asking`: the task has an open question, or its agent asks in its
    terminal.

    It may have one while it's queued, because its machine drains, and while its machine is lost.
    """
    if is_asking and status in ASKING:
        return ShownState.NEEDS_YOU
    if status is not TaskStatus.SUSPENDED:
        return ShownState(status)
    return ShownState.WAITING if reason in _WAITS else ShownState.NEEDS_YOU


def count_live_states(
    counts: Mapping[TaskStatus, int], asking: Mapping[TaskStatus, int]
) -> dict[ShownState, int]:
    """Return how many live tasks have each shown state. `counts` has all tasks by status, `asking`
    those of them that ask a person.
    """
    # They are read one after the other, so a task may be missing in `counts`.
    others = {each: max(0, counts.get(each, 0) - asking.get(each, 0)) for each in LIVE}
    return {
        ShownState.NEEDS_YOU: sum(asking.values()),
        ShownState.WAITING: others.pop(TaskStatus.SUSPENDED),
        **{ShownState(status): number for status, number in others.items()},
    }
