"""A task that was reviewed and followed up, for `made`'s history: every promise was kept."""

import json
from typing import Any

from tests.chaos import sample_history
from tests.chaos.history import AuditSeen, BranchSeen, Created, History, Pushed, TaskSeen
from tests.chaos.review_records import ReviewRequest, TaskReviews

TASK = 6


def add(history: History) -> None:
    """Task 6 is completed, then reviewed by bob, whose thread its agent answers, and followed up by
    him; eve's follow-up came at the same time, waited, and was taken back."""
    replies = ((1, "yes"),)
    runs = [
        sample_history.run(history.directory, TASK, 1, 0, 70, 71),
        sample_history.run(history.directory, TASK, 2, 0, 80, 81, round=2, request="f1",
                 replying=replies, replied=replies),
    ]  # fmt: skip
    history.runs += runs
    for one in runs:
        sample_history.add_log(history, one)
    for name, commit in (("6-1", "c61"), ("6", "c61"), ("6-2", "c62"), ("6", "c62")):
        history.pushes.append(Pushed(85, f"refs/heads/muster/{name}", commit))
        history.add(BranchSeen(f"muster/{name}", commit, {"0": f"mark-6-{commit[2]}-0"}))
    history.created.append(Created("r6", "ann", 65, 65.1, 201, TASK))
    history.add(_seen())
    _add_review_requests(history)
    history.add(_make_reviews())


def words(request: str) -> str:
    return json.dumps({"request": request, "plan": TASK, "stages": []})


def _seen() -> TaskSeen:
    stage = ("started", "stage_started", "checkpoint", "stage_finished", "published", "completed")
    events = sample_history.events("created",
                                   "assigned:1", *stage, "reviewed", "followed_up", "log", "log",
                                   "assigned:2", *stage)  # fmt: skip
    for event in events:
        event |= sample_history.at(90.0)
    events[6]["data"], events[17]["data"] = {"commit": "c61"}, {"commit": "c62"}
    events[8]["data"] = {"review": 4}
    events[9]["data"] = {"round": 2, "number": 1, "instruction": words("f1")}
    events[10]["message"] = "eve's follow-up 2 is queued"
    events[11]["message"] = "follow-up 2 withdrawn by eve"
    result = {"commit": "c62", "pushed": True, "branch": "muster/6"}
    return TaskSeen(sample_history.task(TASK, "completed", 2, result=result, round=2), events)


def _add_review_requests(history: History) -> None:
    """Bob's review was answered the second time."""
    tries = (("comment", "w1", "bob", 201, 7), ("review", "w2", "bob", None, 0),
             ("review", "w2", "bob", 201, 4), ("comment", "w3", "bob", 201, 0),
             ("follow_up", "f1", "bob", 201, 1), ("follow_up", "f2", "eve", 201, 2),
             ("withdraw", "f2", "eve", 200, 0))  # fmt: skip
    for at, (verb, request, by, status, number) in enumerate(tries, start=72):
        history.add(ReviewRequest(verb, TASK, request, by, at, at + 0.1, status, made=number))
    acts = (("task.reviewed", "bob"), ("task.followed_up", "bob"), ("task.followed_up", "eve"),
            ("task.follow_up_withdrawn", "eve"))  # fmt: skip
    history.audited += [AuditSeen(action, name, TASK) for action, name in acts]


def _make_reviews() -> TaskReviews:
    bob, eve = {"name": "bob"}, {"name": "eve"}
    follow_ups: list[dict[str, Any]] = [
        {"id": 1, "number": 1, "round": 2, "state": "started", "createdBy": bob},
        {"id": 2, "number": 2, "round": None, "state": "withdrawn", "createdBy": eve},
    ]
    for row in follow_ups:
        row["instruction"] = words(f"f{row['id']}")
    comments = [
        {"id": 7, "threadId": 1, "author": bob, "body": "w1", "draft": False, "reviewId": 4},
        {"id": 8, "threadId": 1, "author": bob, "body": "w3", "draft": False, "reviewId": 4},
        {"id": 9, "threadId": 1, "author": None, "body": "yes", "draft": False, "reviewId": None},
    ]
    reviews = [{"id": 4, "author": bob, "body": "w2", "comments": 2}]
    return TaskReviews(TASK, follow_ups, reviews, [{"id": 1, "comments": comments}])
