"""Advice for fixing a bot that can't send, based on its platform's error."""

import re
from typing import NamedTuple

from app.domain.chat import BotPlatform


class _Remedy(NamedTuple):
    """`pattern` is searched for in the error; `platform` None matches any platform."""

    platform: BotPlatform | None
    pattern: str
    advice: str


_SLACK, _LARK = BotPlatform.SLACK, BotPlatform.LARK
_APPRISE, _WEBHOOK = BotPlatform.APPRISE, BotPlatform.WEBHOOK
_REINSTALL = "Reinstall the app in the workspace and give this bot the new bot token."

# The first match applies. Slack: https://docs.slack.dev/reference/methods/chat.postMessage; Lark:
# https://open.larksuite.com/document/server-docs/api-call-guide/generic-error-code
_REMEDIES = (
    _Remedy(
        None,
        r"ENCRYPTION_KEYS",
        "Add the old key to ENCRYPTION_KEYS again, or enter the bot's secrets again.",
    ),
    _Remedy(
        _SLACK,
        r"invalid_auth|not_authed|token_expired",
        "Give this bot the app's Bot User OAuth Token (xoxb-…) from OAuth & Permissions.",
    ),
    _Remedy(_SLACK, r"token_revoked|account_inactive|org_login_required", _REINSTALL),
    _Remedy(
        _SLACK,
        r"missing_scope|not_allowed_token_type|no_permission",
        "Add the scope chat:write under OAuth & Permissions, then reinstall the app.",
    ),
    _Remedy(
        _SLACK,
        r"not_in_channel|channel_not_found",
        "Invite the bot to that channel (/invite), and check the chat ID: `info` in the "
        "channel shows it.",
    ),
    _Remedy(
        _SLACK,
        r"is_archived",
        "The channel is archived. Bind another one, or unarchive it in Slack.",
    ),
    _Remedy(
        _SLACK,
        r"restricted_action|ekm_access_denied",
        "The workspace doesn't let apps post there. Ask its admins.",
    ),
    _Remedy(
        _SLACK,
        r"messages_tab_disabled|user_not_found|users_not_found",
        (
            "Turn on the Messages Tab under App Home, and check that the account belongs to "
            "this workspace."
        ),
    ),
    _Remedy(
        _LARK,
        r"\b(10003|10014|10015)\b|app secret invalid|app_id",
        "Copy the App ID and App Secret again from the app's Credentials & Basic Info.",
    ),
    _Remedy(
        _LARK,
        r"\b(99991672|99991676|230027)\b",
        "Add im:message:send_as_bot under Permissions, then publish a version.",
    ),
    _Remedy(
        _LARK,
        r"\b(230006|10013|99991662|99991671)\b",
        "Add the Bot capability to the app, then publish a version.",
    ),
    _Remedy(
        _LARK,
        r"\b(230002|230034|230001|99992361|230013)\b",
        "Add the bot to that group, and check the chat ID for this app: `info` in the group "
        "shows it.",
    ),
    _Remedy(
        _WEBHOOK,
        r"answered 40[13]\b",
        "The receiver rejects the signature. Check that it uses this bot's secret and "
        "verifies the raw bytes.",
    ),
    _Remedy(_WEBHOOK, r"answered (404|410)\b", "The receiver has no such path. Correct the URL."),
    _Remedy(_WEBHOOK, r"answered 405\b", "The receiver must accept POST at that URL."),
    _Remedy(_WEBHOOK, r"redirects", "Give the bot the URL that the receiver redirects to."),
    _Remedy(
        _WEBHOOK,
        r"answered 4\d\d\b",
        "The receiver rejects the messages. Check the receiver's log.",
    ),
    _Remedy(
        None,
        r"public Internet|plain http",
        "If you trust this host, add its name to the setting notifyAllowedHosts.",
    ),
    _Remedy(
        None,
        r"could not be resolved|was not resolved",
        "Check the host name, and that the server can resolve names.",
    ),
    _Remedy(
        None,
        r"did not answer|did not finish|no response within",
        "Check that the server can reach that host through all firewalls and proxies.",
    ),
    _Remedy(
        None,
        r"could not be reached",
        "Check that the host accepts connections there, that the server trusts its "
        "certificate, and that no firewall blocks it.",
    ),
    _Remedy(
        None,
        r"answered (429|5\d\d)\b|ratelimited|internal_error|service_unavailable|Lark: (429|5\d\d)",
        "The receiver has a problem or limits messages. Try again in a few minutes.",
    ),
    _Remedy(
        _APPRISE,
        r"",
        "Check this kind of URL in Apprise's documentation and enter the complete URL again.",
    ),
    _Remedy(_SLACK, r"", "Look up this error in Slack's documentation of chat.postMessage."),
    _Remedy(_LARK, r"", "Look up this number in Lark's list of error codes."),
)


def find_advice(platform: BotPlatform, words: str) -> str | None:
    """Return what an admin can fix, by the text of the failure; None if unknown."""
    fitting = (cure for cure in _REMEDIES if cure.platform in (None, platform))
    return next((cure.advice for cure in fitting if re.search(cure.pattern, words)), None)


def no_chat_advice(platform: BotPlatform) -> str:
    """Return what to do if a bot has no chat to write to."""
    return (
        f"Bind one of the bot's chats to a project, link your own account on {platform.value}, or "
        "enter a chat ID."
    )
