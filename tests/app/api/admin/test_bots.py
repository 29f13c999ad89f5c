"""/api/admin/bots: bots and their bindings."""

import itertools
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.domain.chat import BotPlatform
from app.domain.errors import NotFound
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, Bot, BotBinding, Developer
from app.services import vault
from app.services.notify import bindings, bots
from app.services.notify.bindings import ChatBound
from app.services.removal import projects
from tests.app.services.people.test_auth_sessions import at_once
from tests.app.services.statements import counted
from tests.factories import make_binding, make_bot, make_developer, make_project

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/admin/bots"
URL = "https://hooks.example.org/x?key=1"
VALID: dict[str, dict[str, Any]] = {
    "slack": {"appId": "A1", "appSecret": "xoxb-1", "webhookToken": "sign"},
    "lark": {"appId": "cli_1", "appSecret": "secret", "webhookToken": "verification"},
    "apprise": {"webhookToken": "ntfy://user:secret@ntfy.example.org/topic"},
    "webhook": {"appSecret": "sign", "webhookToken": URL},
}


def body(platform: str, **changes: Any) -> dict[str, Any]:
    return {"platform": platform, "name": "Bot", **VALID[platform], **changes}


@pytest.fixture
def boss(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def admin(login: Login, boss: Developer) -> dict[str, str]:
    return login(boss)


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.parametrize("platform", list(VALID))
def test_a_bot_is_made_listed_and_deleted_and_its_secrets_stay_here(
    client: FlaskClient, admin: dict[str, str], platform: str
) -> None:
    given = body(platform)
    made = client.post(PATH, json=given, headers=admin)
    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        "platform": platform,
        "name": "Bot",
        "appId": given.get("appId"),
        "hasAppSecret": "appSecret" in given,
        "hasWebhookToken": True,
        "hasEncryptKey": False,
        "createdAt": made.json["createdAt"],
    }
    assert client.get(PATH, headers=admin).json == {"items": [made.json], "nextCursor": None}
    bot = db.session.get(Bot, made.json["id"])
    assert vault.decrypt(bot.webhook_token) == given["webhookToken"]
    assert given["webhookToken"] not in bot.webhook_token
    told = db.session.scalars(select(AuditEntry)).one()
    assert (told.action, told.target_id) == ("bot.created", str(bot.id))
    assert given["webhookToken"] not in str(told.changes)
    path = f"{PATH}/{bot.id}"
    assert client.delete(path, headers=admin).json == {}
    assert client.delete(path, headers=admin).status_code == 404
    assert actions() == ["bot.created", "bot.deleted"]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (body("slack", appId=None), ["appId"]),
        (body("slack", appSecret="", webhookToken=None), ["appSecret", "webhookToken"]),
        (body("lark", appSecret=None), ["appSecret"]),
        (body("apprise", webhookToken="nonsense"), ["webhookToken"]),
        (body("apprise", appSecret="unused"), ["appSecret"]),
        (body("webhook", webhookToken="http://example.org/"), ["webhookToken"]),
        (body("webhook", webhookToken="https://"), ["webhookToken"]),
        (body("webhook", webhookToken="https://[::1"), ["webhookToken"]),
        (body("webhook", webhookToken="https://h:99999/"), ["webhookToken"]),
        (body("webhook", webhookToken="https://h:0/"), ["webhookToken"]),
        (body("webhook", webhookToken="https://u@/"), ["webhookToken"]),
        (body("webhook", webhookToken="https://example.org/a b"), ["webhookToken"]),
        (body("webhook", appSecret=None), ["appSecret"]),
        (body("webhook", appId="x"), ["appId"]),
        ({**body("slack"), "platform": "irc"}, ["platform"]),
        (body("slack", name=" "), ["name"]),
        (body("slack", webhookToken="a\nb"), ["webhookToken"]),
        (body("slack", hasAppSecret=True), ["hasAppSecret"]),
    ],
    ids=str,
)
def test_a_bot_needs_what_its_platform_needs_and_nothing_else(
    client: FlaskClient, admin: dict[str, str], given: dict[str, Any], wrong: list[str]
) -> None:
    answer = client.post(PATH, json=given, headers=admin)
    assert answer.status_code == 422
    assert sorted(answer.json["errors"]) == wrong


@pytest.mark.parametrize(
    "url",
    [
        "https://h",
        "https://h?x",
        "https://user:pass@example.org:8443/a?b=c#d",
        "https://h:65535/",
        "https://[::1]:1/",
        "https://192.0.2.1/",
    ],
)
def test_a_webhook_has_any_https_url(client: FlaskClient, admin: dict[str, str], url: str) -> None:
    given = body("webhook", webhookToken=url)
    assert client.post(PATH, json=given, headers=admin).status_code == 201


def bodies() -> list[dict[str, Any]]:
    """Every platform with every choice of credentials."""
    values: list[dict[str, Any]] = [{}, {"appId": "A1"}, {"appId": ""}, {"appId": None}]
    secrets: list[dict[str, Any]] = [{}, {"appSecret": "s"}, {"appSecret": None}]
    urls: list[dict[str, Any]] = [{}, *({"webhookToken": url} for url in ("xoxb", "a://b", URL))]
    choices = itertools.product(VALID, values, secrets, urls)
    found = [{"platform": p, "name": "Bot", **a, **s, **w} for p, a, s, w in choices]
    for number, given in enumerate(found):
        if given.get("appId"):
            given["appId"] = f"A{number}"  # an app has one bot
    return found


def test_the_document_says_exactly_which_bots_there_can_be(
    app: Flask, client: FlaskClient, admin: dict[str, str]
) -> None:
    document = client.get("/api/openapi.json").json
    schema = document["components"]["schemas"]["NewBot"]
    validator = jsonschema_rs.Draft202012Validator(schema)
    taken = []
    for given in bodies():
        status = client.post(PATH, json=given, headers=admin).status_code
        assert (status == 201) == validator.is_valid(given), given
        taken += [given["platform"]] if status == 201 else []
    assert {*taken} == {*VALID}


def test_what_is_named_of_a_bot_is_changed_and_the_rest_stays(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    made = client.post(PATH, json=body("lark", encryptKey="key"), headers=admin).json
    path = f"{PATH}/{made['id']}"
    before = db.session.get_one(Bot, made["id"])
    kept = (before.app_secret, before.encrypt_key)
    changes = {"name": "Other", "appId": "cli_2", "webhookToken": "another"}
    answer = client.put(path, json=changes, headers=admin)
    changed = {**made, "name": "Other", "appId": "cli_2"}
    assert (answer.status_code, answer.json) == (200, changed)
    assert client.get(PATH, headers=admin).json["items"] == [changed]
    bot = db.session.get_one(Bot, made["id"])
    assert vault.decrypt(bot.webhook_token or "") == "another"
    assert (bot.app_secret, bot.encrypt_key) == kept
    without = client.put(path, json={"encryptKey": None}, headers=admin).json
    assert without == {**changed, "hasEncryptKey": False}
    assert actions() == ["bot.created", "bot.updated", "bot.updated"]


def test_a_change_of_a_bot_is_told_without_its_secrets(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    bot = make_bot(platform=BotPlatform.LARK, name="Bot", encrypt_key=vault.encrypt("old key"))
    path = f"{PATH}/{bot.id}"
    changes = {"name": "Other", "appSecret": "new secret", "encryptKey": "new key"}
    assert client.put(path, json=changes, headers=admin).status_code == 200
    told = db.session.scalars(select(AuditEntry)).one()
    assert (told.action, told.target_id) == ("bot.updated", str(bot.id))
    hidden = {"appSecret": "(changed)", "encryptKey": "(changed)"}
    assert told.changes == {
        "before": {"name": "Bot", **hidden},
        "after": {"name": "Other", **hidden},
    }
    # What is as it was is nothing to tell.
    for nothing in ({}, {"name": "Other"}):
        assert client.put(path, json=nothing, headers=admin).status_code == 200
    assert actions() == ["bot.updated"]


@pytest.mark.parametrize(
    ("platform", "changes", "wrong"),
    [
        ("slack", {"platform": "lark"}, "platform"),
        ("slack", {"platform": "slack"}, "platform"),
        ("slack", {"name": " "}, "name"),
        ("slack", {"name": ""}, "name"),
        ("slack", {"name": None}, "name"),
        ("slack", {"name": "a\nb"}, "name"),
        ("slack", {"name": "x" * 101}, "name"),
        ("slack", {"appId": None}, "appId"),
        ("slack", {"appSecret": ""}, "appSecret"),
        ("slack", {"webhookToken": None}, "webhookToken"),
        ("slack", {"encryptKey": "unused"}, "encryptKey"),
        ("slack", {"hasAppSecret": False}, "hasAppSecret"),
        ("lark", {"appSecret": None}, "appSecret"),
        ("apprise", {"webhookToken": "nonsense"}, "webhookToken"),
        ("webhook", {"webhookToken": "http://example.org/"}, "webhookToken"),
        ("webhook", {"appId": "A1"}, "appId"),
    ],
    ids=str,
)
def test_a_change_that_would_leave_a_bot_without_what_it_needs_is_refused(
    client: FlaskClient, admin: dict[str, str], platform: str, changes: dict[str, Any], wrong: str
) -> None:
    made = client.post(PATH, json=body(platform), headers=admin).json
    answer = client.put(f"{PATH}/{made['id']}", json=changes, headers=admin)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [wrong])
    assert client.get(PATH, headers=admin).json["items"] == [made]
    assert actions() == ["bot.created"]


def test_a_bot_whose_secrets_cannot_be_read_is_given_new_ones(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    bot = make_bot(app_secret="of a key that is gone", webhook_token="of a key that is gone")
    path, secrets = f"{PATH}/{bot.id}", {"appSecret": "xoxb-2", "webhookToken": "sign"}
    assert client.put(path, json={"name": "Renamed"}, headers=admin).status_code == 200
    assert client.put(path, json=secrets, headers=admin).status_code == 200
    found = [vault.decrypt(sealed or "") for sealed in (bot.app_secret, bot.webhook_token)]
    assert found == ["xoxb-2", "sign"]


def test_a_bot_does_not_take_the_app_of_another(client: FlaskClient, admin: dict[str, str]) -> None:
    taken, bot = make_bot(), make_bot()
    path = f"{PATH}/{bot.id}"
    answer = client.put(path, json={"appId": taken.app_id, "name": "x"}, headers=admin)
    assert (answer.status_code, answer.json["code"]) == (409, "already_exists")
    assert client.put(path, json={"appId": bot.app_id}, headers=admin).status_code == 200
    assert client.put(f"{PATH}/999", json={"name": "x"}, headers=admin).status_code == 404
    assert actions() == []


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
    projects.delete(boss, project.key)
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


@pytest.mark.parametrize("role", [SystemRole.DEVELOPER, SystemRole.LEAD])
def test_bots_are_the_admins_business(
    client: FlaskClient, login: Login, app: Flask, role: SystemRole
) -> None:
    bot, headers = make_bot(), login(make_developer(role=role))
    assert client.get(f"{PATH}/all-bindings", headers=headers).status_code == 403
    assert client.put(f"{PATH}/{bot.id}", json={}, headers=headers).status_code == 403
    for path in (PATH, f"{PATH}/{bot.id}/bindings"):
        assert client.get(path, headers=headers).status_code == 403
        assert client.post(path, json={}, headers=headers).status_code == 403
        assert client.get(path).status_code == 401
    assert client.delete(f"{PATH}/{bot.id}", headers=headers).status_code == 403


def test_an_app_has_one_bot_and_bots_without_an_app_are_as_many_as_wanted(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    for given in (body("slack"), body("lark", appId="A1"), body("webhook"), body("webhook")):
        assert client.post(PATH, json=given, headers=admin).status_code == 201
    again = client.post(PATH, json=body("slack", name="Other"), headers=admin)
    assert (again.status_code, again.json["code"]) == (409, "already_exists")
    assert actions() == ["bot.created"] * 4


def test_there_are_no_bindings_of_no_bot(client: FlaskClient, admin: dict[str, str]) -> None:
    make_project(key="Shop")
    path, chat = f"{PATH}/999/bindings", {"platformChatId": "C1", "projectKey": "Shop"}
    assert client.get(path, headers=admin).status_code == 404
    assert client.post(path, json=chat, headers=admin).status_code == 404
    answer = client.delete(path, query_string={"bindingId": 1}, headers=admin)
    assert answer.status_code == 404


def actor(developer_id: int) -> Developer:
    """The developer in the thread's own session."""
    return db.session.get_one(Developer, developer_id)


def test_of_many_who_make_the_bot_of_an_app_at_once_one_wins(committed_app: Flask) -> None:
    boss = make_developer(role=SystemRole.ADMIN).id
    secrets = {"app_secret": "xoxb-1", "webhook_token": "sign"}

    def act(_: int) -> Bot:
        return bots.create(
            actor(boss), platform=BotPlatform.SLACK, name="Bot", app_id="A1", **secrets
        )

    results = at_once(committed_app, 4, act)
    assert sorted(type(r).__name__ for r in results) == ["AlreadyExists"] * 3 + ["Bot"]
    assert db.session.scalar(select(func.count()).select_from(Bot)) == 1


def test_of_many_who_take_an_app_for_their_bot_at_once_one_wins(committed_app: Flask) -> None:
    boss = make_developer(role=SystemRole.ADMIN).id
    theirs = [make_bot().id for _ in range(4)]
    results = at_once(
        committed_app, 4, lambda index: bots.update(actor(boss), theirs[index], app_id="A-new")
    )
    assert sorted(type(r).__name__ for r in results) == ["AlreadyExists"] * 3 + ["Bot"]
    taken = select(func.count()).select_from(Bot).where(Bot.app_id == "A-new")
    assert db.session.scalar(taken) == 1


def test_of_many_who_bind_a_chat_at_once_one_wins(committed_app: Flask) -> None:
    boss, bot = make_developer(role=SystemRole.ADMIN).id, make_bot().id
    key = make_project().key
    results = at_once(
        committed_app,
        4,
        lambda _: bindings.create(actor(boss), bot, platform_chat_id="C1", project_key=key),
    )
    assert sorted(type(r).__name__ for r in results) == ["Binding"] + ["ChatBound"] * 3
    assert ChatBound.code == "chat_bound"
    assert db.session.scalar(select(func.count()).select_from(BotBinding)) == 1


def test_a_bot_that_is_deleted_while_a_chat_is_bound_leaves_no_binding(
    committed_app: Flask,
) -> None:
    boss, key = make_developer(role=SystemRole.ADMIN).id, make_project().key
    for _ in range(5):
        bot = make_bot()

        def act(index: int, bot_id: int = bot.id) -> object:
            if index == 0:
                return bots.delete(actor(boss), bot_id)
            return bindings.create(
                actor(boss), bot_id, platform_chat_id=f"C{index}", project_key=key
            )

        deleted, *bound = at_once(committed_app, 3, act)
        assert deleted is None
        assert all(isinstance(r, bindings.Binding | NotFound) for r in bound)
        assert db.session.scalar(select(func.count()).select_from(BotBinding)) == 0
        db.session.rollback()


def test_a_project_that_is_deleted_while_a_chat_is_bound_leaves_no_binding(
    committed_app: Flask,
) -> None:
    boss, bot = make_developer(role=SystemRole.ADMIN).id, make_bot().id
    for _ in range(5):
        project = make_project()

        def act(index: int, key: str = project.key) -> object:
            if index == 0:
                return projects.delete(actor(boss), key)
            chat = f"{key}{index}"
            return bindings.create(actor(boss), bot, platform_chat_id=chat, project_key=key)

        at_once(committed_app, 3, act)
        assert db.session.scalar(select(func.count()).select_from(BotBinding)) == 0
        db.session.rollback()
