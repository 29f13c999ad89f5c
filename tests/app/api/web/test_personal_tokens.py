"""/api/web/profile/tokens, and what a personal access token opens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.errors import InsufficientScope
from app.domain.roles import SystemRole
from app.domain.tokens import TokenKind, is_token
from app.extensions import db
from app.models import Developer
from app.services import clock, settings
from app.services.accounts import personal_tokens, tokens
from app.services.machines import drains
from app.services.projects import projects
from app.services.tasks import tasks
from tests.app.services.statements import counted
from tests.factories import (
    PASSWORD,
    make_developer,
    make_machine,
    make_notification,
    make_personal_token,
    make_project,
    make_task,
)

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/profile/tokens"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_shown_once(client: FlaskClient, login: Login) -> None:
    headers = login(make_developer())
    made = client.post(PATH, json={"label": "ci"}, headers=headers)
    assert made.status_code == 201
    secret = made.json.pop("token")
    assert is_token(secret, TokenKind.PERSONAL)
    assert secret.startswith(made.json["prefix"])
    (listed,) = client.get(PATH, headers=headers).json["items"]
    assert listed == {key: value for key, value in made.json.items() if key != "token"}
    assert (listed["lastUsedAt"], listed["expiresAt"], listed["revokedAt"]) == (None, None, None)
    assert client.get("/api/web/tasks", headers=bearer(secret)).status_code == 200
    (used,) = client.get(PATH, headers=headers).json["items"]
    assert used["lastUsedAt"] is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"label": "x", "expiresAt": None}, 201),
        ({"label": "x", "expiresAt": "2999-01-01T00:00:00Z"}, 201),
        ({"label": "x", "expiresAt": "2001-01-01T00:00:00Z"}, 422),
        ({"label": "x", "expiresAt": "2999-01-01T00:00:00"}, 422),
        ({}, 422),
        ({"label": ""}, 422),
        ({"label": "a\nb"}, 422),
        ({"label": "x", "developerId": 1}, 422),
    ],
    ids=str,
)
def test_what_a_token_may_be_asked_for(
    client: FlaskClient, login: Login, body: dict[str, Any], status: int
) -> None:
    assert client.post(PATH, json=body, headers=login(make_developer())).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/auth/logout", {"refreshToken": "x"}),
        (
            "PUT",
            "/api/web/profile/password",
            {"currentPassword": PASSWORD, "newPassword": PASSWORD},
        ),
        ("POST", PATH, {"label": "offspring"}),
        ("POST", PATH + "/", {"label": "offspring"}),
        ("POST", "/api/workers/refresh-token", None),
        ("GET", "/api/no-such-room", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_personal_token_is_refused_where_it_does_not_belong(
    client: FlaskClient, method: str, path: str, body: Any
) -> None:
    _, secret = make_personal_token(make_developer(role=SystemRole.ADMIN))
    answer = client.open(path, method=method, json=body, headers=bearer(secret))
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")


def test_a_personal_token_has_the_rights_of_its_developer(client: FlaskClient) -> None:
    _, admins = make_personal_token(make_developer(role=SystemRole.ADMIN))
    _, leads = make_personal_token(make_developer(role=SystemRole.LEAD))
    assert client.get("/api/admin/developers", headers=bearer(admins)).status_code == 200
    assert client.get("/api/admin/developers", headers=bearer(leads)).status_code == 403
    assert client.get("/api/web/tasks", headers=bearer(leads)).status_code == 200
    assert client.get(PATH, headers=bearer(leads)).status_code == 200


@pytest.mark.parametrize("end", ["revoked", "expired", "disabled"])
def test_a_token_that_has_ended_opens_nothing(client: FlaskClient, end: str) -> None:
    developer = make_developer()
    token, secret = make_personal_token(developer)
    if end == "revoked":
        token.revoked_at = clock.now()
    elif end == "expired":
        token.expires_at = clock.now()
    else:
        developer.disabled_at = clock.now()
    assert client.get("/api/web/tasks", headers=bearer(secret)).status_code == 401


def test_a_token_of_the_right_form_that_nobody_made_opens_nothing(client: FlaskClient) -> None:
    headers = bearer(tokens.generate(TokenKind.PERSONAL))
    assert client.get("/api/web/tasks", headers=headers).status_code == 401


def test_a_raised_generation_leaves_personal_tokens_alone(client: FlaskClient) -> None:
    developer = make_developer()
    _, secret = make_personal_token(developer)
    developer.token_generation += 1
    assert client.get("/api/web/tasks", headers=bearer(secret)).status_code == 200


def test_revoking_may_be_repeated_and_is_for_the_owner(client: FlaskClient, login: Login) -> None:
    developer = make_developer()
    token, secret = make_personal_token(developer)
    stranger = login(make_developer(role=SystemRole.ADMIN))
    assert client.post(f"{PATH}/{token.id}/revoke", headers=stranger).status_code == 404
    assert client.get(PATH, headers=stranger).json["items"] == []
    first = client.post(f"{PATH}/{token.id}/revoke", headers=login(developer))
    assert (first.status_code, first.json["revokedAt"] is None) == (200, False)
    again = client.post(f"{PATH}/{token.id}/revoke", headers=login(developer))
    assert again.json == first.json
    assert client.get("/api/web/tasks", headers=bearer(secret)).status_code == 401
    assert client.post(f"{PATH}/999/revoke", headers=login(developer)).status_code == 404


def test_a_use_is_written_down_once_a_minute_and_authenticating_is_one_query(
    client: FlaskClient,
) -> None:
    token, secret = make_personal_token(make_developer())

    def statements() -> list[str]:
        with counted() as sent:
            client.get("/api/web/no-such-path", headers=bearer(secret))
        return [line.split()[0] for line in sent if line.startswith(("SELECT", "UPDATE"))]

    assert statements() == ["SELECT", "UPDATE"]
    first = token.last_used_at
    assert statements() == ["SELECT"]
    assert token.last_used_at == first
    token.last_used_at = clock.now() - timedelta(seconds=61)
    db.session.commit()
    assert statements() == ["SELECT", "UPDATE"]


# ---- narrowed ------------------------------------------------------------------------------------


def test_a_token_says_what_it_is_for(client: FlaskClient, login: Login) -> None:
    ada = make_developer()
    project, headers = make_project(members=[ada]), login(ada)
    every = ["read", "tasks", "projects", "admin"]
    for asked, scopes, keys in (
        ({}, every, None),
        ({"scopes": None, "projects": None}, every, None),
        ({"scopes": ["tasks", "tasks"]}, ["tasks"], None),
        ({"projects": [project.key.lower(), project.key]}, every[:3], [project.key]),
        ({"scopes": ["read"], "projects": [project.key]}, ["read"], [project.key]),
    ):
        made = client.post(PATH, json={"label": "x", **asked}, headers=headers).json
        listed = client.get(PATH, headers=headers).json["items"][0]
        for shown in (made, listed):
            assert shown["id"] == made["id"]
            assert (shown["scopes"], shown["projects"]) == (scopes, keys)
    with counted() as statements:
        client.get(PATH, headers=headers)
    assert len([s for s in statements if "SAVEPOINT" not in s]) == 3, statements


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"projects": []}, "projects"),
        ({"projects": ["NOPE"]}, "projects"),
        ({"projects": ["THEIRS"]}, "projects"),
        ({"scopes": ["admin"], "projects": ["MINE"]}, "scopes"),
    ],
)
def test_a_token_cannot_be_narrowed_to_nothing_nor_to_what_is_hidden(
    client: FlaskClient, login: Login, body: dict[str, Any], field: str
) -> None:
    ada = make_developer()
    make_project(key="MINE", members=[ada])
    make_project(key="THEIRS")
    answer = client.post(PATH, json={"label": "x", **body}, headers=login(ada))
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_narrowed_token_is_told_that_it_is(client: FlaskClient) -> None:
    ada = make_developer()
    project = make_project(members=[ada])
    _, reads = make_personal_token(ada, scopes=["read"])
    body = {"projectKey": project.key, "description": "x"}
    answer = client.post("/api/web/tasks", json=body, headers=bearer(reads))
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    # What is not there is not there.
    assert client.get("/api/web/nothing", headers=bearer(reads)).status_code == 404
    assert client.delete("/api/web/tasks", headers=bearer(reads)).status_code == 405


def test_services_ask_for_the_scope_too(app: Flask) -> None:
    """Whatever the table of routes says."""
    ada = make_developer(role=SystemRole.ADMIN)
    task = make_task(creator=ada)
    _, secret = make_personal_token(ada, scopes=["read"])
    actor = personal_tokens.developer_of(secret)
    assert actor is ada
    for act in (
        lambda: tasks.cancel(actor, task.id),
        lambda: projects.update(actor, task.project.key, name="x"),
        lambda: drains.drain(actor, make_machine().id),
        lambda: settings.list_all(actor),
    ):
        with pytest.raises(InsufficientScope):
            act()


def test_a_token_for_other_projects_cannot_tell_a_project_from_none(client: FlaskClient) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    hidden = make_project(key="HIDDEN")
    _, secret = make_personal_token(admin, projects=[make_project().id])
    texts = []
    for key in (hidden.key, "NOPE"):
        body = {"projectKey": key, "description": "x"}
        for answer in (
            client.post("/api/web/tasks", json=body, headers=bearer(secret)),
            client.get(f"/api/web/projects/{key}", headers=bearer(secret)),
        ):
            assert answer.status_code == 404
            texts.append(answer.text.replace(key, "…"))
    assert texts[:2] == texts[2:]


def test_a_token_for_some_projects_knows_of_their_notifications_alone(client: FlaskClient) -> None:
    ada = make_developer()
    here, there = (make_task(project=make_project(members=[ada])) for _ in range(2))
    for task, title in ((here, "here"), (there, "there")):
        make_notification(ada, task_id=task.id, title=title)
    _, secret = make_personal_token(ada, projects=[here.project_id])
    path, headers = "/api/web/notifications", bearer(secret)
    listed = client.get(path, headers=headers).json
    assert [each["title"] for each in listed["items"]] == ["here"]
    assert listed["unreadCount"] == 1
    assert client.post(f"{path}/read-all", headers=headers).json == {"updated": 1}
    _, whole = make_personal_token(ada)
    assert client.get(path, headers=bearer(whole)).json["unreadCount"] == 1


# ---- how long they live --------------------------------------------------------------------------


def test_an_admin_bounds_how_long_tokens_live(client: FlaskClient, login: Login) -> None:
    ada, admin = make_developer(), make_developer(role=SystemRole.ADMIN)
    for_ever, _ = make_personal_token(ada)
    for_a_week, _ = make_personal_token(ada, expires_at=clock.now() + timedelta(days=7))
    revoked, _ = make_personal_token(ada, revoked_at=clock.now())
    settings.update(admin, {"personalTokenDays": 30})
    db.session.expire_all()
    month = timedelta(days=30)
    assert for_ever.expires_at is not None
    assert timedelta() < clock.now() + month - for_ever.expires_at < timedelta(minutes=1)
    assert for_a_week.expires_at < clock.now() + timedelta(days=7)
    assert revoked.expires_at is None
    headers = login(ada)
    made = client.post(PATH, json={"label": "x"}, headers=headers).json
    assert made["expiresAt"] is not None
    late = {"label": "x", "expiresAt": "2999-01-01T00:00:00Z"}
    answer = client.post(PATH, json=late, headers=headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["expiresAt"])
    # Later it is as it was, but for those that have an end by now.
    settings.update(admin, {"personalTokenDays": None})
    assert client.post(PATH, json={"label": "x"}, headers=headers).json["expiresAt"] is None
    db.session.expire_all()
    assert for_ever.expires_at is not None
