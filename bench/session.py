"""A developer's persistent connection to the API, so that handshakes aren't timed."""

import json
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from app.embedded.ports import LOOPBACK
from bench.errors import NotMeasured

_TIMEOUT = 60.0
# The server closes connections that are idle for 5 s.
_STALE = 3.0


class Session:
    """Every call raises NotMeasured if the server returns an error or doesn't respond."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT)
        self._headers = {"Content-Type": "application/json"}
        self.access_token = ""
        self._used = 0.0

    def login(self, name: str, password: str) -> None:
        pair = self.post("/api/auth/login", {"username": name, "password": password})
        self.access_token = str(pair["accessToken"])
        self._headers["Authorization"] = f"Bearer {self.access_token}"

    def get(self, path: str) -> Any:
        return json.loads(self._checked("GET", path))

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        return json.loads(self._checked("POST", path, json.dumps(body).encode()))

    def read(self, path: str) -> bytes:
        """Return the complete body."""
        return self._checked("GET", path)

    def size(self, path: str) -> int:
        """Return the size at `path`, by reading only the last byte."""
        answer, _ = self._ask("GET", path, None, {"Range": "bytes=-1"})
        return int((answer.getheader("Content-Range") or "0").rpartition("/")[2])

    def close(self) -> None:
        self._connection.close()

    def _checked(self, method: str, path: str, body: bytes | None = None) -> bytes:
        answer, content = self._ask(method, path, body, {})
        if answer.status >= 400:
            words = content[:500].decode(errors="replace")
            raise NotMeasured(f"{method} {path} returned {answer.status}: {words}")
        return content

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[HTTPResponse, bytes]:
        if time.monotonic() - self._used > _STALE:
            self._connection.close()  # the next request reopens it
        try:
            self._connection.request(method, path, body, {**self._headers, **headers})
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            raise NotMeasured(f"{method} {path} got no response: {error!r}") from error
        self._used = time.monotonic()
        return answer, content
