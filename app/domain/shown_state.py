"""A task's state as people see it: in the console, the CLI and chats."""

from enum import StrEnum

from app.domain.task import SuspendReason, TaskStatus


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


_WAITS = frozenset({SuspendReason.MACHINE_LOST, SuspendReason.QUOTA})


def find_shown_state(
    status: TaskStatus, reason: SuspendReason | None, *, is_asking: bool
) -> ShownState:
    """Return the shown state. `is_asking`: the task has an open question.

    It may have one while it's queued, because its machine drains, and while its machine is lost.
    """
    if status not in (TaskStatus.QUEUED, TaskStatus.SUSPENDED):
        return ShownState(status)
    if is_asking:
        return ShownState.NEEDS_YOU
    if status is TaskStatus.QUEUED:
        return ShownState.QUEUED
    return ShownState.WAITING if reason in _WAITS else ShownState.NEEDS_YOU
