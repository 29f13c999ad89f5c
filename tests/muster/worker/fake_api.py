"""A FAKE of the worker API: credentials are given, renewed and recovered."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any


class FakeApi:
    """Knobs: `jwt`/`secret` (the accepted ones), `life` (of a token), `refuse` (responses), `lose`
    (how many responses get lost after the request was carried out), `files` (to download, by path).
    """

    def __init__(self) -> None:
        self.jwt = "jwt-1"
        self.secret = "secret-1"
        self.life = timedelta(hours=24)
        self.refuse: list[int] = []
        self.lose = 0
        self.files: dict[str, bytes] = {"/readyz": b"{}"}
        self.downloads: list[tuple[str, str | None]] = []  # paths and bearers
        self.changed = threading.Condition()
        self.requests: list[tuple[str, dict[str, Any], str | None]] = []
        self._renewed: set[str] = set()  # JWTs that live on beside their successors
        self._former_secret: str | None = None  # accepted until a machine connects

    def answer(self, path: str, body: dict[str, Any], bearer: str | None) -> tuple[int, Any]:
        with self.changed:
            self.requests.append((path, body, bearer))
            self.changed.notify_all()
            if self.refuse:
                status = self.refuse.pop(0)
                return status, {"code": "refused", "detail": f"not now ({status})"}
            return self._issue_token(path, body, bearer)

    def _is_valid(self, jwt: str | None) -> bool:
        return jwt in {self.jwt, *self._renewed}

    def _issue_token(self, path: str, body: dict[str, Any], bearer: str | None) -> tuple[int, Any]:
        expires = (datetime.now(UTC) + self.life).isoformat()
        if path.endswith("/refresh-token"):
            if not self._is_valid(bearer):
                return 401, {"code": "unauthenticated", "detail": "who are you?"}
            self._renewed.add(self.jwt)
            self.jwt += "+"
            return 200, {"workerJwt": self.jwt, "expiresAt": expires}
        if path.endswith("/uninstalled"):
            return (200, {}) if self._is_valid(bearer) else (401, {"code": "unauthenticated"})
        if path.endswith("/recover"):
            if body["recoverySecret"] == self.secret:
                self._former_secret = self.secret
            elif body["recoverySecret"] != self._former_secret:
                return 401, {"code": "unauthenticated", "detail": "no such secret"}
            self.secret += "+"
        self._renewed.clear()
        self.jwt += "+"
        given = {"workerJwt": self.jwt, "expiresAt": expires, "recoverySecret": self.secret}
        return 201, {**given, "machine": {"id": body["machineId"]}}

    def _requests(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Request(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                bearer = (self.headers["Authorization"] or "").removeprefix("Bearer ") or None
                status, answer = fake.answer(self.path, body, bearer)
                content = json.dumps(answer).encode()
                if fake.lose:
                    fake.lose -= 1
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                bearer = (self.headers["Authorization"] or "").removeprefix("Bearer ") or None
                fake.downloads.append((self.path, bearer))
                content = fake.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        return Request
