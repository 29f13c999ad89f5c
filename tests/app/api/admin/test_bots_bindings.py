"""/api/admin/bots: which chats are bound to which projects, and until when."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.domain.chat import BotPlatform
from app.extensions import db
from app.models import BotBinding, Developer
from app.services.project_deletion import deletion
from tests.app.api.admin.bots_world import PATH, actions, admin, boss
from tests.app.services.statements import counted
from tests.factories import make_binding, make_bot, make_project

__all__ = ["admin", "boss"]


def test_a_chat_is_bound_once_per_bot(
    client: FlaskClient, admin: dict[str, str], boss: Developer
) -> None:
    bot, other = make_bot(), make_bot()
    make_project(key="Shop")
    chat = {"platformChatId": "C1", "projectKey": "shop", "chatName": "Shop talk"}
    made = client.post(f"{PATH}/{bot.id}/bindings", json=chat, headers=admin)
    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        **chat,
        "projectKey": "Shop",
        "createdAt": made.json["createdAt"],
    }
    page = client.get(f"{PATH}/{bot.id}/bindings", headers=admin).json
    assert page == {"items": [made.json], "nextCursor": None}
    again = client.post(f"{PATH}/{bot.id}/bindings", json=chat, headers=admin)
    assert (again.status_code, again.json["code"]) == (409, "chat_bound")
    elsewhere = client.post(f"{PATH}/{other.id}/bindings", json=chat, headers=admin)
    assert elsewhere.status_code == 201
    assert actions() == ["binding.created"] * 2


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"projectKey": "Nowhere"}, "projectKey"),
        ({"platformChatId": ""}, "platformChatId"),
        ({"platformChatId": "a\nb"}, "platformChatId"),
        ({"chatName": "x" * 201}, "chatName"),
        ({"botId": 1}, "botId"),
    ],
    ids=str,
)
def test_a_bad_binding_is_refused(
    client: FlaskClient, admin: dict[str, str], change: dict[str, Any], wrong: str
) -> None:
    make_project(key="Shop")
    given = {"platformChatId": "C1", "projectKey": "Shop", **change}
    answer = client.post(f"{PATH}/{make_bot().id}/bindings", json=given, headers=admin)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [wrong])


def test_a_binding_is_removed_by_its_id_or_by_its_chat(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    bot, other = make_bot(), make_bot()
    first, second = make_binding(bot), make_binding(bot)
    make_binding(other, platform_chat_id=second.platform_chat_id)
    path = f"{PATH}/{bot.id}/bindings"
    for query in (
        {"bindingId": first.id},
        {"platformChatId": second.platform_chat_id},
    ):
        for status in (200, 404):
            assert client.delete(path, query_string=query, headers=admin).status_code == status
    assert db.session.scalar(select(func.count()).select_from(BotBinding)) == 1
    for query in ({}, {"bindingId": 1, "platformChatId": "C"}, {"bindingId": "x"}):
        assert client.delete(path, query_string=query, headers=admin).status_code == 422
    assert actions() == ["binding.removed"] * 2


def test_the_bindings_of_all_bots_are_one_list_newest_first(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    slack, lark = make_bot(name="Deploys"), make_bot(platform=BotPlatform.LARK, name="News")
    rows = [make_binding(bot) for bot in (slack, lark, slack)]
    wanted = []
    for bot, row in zip((slack, lark, slack), rows, strict=True):
        page = client.get(f"{PATH}/{bot.id}/bindings", headers=admin).json
        (its,) = (item for item in page["items"] if item["id"] == row.id)
        whose = {"botId": bot.id, "botName": bot.name, "platform": bot.platform.value}
        wanted.append({**its, **whose})
    wanted.reverse()
    path = f"{PATH}/all-bindings"
    assert client.get(path, headers=admin).json == {"items": wanted, "nextCursor": None}
    first = client.get(path, query_string={"limit": 2}, headers=admin).json
    rest = client.get(path, query_string={"cursor": first["nextCursor"]}, headers=admin).json
    assert [len(page["items"]) for page in (first, rest)] == [2, 1]
    assert first["items"] + rest["items"] == wanted
    assert rest["nextCursor"] is None
    client.delete(f"{PATH}/{slack.id}", headers=admin)
    assert client.get(path, headers=admin).json["items"] == wanted[1:2]


def test_bindings_go_with_their_bot_and_with_their_project(
    client: FlaskClient, admin: dict[str, str], boss: Developer
) -> None:
    bot, other, project = make_bot(), make_bot(), make_project()
    make_binding(bot)
    make_binding(other, project=project)
    client.delete(f"{PATH}/{bot.id}", headers=admin)
    deletion.delete(boss, project.key)
    assert client.get(f"{PATH}/{other.id}/bindings", headers=admin).json["items"] == []
    assert db.session.scalar(select(func.count()).select_from(BotBinding)) == 0


def test_a_page_of_bindings_costs_the_same_however_long_it_is(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    bot = make_bot()

    def asked() -> list[int]:
        counts = []
        for path in (f"{PATH}/{bot.id}/bindings", f"{PATH}/all-bindings"):
            with counted() as statements:
                client.get(path, headers=admin)
            counts.append(len(statements))
        return counts

    make_binding(bot)
    first = asked()
    for _ in range(5):
        make_binding(bot)
        make_binding(make_bot())
    assert asked() == first


def test_there_are_no_bindings_of_no_bot(client: FlaskClient, admin: dict[str, str]) -> None:
    make_project(key="Shop")
    path, chat = f"{PATH}/999/bindings", {"platformChatId": "C1", "projectKey": "Shop"}
    assert client.get(path, headers=admin).status_code == 404
    assert client.post(path, json=chat, headers=admin).status_code == 404
    answer = client.delete(path, query_string={"bindingId": 1}, headers=admin)
    assert answer.status_code == 404
