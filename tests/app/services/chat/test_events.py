"""Whom we believe: signatures, moments, apps, and what any other body comes to."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kombu.exceptions import OperationalError
from sqlalchemy import func, select

from app.chat import lark as lark_client
from app.chat import slack as slack_client
from app.chat.incoming_events import Button, IncomingEvent, parse_button
from app.extensions import db
from app.models import Bot, ChatEvent
from app.services import encryption
from app.services.clock import now
from tests.app.chat.conftest import a_lark_bot
from tests.app.chat.platforms import Lark, Slack

fuzzed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
REFUSED = {"detail": "A valid credential is required.", "code": "unauthenticated"}


def events() -> int:
    return db.session.scalar(select(func.count()).select_from(ChatEvent)) or 0


def is_refused(answer: Any) -> bool:
    """And nothing but that is said, whatever was wrong."""
    fields = {name: answer.json[name] for name in REFUSED}
    return answer.status_code == 401 and fields == REFUSED and events() == 0


@pytest.fixture
def message(slack: Slack) -> bytes:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": "help", "ts": "1.0"}
    payload = {"type": "event_callback", "api_app_id": slack.APP, "event_id": "E1", "event": event}
    return json.dumps(payload).encode()


Post = Callable[..., Any]


@pytest.fixture
def post(client: FlaskClient, slack_bot: Bot, sent: list[int]) -> Post:
    def posted(body: bytes, headers: dict[str, str], path: str = "slack/events") -> Any:
        kind = "application/json"
        return client.post(f"/webhook/{path}", data=body, headers=headers, content_type=kind)

    return posted


def test_what_slack_has_signed_is_accepted(post: Post, slack: Slack, message: bytes) -> None:
    assert post(message, slack.signed(message)).status_code == 200
    assert events() == 1


@pytest.mark.parametrize("seconds", [-3600, -301, 302, 10**9])
def test_an_old_or_a_future_signature_is_not(
    post: Post, slack: Slack, message: bytes, seconds: int
) -> None:
    assert is_refused(post(message, slack.signed(message, int(time.time()) + seconds)))


def test_nothing_else_is(post: Post, slack: Slack, message: bytes) -> None:
    signed = slack.signed(message)
    other = message.replace(slack.APP.encode(), b"A0OTHER")
    wrong: list[tuple[bytes, dict[str, str]]] = [
        (message, {}),
        (message, {**signed, "X-Slack-Signature": "v0=" + "0" * 64}),
        (message, {**signed, "X-Slack-Signature": "v0=ü"}),
        (message, {**signed, "X-Slack-Signature": ""}),
        (message, {**signed, "X-Slack-Request-Timestamp": "now"}),
        (message, {**signed, "X-Slack-Request-Timestamp": "9" * 5000}),
        (message, {**signed, "X-Slack-Request-Timestamp": ""}),
        (message + b" ", signed),
        (message, slack.signed(message, secret="another")),
        (message, slack.signed(message, secret="")),
        (other, slack.signed(other)),
        (b"", slack.signed(b"")),
        (b"\xff\xfe", slack.signed(b"\xff\xfe")),
    ]
    for body, headers in wrong:
        assert is_refused(post(body, headers)), (body, headers)


def test_a_bot_whose_secrets_cannot_be_read_accepts_nothing(
    post: Post, slack: Slack, slack_bot: Bot, message: bytes
) -> None:
    slack_bot.app_secret = "not a token of ours"
    db.session.commit()
    assert is_refused(post(message, slack.signed(message)))
    assert is_refused(post(message, slack.signed(message, secret="")))


def test_slacks_handshake_is_answered_if_it_is_signed(post: Post, slack: Slack) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c", "token": "x"}).encode()
    assert post(body, slack.signed(body)).json == {"challenge": "c"}
    assert is_refused(post(body, slack.signed(body, secret="another")))


def test_a_body_has_its_limit(post: Post, slack: Slack) -> None:
    body = b"x" * ((1 << 20) + 1)
    assert post(body, slack.signed(body)).status_code == 413


def test_a_slash_command_is_heard_at_once(client: FlaskClient, slack: Slack, post: Post) -> None:
    answer = slack.slash(client, "U1", "C1", "help")
    assert answer.json == {"response_type": "ephemeral", "text": "Working on it."}
    assert events() == 1


def test_a_platform_is_answered_before_anybody_is_asked_anything(
    client: FlaskClient, slack: Slack, slack_bot: Bot
) -> None:
    """Its three seconds are spent on a signature and a row; the job is another process's."""
    for _ in range(3):
        assert slack.mention(client, "U1", "C1", "help").status_code == 200
    assert slack.server.asked == []
    assert events() == 3


def test_a_job_that_cannot_be_sent_costs_nothing(
    client: FlaskClient, slack: Slack, slack_bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("celery.Celery.send_task", fail)
    assert slack.mention(client, "U1", "C1", "help").status_code == 200
    assert events() == 1  # and the backlog finds it


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["type", "event", "event_id", "user", "channel", "text", "actions", "value", "view", "command",
     "private_metadata", "state", "container", "trigger_id", "header", "message", "content",
     "sender", "action", "operator", "context", "response_url", "selected_option", "ts", "id"]
)  # fmt: skip
KINDS = st.sampled_from(
    ["event_callback", "block_actions", "view_submission", "message", "app_mention", "im"]
)
SHAPED = st.recursive(
    JSON | KINDS,
    lambda inner: st.dictionaries(NAMES, inner, max_size=8) | st.lists(inner, max_size=3),
    max_leaves=20,
)


@fuzzed
@given(payload=st.dictionaries(NAMES, SHAPED), form=st.booleans())
def test_no_body_that_slack_signs_breaks_us(
    post: Post, slack: Slack, payload: dict[str, Any], form: bool
) -> None:
    payload["api_app_id"] = slack.APP
    body = json.dumps(payload).encode()
    if form:
        body = urlencode({"payload": body}).encode()
    path = "slack/interact" if form else "slack/events"
    assert post(body, slack.signed(body), path).status_code == 200


@fuzzed
@given(body=st.binary())
def test_no_bytes_break_us(post: Post, slack: Slack, lark_bot: Bot, body: bytes) -> None:
    for path in ("slack/events", "slack/interact", "slack/commands", "lark"):
        assert post(body, slack.signed(body), path).status_code == 401


@given(st.dictionaries(NAMES, SHAPED))
def test_whatever_is_read_can_be_stored(payload: dict[str, Any]) -> None:
    for incoming in (slack_client.parse_event(payload), lark_client.parse_event(payload)):
        if incoming is not None:
            text = json.dumps(incoming.to_json())
            assert "\\u0000" not in text
            assert IncomingEvent.from_json(json.loads(text)) == incoming


@given(st.text(alphabet="0123456789:confirmreject-٣ ", max_size=60) | st.text())
def test_no_text_of_a_button_breaks_us(text: str) -> None:
    found = parse_button(text)
    assert found is None or parse_button(found.encode()) == found


@given(
    st.integers(1, 10**15),
    st.integers(0, 19),
    st.integers(1, 10**6),
    st.integers(0, 999),
    st.integers(0, 10**6),
)
def test_a_button_comes_back_as_it_went(
    task: int, stage: int, round_: int, index: int, number: int
) -> None:
    pressed = Button(task, stage, round_, str(index), number)
    assert parse_button(pressed.encode()) == pressed


def test_a_button_of_a_question_before_its_stage_is_spelled_as_ever() -> None:
    assert Button(7, 1, 2, "confirm").encode() == "7:1:2:confirm"


# ---- Lark ---------------------------------------------------------------------------------------


@pytest.fixture
def help_message(lark: Lark) -> dict[str, Any]:
    return lark.message("ou_1", "oc_1", "help")


def test_what_lark_has_encrypted_and_signed_is_accepted(
    client: FlaskClient, lark: Lark, lark_bot: Bot, sent: list[int], help_message: dict[str, Any]
) -> None:
    assert lark.post(client, help_message).status_code == 200
    assert events() == 1


def test_nothing_else_is_at_lark(
    post: Post, lark: Lark, lark_bot: Bot, help_message: dict[str, Any]
) -> None:
    body, plain = lark.encrypted(help_message), json.dumps(help_message).encode()
    signed = lark.signed(body)
    headers = help_message["header"]
    other = lark.encrypted({**help_message, "header": {**headers, "app_id": "cli_other"}})
    untold = lark.encrypted({**help_message, "header": {**headers, "token": "x"}})
    wrong: list[tuple[bytes, dict[str, str]]] = [
        (body, {}),
        (body, {**signed, "X-Lark-Signature": "0" * 64}),
        (body, {**signed, "X-Lark-Signature": "ü"}),
        (body, {**signed, "X-Lark-Request-Nonce": "x"}),
        (body, lark.signed(body, int(time.time()) - 301)),
        (body, lark.signed(body, int(time.time()) + 302)),
        (body + b" ", signed),
        (plain, lark.signed(plain)),  # there is a key: what is not sealed is not Lark's
        (other, lark.signed(other)),
        (untold, lark.signed(untold)),
        (b'{"encrypt": "AAAA"}', {}),
        (b'{"encrypt": 7}', {}),
    ]
    for given_body, given_headers in wrong:
        assert is_refused(post(given_body, given_headers, "lark")), (given_body, given_headers)


def test_larks_handshake_is_answered_sealed_or_plain(post: Post, lark: Lark, lark_bot: Bot) -> None:
    handshake = {"type": "url_verification", "challenge": "c", "token": lark.TOKEN}
    assert post(lark.encrypted(handshake), {}, "lark").json == {"challenge": "c"}
    assert is_refused(post(lark.encrypted({**handshake, "token": "x"}), {}, "lark"))
    assert is_refused(post(json.dumps(handshake).encode(), {}, "lark"))
    lark_bot.encrypt_key = None
    db.session.commit()
    assert post(json.dumps(handshake).encode(), {}, "lark").json == {"challenge": "c"}


def test_without_an_encrypt_key_the_token_has_to_do(
    app: Flask, client: FlaskClient, lark: Lark, sent: list[int], help_message: dict[str, Any]
) -> None:
    a_lark_bot(encrypt_key=None)
    header = help_message["header"]
    stale = {**header, "create_time": str(int((time.time() - 90_000) * 1000))}
    for wrong in ({**header, "token": "x"}, {**header, "token": ""}, stale, {"token": Lark.TOKEN}):
        assert is_refused(lark.post(client, {**help_message, "header": wrong}, plain=True))
    assert lark.post(client, help_message, plain=True).status_code == 200
    assert events() == 1


def test_of_two_apps_each_event_finds_its_own(
    client: FlaskClient, lark: Lark, lark_bot: Bot, sent: list[int], help_message: dict[str, Any]
) -> None:
    other = a_lark_bot_of_another_app()
    lark.post(client, help_message)
    event = db.session.scalars(select(ChatEvent)).one()
    assert event.bot_id == lark_bot.id != other.id


def a_lark_bot_of_another_app() -> Bot:
    from tests.factories import make_bot

    return make_bot(
        platform="lark",
        app_id="cli_other",
        encrypt_key=encryption.encrypt("another key"),
        created_at=now(),
    )
