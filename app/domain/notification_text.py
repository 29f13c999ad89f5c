"""The texts of notifications."""

from typing import NamedTuple

from app.domain.change import UNCHANGED
from app.domain.notification_rules import NotificationType

MAX_TEXT = 300  # characters of a body


class NotificationText(NamedTuple):
    title: str
    body: str


_TITLES = {
    NotificationType.GATE_OPENED: "Task {id} waits for you",
    NotificationType.GATE_EXPIRED: "Nobody answered task {id} in time",
    NotificationType.GATE_ANSWERED: "Task {id} has its answer",
    NotificationType.GATE_WITHDRAWN: "Task {id} asks no more for now",
    NotificationType.TASK_COMPLETED: "Task {id} is done",
    NotificationType.TASK_FAILED: "Task {id} failed",
    NotificationType.TASK_CANCELLED: "Task {id} was cancelled",
    NotificationType.MACHINE_LOST: "Task {id} failed: its machine is lost",
    NotificationType.EGRESS_REFUSED: "Task {id} was refused a host",
    NotificationType.BUDGET_LOW: "Task {id} goes by a budget that is nearly used up",
    NotificationType.REVIEWED: "Task {id} was reviewed",
    NotificationType.COMMENTED: "Task {id} has a new comment",
}


def render_notification(
    kind: NotificationType, task_id: int, *, description: str, message: str, stage: str | None
) -> NotificationText:
    """Title and body of a notification. `message` is the event's, `stage` the name of its stage."""
    title = _TITLES[kind].format(id=task_id)
    if kind is NotificationType.TASK_COMPLETED:
        done = f"{title}, but it changed nothing" if message == UNCHANGED else title
        return NotificationText(done, shorten(description))
    if kind is NotificationType.GATE_OPENED:
        return NotificationText(
            title, shorten(f"stage {stage} asks: {message}" if message else f"{stage}?")
        )
    return NotificationText(title, shorten(message))


def shorten(text: str) -> str:
    """The text in one line, cut to `LONGEST` characters."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
