"""Lark (and Feishu): a small client, and the events that Lark sends to us.

Lark's SDK (lark-oapi) has thousands of generated modules, and a client that can't use
`http_client`. Only five calls and two hashes are needed.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.chat import endpoints, http_client, lark_cards
from app.chat.incoming_events import IncomingEvent, Intent, get_object, get_text, parse_object
from app.chat.messages import Address, DeliveryRefused, Message, RetryLater

WINDOW = timedelta(minutes=5)
# Without an encrypt key, events aren't signed. Lark repeats an event for some seven hours: an older
# one is a replay, and a younger one's ID is still stored.
WINDOW_UNSIGNED = timedelta(hours=24)
_RATE_LIMIT_CODES = frozenset({11232, 11233, 99991400, 230020})
_TOKEN_EXPIRED_CODES = frozenset({99991661, 99991663, 99991664, 99991668, 99991671})
_RENEW_EARLY_SECONDS = 60.0  # seconds before its expiry in which a token is no longer used
_MENTION = re.compile(r"@_(?:user_\d+|all)\s*")
_ID_KINDS = {"oc_": "chat_id", "ou_": "open_id", "on_": "union_id"}


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> str:
    """Post the message and return Lark's ID of it. Raises DeliveryRefused, RetryLater."""
    # Lark drops a message with the uuid of another within the last hour.
    uuid = f"muster-{message.delivery_id}" if message.delivery_id else None
    return _post(address, address.chat_id or "", lark_cards.card(message), uuid)


def edit(address: Address, ref: str, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Replace the posted message `ref`. Raises DeliveryRefused, RetryLater."""
    path = f"open-apis/im/v1/messages/{quote(ref, safe='')}"
    _call(address, "PATCH", path, {"content": _encode_card(lark_cards.card(message))})


def send_text(address: Address, text: str) -> None:
    """Post the text in the address's chat. Raises DeliveryRefused, RetryLater."""
    _post(address, address.chat_id or "", lark_cards.text_card(text), None)


def reply(address: Address, to: IncomingEvent, text: str, *, public: bool) -> None:
    """Reply in the chat or, if the reply isn't `public`, only to the person.

    Raises DeliveryRefused, RetryLater.
    """
    alone = not public and not to.private
    _post(address, to.user_id if alone else to.chat_id, lark_cards.text_card(text), None)


# ---- the open platform --------------------------------------------------------------------------


class _TokenCache:
    """This process's cache of tenant access tokens, each kept until shortly before it expires."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cached: dict[str, tuple[str, float]] = {}

    def get(self, address: Address) -> str:
        key = self._key(address)
        with self._lock:
            token, until = self._cached.get(key, ("", 0.0))
        if time.monotonic() < until:
            return token
        token, seconds = _fetch_token(address)
        with self._lock:
            self._cached[key] = token, time.monotonic() + seconds - _RENEW_EARLY_SECONDS
        return token

    def discard(self, address: Address) -> None:
        with self._lock:
            self._cached.pop(self._key(address), None)

    @staticmethod
    def _key(address: Address) -> str:
        given = json.dumps([endpoints.lark().url, address.app_id, address.app_secret])
        return hashlib.sha256(given.encode()).hexdigest()


_tokens = _TokenCache()


def _fetch_token(address: Address) -> tuple[str, float]:
    path = "open-apis/auth/v3/tenant_access_token/internal"
    given = {"app_id": address.app_id, "app_secret": address.app_secret}
    answer = _check_response(*_send_request("POST", path, given, {}))
    token, seconds = answer.get("tenant_access_token"), answer.get("expire")
    if not isinstance(token, str) or not isinstance(seconds, int | float):
        raise RetryLater("Lark returned no token")
    return token, float(seconds)


def _post(address: Address, chat_id: str, card: dict[str, Any], uuid: str | None) -> str:
    kind = "email" if "@" in chat_id else _ID_KINDS.get(chat_id[:3], "user_id")
    given = {"receive_id": chat_id, "msg_type": "interactive", "content": _encode_card(card)}
    if uuid:
        given["uuid"] = uuid
    answer = _call(address, "POST", f"open-apis/im/v1/messages?receive_id_type={kind}", given)
    return get_text(get_object(answer, "data"), "message_id")


def _encode_card(card: dict[str, Any]) -> str:
    """Return the card as JSON, unescaped.

    Lark limits its bytes, and most characters would take twice as many if they were escaped.
    """
    return json.dumps(card, ensure_ascii=False)


def _call(address: Address, method: str, path: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return Lark's response to a call, which is repeated with a new token if the cached one has
    expired.

    Raises DeliveryRefused, RetryLater.
    """
    for is_last in (False, True):
        headers = {"Authorization": f"Bearer {_tokens.get(address)}"}
        response, answer = _send_request(method, path, given, headers)
        if answer.get("code") not in _TOKEN_EXPIRED_CODES or is_last:
            break
        _tokens.discard(address)
    return _check_response(response, answer)


def _send_request(
    method: str, path: str, given: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[http_client.Response, dict[str, Any]]:
    place = endpoints.lark()
    response = http_client.request(
        method,
        place.url + path,
        headers={"Content-Type": "application/json; charset=utf-8", **headers},
        content=json.dumps(given).encode(),
        allowed_hosts=place.allowed_hosts,
    )
    return response, parse_object(response.body)


def _check_response(response: http_client.Response, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the response of a successful call. Raises DeliveryRefused or RetryLater with Lark's
    message.
    """
    code = answer.get("code")
    if response.status == 200 and code == 0:
        return answer
    words = f"Lark: {code} {get_text(answer, 'msg', 200)}" if answer else f"Lark: {response.status}"
    if response.status == 429 or response.status >= 500 or code in _RATE_LIMIT_CODES or not answer:
        raise RetryLater(words, _retry_after(response))
    raise DeliveryRefused(words)


def _retry_after(response: http_client.Response) -> float | None:
    reset = response.headers.get("x-ogw-ratelimit-reset", "")
    after = http_client.retry_after(response.headers)
    return float(reset) if after is None and reset.isdecimal() and len(reset) < 6 else after


# ---- events from Lark ---------------------------------------------------------------------------


def is_signed(encrypt_key: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether Lark signed this body with the app's encrypt key, within the last five minutes."""
    timestamp = headers.get("X-Lark-Request-Timestamp", "")
    nonce = headers.get("X-Lark-Request-Nonce", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        return False
    signed = (timestamp + nonce + encrypt_key).encode(errors="replace") + body
    signature = headers.get("X-Lark-Signature", "").encode(errors="replace")
    return hmac.compare_digest(hashlib.sha256(signed).hexdigest().encode(), signature)


def decode_event(body: bytes, encrypt_key: str | None) -> dict[str, Any]:
    """Return the event in a body, decrypted if there is a key; empty if that isn't possible.

    With a key, an unencrypted body isn't read.
    """
    event = parse_object(body)
    if encrypt_key is None:
        return {} if "encrypt" in event else event
    sealed = event.get("encrypt")
    return parse_object(_decrypt(sealed, encrypt_key)) if isinstance(sealed, str) else {}


def _decrypt(sealed: str, encrypt_key: str) -> bytes:
    """Return the plain text of AES-256-CBC under the key's SHA-256, with the IV as the first
    block; empty for anything else.
    """
    try:
        raw = base64.b64decode(sealed, validate=True)
        key = hashlib.sha256(encrypt_key.encode()).digest()
        decryptor = Cipher(algorithms.AES256(key), modes.CBC(raw[:16])).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        padded = decryptor.update(raw[16:]) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except (binascii.Error, ValueError):
        return b""


def has_valid_token(payload: Mapping[str, Any], verification_token: str) -> bool:
    """Whether the event contains the app's verification token."""
    token = get_text(payload, "token") or get_text(get_object(payload, "header"), "token")
    return bool(token) and hmac.compare_digest(token.encode(), verification_token.encode())


def get_app_id(payload: Mapping[str, Any]) -> str:
    """Return the event's app ID; empty if it has none (like the first handshake)."""
    return get_text(get_object(payload, "header"), "app_id")


def get_challenge(payload: Mapping[str, Any]) -> str | None:
    """Return the challenge to answer a handshake with; None if it isn't a handshake."""
    return get_text(payload, "challenge") if payload.get("type") == "url_verification" else None


def is_recent(payload: Mapping[str, Any], now: datetime) -> bool:
    """Whether the event is younger than `WINDOW_UNSIGNED`."""
    created = get_text(get_object(payload, "header"), "create_time")
    if not (created.isascii() and created.isdecimal() and len(created) < 16):
        return False
    return abs(now.timestamp() - int(created) / 1000) <= WINDOW_UNSIGNED.total_seconds()


def parse_event(payload: Mapping[str, Any]) -> IncomingEvent | None:
    """Return the person's action; None for events that don't concern us."""
    kind, event_id = (
        get_text(get_object(payload, "header"), name) for name in ("event_type", "event_id")
    )
    if not event_id:
        return None
    if kind == "im.message.receive_v1":
        return _parse_message(event_id, get_object(payload, "event"))
    if kind == "card.action.trigger":
        return _parse_press(event_id, get_object(payload, "event"))
    return None


def _parse_message(event_id: str, event: Mapping[str, Any]) -> IncomingEvent | None:
    message, sender = get_object(event, "message"), get_object(event, "sender")
    content = parse_object(get_text(message, "content", 200_000))
    if get_text(sender, "sender_type") != "user" or get_text(message, "message_type") != "text":
        return None
    return IncomingEvent(
        event_id=event_id,
        user_id=get_text(get_object(sender, "sender_id"), "open_id"),
        chat_id=get_text(message, "chat_id"),
        private=get_text(message, "chat_type") == "p2p",
        intent=Intent.COMMAND,
        text=_MENTION.sub("", get_text(content, "text", 40_000), count=1).strip(),
    )


def _parse_press(event_id: str, event: Mapping[str, Any]) -> IncomingEvent | None:
    action, context = get_object(event, "action"), get_object(event, "context")
    pressed = get_text(action, "option") or get_text(get_object(action, "value"), lark_cards.BUTTON)
    if not pressed:
        return None
    answer = get_text(get_object(action, "form_value"), lark_cards.ANSWER, 40_000)
    return IncomingEvent(
        event_id=event_id,
        user_id=get_text(get_object(event, "operator"), "open_id"),
        chat_id=get_text(context, "open_chat_id"),
        private=False,
        intent=Intent.ANSWER if answer else Intent.PRESS,
        text=answer,
        button=pressed,
        card=get_text(context, "open_message_id") or None,
    )
