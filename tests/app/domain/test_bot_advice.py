"""Advice for admins, by the text of a bot platform's error."""

import pytest

from app.domain.bot_advice import find_advice, no_chat_advice
from app.domain.chat import BotPlatform

SLACK, LARK = BotPlatform.SLACK, BotPlatform.LARK
APPRISE, WEBHOOK = BotPlatform.APPRISE, BotPlatform.WEBHOOK

ADVICE = {
    "a wrong token": (SLACK, "Slack: invalid_auth", "xoxb-"),
    "a channel without the bot": (SLACK, "Slack: not_in_channel", "Invite the bot"),
    "a scope that is missing": (SLACK, "Slack: missing_scope", "chat:write"),
    "an error that we do not know": (SLACK, "Slack: odd_new_error", "chat.postMessage"),
    "a wrong secret": (LARK, "Lark: 10014 app secret invalid", "App Secret"),
    "a group without the bot": (LARK, "Lark: 230002 Bot is not in the chat", "Add the bot"),
    "a code that we do not know": (LARK, "Lark: 424242 odd", "error codes"),
    "a signature that is not believed": (WEBHOOK, "answered 401", "signature"),
    "a wrong path": (WEBHOOK, "answered 404", "Correct the URL"),
    "a redirect": (WEBHOOK, "answered 302: redirects are not followed", "redirects to"),
    "a problem there": (WEBHOOK, "answered 503", "has a problem"),
    "an inside host": (
        WEBHOOK,
        "h resolves to an address that is not on the public Internet; an admin can allow the host",
        "notifyAllowedHosts",
    ),
    "a name of nobody": (WEBHOOK, "the name h could not be resolved", "resolve names"),
    "silence": (WEBHOOK, "h did not answer in 10 s", "firewalls"),
    "nobody listens": (WEBHOOK, "h could not be reached (ConnectError)", "accepts connections"),
    "a lost key": (SLACK, "its secrets need a key that ENCRYPTION_KEYS …", "again"),
    "a service's refusal": (APPRISE, "ntfy: 403 Forbidden", "Apprise"),
}


@pytest.mark.parametrize("name", ADVICE)
def test_what_can_be_mended_is_told(name: str) -> None:
    platform, words, advice = ADVICE[name]
    assert advice in (find_advice(platform, words) or "")


def test_nothing_is_made_up_where_nobody_knows() -> None:
    assert find_advice(WEBHOOK, "KeyError") is None


@pytest.mark.parametrize("platform", [SLACK, LARK])
def test_a_bot_without_a_chat_is_told_how_it_gets_one(platform: BotPlatform) -> None:
    assert platform.value in no_chat_advice(platform)
