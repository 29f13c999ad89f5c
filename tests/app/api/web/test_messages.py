"""Messages to agents over HTTP: what is answered, and once for each key."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.models import Task
from tests.factories import make_attempt, make_developer, make_machine, make_task

TAKES = [{"agentType": "claude", "version": None, "healthy": True, "takesMessages": True}]


def _working(**machine: Any) -> Task:
    task = make_task(status=TaskStatus.RUNNING, agent_type="claude")
    make_attempt(task, make_machine(**machine))
    return task


def test_a_message_is_answered_by_itself_and_found_where_it_says(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    admin, task = make_developer(role=SystemRole.ADMIN), make_task()
    headers, path = login(admin), f"/api/web/tasks/{task.id}/messages"
    answer = client.post(path, json={"text": "Use make."}, headers=headers)
    assert answer.status_code == 201
    made = answer.json
    assert made | {"id": 0, "createdAt": ""} == {
        "id": 0,
        "number": 1,
        "text": "Use make.",
        "when": "next",
        "state": "waiting",
        "createdBy": {"id": admin.id, "name": admin.name},
        "createdAt": "",
        "deliveredAt": None,
        "stageIndex": None,
        "run": None,
        "followUpId": None,
    }
    assert client.get(answer.headers["Location"], headers=headers).json == made
    assert client.get(path, headers=headers).json["items"] == [made]
    assert client.delete(answer.headers["Location"], headers=headers).json == {}
    assert client.get(path, headers=headers).json["items"][0]["state"] == "withdrawn"
    for wrong in ({}, {"text": ""}, {"text": "x" * 20_001}, {"text": "x", "when": "later"}):
        assert client.post(path, json=wrong, headers=headers).status_code == 422


def test_the_same_one_under_the_same_key_is_sent_once(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN)) | {"Idempotency-Key": "k"}
    task = make_task()
    path = f"/api/web/tasks/{task.id}/messages"
    first, second = (client.post(path, json={"text": "x"}, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.json, second.headers["Idempotency-Replayed"]) == (first.json, "true")
    reused = client.post(path, json={"text": "y"}, headers=headers)
    assert (reused.status_code, reused.json["code"]) == (409, "idempotency_key_reused")


def test_a_task_shows_who_gets_a_message_before_it_is_written(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN))

    def get_recipients(task: Task) -> tuple[Any, list[str]]:
        found = client.get(f"/api/web/tasks/{task.id}", headers=headers).json
        offered = [one for one in found["allowedActions"] if one in ("message", "interrupt")]
        return found["messages"], offered

    assert get_recipients(make_task()) == ({"state": "next_stage", "reason": None}, ["message"])
    both = ["message", "interrupt"]
    assert get_recipients(_working(capabilities=TAKES)) == ({"state": "open", "reason": None}, both)
    unable = _working(capabilities=[])
    assert get_recipients(unable) == ({"state": "none", "reason": "not_supported"}, [])
    path = f"/api/web/tasks/{unable.id}"
    for route, body in (("messages", {"text": "x"}), ("interrupt", {})):
        refused = client.post(f"{path}/{route}", json=body, headers=headers)
        assert (refused.status_code, refused.json["code"]) == (409, "no_messages")
    ended = make_task(status=TaskStatus.CANCELLED)
    assert get_recipients(ended) == ({"state": "none", "reason": "task_ended"}, [])
    refused = client.post(
        f"/api/web/tasks/{ended.id}/messages", json={"text": "x"}, headers=headers
    )
    assert (refused.status_code, refused.json["code"]) == (409, "task_ended")


def test_an_interrupt_is_accepted_and_shown_while_it_is_under_way(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    admin, task = make_developer(role=SystemRole.ADMIN), _working(capabilities=TAKES)
    headers, path = login(admin), f"/api/web/tasks/{task.id}"
    assert client.get(path, headers=headers).json["interrupt"] is None
    answer = client.post(f"{path}/interrupt", headers=headers)
    assert (answer.status_code, answer.json["id"]) == (202, task.id)
    interrupt = client.get(path, headers=headers).json["interrupt"]
    assert (interrupt["state"], interrupt["by"]) == ("requested", admin.name)
    client.post(f"{path}/interrupt", json={"stopStage": True}, headers=headers)
    assert client.get(path, headers=headers).json["interrupt"]["state"] == "stopping"
    waiting = make_task()
    refused = client.post(f"/api/web/tasks/{waiting.id}/interrupt", headers=headers)
    assert (refused.status_code, refused.json["code"]) == (409, "not_working")
