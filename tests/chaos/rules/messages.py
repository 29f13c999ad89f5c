"""A message that was acknowledged is there, once; it takes effect once, or is returned. What its
agent says that it has read is delivered."""

import re
from collections.abc import Iterator

from tests.chaos.history import History, Run, TaskSeen
from tests.chaos.review_records import TaskMessages
from tests.chaos.rules.acknowledgements import judge
from tests.chaos.rules.endings import ENDED
from tests.chaos.rules.violation import Violation

_REQUEST = re.compile(r"\bm\d+\b")
_UNREAD = ("waiting", "withdrawn", "returned", "followed_up")


def check(history: History) -> Iterator[Violation]:
    readers = _readers(history)
    for run in history.runs:
        for problem in run.malformed:
            yield Violation("frame malformed", run.task_id, f"{run}: {problem}")
    for task_id, seen in history.tasks.items():
        kept = history.messages.get(task_id) or TaskMessages(task_id, [])
        states = {_request_of(row["text"]): row["state"] for row in kept.messages}
        made = [(_request_of(row["text"]), int(row["id"])) for row in kept.messages]
        yield from judge(history, "message", task_id, made)
        for request, state in states.items():
            runs = readers.get((task_id, request), [])
            for rule in _problems(seen, request, state, runs):
                text = f"{request} is {state}, read by {[str(run) for run in runs]}"
                yield Violation(rule, task_id, text)
        for (reader, request), runs in readers.items():
            if reader == task_id and request not in states:
                yield Violation("message of another task", task_id, f"{request}: {runs[0]}")


def _readers(history: History) -> dict[tuple[int, str], list[Run]]:
    """The runs that read each message of a task, one for each time."""
    found: dict[tuple[int, str], list[Run]] = {}
    for run in history.runs:
        for request in run.read:
            found.setdefault((run.task_id, request), []).append(run)
    return found


def _problems(seen: TaskSeen, request: str, state: str, runs: list[Run]) -> Iterator[str]:
    attempts = [run.attempt for run in runs]
    # A lost attempt's work is done again, by an agent that hasn't seen the message.
    if len(attempts) != len(set(attempts)):
        yield "message read twice"
    is_counted = seen.task["status"] == "completed" and seen.task["attempt"] in attempts
    if state in _UNREAD and is_counted:
        yield "message read that was not delivered"
    # Its last attempt has ended well, so nothing was lost of what its agents told.
    confirmed = [run for run in runs if run.attempt == seen.task["attempt"]]
    if state != "delivered" and _has_done(seen) and any(request in r.receipts for r in confirmed):
        yield "message confirmed and not delivered"
    if state == "delivered" and not runs and seen.task["attempt"] == 1 and _has_done(seen):
        yield "message delivered to nobody"
    if state == "waiting" and seen.task["status"] in ENDED:
        yield "message waits for ever"


def _has_done(seen: TaskSeen) -> bool:
    """Whether its agents did all that they were to do: a killed one notes nothing."""
    return bool(seen.task["status"] == "completed")


def _request_of(text: str) -> str:
    found = _REQUEST.search(text)
    return found[0] if found else text
