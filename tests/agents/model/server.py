"""The model server: vendors' protocols over HTTP, played by scripts. In threads of this process."""

from __future__ import annotations

import itertools
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.agents.model.anthropic import Anthropic
from tests.agents.model.chat import Chat
from tests.agents.model.gemini import Gemini
from tests.agents.model.play import Play
from tests.agents.model.responses import Responses
from tests.agents.model.script import Refusal, Seen, Step, Turn
from tests.agents.model.tools import NotOfferedError
from tests.agents.model.wire import Asked, Json, MalformedError, Refused, Vendor

VENDORS: tuple[Vendor, ...] = (Anthropic(), Responses(), Chat(), Gemini())
WORDS = {
    "unauthorized": "invalid api key",
    "rate_limited": "Number of requests has exceeded your rate limit.",
    "quota": "You have reached your usage limit.",
    "overloaded": "Overloaded",
    "broken": "Internal server error",
}


class Model:
    """`with Model() as model: play = model.play(turn(…), turn(…))`; each play has a key of its own,
    and who comes with another key is refused."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.plays: dict[str, Play] = {}
        self.strangers: list[Seen] = []  # requests with a key of nobody's
        self.strays: list[str] = []  # methods and paths that no protocol has
        self.ending = threading.Event()
        self._keys = itertools.count(1)
        self._server = _Server((host, 0), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def play(self, *steps: Step) -> Play:
        key = f"sk-play-{next(self._keys):04}"
        self.plays[key] = Play(key, steps)
        return self.plays[key]

    @property
    def problems(self) -> list[str]:
        return [problem for play in self.plays.values() for problem in play.problems]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # one that hangs for good is to hold nobody up

    def __init__(self, address: tuple[str, int], model: Model) -> None:
        super().__init__(address, _Handler)
        self.model = model

    def handle_error(self, request: Any, address: Any) -> None:
        """Who goes away in the middle is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was asked is in the plays."""

    def do_GET(self) -> None:
        self._stray()

    def do_HEAD(self) -> None:
        self._stray()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        vendor = next((vendor for vendor in VENDORS if vendor.speaks(self.path)), None)
        if vendor is None:
            self._stray()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        seen = Seen(vendor.name, self.path, headers, body, "refused")
        play = self.server.model.plays.get(vendor.key(headers))
        if play is None:
            self.server.model.strangers.append(seen)
            self._refuse(vendor, Refusal("unauthorized"))
            return
        play.seen.append(seen)
        try:
            self._play(vendor, play, seen)
        except (MalformedError, NotOfferedError) as problem:
            play.problems.append(f"{self.path}: {problem}")
            self._refuse(vendor, Refusal("malformed"), str(problem))

    def _play(self, vendor: Vendor, play: Play, seen: Seen) -> None:
        asked = vendor.read(seen.path, seen.headers, seen.body)
        seen.kind, seen.model = asked.kind, asked.model
        seen.text, seen.results = asked.text, dict(asked.results)
        if asked.counts_only:
            count = len(json.dumps(seen.body)) // 4
            self._json(200, {}, {"input_tokens": count, "totalTokens": count})
            return
        step = play.step(asked)
        if isinstance(step, Refusal):
            self._refuse(vendor, step)
            return
        while step.after and not (step.after.wait(0.1) or self.server.model.ending.is_set()):
            pass
        answer = play.answer(asked, step)
        if asked.stream:
            self._stream(step, play, asked, vendor.events(asked, answer))
        else:
            self._once(step, play, asked, vendor.whole(asked, answer))

    def _once(self, turn: Turn, play: Play, asked: Asked, whole: Json) -> None:
        if turn.problem == "hang":
            self._hang()
        elif turn.problem == "cut":
            self._cut()
        else:
            play.bill(asked.model, turn.usage)
            self._json(200, {}, whole)

    def _stream(self, turn: Turn, play: Play, asked: Asked, events: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        blocks = list(events)
        for at, block in enumerate(blocks):
            if turn.problem and at == min(turn.events, len(blocks) - 1):
                self._hang() if turn.problem == "hang" else self._cut()
                return
            if at == len(blocks) - 1:
                play.bill(asked.model, turn.usage)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            if turn.pace and self.server.model.ending.wait(turn.pace):
                return
        self.wfile.write(b"0\r\n\r\n")

    def _hang(self) -> None:
        """Until the other side has gone, or the server ends."""
        while not self.server.model.ending.is_set():
            if select.select([self.connection], [], [], 0.1)[0]:
                break
        self.close_connection = True

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _refuse(self, vendor: Vendor, refusal: Refusal, words: str = "") -> None:
        message = words or WORDS[refusal.kind]
        refused: Refused = vendor.refused(refusal, message, time.time())
        self._json(refused.status, refused.headers, refused.body)

    def _stray(self) -> None:
        self.server.model.strays.append(f"{self.command} {self.path}")
        self._json(404, {}, {"error": {"type": "not_found_error", "message": self.path}})

    def _json(self, status: int, headers: dict[str, str], body: Json) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)
