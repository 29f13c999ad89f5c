"""/api/web/profile/views: named filters."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.models import Developer
from tests.factories import make_developer, make_saved_view

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/profile/views"


def names(client: FlaskClient, headers: dict[str, str], limit: int = 50) -> list[str]:
    """All of them, page by page."""
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(
            f"{PATH}?limit={limit}&cursor={cursor}" if cursor else f"{PATH}?limit={limit}",
            headers=headers,
        ).json
        found += [view["name"] for view in page["items"]]
        cursor = page["nextCursor"]
    return found


def test_views_come_in_their_order_and_new_ones_last(client: FlaskClient, login: Login) -> None:
    headers = login(make_developer())
    made = [
        client.post(PATH, json={"name": name, "query": "status=failed"}, headers=headers).json
        for name in ("a", "b", "c")
    ]
    assert [view["position"] for view in made] == [0, 1, 2]
    assert names(client, headers, limit=1) == ["a", "b", "c"]
    client.put(f"{PATH}/{made[2]['id']}", json={"position": 0}, headers=headers)
    assert names(client, headers, limit=1) == ["a", "c", "b"]  # of two at one place the older first


def test_a_change_leaves_alone_what_it_does_not_name(client: FlaskClient, login: Login) -> None:
    me = make_developer()
    path, headers = f"{PATH}/{make_saved_view(me).id}", login(me)
    changed = client.put(path, json={"pinned": False}, headers=headers).json
    assert (changed["name"], changed["query"], changed["pinned"]) == (
        "Failed",
        "status=failed",
        False,
    )
    assert client.delete(path, headers=headers).json == {}
    assert names(client, headers) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "two\nlines"},
        {"query": "x" * 2001},
        {"query": "a b"},
        {"query": "a\n"},
        {"query": "ü"},
        {"position": -1},
        {"pinned": "yes"},
    ],
)
def test_what_is_no_view_is_refused(
    client: FlaskClient, login: Login, wrong: dict[str, object]
) -> None:
    me = make_developer()
    headers, path = login(me), f"{PATH}/{make_saved_view(me).id}"
    least = {"name": "x", "query": ""}
    assert client.post(PATH, json=least | wrong, headers=headers).status_code == 422
    assert client.put(path, json=wrong, headers=headers).status_code == 422


def test_a_view_is_its_makers_alone(client: FlaskClient, login: Login) -> None:
    path, headers = f"{PATH}/{make_saved_view(make_developer()).id}", login(make_developer())
    assert names(client, headers) == []
    assert client.put(path, json={}, headers=headers).status_code == 404
    assert client.delete(path, headers=headers).status_code == 404


def test_saved_views_are_limited(
    client: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.accounts.saved_views.MAX_VIEWS", 1)
    me = make_developer()
    make_saved_view(me)
    full = client.post(PATH, json={"name": "x", "query": ""}, headers=login(me))
    assert (full.status_code, full.json["code"]) == (409, "too_many_views")
