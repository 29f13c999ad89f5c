"""What to mend when a bot could not say something: by what its platform said of it."""

import re
from typing import NamedTuple

from app.domain.chat import BotPlatform


class _Remedy(NamedTuple):
    """`pattern` is looked for in what went wrong; `platform` None is any."""

    platform: BotPlatform | None
    pattern: str
    advice: str


_SLACK, _LARK = BotPlatform.SLACK, BotPlatform.LARK
_APPRISE, _WEBHOOK = BotPlatform.APPRISE, BotPlatform.WEBHOOK
_REINSTALL = "Install the app in the workspace again, and give this bot the new bot token."

# The first that fits counts. Slack: https://docs.slack.dev/reference/methods/chat.postMessage;
# Lark: https://open.larksuite.com/document/server-docs/api-call-guide/generic-error-code
_REMEDIES = (
    _Remedy(
        None,
        r"ENCRYPTION_KEYS",
        "List the old key in ENCRYPTION_KEYS again, or give the bot its secrets anew.",
    ),
    _Remedy(
        _SLACK,
        r"invalid_auth|not_authed|token_expired",
        "Give this bot the Bot User OAuth Token (xoxb-…) of the app, under OAuth & Permissions.",
    ),
    _Remedy(_SLACK, r"token_revoked|account_inactive|org_login_required", _REINSTALL),
    _Remedy(
        _SLACK,
        r"missing_scope|not_allowed_token_type|no_permission",
        "Give the app the scope chat:write under OAuth & Permissions, then install it again.",
    ),
    _Remedy(
        _SLACK,
        r"not_in_channel|channel_not_found",
        "Invite the bot to that room (/invite), and see that the chat's id is right: `info` in "
        "the room tells it.",
    ),
    _Remedy(
        _SLACK,
        r"is_archived",
        "The room is archived: bind another one, or open it again in Slack.",
    ),
    _Remedy(
        _SLACK,
        r"restricted_action|ekm_access_denied",
        "The workspace does not let apps post there: its admins can.",
    ),
    _Remedy(
        _SLACK,
        r"messages_tab_disabled|user_not_found|users_not_found",
        "Turn the Messages Tab on under App Home, and see that the account is of this workspace.",
    ),
    _Remedy(
        _LARK,
        r"\b(10003|10014|10015)\b|app secret invalid|app_id",
        "Take App ID and App Secret anew from the app's Credentials & Basic Info.",
    ),
    _Remedy(
        _LARK,
        r"\b(99991672|99991676|230027)\b",
        "Give the app im:message:send_as_bot under Permissions, then publish a version.",
    ),
    _Remedy(
        _LARK,
        r"\b(230006|10013|99991662|99991671)\b",
        "Add the Bot capability to the app, and publish a version of it.",
    ),
    _Remedy(
        _LARK,
        r"\b(230002|230034|230001|99992361|230013)\b",
        "Add the bot to that group, and see that the chat's id is of this app: `info` in the "
        "room tells it.",
    ),
    _Remedy(
        _WEBHOOK,
        r"answered 40[13]\b",
        "The receiver does not believe the signature: see that it has the secret of this bot, "
        "and checks it over the bytes as they come.",
    ),
    _Remedy(_WEBHOOK, r"answered (404|410)\b", "Nothing listens at that path: correct the URL."),
    _Remedy(_WEBHOOK, r"answered 405\b", "The receiver has to take POST at that URL."),
    _Remedy(_WEBHOOK, r"redirects", "Give the bot the URL to which the receiver sends it on."),
    _Remedy(
        _WEBHOOK,
        r"answered 4\d\d\b",
        "The receiver refuses what it is sent: its own log says why.",
    ),
    _Remedy(
        None,
        r"public Internet|plain http",
        "If the host is meant, add its name to the setting notifyAllowedHosts.",
    ),
    _Remedy(
        None,
        r"could not be resolved|was not resolved",
        "See that the host's name is right, and that the server can ask a resolver.",
    ),
    _Remedy(
        None,
        r"did not answer|was not done|nothing was heard",
        "See that the server may reach that host, through firewalls and proxies between them.",
    ),
    _Remedy(
        None,
        r"could not be reached",
        "See that the host listens there with a certificate that the server trusts, and that no "
        "firewall stands between.",
    ),
    _Remedy(
        None,
        r"answered (429|5\d\d)\b|ratelimited|internal_error|service_unavailable|Lark: (429|5\d\d)",
        "The other side is in trouble or wants fewer messages: try again in a few minutes.",
    ),
    _Remedy(
        _APPRISE,
        r"",
        "See Apprise's page of this kind of address, and give the bot the whole URL anew.",
    ),
    _Remedy(_SLACK, r"", "Slack's page of chat.postMessage says what that word means."),
    _Remedy(_LARK, r"", "Lark's list of error codes says what that number means."),
)


def find_advice(platform: BotPlatform, words: str) -> str | None:
    """What an admin can mend, by the words in which sending failed; None where nobody knows."""
    fitting = (cure for cure in _REMEDIES if cure.platform in (None, platform))
    return next((cure.advice for cure in fitting if re.search(cure.pattern, words)), None)


def no_chat_advice(platform: BotPlatform) -> str:
    """What to do where a bot has nobody to write to."""
    return (
        f"Bind a chat of the bot to a project, link your own account on {platform.value}, or name "
        "a chat by its id."
    )
