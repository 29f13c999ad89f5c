"""Linking a chat account to a developer, by a one-time token."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app.domain.chat import BotPlatform
from app.domain.tokens import TokenKind, digest, is_token
from app.extensions import db
from app.models import AuditEntry, Bot, ChatToken, Developer
from app.services.chat import account_links, events
from app.services.clock import now
from tests.app.chat.platforms import Lark, Slack
from tests.app.services.accounts.test_auth_sessions import at_once
from tests.factories import make_chat_token, make_developer

Login = Callable[[Developer], dict[str, str]]
Work = Callable[[], None]


def uid_of(developer: Developer) -> str | None:
    return db.session.get_one(Developer, developer.id, populate_existing=True).platform_uid


def test_a_token_links_the_account_that_sends_it(
    client: FlaskClient, login: Login, slack: Slack, slack_bot: Bot, work: Work
) -> None:
    ada = make_developer(name="ada")
    made = client.post("/api/web/profile/chat-token", headers=login(ada))
    assert made.status_code == 201
    token = made.json["token"]
    assert is_token(token, TokenKind.CHAT)
    slack.direct(client, "U1", f"bind {token}")
    stored = db.session.scalar(text("SELECT payload::text FROM chat_events"))
    assert token not in stored
    work()
    assert "You are now ada" in slack.last()
    assert uid_of(ada) == "slack:U1"
    slack.direct(client, "U1", "info")
    work()
    assert "You are ada (developer)" in slack.last()
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == ["chat_token.created", "developer.chat_linked"]
    assert entries[-1].changes["after"] == {"platformUid": "slack:U1"}
    slack.direct(client, "U2", f"bind {token}")
    work()
    assert "That token is invalid" in slack.last()
    assert uid_of(ada) == "slack:U1"


def test_a_newer_token_ends_the_one_before(
    client: FlaskClient, login: Login, slack: Slack, slack_bot: Bot, work: Work
) -> None:
    ada = make_developer()
    first, second = (
        client.post("/api/web/profile/chat-token", headers=login(ada)).json["token"]
        for _ in range(2)
    )
    slack.direct(client, "U1", f"bind {first}")
    work()
    assert uid_of(ada) is None
    slack.direct(client, "U1", f"bind {second}")
    work()
    assert uid_of(ada) == "slack:U1"


def test_an_expired_or_invented_token_links_nothing(
    client: FlaskClient, slack: Slack, slack_bot: Bot, work: Work
) -> None:
    ada = make_developer()
    _, token = make_chat_token(ada, expires_at=now() - timedelta(seconds=1))
    for text_ in (token, "mst_chat_0", "nonsense"):
        slack.direct(client, "U1", f"bind {text_}")
        work()
        assert "That token is invalid" in slack.last()
    assert uid_of(ada) is None


@pytest.mark.parametrize(
    "form",
    ["{}", "sha256:{}", events.DIGEST + "{}", "mst_chat_" + events.DIGEST + "sha256:{}"],
)
def test_what_is_stored_of_a_token_is_no_token(
    client: FlaskClient, slack: Slack, slack_bot: Bot, work: Work, form: str
) -> None:
    ada = make_developer()
    _, token = make_chat_token(ada)
    slack.direct(client, "U1", "bind " + form.format(digest(token)))
    work()
    assert "That token is invalid" in slack.last()
    assert uid_of(ada) is None


def test_a_token_in_a_public_channel_is_used_up_and_links_nothing(
    client: FlaskClient, slack: Slack, slack_bot: Bot, work: Work
) -> None:
    ada = make_developer()
    _, token = make_chat_token(ada)
    slack.mention(client, "U1", "CROOM", f"bind {token}")
    work()
    assert "no longer valid" in slack.last()
    slack.direct(client, "U1", f"bind {token}")
    work()
    assert uid_of(ada) is None
    _, token = make_chat_token(ada)
    slack.slash(client, "U1", "CROOM", f"bind {token}")  # which nobody else sees
    work()
    assert uid_of(ada) == "slack:U1"


def test_an_account_that_is_anothers_is_refused_with_a_word(
    client: FlaskClient, slack: Slack, slack_bot: Bot, work: Work
) -> None:
    bob, ada = make_developer(platform_uid="slack:U1"), make_developer()
    row, token = make_chat_token(ada)
    slack.direct(client, "U1", f"bind {token}")
    work()
    assert "belongs to another developer" in slack.last()
    assert (uid_of(bob), uid_of(ada)) == ("slack:U1", None)
    assert db.session.get_one(ChatToken, row.id, populate_existing=True).used_at


def test_a_disabled_account_is_not_linked(
    client: FlaskClient, lark: Lark, lark_bot: Bot, work: Work
) -> None:
    ada = make_developer(disabled_at=now())
    _, token = make_chat_token(ada)
    lark.post(client, lark.message("ou_1", "oc_p2p", f"bind {token}"))
    work()
    assert "That token is invalid" in lark.last()
    assert uid_of(ada) is None


def test_of_those_who_use_one_token_at_once_one_is_linked(committed_app: Flask) -> None:
    ada = make_developer()
    _, token = make_chat_token(ada)
    known = digest(token)
    results = at_once(
        committed_app,
        6,
        lambda i: account_links.link_account(known, BotPlatform.SLACK, f"U{i}", now()),
    )
    kinds = sorted(type(result).__name__ for result in results)
    assert kinds == ["ChatTokenInvalid"] * 5 + ["Developer"]
