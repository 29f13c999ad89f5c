"""/api/web/profile/notifications: what one wants to be told."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.notification_rules import NotificationType
from app.extensions import db
from app.models import Developer, NotificationPreference
from app.services.accounts import preferences
from tests.app.services.accounts.test_auth_sessions import at_once
from tests.factories import make_developer

PATH = "/api/web/profile/notifications"
Ask = Callable[..., Any]


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer()


@pytest.fixture
def put(client: FlaskClient, ada: Developer, login: Callable[[Developer], Any]) -> Ask:
    return lambda body: client.put(PATH, json=body, headers=login(ada))


def test_whoever_chose_nothing_has_the_defaults(
    client: FlaskClient, ada: Developer, login: Callable[[Developer], Any]
) -> None:
    answer = client.get(PATH, headers=login(ada))
    own = {"inApp": True, "chat": True, "scope": "own"}
    assert answer.json == {
        "gateOpened": {**own, "scope": "projects"},
        "gateExpired": own,
        "taskCompleted": own,
        "taskFailed": own,
        "taskCancelled": own,
        "machineLost": own,
        "egressRefused": own,
        "budgetLow": {**own, "scope": "projects"},
        "messageUnread": own,
        "reviewed": own,
        "commented": own,
    }


def test_a_change_is_partial_and_lasts(
    put: Ask, client: FlaskClient, ada: Developer, login: Callable[[Developer], Any]
) -> None:
    assert put({"gateOpened": {"chat": False}}).status_code == 200
    answer = put({"gateOpened": {"scope": "own"}, "taskFailed": {"scope": "projects"}})
    assert answer.json == client.get(PATH, headers=login(ada)).json
    assert answer.json["gateOpened"] == {"inApp": True, "chat": False, "scope": "own"}
    assert answer.json["taskFailed"] == {"inApp": True, "chat": True, "scope": "projects"}
    others = client.get(PATH, headers=login(make_developer())).json
    assert others["gateOpened"]["chat"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"gateOpened": {"chat": "yes"}}, "gateOpened.chat"),
        ({"gateOpened": {"chat": 1}}, "gateOpened.chat"),
        ({"gateOpened": {"scope": "everything"}}, "gateOpened.scope"),
        ({"gateOpened": {"mail": True}}, "gateOpened.mail"),
        ({"gateOpened": True}, "gateOpened"),
        ({"gateAnswered": {"chat": True}}, "gateAnswered"),
        ({"gate_opened": {"chat": True}}, "gate_opened"),
    ],
    ids=str,
)
def test_what_nobody_can_choose_is_refused_by_field(
    put: Ask, body: dict[str, Any], field: str
) -> None:
    answer = put({"taskFailed": {"chat": False}, **body})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert put({}).json["taskFailed"]["chat"] is True


def test_only_what_differs_is_kept(put: Ask, ada: Developer) -> None:
    put({"gateOpened": {"chat": False, "inApp": True}})
    assert db.session.get_one(NotificationPreference, ada.id).choices == {
        "gate_opened": {"chat": False}
    }


def test_of_two_changes_at_once_neither_is_lost(committed_app: Flask) -> None:
    ada = make_developer()
    kinds = [
        NotificationType.GATE_OPENED,
        NotificationType.TASK_FAILED,
        NotificationType.TASK_COMPLETED,
    ]
    at_once(committed_app, 3, lambda n: preferences.update(ada, {kinds[n]: {"chat": False}}))
    chosen = preferences.get(ada)
    assert [chosen[kind].chat for kind in kinds] == [False] * 3
