"""Follow-ups over HTTP: what is answered, and once for each key."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from tests.factories import make_developer, make_task

WORK = {"0": {"ref": "refs/muster/1/1/0", "commit": "c0ffee"}}


def test_a_follow_up_is_answered_by_itself_and_found_where_it_says(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    task = make_task(status=TaskStatus.COMPLETED, checkpoints=WORK)
    headers, path = login(admin), f"/api/web/tasks/{task.id}/follow-ups"
    answer = client.post(path, json={"instruction": "Faster."}, headers=headers)
    assert answer.status_code == 201
    made = answer.json
    assert (made["state"], made["number"], made["round"], made["fromStage"]) == ("started", 1, 2, 0)
    assert client.get(answer.headers["Location"], headers=headers).json == made
    assert client.get(path, headers=headers).json["items"] == [made]
    shown = client.get(f"/api/web/tasks/{task.id}", headers=headers).json
    assert (shown["status"], shown["round"], shown["followUpsQueued"]) == ("queued", 2, 0)


def test_the_same_one_under_the_same_key_begins_one_round(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN)) | {"Idempotency-Key": "k"}
    task = make_task(status=TaskStatus.COMPLETED, checkpoints=WORK)
    path, body = f"/api/web/tasks/{task.id}/follow-ups", {"instruction": "Faster."}
    first, second = (client.post(path, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json == first.json
    assert second.headers["Idempotency-Replayed"] == "true"
    other = make_task(status=TaskStatus.COMPLETED, checkpoints=WORK)
    reused = client.post(f"/api/web/tasks/{other.id}/follow-ups", json=body, headers=headers)
    assert (reused.status_code, reused.json["code"]) == (409, "idempotency_key_reused")


def test_one_that_waits_is_withdrawn_and_an_instruction_has_bounds(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN))
    path = f"/api/web/tasks/{make_task().id}/follow-ups"
    waits = client.post(path, json={"instruction": "x" * 20_000}, headers=headers).json
    assert waits["state"] == "queued"
    gone = client.delete(f"{path}/{waits['id']}", headers=headers)
    assert (gone.status_code, gone.json) == (200, {})
    assert client.get(f"{path}/{waits['id']}", headers=headers).json["state"] == "withdrawn"
    for wrong in ({}, {"instruction": ""}, {"instruction": "x" * 20_001}):
        assert client.post(path, json=wrong, headers=headers).status_code == 422
    review = {"instruction": "x", "reviewId": 1}
    assert client.post(path, json=review, headers=headers).json["errors"].keys() == {"reviewId"}
