"""What people say of a task's work, and what there is of it in the end."""

from typing import Any

import msgspec


class ReviewRequest(msgspec.Struct, tag="said", frozen=True):
    """One try to write a comment, to submit a review or to have a task go on.

    `verb` is comment, review, follow_up or message. `request` is in its text, and in no other's;
    all tries of one request go under one Idempotency-Key. `made` is the id of what there is now.
    """

    verb: str
    task_id: int
    request: str
    by: str
    began: float
    ended: float
    status: int | None = None
    code: str = ""
    made: int = 0


class TaskReviews(msgspec.Struct, tag="kept", frozen=True):
    """What the API shows of a task's follow-ups, reviews and threads in the end, the oldest first;
    of threads also the drafts, each in its author's."""

    task_id: int
    follow_ups: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    threads: list[dict[str, Any]]


class TaskMessages(msgspec.Struct, tag="messages", frozen=True):
    """What the API shows of the messages to a task's agents in the end, the oldest first."""

    task_id: int
    messages: list[dict[str, Any]]
