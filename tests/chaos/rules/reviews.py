"""No comment and no review is lost or doubled; a review takes its author's drafts along; and what
an agent has answered in a thread is there once."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.chaos.history import History, TaskSeen
from tests.chaos.review_records import TaskReviews
from tests.chaos.rules.acknowledgements import judge
from tests.chaos.rules.violation import Violation


def check(history: History) -> Iterator[Violation]:
    for task_id, seen in history.tasks.items():
        kept = history.reviews.get(task_id) or TaskReviews(task_id, [], [], [])
        comments = [comment for thread in kept.threads for comment in thread["comments"]]
        mine = [(one["body"], one["id"]) for one in comments if one["author"]]
        yield from judge(history, "comment", task_id, mine)
        reviews = [(request_in(row["body"]), row["id"]) for row in kept.reviews]
        yield from judge(history, "review", task_id, reviews)
        for rule, text in (*_published(history, task_id, kept, comments), *_events(seen, kept)):
            yield Violation(rule, task_id, text)
        agents = [one for one in comments if not one["author"]]
        yield from _replies(history, task_id, seen, agents)


def request_in(body: str) -> str:
    """Of a review, whose words may be those of a round."""
    return str(json.loads(body)["request"]) if body.startswith("{") else body


def _published(
    history: History, task_id: int, task_reviews: TaskReviews, comments: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    counts = Counter(comment["reviewId"] for comment in comments)
    for row in task_reviews.reviews:
        if row["comments"] != counts[row["id"]]:
            text = f"{row['comments']} comments, and {counts[row['id']]} are there"
            yield "review without its comments", f"{request_in(row['body'])} has {text}"
    mine = [
        request
        for request in history.review_requests
        if request.task_id == task_id and request.status == 201
    ]
    written = {request.request: request for request in mine if request.verb == "comment"}
    for comment in comments:
        first = written.get(comment["body"])
        if (
            comment["draft"]
            and first
            and any(
                request.verb == "review" and request.by == first.by and request.began > first.ended
                for request in mine
            )
        ):
            yield "comment left behind", f"{comment['body']} is a draft behind a review"


def _events(seen: TaskSeen, task_reviews: TaskReviews) -> Iterator[tuple[str, str]]:
    announced = sorted(e["data"]["review"] for e in seen.events if e["type"] == "reviewed")
    rows = sorted(row["id"] for row in task_reviews.reviews)
    if announced != rows:
        yield "review without its event", f"the events tell of {announced}, and there are {rows}"


def _replies(
    history: History, task_id: int, seen: TaskSeen, agents: list[dict[str, Any]]
) -> Iterator[Violation]:
    """Of an attempt that is given up the last words may be lost."""
    there = Counter((one["threadId"], one["body"]) for one in agents)
    meant = set()
    finished = {
        (e["attempt"], e["stageIndex"]) for e in seen.events if e["type"] == "stage_finished"
    }
    for run in history.runs:
        if run.task_id != task_id:
            continue
        meant |= set(run.replying)
        for reply in run.replying:
            if there[reply] > 1:
                yield Violation(
                    "reply doubled", task_id, f"{run}: {reply} is there {there[reply]} times"
                )
        for reply in run.replied:
            if not there[reply] and (run.attempt, run.stage) in finished:
                yield Violation("reply lost", task_id, f"{run}: {reply}")
    for reply in there.keys() - meant:
        yield Violation("reply from nowhere", task_id, f"no agent said {reply}")
