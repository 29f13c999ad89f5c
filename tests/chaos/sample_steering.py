"""What people let the agent of task 2 do, and what it read, all of it as it should be."""

from typing import Any

from tests.chaos import sample_history
from tests.chaos.history import Answered, History, TaskSeen
from tests.chaos.planted_violations import change_run
from tests.chaos.review_records import ReviewRequest, TaskMessages

TASK, RUN = 2, 3  # its last run, in the history's order
_STAGE = 1


def add(history: History) -> None:
    """It asked for two actions, of which one was allowed, and read a message in between."""
    seen = history.tasks[TASK]
    asked: list[dict[str, Any]] = []
    for number, (result, comment) in enumerate([("allow_once", "a8"), ("deny", "a9")], start=1):
        about = {"reason": "question", "kind": "permission", "number": number}
        text = f"The agent wants to do this (Bash): act p{number}"
        asked.append({"type": "suspended", "message": text, "data": about})
        data = {"result": result, "comment": comment, "number": number}
        asked.append({"type": "confirmed", "message": "answered", "data": data})
        asked.append({"type": "resumed", "message": "continues", "data": {}})
        history.answers.append(Answered(TASK, _STAGE, comment, "ann", result, 8.5, 8.6, 200))
    usual = {"attempt": 1, "stageIndex": _STAGE, **sample_history.at(8.5)}
    story = [*seen.events[:10], *[usual | event for event in asked], *seen.events[10:]]
    history.add(TaskSeen(seen.task, [e | {"id": n} for n, e in enumerate(story, start=1)]))
    change_run(
        history,
        RUN,
        asked=("p1", "p2"),
        decided=(("p1", None), ("p2", "a9")),
        acted=("p1",),
        read=("m7",),
        receipts=("m7",),
    )
    row = {"id": 7, "number": 1, "text": "Heed message m7.", "state": "delivered"}
    history.add(TaskMessages(TASK, [{**row, "createdBy": {"name": "ann"}}]))
    history.add(ReviewRequest("message", TASK, "m7", "ann", 8, 8.1, 201, made=7))
