"""The audit log tells of every act on another's task that an office was needed for, once.

The people of a run are admins who belong to no project: whatever one does to another's task.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.chaos.history import History, TaskSeen
from tests.chaos.review_records import TaskReviews
from tests.chaos.rules.violation import Violation

ACTIONS = {"confirmed": "gate.answered", "cancelled": "task.cancelled", "retried": "task.retried"}
_EVENTS = {"cancel": "cancelled", "retry": "retried"}
_BY = {"cancelled": "cancelled by ", "retried": "retried by ", "confirmed": "answered by "}
_WITHDRAWN = re.compile(r"follow-up \d+ withdrawn by (\w+)")


def check(history: History) -> Iterator[Violation]:
    entries: dict[int, Counter[tuple[str, str]]] = {}
    for entry in history.audited:
        if entry.task_id:
            entries.setdefault(entry.task_id, Counter())[entry.action, entry.actor] += 1
    for task_id in entries.keys() - history.tasks.keys():
        yield Violation("audit", task_id, f"{dict(entries[task_id])} of a task that there is not")
    yield from _signed(history)
    for task_id, seen in history.tasks.items():
        done, found = (
            _expected_entries(seen)
            + _expected_review_entries(history, seen)
            + _expected_message_entries(history, task_id)
            + _expected_interrupt_entries(seen),
            entries.get(task_id, Counter()),
        )
        if done != found:
            missing, extra = dict(done - found), dict(found - done)
            yield Violation("audit", task_id, f"missing {missing}, too many {extra}")


def _signed(history: History) -> Iterator[Violation]:
    """Each event of a person's act names one who did it."""
    people: dict[tuple[int, str], set[str]] = {}
    for act in history.acts:
        if act.verb in _EVENTS:
            people.setdefault((act.task_id, _EVENTS[act.verb]), set()).add(act.by)
    for answer in history.answers:
        people.setdefault((answer.task_id, "confirmed"), set()).add(answer.by)
    for task_id, seen in history.tasks.items():
        for event in seen.events:
            actor = _actor(event)
            if actor and actor not in people.get((task_id, event["type"]), ()):
                yield Violation(
                    "wrong actor", task_id, f"{event['message']!r}: nobody of that name"
                )


def _actor(event: dict[str, Any]) -> str:
    start = _BY.get(event["type"])
    if not start or not event["message"].startswith(start):
        return ""
    return str(event["message"].removeprefix(start).split(":")[0].split(" ")[0])


def _expected_entries(seen: TaskSeen) -> Counter[tuple[str, str]]:
    creator = seen.task["createdBy"]["name"]
    done: Counter[tuple[str, str]] = Counter()
    for event in seen.events:
        actor = _actor(event)
        if actor and actor != creator:
            done[ACTIONS[event["type"]], actor] += 1
    return done


def _expected_message_entries(history: History, task_id: int) -> Counter[tuple[str, str]]:
    """Messages are told of whoever sends them: they steer what runs in the creator's name."""
    sent = history.messages.get(task_id)
    authors = [row["createdBy"]["name"] for row in sent.messages] if sent else []
    return Counter(("task.message_sent", author) for author in authors)


def _expected_interrupt_entries(seen: TaskSeen) -> Counter[tuple[str, str]]:
    stops = filter(is_interrupt, seen.events)
    return Counter(("task.interrupted", event["data"]["createdBy"]["name"]) for event in stops)


def is_interrupt(event: dict[str, Any]) -> bool:
    """Whether a person stopped the agent then."""
    return event["type"] == "interrupted" and "by" in event["data"]


def _expected_review_entries(history: History, seen: TaskSeen) -> Counter[tuple[str, str]]:
    """Of what is told when it is said, and not when it takes effect."""
    creator, reviews = seen.task["createdBy"]["name"], history.reviews.get(int(seen.task["id"]))
    rows = reviews or TaskReviews(0, [], [], [])
    # A round that a review has begun is told as the review.
    by_reviews = {row["body"] for row in rows.reviews}
    own = [row for row in rows.follow_ups if row["instruction"] not in by_reviews]
    entries = [("task.followed_up", row["createdBy"]["name"]) for row in own]
    entries += [("task.reviewed", row["author"]["name"]) for row in rows.reviews]
    taken = (_WITHDRAWN.fullmatch(e["message"]) for e in seen.events if e["type"] == "log")
    entries += [("task.follow_up_withdrawn", found[1]) for found in taken if found]
    return Counter(one for one in entries if one[1] != creator)
