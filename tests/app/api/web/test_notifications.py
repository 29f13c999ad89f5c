"""/api/web/notifications: one's own, and nobody else's."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Developer, Notification
from app.services.notify import notifications
from tests.app.services.accounts.test_auth_sessions import at_once
from tests.app.services.statements import counted
from tests.factories import make_developer, make_notification, make_task
from tests.factories.rows import now

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/notifications"


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer()


def test_ones_own_are_listed_newest_first(
    client: FlaskClient, login: Login, ada: Developer
) -> None:
    task = make_task()
    old = make_notification(ada, task_id=task.id, read_at=now())
    new = make_notification(ada)
    make_notification(make_developer())
    page = client.get(PATH, headers=login(ada)).json
    assert [item["id"] for item in page["items"]] == [new.id, old.id]
    assert (page["nextCursor"], page["unreadCount"]) == (None, 1)
    first = page["items"][0]
    assert first == {
        "id": new.id,
        "type": "task_completed",
        "title": "It is done.",
        "body": "All of it.",
        "taskId": None,
        "readAt": None,
        "createdAt": first["createdAt"],
    }
    assert page["items"][1]["taskId"] == task.id
    assert page["items"][1]["readAt"] is not None


def test_the_list_can_be_of_unread_ones_and_goes_on_at_its_cursor(
    client: FlaskClient, login: Login, ada: Developer
) -> None:
    unread = [make_notification(ada) for _ in range(3)]
    make_notification(ada, read_at=now())
    headers, seen, cursor = login(ada), [], None
    for _ in range(3):
        query = {"unread": "true", "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = client.get(PATH, query_string=query, headers=headers).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert (seen, cursor) == ([row.id for row in reversed(unread)], None)
    everything = client.get(PATH, query_string={"unread": "false"}, headers=headers).json
    assert len(everything["items"]) == 4
    bad = client.get(PATH, query_string={"unread": "perhaps"}, headers=headers)
    assert (bad.status_code, list(bad.json["errors"])) == (422, ["unread"])


def test_reading_one_is_idempotent_and_keeps_when_it_was_first(
    client: FlaskClient, login: Login, ada: Developer
) -> None:
    row = make_notification(ada)
    answers = [client.post(f"{PATH}/{row.id}/read", headers=login(ada)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert answers[0].json["readAt"] is not None
    assert client.get(PATH, headers=login(ada)).json["unreadCount"] == 0


def test_other_peoples_are_not_there(client: FlaskClient, login: Login, ada: Developer) -> None:
    row = make_notification(ada)
    for path in (f"{PATH}/{row.id}/read", f"{PATH}/999999/read"):
        assert client.post(path, headers=login(make_developer())).status_code == 404
    assert db.session.get(Notification, row.id).read_at is None
    assert client.get(PATH).status_code == 401


def test_reading_all_says_how_many_and_leaves_those_of_others(
    client: FlaskClient, login: Login, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "BATCH", 2)
    other = make_notification(make_developer())
    before = make_notification(ada, read_at=now()).read_at
    for _ in range(5):
        make_notification(ada)
    assert client.post(f"{PATH}/read-all", headers=login(ada)).json == {"updated": 5}
    assert client.post(f"{PATH}/read-all", headers=login(ada)).json == {"updated": 0}
    rows = db.session.query(Notification).order_by(Notification.id).all()
    assert [row.read_at is None for row in rows] == [True] + [False] * 6
    assert rows[1].read_at == before
    assert rows[0].id == other.id


def test_reading_is_taken_back_of_ones_own_alone(
    client: FlaskClient, login: Login, ada: Developer
) -> None:
    mine = [make_notification(ada, read_at=now()) for _ in range(2)]
    others = make_notification(make_developer(), read_at=now())
    ids = [mine[0].id, others.id, others.id + 1]

    def take_back() -> tuple[int, int]:
        answer = client.post(f"{PATH}/unread", json={"ids": ids}, headers=login(ada))
        return answer.status_code, answer.json["updated"]

    assert (take_back(), take_back()) == ((200, 1), (200, 0))
    assert notifications.unread_count(ada) == 1
    db.session.refresh(others)
    assert others.read_at is not None


def test_a_batch_is_chosen_once_whatever_the_planner_thinks(
    app: Flask, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "BATCH", 2)
    for _ in range(5):
        make_notification(ada)
    for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
        db.session.execute(sa.text(f"SET LOCAL enable_{way} = off"))
    with counted() as statements:
        assert notifications.mark_all_read(ada) == 5
    # The newest is asked for, then three batches.
    assert len([line for line in statements if "FROM notifications" in line]) == 1 + 3


def test_each_is_counted_once_when_all_are_read_twice_at_once(committed_app: Flask) -> None:
    ada = make_developer()
    for _ in range(30):
        make_notification(ada)
    results = at_once(committed_app, 4, lambda _: notifications.mark_all_read(ada))
    assert sum(results) == 30
    assert notifications.unread_count(ada) == 0


def test_a_list_costs_the_same_however_long_it_is(
    client: FlaskClient, login: Login, ada: Developer
) -> None:
    def asked() -> int:
        with counted() as statements:
            client.get(PATH, headers=login(ada))
        return len(statements)

    make_notification(ada)
    first = asked()
    for _ in range(5):
        make_notification(ada)
    assert asked() == first


def test_unread_ones_are_counted_up_to_a_bound(
    app: Flask, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_notification(ada)
    assert notifications.unread_count(ada) == 3
    monkeypatch.setattr(notifications, "MAX_UNREAD_COUNT", 2)
    assert notifications.unread_count(ada) == 2
