"""The texts of notifications."""

from typing import NamedTuple

from app.domain.change import UNCHANGED
from app.domain.notification_rules import NewsKind

LONGEST = 300  # characters of a body


class Words(NamedTuple):
    title: str
    body: str


_TITLES = {
    NewsKind.GATE_OPENED: "Task {id} waits for you",
    NewsKind.GATE_EXPIRED: "Nobody answered task {id} in time",
    NewsKind.GATE_ANSWERED: "Task {id} has its answer",
    NewsKind.GATE_WITHDRAWN: "Task {id} asks no more for now",
    NewsKind.TASK_COMPLETED: "Task {id} is done",
    NewsKind.TASK_FAILED: "Task {id} failed",
    NewsKind.TASK_CANCELLED: "Task {id} was cancelled",
    NewsKind.MACHINE_LOST: "Task {id} failed: its machine is lost",
    NewsKind.EGRESS_REFUSED: "Task {id} was refused a host",
    NewsKind.BUDGET_LOW: "Task {id} goes by a budget that is nearly used up",
    NewsKind.REVIEWED: "Task {id} was reviewed",
    NewsKind.COMMENTED: "Task {id} has a new comment",
}


def words(
    kind: NewsKind, task_id: int, *, description: str, message: str, stage: str | None
) -> Words:
    """Title and body of a notification. `message` is the event's, `stage` the name of its stage."""
    title = _TITLES[kind].format(id=task_id)
    if kind is NewsKind.TASK_COMPLETED:
        done = f"{title}, but it changed nothing" if message == UNCHANGED else title
        return Words(done, short(description))
    if kind is NewsKind.GATE_OPENED:
        return Words(title, short(f"stage {stage} asks: {message}" if message else f"{stage}?"))
    return Words(title, short(message))


def short(text: str) -> str:
    """The text in one line, cut to `LONGEST` characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
