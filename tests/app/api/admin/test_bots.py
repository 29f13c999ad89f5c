"""/api/admin/bots: bots are made, listed, changed and deleted, and nothing tells their secrets."""

import itertools
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.chat import BotPlatform
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, Bot
from app.services import encryption
from tests.app.api.admin.bots_world import PATH, Login, actions, admin, boss
from tests.factories import make_bot, make_developer

__all__ = ["admin", "boss"]

URL = "https://hooks.example.org/x?key=1"
VALID: dict[str, dict[str, Any]] = {
    "slack": {"appId": "A1", "appSecret": "xoxb-1", "webhookToken": "sign"},
    "lark": {"appId": "cli_1", "appSecret": "secret", "webhookToken": "verification"},
    "apprise": {"webhookToken": "ntfy://user:secret@ntfy.example.org/topic"},
    "webhook": {"appSecret": "sign", "webhookToken": URL},
}


def body(platform: str, **changes: Any) -> dict[str, Any]:
    return {"platform": platform, "name": "Bot", **VALID[platform], **changes}


@pytest.mark.parametrize("platform", list(VALID))
def test_a_bot_is_made_listed_and_deleted_and_its_secrets_stay_here(
    client: FlaskClient, admin: dict[str, str], platform: str
) -> None:
    fields = body(platform)
    made = client.post(PATH, json=fields, headers=admin)
    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        "platform": platform,
        "name": "Bot",
        "appId": fields.get("appId"),
        "hasAppSecret": "appSecret" in fields,
        "hasWebhookToken": True,
        "hasEncryptKey": False,
        "auditLog": False,
        "auditStream": None,
        "createdAt": made.json["createdAt"],
    }
    assert client.get(PATH, headers=admin).json == {"items": [made.json], "nextCursor": None}
    bot = db.session.get(Bot, made.json["id"])
    assert encryption.decrypt(bot.webhook_token) == fields["webhookToken"]
    assert fields["webhookToken"] not in bot.webhook_token
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.target_id) == ("bot.created", str(bot.id))
    assert fields["webhookToken"] not in str(entry.changes)
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
    assert encryption.decrypt(bot.webhook_token or "") == "another"
    assert (bot.app_secret, bot.encrypt_key) == kept
    without = client.put(path, json={"encryptKey": None}, headers=admin).json
    assert without == {**changed, "hasEncryptKey": False}
    assert actions() == ["bot.created", "bot.updated", "bot.updated"]


def test_a_change_of_a_bot_is_told_without_its_secrets(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    bot = make_bot(platform=BotPlatform.LARK, name="Bot", encrypt_key=encryption.encrypt("old key"))
    path = f"{PATH}/{bot.id}"
    changes = {"name": "Other", "appSecret": "new secret", "encryptKey": "new key"}
    assert client.put(path, json=changes, headers=admin).status_code == 200
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.target_id) == ("bot.updated", str(bot.id))
    hidden = {"appSecret": "(changed)", "encryptKey": "(changed)"}
    assert entry.changes == {
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
    found = [encryption.decrypt(sealed or "") for sealed in (bot.app_secret, bot.webhook_token)]
    assert found == ["xoxb-2", "sign"]


def test_a_bot_does_not_take_the_app_of_another(client: FlaskClient, admin: dict[str, str]) -> None:
    taken, bot = make_bot(), make_bot()
    path = f"{PATH}/{bot.id}"
    answer = client.put(path, json={"appId": taken.app_id, "name": "x"}, headers=admin)
    assert (answer.status_code, answer.json["code"]) == (409, "already_exists")
    assert client.put(path, json={"appId": bot.app_id}, headers=admin).status_code == 200
    assert client.put(f"{PATH}/999", json={"name": "x"}, headers=admin).status_code == 404
    assert actions() == []


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
