"""The only exit: messages and replies go to the platform of their address."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from app.chat import apprise, lark, slack, webhook
from app.chat.incoming_events import IncomingEvent
from app.chat.messages import Address, DeliveryRefused, GateCard, Message, RetryLater, truncate
from app.domain.chat import BotPlatform

__all__ = [
    "Address",
    "DeliveryRefused",
    "GateCard",
    "Message",
    "RetryLater",
    "edit",
    "open_dialog",
    "post",
    "reply",
    "send",
    "send_text",
]

MAX_ERROR_LENGTH = 500
MIN_SECRET_LENGTH = 6  # a shorter part of an address is no secret, and would mask most text
_PART = re.compile(r"[^\s/?#&=:@]+")


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> str | None:
    """Post the message. Returns its ID (ref) on the platform, if it has one.

    Raises DeliveryRefused, RetryLater.
    """
    with _mask_errors(address):
        match address.platform:
            case BotPlatform.SLACK:
                return slack.send(address, message, allowed_hosts=allowed_hosts)
            case BotPlatform.LARK:
                return lark.send(address, message, allowed_hosts=allowed_hosts)
            case BotPlatform.APPRISE:
                apprise.send(address, message, allowed_hosts=allowed_hosts)
            case BotPlatform.WEBHOOK:
                webhook.send(address, message, allowed_hosts=allowed_hosts)
        return None


def post(
    address: Address, delivery: str, content: Mapping[str, Any], *, allowed_hosts: frozenset[str]
) -> None:
    """Post other content to a webhook's URL, as JSON. Raises DeliveryRefused, RetryLater."""
    with _mask_errors(address):
        webhook.post(address, delivery, content, allowed_hosts=allowed_hosts)


def send_text(
    address: Address,
    title: str,
    text: str,
    content: Mapping[str, Any],
    *,
    allowed_hosts: frozenset[str],
) -> None:
    """Send something other than a task's update: the text or, to a webhook's URL, the content as
    JSON.

    Raises DeliveryRefused, RetryLater.
    """
    with _mask_errors(address):
        match address.platform:
            case BotPlatform.SLACK:
                slack.send_text(address, text)
            case BotPlatform.LARK:
                lark.send_text(address, text)
            case BotPlatform.APPRISE:
                apprise.send_text(address, title, text, allowed_hosts=allowed_hosts)
            case BotPlatform.WEBHOOK:
                delivery = str(content["deliveryId"])
                webhook.post(address, delivery, content, allowed_hosts=allowed_hosts)


def edit(address: Address, ref: str, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Replace the posted message `ref` by this one; does nothing if the platform can't.

    Raises DeliveryRefused, RetryLater.
    """
    with _mask_errors(address):
        if address.platform is BotPlatform.SLACK:
            slack.edit(address, ref, message, allowed_hosts=allowed_hosts)
        elif address.platform is BotPlatform.LARK:
            lark.edit(address, ref, message, allowed_hosts=allowed_hosts)


def reply(address: Address, to: IncomingEvent, text: str, *, public: bool) -> None:
    """Reply to the person who wrote or pressed; with `public`, visible to all in the chat.

    Raises DeliveryRefused, RetryLater.
    """
    with _mask_errors(address):
        if address.platform is BotPlatform.SLACK:
            slack.reply(address, to, text, public=public)
        elif address.platform is BotPlatform.LARK:
            lark.reply(address, to, text, public=public)


def open_dialog(address: Address, to: IncomingEvent, prompt: str, written: str) -> bool:
    """Open the platform's dialog that asks for text. Returns False if it has none.

    `written` is the pressed button, as text. Raises DeliveryRefused, RetryLater.
    """
    if address.platform is not BotPlatform.SLACK or not to.trigger_id:
        return False
    with _mask_errors(address):
        slack.open_dialog(address, to, prompt, written)
    return True


@contextmanager
def _mask_errors(address: Address) -> Iterator[None]:
    """Mask the bot's secrets in error messages, which admins read: platforms may quote them."""
    try:
        yield
    except DeliveryRefused as error:
        raise DeliveryRefused(_mask(error.reason, address)) from None
    except RetryLater as error:
        raise RetryLater(_mask(error.reason, address), error.retry_after_seconds) from None


def _mask(words: str, address: Address) -> str:
    for secret in _secrets(address):
        words = words.replace(secret, "…")
    return truncate(words, MAX_ERROR_LENGTH)


def _secrets(address: Address) -> list[str]:
    """Return the address's secrets, and their parts that could be secrets themselves; the
    longest first.
    """
    whole = {text for text in (address.app_secret, address.webhook_token) if text}
    # The scheme of a URL isn't a secret.
    rests = {rest or text for text, rest in ((text, text.partition("://")[2]) for text in whole)}
    parts = rests | {part for rest in rests for part in _PART.findall(rest)}
    if address.platform is BotPlatform.WEBHOOK:
        # A webhook's host helps to find the error. In Apprise's URLs, it may be a token.
        parts.discard(_host(address.webhook_token or ""))
    found = whole | parts
    found |= {unquote(text) for text in found}
    return sorted((text for text in found if len(text) >= MIN_SECRET_LENGTH), key=len, reverse=True)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
