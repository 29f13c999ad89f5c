"""A person's way to the API of a chaos run, which may not answer."""

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

from app.embedded.ports import LOOPBACK
from muster.worker.clock import boot_seconds

TASKS = "/api/web/tasks"
TIMEOUT_SECONDS = 8.0  # seconds for an answer


class Reply(NamedTuple):
    """No `status`: none came."""

    status: int | None
    body: Any
    began: float
    ended: float

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Client:
    """One person's way to the API."""

    def __init__(self, name: str, token: str, port: int) -> None:
        self.name = name
        self._port = port
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
    ) -> Reply:
        """`key` is for what may be asked again, and is to be done once."""
        once = {"Idempotency-Key": key} if key else {}
        began = boot_seconds()
        connection = HTTPConnection(LOOPBACK, self._port, timeout=TIMEOUT_SECONDS)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, self._headers | once)
            answer = connection.getresponse()
            return Reply(answer.status, json.loads(answer.read()), began, boot_seconds())
        except (OSError, HTTPException, ValueError):
            return Reply(None, None, began, boot_seconds())
        finally:
            connection.close()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
