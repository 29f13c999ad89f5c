"""Fake Slack and Lark: their APIs on loopback, strict about credentials and shapes, and what they
post to us, signed as they sign it. Each can be told to fail, to be slow, and to say things twice.
"""

import base64
import hashlib
import hmac
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask.testing import FlaskClient

from tests.app.chat.loopback import Asked, Loopback, Reply, serving

_numbers = itertools.count(1)


class _Platform:
    """`posts` are the messages in its chats: id → {chat, …}. `knob` may answer in its place."""

    def __init__(self) -> None:
        self.posts: dict[str, dict[str, Any]] = {}
        self.said: list[dict[str, Any]] = []  # in the order in which it came, edits too
        self.knob: Callable[[Asked], Reply | None] = lambda _: None
        self.server: Loopback

    @contextmanager
    def running(self) -> Iterator[Loopback]:
        with serving(lambda asked: self.knob(asked) or self.answer(asked)) as self.server:
            yield self.server

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def once(self, reply: Reply) -> None:
        """The next request is answered with this."""
        waiting = [reply]
        self.knob = lambda _: waiting.pop() if waiting else None


class Slack(_Platform):
    APP, SECRET, TOKEN = "A0MUSTER", "slack-signing-s3cret", "xoxb-slack-s3cret"

    def answer(self, asked: Asked) -> Reply:
        method = asked.path.rpartition("/")[2]
        if asked.path.startswith("/respond/"):
            self.said.append({"method": "respond", **json.loads(asked.body)})
            return Reply(body=b"ok")
        if asked.headers.get("authorization") != f"Bearer {self.TOKEN}":
            return _json({"ok": False, "error": "invalid_auth"})
        given = json.loads(asked.body)
        if "text" in given:
            assert not ({"<!channel>", "<!here>"} & set(given["text"].split())), given
        self.said.append({"method": method, **given})
        if method == "chat.postMessage":
            ts = f"{next(_numbers)}.000100"
            self.posts[f"{given['channel']}:{ts}"] = given
            return _json({"ok": True, "channel": given["channel"], "ts": ts})
        if method == "chat.update":
            ref = f"{given['channel']}:{given['ts']}"
            if ref not in self.posts:
                return _json({"ok": False, "error": "message_not_found"})
            self.posts[ref] |= given
            return _json({"ok": True, "channel": given["channel"], "ts": given["ts"]})
        if method in ("chat.postEphemeral", "views.open"):
            return _json({"ok": True})
        return _json({"ok": False, "error": "unknown_method"})

    # what it posts

    def signed(self, body: bytes, at: int | None = None, secret: str = SECRET) -> dict[str, str]:
        at = int(time.time()) if at is None else at
        mac = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={mac}"}

    def post(self, client: FlaskClient, path: str, body: bytes, kind: str) -> Any:
        return client.post(
            f"/webhook/slack/{path}", data=body, content_type=kind, headers=self.signed(body)
        )

    def event(self, client: FlaskClient, event: dict[str, Any], event_id: str | None = None) -> Any:
        payload = {
            "type": "event_callback",
            "api_app_id": self.APP,
            "event_id": event_id or f"Ev{next(_numbers)}",
            "event": event,
        }
        return self.post(client, "events", json.dumps(payload).encode(), "application/json")

    def mention(self, client: FlaskClient, user: str, chat: str, text: str, **more: Any) -> Any:
        ts = f"{next(_numbers)}.5"
        event = {"type": "app_mention", "user": user, "channel": chat, "ts": ts}
        return self.event(client, {**event, "text": f"<@U0BOT> {text}"}, **more)

    def direct(self, client: FlaskClient, user: str, text: str, **more: Any) -> Any:
        event = {"type": "message", "channel_type": "im", "user": user, "channel": f"D{user}"}
        return self.event(client, {**event, "ts": f"{next(_numbers)}.5", "text": text}, **more)

    def slash(self, client: FlaskClient, user: str, chat: str, text: str) -> Any:
        fields = {
            "api_app_id": self.APP,
            "command": "/muster",
            "text": text,
            "user_id": user,
            "channel_id": chat,
            "trigger_id": f"t{next(_numbers)}",
            "response_url": f"{self.server.url}/respond/s3cret",
        }
        return self.post(client, "commands", urlencode(fields).encode(), _FORM)

    def press(self, client: FlaskClient, user: str, ref: str, label: str, trigger: str = "") -> Any:
        """The user presses the button with that label, or chooses it from the menu."""
        chat, _, ts = ref.partition(":")
        (action,) = [action for action in _actions(self.posts[ref]) if action[0] == label]
        payload = {
            "type": "block_actions",
            "api_app_id": self.APP,
            "user": {"id": user},
            "channel": {"id": chat},
            "container": {"type": "message", "message_ts": ts, "channel_id": chat},
            "trigger_id": trigger or f"t{next(_numbers)}",
            "response_url": f"{self.server.url}/respond/s3cret",
            "actions": [action[1]],
        }
        return self.interact(client, payload)

    def submit(self, client: FlaskClient, user: str, view: dict[str, Any], text: str) -> Any:
        """The user fills in the dialog that we had opened."""
        state = {"values": {"answer": {"answer": {"type": "plain_text_input", "value": text}}}}
        metadata = view["private_metadata"]
        submitted = {"id": f"V{next(_numbers)}", "private_metadata": metadata, "state": state}
        payload = {"type": "view_submission", "api_app_id": self.APP, "user": {"id": user}}
        return self.interact(client, {**payload, "view": submitted})

    def interact(self, client: FlaskClient, payload: dict[str, Any]) -> Any:
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return self.post(client, "interact", body, _FORM)

    def last(self) -> str:
        """What it was last told to show."""
        return _visible_text(self.said[-1])


class Lark(_Platform):
    APP, SECRET, TOKEN, KEY = (
        "cli_muster",
        "lark-app-s3cret",
        "lark-verif-s3cret",
        "lark-enc-s3cret",
    )

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0  # given out
        self.good: set[str] = set()

    def answer(self, request: Asked) -> Reply:
        fields = json.loads(request.body)
        if request.path == "/open-apis/auth/v3/tenant_access_token/internal":
            if fields != {"app_id": self.APP, "app_secret": self.SECRET}:
                return _json({"code": 10014, "msg": "app secret invalid"})
            self.tokens += 1
            token = f"t-{self.tokens}-s3cret"
            self.good.add(token)
            content = {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": 7200}
            return _json(content)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.good:
            return Reply(400, json.dumps({"code": 99991663, "msg": "token invalid"}).encode())
        card = json.loads(fields["content"])
        self.said.append({"method": request.method, "path": request.path, "card": card, **fields})
        if request.method == "POST":
            kind = "open_id" if fields["receive_id"].startswith("ou_") else "chat_id"
            assert request.path == f"/open-apis/im/v1/messages?receive_id_type={kind}"
            message_id = f"om_{next(_numbers)}"
            self.posts[message_id] = {"chat": fields["receive_id"], "card": card}
            return _json({"code": 0, "msg": "ok", "data": {"message_id": message_id}})
        message_id = request.path.rpartition("/")[2]
        if request.method != "PATCH" or message_id not in self.posts:
            return Reply(400, json.dumps({"code": 230011, "msg": "no such message"}).encode())
        self.posts[message_id]["card"] = card
        return _json({"code": 0, "msg": "ok", "data": {}})

    # what it posts

    def encrypted(self, payload: dict[str, Any]) -> bytes:
        padder = padding.PKCS7(128).padder()
        padded = padder.update(json.dumps(payload).encode()) + padder.finalize()
        iv = os.urandom(16)
        key = hashlib.sha256(self.KEY.encode()).digest()
        encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
        sealed = iv + encryptor.update(padded) + encryptor.finalize()
        return json.dumps({"encrypt": base64.b64encode(sealed).decode()}).encode()

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        at = int(time.time()) if at is None else at
        signature = hashlib.sha256(f"{at}nonce{self.KEY}".encode() + body).hexdigest()
        return {
            "X-Lark-Request-Timestamp": str(at),
            "X-Lark-Request-Nonce": "nonce",
            "X-Lark-Signature": signature,
        }

    def post(self, client: FlaskClient, payload: dict[str, Any], *, plain: bool = False) -> Any:
        body = json.dumps(payload).encode() if plain else self.encrypted(payload)
        headers = {} if plain else self.signed(body)
        kind = "application/json"
        return client.post("/webhook/lark", data=body, content_type=kind, headers=headers)

    def event(
        self, kind: str, event: dict[str, Any], event_id: str | None = None
    ) -> dict[str, Any]:
        header = {
            "event_id": event_id or f"ev{next(_numbers)}",
            "event_type": kind,
            "create_time": str(int(time.time() * 1000)),
            "token": self.TOKEN,
            "app_id": self.APP,
        }
        return {"schema": "2.0", "header": header, "event": event}

    def message(self, user: str, chat: str, text: str, **more: Any) -> dict[str, Any]:
        content = json.dumps({"text": text if "p2p" in chat else f"@_user_1 {text}"})
        message = {
            "message_id": f"om_in{next(_numbers)}",
            "chat_id": chat,
            "chat_type": "p2p" if "p2p" in chat else "group",
            "message_type": "text",
            "content": content,
        }
        sender = {"sender_type": "user", "sender_id": {"open_id": user}}
        return self.event("im.message.receive_v1", {"sender": sender, "message": message}, **more)

    def press(self, user: str, ref: str, label: str, form: dict[str, str] | None = None) -> Any:
        (action,) = [a for a in _lark_actions(self.posts[ref]["card"]) if a[0] == label]
        return self.event(
            "card.action.trigger",
            {
                "operator": {"open_id": user},
                "action": {**action[1], **({"form_value": form} if form else {})},
                "context": {"open_message_id": ref, "open_chat_id": self.posts[ref]["chat"]},
            },
        )

    def last(self) -> str:
        return json.dumps(self.said[-1]["card"], ensure_ascii=False)


_FORM = "application/x-www-form-urlencoded"


def _json(content: dict[str, Any]) -> Reply:
    return Reply(body=json.dumps(content).encode(), headers={"Content-Type": "application/json"})


def _actions(post: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The buttons and options of a post, by what is written on them."""
    for block in post.get("blocks", ()):
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            assert len(json.dumps(element)) < 30_000
            if element["type"] == "button":
                yield element["text"]["text"], {"type": "button", "value": element["value"]}
            for option in element.get("options", ()):
                assert len(option["value"]) <= 150
                chosen = {"type": "static_select", "selected_option": option}
                yield option["text"]["text"], chosen


def _lark_actions(card: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for element in card["elements"]:
        for inner in (*element.get("actions", ()), *element.get("elements", ())):
            if inner["tag"] == "button" and "value" in inner:
                yield inner["text"]["content"], {"tag": "button", "value": inner["value"]}
            for option in inner.get("options", ()):
                chosen = {"tag": "select_static", "option": option["value"]}
                yield option["text"]["content"], chosen


def _visible_text(message: dict[str, Any]) -> str:
    blocks = json.dumps(message.get("blocks") or message.get("view") or "", ensure_ascii=False)
    return f"{message.get('text', '')}\n{blocks}"
