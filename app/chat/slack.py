"""Slack: its Web API through slack_sdk, and the events that Slack sends to us.

By itself slack_sdk opens connections with urllib. Here its requests go through `outgoing`, which
limits time and size, and follows no redirect with our token.
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
from app.chat.incoming_events import Incoming, Intent, document, part, text_of
from app.chat.messages import Address, DeliveryRefused, Message, TryAgain, cut

MOST_TEXT = 40_000  # characters that Slack accepts in one message
# Errors that pass by themselves; all others are about us or about what we send.
_PASSING = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
_LINK = re.compile(r"<((?:https?|mailto):[^>|]*)(?:\|([^>]*))?>")
_MENTION = re.compile(r"\s*<@[A-Z0-9]+(?:\|[^>]*)?>\s*")


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> str:
    """Post the message and return its ref, `channel:ts`. Raises DeliveryRefused, TryAgain."""
    posted = _call(
        address, "chat.postMessage", {"channel": address.chat_id, **slack_cards.card(message)}
    )
    return f"{text_of(posted, 'channel')}:{text_of(posted, 'ts')}"


def edit(address: Address, ref: str, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Replace the posted message `ref`. Raises DeliveryRefused, TryAgain."""
    channel, _, ts = ref.partition(":")
    _call(address, "chat.update", {"channel": channel, "ts": ts, **slack_cards.card(message)})


def note(address: Address, text: str) -> None:
    """Post the text in the address's chat. Raises DeliveryRefused, TryAgain."""
    said = cut(slack_cards.escaped(text), MOST_TEXT)
    _call(address, "chat.postMessage", {"channel": address.chat_id, "text": said})


def say(address: Address, to: Incoming, text: str, *, public: bool) -> None:
    """Reply to the person where they wrote; with `public`, for all in the chat to read.

    Raises DeliveryRefused, TryAgain.
    """
    reply = {"text": cut(slack_cards.escaped(text), MOST_TEXT)}
    if to.response_url:
        _respond(to.response_url, reply, public=public)
        return
    place = {"channel": to.chat_id, **({"thread_ts": to.thread} if to.thread else {})}
    if to.private or public:
        _call(address, "chat.postMessage", {**place, **reply})
    else:
        _call(address, "chat.postEphemeral", {**place, "user": to.user_id, **reply})


def ask(address: Address, to: Incoming, prompt: str, written: str) -> None:
    """Open the dialog in which an input gate is answered. Raises DeliveryRefused, TryAgain."""
    view = slack_cards.dialog(prompt, f"{written}|{to.chat_id}|{to.card or ''}")
    _call(address, "views.open", {"trigger_id": to.trigger_id, "view": view})


# ---- the Web API --------------------------------------------------------------------------------


# slack_sdk logs answers that it cannot read, whatever secrets Slack has quoted in them.
_silence = logging.getLogger("slack_sdk.silence")
_silence.disabled = True


class _Client(WebClient):
    """A WebClient whose requests all go through `outgoing` (tests hold that they do)."""

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
        if answer.status == 429 or answer.status >= 500 or not document(answer.body):
            raise TryAgain(words, http_client.wait_of(answer.headers))
        body = answer.body.decode(errors="replace")
        return {"status": answer.status, "headers": answer.headers, "body": body}


def _call(address: Address, method: str, arguments: dict[str, Any]) -> Any:
    client = _Client(
        token=address.app_secret,  # the bot token: `domain.chat.NEEDED`
        base_url=endpoints.slack().url,
        retry_handlers=[],  # deliveries are retried by our own plan
        logger=_silence,
    )
    try:
        return client.api_call(method, json=arguments).data
    except SlackApiError as error:
        raise _judged(error) from None
    except (SlackClientError, ValueError) as error:
        raise TryAgain(f"Slack's answer cannot be read ({type(error).__name__})") from None


def _judged(error: SlackApiError) -> DeliveryRefused | TryAgain:
    answer: Any = error.response
    found = answer.get("error") if isinstance(answer.data, dict) else None
    words = f"Slack: {found}" if isinstance(found, str) else f"Slack answered {answer.status_code}"
    if found in _PASSING:
        return TryAgain(words, http_client.wait_of(answer.headers))
    return DeliveryRefused(words)


def _respond(url: str, reply: Mapping[str, Any], *, public: bool) -> None:
    """Reply to a slash command at its `response_url`, which also works in chats without the bot.

    The URL came in a request that Slack signed; its host is checked all the same.
    """
    place = endpoints.slack()
    if urlsplit(url).hostname not in {"hooks.slack.com", *place.allowed_hosts}:
        raise DeliveryRefused("the address for the answer is not Slack's")
    kind = "in_channel" if public else "ephemeral"
    answer = http_client.request(
        "POST",
        url,
        headers={"Content-Type": "application/json"},
        content=_json({"response_type": kind, "replace_original": False, **reply}),
        allowed_hosts=place.allowed_hosts,
    )
    if answer.status == 429 or answer.status >= 500:
        raise TryAgain(f"Slack answered {answer.status}", http_client.wait_of(answer.headers))
    if answer.status != 200:
        raise DeliveryRefused(f"Slack answered {answer.status}")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()


# ---- what Slack sends ---------------------------------------------------------------------------


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


def opened(body: bytes, *, form: bool) -> dict[str, Any]:
    """The event in a body: JSON, or a form's fields, or the JSON in a form's `payload`."""
    if not form:
        return document(body)
    try:
        fields = parse_qs(body.decode(), max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        return {}
    if "payload" in fields:
        return document(fields["payload"][0])
    return {name: values[0] for name, values in fields.items()}


def app_of(payload: Mapping[str, Any]) -> str:
    """The id of the event's app; empty if it names none (as the first handshake does not)."""
    return text_of(payload, "api_app_id")


def challenge_of(payload: Mapping[str, Any]) -> str | None:
    """The challenge that a handshake has to be answered with; None if it is no handshake."""
    return text_of(payload, "challenge") if payload.get("type") == "url_verification" else None


def read(payload: Mapping[str, Any]) -> Incoming | None:
    """What a person did; None for events that do not concern us (bots' messages, edits, joins)."""
    kind = payload.get("type")
    if kind == "event_callback":
        return _message(payload)
    if kind == "block_actions":
        return _press(payload)
    if kind == "view_submission":
        return _submission(payload)
    return _slash(payload) if text_of(payload, "command") else None


def _message(payload: Mapping[str, Any]) -> Incoming | None:
    event = part(payload, "event")
    direct = event.get("type") == "message" and event.get("channel_type") == "im"
    if not direct and event.get("type") != "app_mention":
        return None
    if event.get("bot_id") or event.get("subtype") or not text_of(event, "user"):
        return None
    return Incoming(
        event_id=text_of(payload, "event_id") or _digest(event),
        user_id=text_of(event, "user"),
        chat_id=text_of(event, "channel"),
        private=direct,
        wanted=Intent.COMMAND,
        text=_readable(_MENTION.sub("", text_of(event, "text", MOST_TEXT), count=1)),
        thread=text_of(event, "thread_ts") or (None if direct else text_of(event, "ts")) or None,
    )


def _slash(payload: Mapping[str, Any]) -> Incoming:
    return Incoming(
        event_id=text_of(payload, "trigger_id") or _digest(payload),
        user_id=text_of(payload, "user_id"),
        chat_id=text_of(payload, "channel_id"),
        private=True,  # Slack shows a slash command to nobody else
        wanted=Intent.COMMAND,
        text=_readable(text_of(payload, "text", MOST_TEXT)),
        response_url=text_of(payload, "response_url", 2000) or None,
    )


def _press(payload: Mapping[str, Any]) -> Incoming | None:
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else {}
    pressed = text_of(action, "value") or text_of(part(action, "selected_option"), "value")
    if not pressed:
        return None
    container, channel = part(payload, "container"), part(payload, "channel")
    ts = text_of(container, "message_ts")
    chat = text_of(channel, "id") or text_of(container, "channel_id")
    return Incoming(
        event_id=text_of(payload, "trigger_id") or _digest(payload),
        user_id=text_of(part(payload, "user"), "id"),
        chat_id=chat,
        private=False,
        wanted=Intent.PRESS,
        button=pressed,
        card=f"{chat}:{ts}" if ts else None,
        response_url=text_of(payload, "response_url", 2000) or None,
        trigger_id=text_of(payload, "trigger_id") or None,
    )


def _submission(payload: Mapping[str, Any]) -> Incoming | None:
    view = part(payload, "view")
    written, _, place = text_of(view, "private_metadata", 1000).partition("|")
    chat, _, card = place.partition("|")
    answer = part(view, "state", "values", slack_cards.ANSWER, slack_cards.ANSWER)
    if not written:
        return None
    return Incoming(
        event_id=f"view:{text_of(view, 'id')}:{text_of(view, 'hash')}",
        user_id=text_of(part(payload, "user"), "id"),
        chat_id=chat,
        private=False,
        wanted=Intent.ANSWER,
        text=text_of(answer, "value", MOST_TEXT),
        button=written,
        card=card or None,
    )


def _digest(payload: Mapping[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(_json(payload)).hexdigest()


def _readable(text: str) -> str:
    """The text as it was typed: Slack wraps links and escapes three characters."""
    text = _LINK.sub(lambda found: found[2] or found[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
