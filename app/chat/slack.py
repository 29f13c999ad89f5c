"""Slack: its Web API through slack_sdk, and the events that Slack sends to us.

By default, slack_sdk opens connections with urllib. Here its requests go through `http_client`,
which limits time and size, and follows no redirect with our token.
"""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import SignatureVerifier

from app.chat import endpoints, http_client, slack_cards
from app.chat.incoming_events import IncomingEvent, Intent, get_object, get_text, parse_object
from app.chat.messages import Address, DeliveryRefused, Message, RetryLater, truncate

MAX_TEXT_LENGTH = 40_000  # characters that Slack accepts in one message
# Errors that pass by themselves; all others are caused by us or our content.
_TRANSIENT_ERRORS = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
_LINK = re.compile(r"<((?:https?|mailto):[^>|]*)(?:\|([^>]*))?>")
_MENTION = re.compile(r"\s*<@[A-Z0-9]+(?:\|[^>]*)?>\s*")


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> str:
    """Post the message and return its ref, `channel:ts`. Raises DeliveryRefused, RetryLater."""
    posted = _call(
        address, "chat.postMessage", {"channel": address.chat_id, **slack_cards.card(message)}
    )
    return f"{get_text(posted, 'channel')}:{get_text(posted, 'ts')}"


def edit(address: Address, ref: str, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Replace the posted message `ref`. Raises DeliveryRefused, RetryLater."""
    channel, _, ts = ref.partition(":")
    _call(address, "chat.update", {"channel": channel, "ts": ts, **slack_cards.card(message)})


def send_text(address: Address, text: str) -> None:
    """Post the text in the address's chat. Raises DeliveryRefused, RetryLater."""
    message = truncate(slack_cards.escape(text), MAX_TEXT_LENGTH)
    _call(address, "chat.postMessage", {"channel": address.chat_id, "text": message})


def reply(address: Address, to: IncomingEvent, text: str, *, public: bool) -> None:
    """Reply to the person where they wrote; with `public`, visible to all in the chat.

    Raises DeliveryRefused, RetryLater.
    """
    reply = {"text": truncate(slack_cards.escape(text), MAX_TEXT_LENGTH)}
    if to.response_url:
        _respond(to.response_url, reply, public=public)
        return
    place = {"channel": to.chat_id, **({"thread_ts": to.thread} if to.thread else {})}
    if to.private or public:
        _call(address, "chat.postMessage", {**place, **reply})
    else:
        _call(address, "chat.postEphemeral", {**place, "user": to.user_id, **reply})


def open_dialog(address: Address, to: IncomingEvent, prompt: str, written: str) -> None:
    """Open the dialog in which an input gate is answered. Raises DeliveryRefused, RetryLater."""
    view = slack_cards.dialog(prompt, f"{written}|{to.chat_id}|{to.card or ''}")
    _call(address, "views.open", {"trigger_id": to.trigger_id, "view": view})


# ---- the Web API --------------------------------------------------------------------------------


# slack_sdk logs responses that it can't read, including secrets that Slack quotes in them.
_silence = logging.getLogger("slack_sdk.silence")
_silence.disabled = True


class _Client(WebClient):
    """A WebClient whose requests all go through `http_client` (tests ensure that they do)."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        answer = http_client.request(
            req.get_method(),
            url,
            headers=dict(req.header_items()),
            content=req.data if isinstance(req.data, bytes) else b"",
            allowed_hosts=endpoints.slack().allowed_hosts,
        )
        words = f"Slack answered {answer.status}"
        if 300 <= answer.status < 400:
            raise DeliveryRefused(f"{words}: redirects are not followed")
        if answer.status == 429 or answer.status >= 500 or not parse_object(answer.body):
            raise RetryLater(words, http_client.retry_after(answer.headers))
        body = answer.body.decode(errors="replace")
        return {"status": answer.status, "headers": answer.headers, "body": body}


def _call(address: Address, method: str, arguments: dict[str, Any]) -> Any:
    client = _Client(
        token=address.app_secret,  # the bot token: `domain.chat.CREDENTIALS`
        base_url=endpoints.slack().url,
        retry_handlers=[],  # deliveries are retried by our own plan
        logger=_silence,
    )
    try:
        return client.api_call(method, json=arguments).data
    except SlackApiError as error:
        raise _delivery_error(error) from None
    except (SlackClientError, ValueError) as error:
        raise RetryLater(f"Slack's response can't be read ({type(error).__name__})") from None


def _delivery_error(error: SlackApiError) -> DeliveryRefused | RetryLater:
    answer: Any = error.response
    found = answer.get("error") if isinstance(answer.data, dict) else None
    words = f"Slack: {found}" if isinstance(found, str) else f"Slack answered {answer.status_code}"
    if found in _TRANSIENT_ERRORS:
        return RetryLater(words, http_client.retry_after(answer.headers))
    return DeliveryRefused(words)


def _respond(url: str, reply: Mapping[str, Any], *, public: bool) -> None:
    """Reply to a slash command at its `response_url`, which also works in chats without the bot.

    The URL came in a request that Slack signed; its host is checked anyway.
    """
    place = endpoints.slack()
    if urlsplit(url).hostname not in {"hooks.slack.com", *place.allowed_hosts}:
        raise DeliveryRefused("the response URL isn't Slack's")
    kind = "in_channel" if public else "ephemeral"
    answer = http_client.request(
        "POST",
        url,
        headers={"Content-Type": "application/json"},
        content=_json({"response_type": kind, "replace_original": False, **reply}),
        allowed_hosts=place.allowed_hosts,
    )
    if answer.status == 429 or answer.status >= 500:
        raise RetryLater(f"Slack answered {answer.status}", http_client.retry_after(answer.headers))
    if answer.status != 200:
        raise DeliveryRefused(f"Slack answered {answer.status}")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()


# ---- events from Slack --------------------------------------------------------------------------


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether Slack signed this body with the app's secret, within the last five minutes."""
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16):
        return False
    if not (signature.isascii() and secret.strip()):
        return False
    try:
        return SignatureVerifier(secret).is_valid(body, timestamp, signature)
    except UnicodeDecodeError:  # SignatureVerifier decodes the body
        return False


def decode_event(body: bytes, *, form: bool) -> dict[str, Any]:
    """Return the event in a body: JSON, or a form's fields, or the JSON in a form's `payload`."""
    if not form:
        return parse_object(body)
    try:
        fields = parse_qs(body.decode(), max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        return {}
    if "payload" in fields:
        return parse_object(fields["payload"][0])
    return {name: values[0] for name, values in fields.items()}


def get_app_id(payload: Mapping[str, Any]) -> str:
    """Return the event's app ID; empty if it has none (like the first handshake)."""
    return get_text(payload, "api_app_id")


def get_challenge(payload: Mapping[str, Any]) -> str | None:
    """Return the challenge to answer a handshake with; None if it isn't a handshake."""
    return get_text(payload, "challenge") if payload.get("type") == "url_verification" else None


def parse_event(payload: Mapping[str, Any]) -> IncomingEvent | None:
    """Return the person's action; None for events that don't concern us (bots' messages, edits,
    joins).
    """
    kind = payload.get("type")
    if kind == "event_callback":
        return _parse_message(payload)
    if kind == "block_actions":
        return _parse_press(payload)
    if kind == "view_submission":
        return _parse_submission(payload)
    return _parse_slash_command(payload) if get_text(payload, "command") else None


def _parse_message(payload: Mapping[str, Any]) -> IncomingEvent | None:
    event = get_object(payload, "event")
    direct = event.get("type") == "message" and event.get("channel_type") == "im"
    if not direct and event.get("type") != "app_mention":
        return None
    if event.get("bot_id") or event.get("subtype") or not get_text(event, "user"):
        return None
    return IncomingEvent(
        event_id=get_text(payload, "event_id") or _digest(event),
        user_id=get_text(event, "user"),
        chat_id=get_text(event, "channel"),
        private=direct,
        intent=Intent.COMMAND,
        text=_unescape(_MENTION.sub("", get_text(event, "text", MAX_TEXT_LENGTH), count=1)),
        thread=get_text(event, "thread_ts") or (None if direct else get_text(event, "ts")) or None,
    )


def _parse_slash_command(payload: Mapping[str, Any]) -> IncomingEvent:
    return IncomingEvent(
        event_id=get_text(payload, "trigger_id") or _digest(payload),
        user_id=get_text(payload, "user_id"),
        chat_id=get_text(payload, "channel_id"),
        private=True,  # Slack shows a slash command to no one else
        intent=Intent.COMMAND,
        text=_unescape(get_text(payload, "text", MAX_TEXT_LENGTH)),
        response_url=get_text(payload, "response_url", 2000) or None,
    )


def _parse_press(payload: Mapping[str, Any]) -> IncomingEvent | None:
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else {}
    pressed = get_text(action, "value") or get_text(get_object(action, "selected_option"), "value")
    if not pressed:
        return None
    container, channel = get_object(payload, "container"), get_object(payload, "channel")
    ts = get_text(container, "message_ts")
    chat = get_text(channel, "id") or get_text(container, "channel_id")
    return IncomingEvent(
        event_id=get_text(payload, "trigger_id") or _digest(payload),
        user_id=get_text(get_object(payload, "user"), "id"),
        chat_id=chat,
        private=False,
        intent=Intent.PRESS,
        button=pressed,
        card=f"{chat}:{ts}" if ts else None,
        response_url=get_text(payload, "response_url", 2000) or None,
        trigger_id=get_text(payload, "trigger_id") or None,
    )


def _parse_submission(payload: Mapping[str, Any]) -> IncomingEvent | None:
    view = get_object(payload, "view")
    written, _, place = get_text(view, "private_metadata", 1000).partition("|")
    chat, _, card = place.partition("|")
    answer = get_object(view, "state", "values", slack_cards.ANSWER, slack_cards.ANSWER)
    if not written:
        return None
    return IncomingEvent(
        event_id=f"view:{get_text(view, 'id')}:{get_text(view, 'hash')}",
        user_id=get_text(get_object(payload, "user"), "id"),
        chat_id=chat,
        private=False,
        intent=Intent.ANSWER,
        text=get_text(answer, "value", MAX_TEXT_LENGTH),
        button=written,
        card=card or None,
    )


def _digest(payload: Mapping[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(_json(payload)).hexdigest()


def _unescape(text: str) -> str:
    """Return the text as it was typed: Slack wraps links and escapes three characters."""
    text = _LINK.sub(lambda found: found[2] or found[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
