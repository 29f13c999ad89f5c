"""The chat platforms, and the credentials of a bot on each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain import field_errors
from app.domain.field_errors import FieldError


class BotPlatform(StrEnum):
    SLACK = "slack"
    LARK = "lark"
    APPRISE = "apprise"
    WEBHOOK = "webhook"


# The platforms on which people have accounts and can write to bots.
INTERACTIVE_PLATFORMS = (BotPlatform.SLACK, BotPlatform.LARK)


def platform_uid_of(platform: BotPlatform, user_id: str) -> str:
    """Return a developer's `platform_uid`: the platform, and their account ID on it."""
    return f"{platform}:{user_id}"


@dataclass(frozen=True)
class TextPattern:
    """A pattern for a complete text, valid in Python and ECMA 262, and the error if it differs."""

    pattern: str
    error: FieldError


@dataclass(frozen=True)
class Credential:
    """A bot's field on one platform: `what` it contains, and its format if known."""

    what: str
    shape: TextPattern | None = None
    needed: bool = True


def check_credentials(
    platform: BotPlatform, given: Mapping[str, str | None]
) -> dict[str, list[FieldError]]:
    """Return error messages about a bot's credentials, by field; empty if they are valid.

    The fields are `app_id`, `app_secret`, `webhook_token` and `encrypt_key`. A field that the
    platform uses is required, unless it's optional there. A field that it doesn't use is rejected:
    an unused secret can only leak.
    """
    known = CREDENTIALS[platform]
    judged = {field: _find_error(platform, known.get(field), text) for field, text in given.items()}
    return {field: [wrong] for field, wrong in judged.items() if wrong}


def _find_error(
    platform: BotPlatform, credential: Credential | None, text: str | None
) -> FieldError | None:
    if credential is None:
        return field_errors.NOT_USED(platform=str(platform)) if text else None
    if not text:
        needed = field_errors.NEEDED(platform=str(platform), what=credential.what)
        return needed if credential.needed else None
    shape = credential.shape
    if shape is None or re.fullmatch(shape.pattern, text, re.ASCII):
        return None
    return shape.error


# Apprise accepts more kinds of URLs than URL parsers do.
_APPRISE_URL = TextPattern(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/].*", field_errors.NO_APPRISE_URL)
_PORT = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HTTPS_URL = TextPattern(
    rf"https://(?:[!$-.0->A-Z^-~]+@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::{_PORT})?(?:[/?#][!-~]*)?",
    field_errors.NO_HTTPS_URL,
)

# Slack and Lark name the app in each event. That selects the bot; its secrets verify the event.
CREDENTIALS: dict[BotPlatform, dict[str, Credential]] = {
    BotPlatform.SLACK: {
        "app_id": Credential("the app ID"),
        "app_secret": Credential("the bot token"),
        "webhook_token": Credential("the signing secret"),
    },
    BotPlatform.LARK: {
        "app_id": Credential("the app ID"),
        "app_secret": Credential("the app secret"),
        "webhook_token": Credential("the verification token"),
        # Without this key Lark signs nothing, and only the token authenticates its events.
        "encrypt_key": Credential("the encrypt key, if the app has one", needed=False),
    },
    # A URL may contain credentials, so all of it is stored as a secret.
    BotPlatform.APPRISE: {"webhook_token": Credential("the URL to notify", _APPRISE_URL)},
    BotPlatform.WEBHOOK: {
        "app_secret": Credential("the secret that signs requests"),
        "webhook_token": Credential("the URL to post to", _HTTPS_URL),
    },
}


def parse_platform_uid(platform_uid: str | None) -> tuple[BotPlatform, str] | None:
    """Split a `platform_uid` into platform and account ID: the reverse of `platform_uid_of`.

    None if no account is set, or if people can't write to bots on that platform.
    """
    platform, _, account = (platform_uid or "").partition(":")
    if not account or ":" in account or platform not in INTERACTIVE_PLATFORMS:
        return None
    return BotPlatform(platform), account
