"""Messages of task 1 in which every promise was kept, to plant violations in."""

from dataclasses import replace
from typing import Any

from tests.chaos.history import AuditSeen, History
from tests.chaos.review_records import ReviewRequest, TaskMessages

TASK = 1
_BOB = {"name": "bob"}


def add(history: History) -> None:
    """A lost attempt read the first, and so did its successor; the second was returned."""
    states = ("delivered", "returned")
    messages: list[dict[str, Any]] = [
        {"id": n, "number": n, "text": f"Heed message m{n}.", "state": state, "createdBy": _BOB}
        for n, state in enumerate(states, start=1)
    ]
    history.add(TaskMessages(TASK, messages))
    for number in (1, 2):
        about = ("message", TASK, f"m{number}", "bob", 1, 1.1)
        history.add(ReviewRequest(*about, 201, made=number))
        history.audited.append(AuditSeen("task.message_sent", "bob", TASK))
    for index in (0, 1):
        history.runs[index] = replace(history.runs[index], read=("m1",))
