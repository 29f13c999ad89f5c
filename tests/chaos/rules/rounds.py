"""Rounds are numbered without holes, each by one act; each follow-up that was acknowledged has
become one round, or waits where it may, or was taken back; and a round's stages were told its
words."""

from collections.abc import Iterator
from typing import Any

from tests.chaos.history import History, TaskSeen
from tests.chaos.plan import request_of
from tests.chaos.review_records import TaskReviews
from tests.chaos.rules.acknowledgements import judge
from tests.chaos.rules.violation import Violation

_BEGIN = ("retried", "followed_up")


def check(history: History) -> Iterator[Violation]:
    for task_id, seen in history.tasks.items():
        kept = history.reviews.get(task_id) or TaskReviews(task_id, [], [], [])
        for rule, text in (
            *_numbers(seen),
            *_check_started_rounds(seen, kept),
            *_rest(history, seen, kept),
        ):
            yield Violation(rule, task_id, text)
        yield from _check_run_input(history, task_id, seen)
        made = [(request_of(row["instruction"])[0], row["id"]) for row in kept.follow_ups]
        yield from judge(history, "follow_up", task_id, made)


def _numbers(seen: TaskSeen) -> Iterator[tuple[str, str]]:
    number, completed = 1, 0
    for event in seen.events:
        if event["type"] in _BEGIN:
            number, completed = number + 1, 0
        if event["type"] == "followed_up" and event["data"].get("round") != number:
            yield "rounds", f"event {event['id']} is of round {event['data']}, and begins {number}"
        completed += event["type"] == "completed"
        if event["type"] == "completed" and completed > 1:
            yield "round completed twice", f"round {number}, event {event['id']}"
    if seen.task["round"] != number:
        yield "rounds", f"{number} were begun, and the task is at {seen.task['round']}"


def _check_started_rounds(seen: TaskSeen, task_reviews: TaskReviews) -> Iterator[tuple[str, str]]:
    """The follow-ups that have begun a round, and the rounds that a follow-up has begun."""
    announced = [_about(e["data"]) for e in seen.events if e["type"] == "followed_up"]
    rows = [_about(row) for row in task_reviews.follow_ups if row["state"] == "started"]
    if sorted(announced) != sorted(rows):
        yield "round of no follow-up", f"the events tell of {announced}, and there are {rows}"
    if [row[1] for row in sorted(rows)] != sorted(row[1] for row in rows):
        yield "follow-ups out of order", f"(number, round, words): {sorted(rows)}"
    numbers = [row["number"] for row in task_reviews.follow_ups]
    if numbers != list(range(1, len(numbers) + 1)):
        yield "follow-ups out of order", f"numbered {numbers}"


def _about(fields: dict[str, Any]) -> tuple[int, int, str]:
    return fields["number"], fields["round"], request_of(fields["instruction"])[0]


def _rest(history: History, seen: TaskSeen, task_reviews: TaskReviews) -> Iterator[tuple[str, str]]:
    """Those that have begun none, when nothing happens any more."""
    acts = [act for act in history.review_requests if act.verb == "withdraw"]
    tried = {act.request for act in acts}
    done = {act.request for act in acts if act.status == 200}
    is_cancelled = any(event["type"] == "cancelled" for event in seen.events)
    for row in task_reviews.follow_ups:
        request, state = request_of(row["instruction"])[0], row["state"]
        # After a failure they wait for a person.
        if state == "queued" and seen.task["status"] != "failed":
            yield "follow-up stuck", f"{request} waits, and the task is {seen.task['status']}"
        if state == "withdrawn" and request not in tried and not is_cancelled:
            yield "follow-up withdrawn by nobody", request
        if state != "withdrawn" and request in done:
            yield "follow-up begun that was taken back", f"{request} is {state}"
    waiting = sum(row["state"] == "queued" for row in task_reviews.follow_ups)
    if waiting != seen.task["followUpsQueued"]:
        yield (
            "rounds",
            f"{waiting} follow-ups wait, and the task says {seen.task['followUpsQueued']}",
        )


def _check_run_input(history: History, task_id: int, seen: TaskSeen) -> Iterator[Violation]:
    """Each run is of its attempt's round, and was told what that is about."""
    number, request = 1, request_of(seen.task["description"])[0]
    rounds: dict[int, tuple[int, str]] = {}
    for event in seen.events:
        number += event["type"] in _BEGIN
        if event["type"] == "followed_up":
            request = request_of(event["data"]["instruction"])[0]
        if event["type"] == "assigned":
            rounds[event["attempt"]] = number, request
    for run in history.runs:
        meant = rounds.get(run.attempt)
        if run.task_id == task_id and (run.round, run.request) != meant:
            text = f"{run} was told {run.request!r} of round {run.round}, and is of {meant}"
            yield Violation("wrong round told", task_id, text)
