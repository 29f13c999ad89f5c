"""Who can answer a gate, from every channel: the page, a review, a token."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Project, ProjectMember, Task
from app.services.clock import now
from app.services.tasks import gates
from tests.factories import (
    add_member,
    make_developer,
    make_follow_up,
    make_gate,
    make_personal_token,
    make_project,
    make_task,
)

Sign = Callable[[Developer], dict[str, str]]
People = Mapping[str, Developer]
WEB = "/api/web"
ALL = {"author", "member", "keeper", "admin"}


@pytest.fixture
def people() -> People:
    found = {name: make_developer(name=name) for name in ("author", "member", "keeper")}
    return found | {"admin": make_developer(name="admin", role=SystemRole.ADMIN)}


@pytest.fixture
def project(people: People) -> Project:
    return make_project(
        members=[people["author"], people["member"]], maintainers=[people["keeper"]]
    )


@pytest.fixture
def waiting(project: Project, people: People) -> Callable[..., Task]:
    """Makes a task of the author's that waits at a gate with these answerers."""

    def make(answerers: dict[str, Any] | None, kind: GateKind = GateKind.CONFIRM) -> Task:
        task = make_task(
            project=project,
            creator=people["author"],
            status=TaskStatus.SUSPENDED,
            suspend_reason=SuspendReason.GATE,
        )
        choices = ["a", "b"] if kind is GateKind.CHOOSE else []
        make_gate(task, kind=kind, choices=choices, answerers=answerers)
        return task

    return make


def try_and_revert(client: FlaskClient, path: str, body: Any, headers: dict[str, str]) -> Any:
    db.session.remove()
    connection: Any = db.engine
    savepoint = connection.begin_nested()
    try:
        return client.post(path, json=body, headers=headers)
    finally:
        db.session.remove()
        savepoint.rollback()


def who_can(
    client: FlaskClient, people: People, path: str, body: Any, login: Sign, *, by_token: bool
) -> set[str]:
    """Who gets through with this request; the others get the code."""
    found = set()
    for name, person in people.items():
        secret = make_personal_token(person)[1] if by_token else None
        headers = {"Authorization": f"Bearer {secret}"} if secret else login(person)
        answer = try_and_revert(client, path, body, headers)
        if answer.status_code < 300:
            found.add(name)
        else:
            assert (answer.status_code, answer.json["code"]) == (403, "not_an_answerer")
    return found


CASES = [
    (None, ALL),
    ({"who": "maintainers"}, {"keeper"}),
    ({"who": "not_author"}, ALL - {"author"}),
    ({"who": "named", "names": ["member", "admin"]}, {"member", "admin"}),
    ({"who": "named", "names": []}, {"admin"}),  # nobody is left
]


def with_ids(answerers: dict[str, Any] | None, people: People) -> dict[str, Any] | None:
    if answerers is None or "names" not in answerers:
        return answerers
    return {"who": "named", "developerIds": [people[name].id for name in answerers["names"]]}


@pytest.mark.parametrize("by_token", [False, True], ids=["session", "token"])
@pytest.mark.parametrize(
    ("answerers", "allowed"), CASES, ids=["default", "maintainers", "not author", "named", "nobody"]
)
def test_answers_reviews_and_actions_agree(
    client: FlaskClient,
    people: People,
    waiting: Callable[..., Task],
    login: Sign,
    answerers: dict[str, Any] | None,
    allowed: set[str],
    by_token: bool,
) -> None:
    task = waiting(with_ids(answerers, people))
    path = f"{WEB}/tasks/{task.id}"
    answer = {"stageIndex": 0, "result": "confirm"}
    approve = {"verdict": "approve"}
    for route, body in ((f"{path}/confirm-stage", answer), (f"{path}/reviews", approve)):
        assert who_can(client, people, route, body, login, by_token=by_token) == allowed
    for name, person in people.items():
        headers = login(person)
        can = name in allowed
        shown = client.get(path, headers=headers).json["allowedActions"]
        assert ("answer" in shown, "review" in shown) == (can, True)
        (item,) = client.get(f"{WEB}/tasks?ids={task.id}", headers=headers).json["items"]
        assert ("answer" in item["allowedActions"]) == can
        inbox = client.get(f"{WEB}/inbox?kind=gate", headers=headers).json["items"]
        assert [each["actions"][0] for each in inbox] == (["answer"] if can else [])
        asking = client.get(f"{WEB}/tasks?needsMe=true", headers=headers).json["items"]
        assert len(asking) == can


@pytest.mark.parametrize("kind", [GateKind.CHOOSE, GateKind.INPUT])
def test_other_gates_are_narrowed_too(
    client: FlaskClient,
    people: People,
    waiting: Callable[..., Task],
    login: Sign,
    kind: GateKind,
) -> None:
    """Even an approval that doesn't answer them."""
    task = waiting({"who": "not_author"}, kind)
    path = f"{WEB}/tasks/{task.id}"
    answer = {"stageIndex": 0, "result": "a"}
    for route, body in (
        (f"{path}/confirm-stage", answer),
        (f"{path}/reviews", {"verdict": "approve"}),
    ):
        allowed = who_can(client, people, route, body, login, by_token=False)
        assert allowed == ALL - {"author"}


def test_the_author_can_still_comment_and_request_changes(
    client: FlaskClient, people: People, waiting: Callable[..., Task], login: Sign
) -> None:
    path = f"{WEB}/tasks/{waiting({'who': 'not_author'}).id}/reviews"
    for verdict in ("comment", "request_changes"):
        body = {"verdict": verdict, "body": "Look again."}
        assert try_and_revert(client, path, body, login(people["author"])).status_code == 201


def test_the_author_of_the_rounds_follow_up_is_an_author(
    client: FlaskClient, people: People, waiting: Callable[..., Task], login: Sign
) -> None:
    task = waiting({"who": "not_author"})
    make_follow_up(task, number=1, created_by=people["member"].id)
    task.follow_up, task.follow_ups_queued = 1, 0
    path = f"{WEB}/tasks/{task.id}/confirm-stage"
    body = {"stageIndex": 0, "result": "confirm"}
    allowed = who_can(client, people, path, body, login, by_token=False)
    assert allowed == {"keeper", "admin"}
    inbox = client.get(f"{WEB}/inbox", headers=login(people["member"])).json["items"]
    assert inbox == []


def test_a_person_who_was_removed_cannot_answer_and_admins_can_then(
    client: FlaskClient, people: People, project: Project, waiting: Callable[..., Task], login: Sign
) -> None:
    task = waiting({"who": "named", "developerIds": [people["member"].id]})
    path = f"{WEB}/tasks/{task.id}"
    body = {"stageIndex": 0, "result": "confirm"}
    admin, member = login(people["admin"]), login(people["member"])
    assert client.post(f"{path}/confirm-stage", json=body, headers=admin).status_code == 403
    shown = client.get(f"{path}/pending-confirm", headers=admin).json["answerers"]
    one = {"id": people["member"].id, "name": "member"}
    assert shown == {"who": "named", "people": [one], "nobodyLeft": False}
    db.session.delete(db.session.get_one(ProjectMember, (project.id, people["member"].id)))
    assert client.post(f"{path}/confirm-stage", json=body, headers=member).status_code == 404
    shown = client.get(f"{path}/pending-confirm", headers=admin).json["answerers"]
    two = {"id": people["admin"].id, "name": "admin"}
    assert shown == {"who": "named", "people": [two], "nobodyLeft": True}
    assert client.post(f"{path}/confirm-stage", json=body, headers=admin).status_code == 200


def test_a_disabled_person_counts_as_gone(
    client: FlaskClient, people: People, waiting: Callable[..., Task], login: Sign
) -> None:
    task = waiting({"who": "maintainers"})
    people["keeper"].disabled_at = now()
    body = {"stageIndex": 0, "result": "confirm"}
    path = f"{WEB}/tasks/{task.id}/confirm-stage"
    assert client.post(path, json=body, headers=login(people["admin"])).status_code == 200


def test_the_pipelines_answerers_are_frozen_with_the_task(
    client: FlaskClient, people: People, project: Project, login: Sign
) -> None:
    keeper, path = login(people["keeper"]), f"{WEB}/projects/{project.key}"
    stage = {"name": "ship", "command": "x", "confirm": True, "answerers": {"who": "maintainers"}}
    saved = client.put(path, json={"pipeline": [stage]}, headers=keeper)
    assert saved.json["pipeline"][0]["answerers"] == {"who": "maintainers"}
    new = {"projectKey": project.key, "description": "x"}
    made = client.post(f"{WEB}/tasks", json=new, headers=login(people["member"])).json
    stage["answerers"] = {"who": "members"}
    saved = client.put(path, json={"pipeline": [stage]}, headers=keeper)
    assert "answerers" not in saved.json["pipeline"][0]
    task = db.session.get_one(Task, made["id"])
    assert task.pipeline[0]["answerers"] == {"who": "maintainers"}
    gate = gates.find_open_gate(task)
    assert gate is not None
    assert gate.answerers == {"who": "maintainers"}


@pytest.mark.parametrize(
    ("stage", "field"),
    [
        ({"answerers": {"who": "maintainers"}}, "pipeline.0"),  # without a gate
        ({"confirm": True, "answerers": {"who": "nobody"}}, "pipeline.0.answerers.who"),
        ({"confirm": True, "answerers": {"who": "named"}}, "pipeline.0"),
        (
            {"confirm": True, "answerers": {"who": "not_author", "developerIds": [1]}},
            "pipeline.0",
        ),
        (
            {"confirm": True, "answerers": {"who": "named", "developerIds": [987654321]}},
            "pipeline.0.answerers.developerIds",
        ),
    ],
    ids=str,
)
def test_invalid_answerers_are_refused(
    client: FlaskClient,
    people: People,
    project: Project,
    login: Sign,
    stage: dict[str, Any],
    field: str,
) -> None:
    body = {"pipeline": [{"name": "a", "command": "x", **stage}]}
    path = f"{WEB}/projects/{project.key}"
    answer = client.put(path, json=body, headers=login(people["keeper"]))
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_saving_warns_if_nobody_may_be_left(
    client: FlaskClient, people: People, project: Project, login: Sign
) -> None:
    outsider = make_developer()
    named = {"who": "named", "developerIds": [outsider.id]}
    body = {"pipeline": [{"name": "a", "command": "x", "confirm": True, "answerers": named}]}
    path, keeper = f"{WEB}/projects/{project.key}", login(people["keeper"])

    def warned() -> bool:
        saved = client.put(path, json=body, headers=keeper).json
        return "no_answerer" in [each["code"] for each in saved["warnings"]]

    assert warned()
    add_member(project, outsider)
    assert not warned()
