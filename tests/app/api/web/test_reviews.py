"""Reviews over HTTP: what threads and comments look like, and keys of requests."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Project, Review, ReviewComment, Task
from tests.factories import (
    make_developer,
    make_gate,
    make_review_comment,
    make_review_thread,
    make_task,
)

Login = Callable[[Developer], dict[str, str]]
KEY = {"Idempotency-Key": "7f1c"}
GATED = [{"name": "ship", "command": "x", "kind": "agent", "timeout": 60, "confirm": True}]


@pytest.fixture
def task(project: Project) -> Task:
    return make_task(project=project)


def path_of(task: Task, rest: str) -> str:
    return f"/api/web/tasks/{task.id}/{rest}"


def test_a_thread_about_the_whole_is_shown_with_its_comments(
    client: FlaskClient, developer: Developer, headers: dict[str, str], task: Task
) -> None:
    made = client.post(path_of(task, "comments"), json={"body": "Why?"}, headers=headers)
    assert made.status_code == 201
    comment = {
        "id": made.json["id"],
        "threadId": made.json["threadId"],
        "author": {"id": developer.id, "name": developer.name},
        "attempt": None,
        "body": "Why?",
        "draft": True,
        "reviewId": None,
        "createdAt": made.json["createdAt"],
    }
    assert made.json == comment
    (thread,) = client.get(path_of(task, "comments"), headers=headers).json["items"]
    nowhere = dict.fromkeys(("path", "side", "line", "endLine", "blob"))
    assert thread == {
        "id": comment["threadId"],
        "round": 1,
        "attempt": 0,
        "position": {**nowhere, "outdated": False},
        "original": {**nowhere, "commit": None},
        "code": None,
        "resolvedAt": None,
        "resolvedBy": None,
        "comments": [comment],
        "createdAt": thread["createdAt"],
    }


def test_a_submitted_review_says_what_became_of_it(
    client: FlaskClient, developer: Developer, headers: dict[str, str], task: Task
) -> None:
    body = {"verdict": "request_changes", "body": "Nearly.", "comments": [{"body": "This."}]}
    answer = client.post(path_of(task, "reviews"), json=body, headers=headers)
    assert answer.status_code == 201
    review = answer.json["review"]
    waits = answer.json["followUp"]  # for the task to rest
    assert answer.json == {"review": review, "answered": False, "followUp": waits}
    assert review == {
        "id": review["id"],
        "round": 1,
        "attempt": 0,
        "commit": None,
        "author": {"id": developer.id, "name": developer.name},
        "verdict": "request_changes",
        "body": "Nearly.",
        "comments": 1,
        "stageIndex": None,
        "submittedAt": review["submittedAt"],
    }
    assert client.get(path_of(task, "reviews"), headers=headers).json["items"] == [review]
    (thread,) = client.get(path_of(task, "comments"), headers=headers).json["items"]
    assert thread["comments"][0]["reviewId"] == review["id"]


def test_a_thread_is_resolved_and_taken_up_again(
    client: FlaskClient, developer: Developer, headers: dict[str, str], task: Task
) -> None:
    thread = make_review_thread(task)
    where = path_of(task, f"threads/{thread.id}")
    resolved = client.post(f"{where}/resolve", headers=headers).json
    again = client.post(f"{where}/resolve", headers=headers).json
    assert resolved == again
    assert resolved["resolvedBy"] == {"id": developer.id, "name": developer.name}
    assert thread_ids(client, task, headers, "open") == []
    assert thread_ids(client, task, headers, "resolved,outdated") == [thread.id]
    reopened = client.post(f"{where}/reopen", headers=headers).json
    assert (reopened["resolvedBy"], reopened["resolvedAt"]) == (None, None)
    assert thread_ids(client, task, headers, "open") == [thread.id]
    assert thread_ids(client, task, headers, "resolved") == []
    assert thread_ids(client, task, headers, "open,resolved") == [thread.id]
    assert thread_ids(client, task, headers, "outdated") == []


def thread_ids(client: FlaskClient, task: Task, headers: dict[str, str], state: str) -> list[int]:
    query = {"state": state}
    answer = client.get(path_of(task, "comments"), query_string=query, headers=headers)
    return [thread["id"] for thread in answer.json["items"]]


def test_a_page_of_threads_ends_where_the_next_begins(
    client: FlaskClient, headers: dict[str, str], task: Task
) -> None:
    threads = [make_review_thread(task).id for _ in range(5)]
    assert walk(client, task, headers, limit=2) == [threads[:2], threads[2:4], threads[4:]]


def test_a_page_has_no_more_than_it_may(
    client: FlaskClient, headers: dict[str, str], task: Task
) -> None:
    threads = [make_review_thread(task) for _ in range(5)]
    for thread in threads:
        for _ in range(30):
            make_review_comment(thread, body="\N{GRINNING FACE}" * 10_000)
    pages = walk(client, task, headers, limit=200)
    assert [id_ for page in pages for id_ in page] == [thread.id for thread in threads]
    assert len(pages) == 3


def walk(client: FlaskClient, task: Task, headers: dict[str, str], limit: int) -> list[list[int]]:
    pages, cursor = [], None
    while cursor or not pages:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = client.get(path_of(task, "comments"), query_string=query, headers=headers)
        assert len(answer.data) <= 4 << 20
        pages.append([thread["id"] for thread in answer.json["items"]])
        cursor = answer.json["nextCursor"]
    return pages


@pytest.mark.parametrize(
    ("rest", "body", "kind"),
    [
        ("reviews", {"verdict": "comment", "body": "x"}, Review),
        ("comments", {"body": "x", "publish": True}, ReviewComment),
    ],
    ids=["review", "comment"],
)
def test_the_same_request_takes_effect_once(
    client: FlaskClient,
    headers: dict[str, str],
    task: Task,
    rest: str,
    body: dict[str, Any],
    kind: type[Any],
) -> None:
    first = client.post(path_of(task, rest), json=body, headers=headers | KEY)
    again = client.post(path_of(task, rest), json=body, headers=headers | KEY)
    assert (first.status_code, first.data) == (201, again.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert db.session.query(kind).count() == 1
    other = client.post(path_of(task, rest), json=body | {"body": "y"}, headers=headers | KEY)
    assert other.json["code"] == "idempotency_key_reused"


def test_a_review_that_is_sent_twice_at_once_answers_the_gate_once(
    committed_app: Flask, login: Login
) -> None:
    actor = make_developer(role=SystemRole.ADMIN)
    headers = login(actor) | KEY
    body = {"verdict": "approve", "stageIndex": 0, "comments": [{"body": "Good."}]}
    for number in range(20):
        task = make_task(
            status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.GATE, pipeline=GATED
        )
        make_gate(task)
        where, start = path_of(task, "reviews"), threading.Barrier(3)
        keyed = headers | {"Idempotency-Key": str(number)}
        found: list[Any] = []

        def post(
            where: str = where,
            keyed: dict[str, str] = keyed,
            start: threading.Barrier = start,
            found: list[Any] = found,
        ) -> None:
            client = committed_app.test_client()
            start.wait()
            answer = client.post(where, json=body, headers=keyed)
            found.append((answer.status_code, answer.data))

        threads = [threading.Thread(target=post) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(found)) == 1, found
        assert found[0][0] == 201
        db.session.rollback()
        mine = sa.select(sa.func.count()).where(ReviewComment.task_id == task.id)
        assert db.session.scalar(mine) == 1
