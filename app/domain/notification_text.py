"""The texts of notifications."""

from typing import NamedTuple

from app.domain.change import UNCHANGED
from app.domain.notification_rules import NotificationType

MAX_TEXT = 300  # characters of a body


class NotificationText(NamedTuple):
    title: str
    body: str


_TITLES = {
    NotificationType.GATE_OPENED: "Task {id} is waiting for you",
    NotificationType.GATE_EXPIRED: "Task {id}: no answer in time",
    NotificationType.GATE_ANSWERED: "Task {id}: answered",
    NotificationType.GATE_WITHDRAWN: "Task {id}: question withdrawn",
    NotificationType.TASK_COMPLETED: "Task {id} completed",
    NotificationType.TASK_FAILED: "Task {id} failed",
    NotificationType.TASK_CANCELLED: "Task {id} was cancelled",
    NotificationType.MACHINE_LOST: "Task {id} failed: lost contact with its machine",
    NotificationType.EGRESS_REFUSED: "Task {id}: access to a host denied",
    NotificationType.BUDGET_LOW: "Task {id}: budget almost used up",
    NotificationType.REVIEWED: "Task {id} was reviewed",
    NotificationType.COMMENTED: "Task {id} has a new comment",
    NotificationType.MESSAGE_UNREAD: "Task {id}: a message may be unread",
}


def render_notification(
    kind: NotificationType, task_id: int, *, description: str, message: str, stage: str | None
) -> NotificationText:
    """Return the title and body of a notification. `message` is the event's, `stage` the name of
    its stage.
    """
    title = _TITLES[kind].format(id=task_id)
    if kind is NotificationType.TASK_COMPLETED:
        done = f"{title} without changes" if message == UNCHANGED else title
        return NotificationText(done, shorten(description))
    if kind is NotificationType.GATE_OPENED:
        return NotificationText(
            title, shorten(f"stage {stage} asks: {message}" if message else f"{stage}?")
        )
    return NotificationText(title, shorten(message))


def shorten(text: str) -> str:
    """Return the text on one line, cut to `MAX_TEXT`."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
