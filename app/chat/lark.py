"""Lark (and Feishu): a small client, and what Lark sends to us.

There is an official SDK (lark-oapi), but it brings thousands of generated modules and a client that
cannot be led through the guard; what is needed here is five calls and two hashes.
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

from app.chat import lark_cards, outgoing, places
from app.chat.incoming import Incoming, Intent, document, part, text_of
from app.chat.messages import Address, DeliveryRefused, Message, TryAgain

WINDOW = timedelta(minutes=5)
# Without an encrypt key nothing is signed. Lark repeats an event for some seven hours; an older one
# is not Lark's doing, and a younger one is known by its id.
WINDOW_UNSIGNED = timedelta(hours=24)
_LIMITED = frozenset({11232, 11233, 99991400, 230020})
_TOKEN_GONE = frozenset({99991661, 99991663, 99991664, 99991668, 99991671})
_EARLY = 60.0  # a token is not used in its last seconds
_MENTION = re.compile(r"@_(?:user_\d+|all)\s*")
_ID_KINDS = {"oc_": "chat_id", "ou_": "open_id", "on_": "union_id"}


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> str:
    """The id of the message that was posted. Raises DeliveryRefused, TryAgain."""
    # Lark drops what comes again with the same uuid within an hour.
    uuid = f"muster-{message.delivery_id}" if message.delivery_id else None
    return _post(address, address.chat_id or "", lark_cards.card(message), uuid)


def edit(address: Address, ref: str, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Likewise, in place of what was posted."""
    path = f"open-apis/im/v1/messages/{quote(ref, safe='')}"
    _call(address, "PATCH", path, {"content": _written(lark_cards.card(message))})


def say(address: Address, to: Incoming, text: str, *, public: bool) -> None:
    """An answer to who wrote, where they did; what is not `public` goes to them alone.

    Raises DeliveryRefused, TryAgain.
    """
    alone = not public and not to.private
    _post(address, to.user_id if alone else to.chat_id, lark_cards.note(text), None)


# ---- the open platform --------------------------------------------------------------------------


class _Tokens:
    """Tenant access tokens of this process, each until it is about to expire."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}

    def get(self, address: Address) -> str:
        key = self._key(address)
        with self._lock:
            token, until = self._known.get(key, ("", 0.0))
        if time.monotonic() < until:
            return token
        token, seconds = _new_token(address)
        with self._lock:
            self._known[key] = token, time.monotonic() + seconds - _EARLY
        return token

    def forget(self, address: Address) -> None:
        with self._lock:
            self._known.pop(self._key(address), None)

    @staticmethod
    def _key(address: Address) -> str:
        given = json.dumps([places.lark().url, address.app_id, address.app_secret])
        return hashlib.sha256(given.encode()).hexdigest()


_tokens = _Tokens()


def _new_token(address: Address) -> tuple[str, float]:
    path = "open-apis/auth/v3/tenant_access_token/internal"
    given = {"app_id": address.app_id, "app_secret": address.app_secret}
    said = _judged(*_ask("POST", path, given, {}))
    token, seconds = said.get("tenant_access_token"), said.get("expire")
    if not isinstance(token, str) or not isinstance(seconds, int | float):
        raise TryAgain("Lark gave no token")
    return token, float(seconds)


def _post(address: Address, chat_id: str, card: dict[str, Any], uuid: str | None) -> str:
    kind = "email" if "@" in chat_id else _ID_KINDS.get(chat_id[:3], "user_id")
    given = {"receive_id": chat_id, "msg_type": "interactive", "content": _written(card)}
    if uuid:
        given["uuid"] = uuid
    said = _call(address, "POST", f"open-apis/im/v1/messages?receive_id_type={kind}", given)
    return text_of(part(said, "data"), "message_id")


def _written(card: dict[str, Any]) -> str:
    """Its limit counts bytes, and an escaped letter has twice as many as most that are not."""
    return json.dumps(card, ensure_ascii=False)


def _call(address: Address, method: str, path: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What Lark says to it; with a token of today, should the one that is known have ended."""
    for is_last in (False, True):
        headers = {"Authorization": f"Bearer {_tokens.get(address)}"}
        answer, said = _ask(method, path, given, headers)
        if said.get("code") not in _TOKEN_GONE or is_last:
            break
        _tokens.forget(address)
    return _judged(answer, said)


def _ask(
    method: str, path: str, given: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[outgoing.Response, dict[str, Any]]:
    place = places.lark()
    answer = outgoing.request(
        method,
        place.url + path,
        headers={"Content-Type": "application/json; charset=utf-8", **headers},
        content=json.dumps(given).encode(),
        allowed_hosts=place.allowed_hosts,
    )
    return answer, document(answer.body)


def _judged(answer: outgoing.Response, said: dict[str, Any]) -> dict[str, Any]:
    """Raises DeliveryRefused, TryAgain, in Lark's words."""
    code = said.get("code")
    if answer.status == 200 and code == 0:
        return said
    words = f"Lark: {code} {text_of(said, 'msg', 200)}" if said else f"Lark: {answer.status}"
    if answer.status == 429 or answer.status >= 500 or code in _LIMITED or not said:
        raise TryAgain(words, _wait_of(answer))
    raise DeliveryRefused(words)


def _wait_of(answer: outgoing.Response) -> float | None:
    reset = answer.headers.get("x-ogw-ratelimit-reset", "")
    after = outgoing.wait_of(answer.headers)
    return float(reset) if after is None and reset.isdecimal() and len(reset) < 6 else after


# ---- what Lark sends ----------------------------------------------------------------------------


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


def opened(body: bytes, encrypt_key: str | None) -> dict[str, Any]:
    """The object in a body, decrypted where there is a key; empty for what it does not open.

    With a key nothing is read that is not encrypted.
    """
    said = document(body)
    if encrypt_key is None:
        return {} if "encrypt" in said else said
    sealed = said.get("encrypt")
    return document(_decrypted(sealed, encrypt_key)) if isinstance(sealed, str) else {}


def _decrypted(sealed: str, encrypt_key: str) -> bytes:
    """AES-256-CBC under the key's SHA-256, the first block being the IV. Empty where it is not."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        key = hashlib.sha256(encrypt_key.encode()).digest()
        decryptor = Cipher(algorithms.AES256(key), modes.CBC(raw[:16])).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        padded = decryptor.update(raw[16:]) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except (binascii.Error, ValueError):
        return b""


def is_told(said: Mapping[str, Any], verification_token: str) -> bool:
    """Whether the app's verification token is in it."""
    token = text_of(said, "token") or text_of(part(said, "header"), "token")
    return bool(token) and hmac.compare_digest(token.encode(), verification_token.encode())


def app_of(said: Mapping[str, Any]) -> str:
    """Which app it is for; empty where it does not say (as the first handshake does not)."""
    return text_of(part(said, "header"), "app_id")


def challenge_of(said: Mapping[str, Any]) -> str | None:
    """What to answer to the handshake; None if it is none."""
    return text_of(said, "challenge") if said.get("type") == "url_verification" else None


def is_recent(said: Mapping[str, Any], now: datetime) -> bool:
    """Whether it happened within what Lark's repetitions take."""
    created = text_of(part(said, "header"), "create_time")
    if not (created.isascii() and created.isdecimal() and len(created) < 16):
        return False
    return abs(now.timestamp() - int(created) / 1000) <= WINDOW_UNSIGNED.total_seconds()


def read(said: Mapping[str, Any]) -> Incoming | None:
    """What somebody did; None for what is nothing to us."""
    kind, event_id = (text_of(part(said, "header"), name) for name in ("event_type", "event_id"))
    if not event_id:
        return None
    if kind == "im.message.receive_v1":
        return _message(event_id, part(said, "event"))
    if kind == "card.action.trigger":
        return _press(event_id, part(said, "event"))
    return None


def _message(event_id: str, event: Mapping[str, Any]) -> Incoming | None:
    message, sender = part(event, "message"), part(event, "sender")
    content = document(text_of(message, "content", 200_000))
    if text_of(sender, "sender_type") != "user" or text_of(message, "message_type") != "text":
        return None
    return Incoming(
        event_id=event_id,
        user_id=text_of(part(sender, "sender_id"), "open_id"),
        chat_id=text_of(message, "chat_id"),
        private=text_of(message, "chat_type") == "p2p",
        wanted=Intent.COMMAND,
        text=_MENTION.sub("", text_of(content, "text", 40_000), count=1).strip(),
    )


def _press(event_id: str, event: Mapping[str, Any]) -> Incoming | None:
    action, context = part(event, "action"), part(event, "context")
    pressed = text_of(action, "option") or text_of(part(action, "value"), lark_cards.BUTTON)
    if not pressed:
        return None
    answer = text_of(part(action, "form_value"), lark_cards.ANSWER, 40_000)
    return Incoming(
        event_id=event_id,
        user_id=text_of(part(event, "operator"), "open_id"),
        chat_id=text_of(context, "open_chat_id"),
        private=False,
        wanted=Intent.ANSWER if answer else Intent.PRESS,
        text=answer,
        button=pressed,
        card=text_of(context, "open_message_id") or None,
    )
