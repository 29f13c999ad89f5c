"""A client of Server-Sent Events that records arrival times."""

import json
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

from app.embedded.ports import LOOPBACK
from bench.errors import NotMeasured

_SECONDS = 30.0

OnEvent = Callable[[Any, float], None]
"""Takes an event's data and its time of arrival (`time.perf_counter`)."""


class EventStream:
    """Reads in a separate thread until it's closed. Raises NotMeasured."""

    def __init__(self, port: int, path: str, headers: dict[str, str], hear: OnEvent) -> None:
        self._connection = HTTPConnection(LOOPBACK, port, timeout=_SECONDS)
        self._connection.request("GET", path, headers=headers)
        self._answer = self._connection.getresponse()
        if self._answer.status != 200:
            raise NotMeasured(f"GET {path} returned {self._answer.status}")
        self._hear, self._begun = hear, threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._begun.wait(_SECONDS):
            raise NotMeasured(f"GET {path} hasn't started")

    def _read(self) -> None:
        try:
            while line := self._answer.readline():
                if line.startswith(b"data: "):
                    came = time.perf_counter()
                    message = json.loads(line.removeprefix(b"data: "))
                    if self._begun.is_set():
                        self._hear(message, came)
                    self._begun.set()
        except (OSError, ValueError, AttributeError):
            """The stream was closed during a read."""

    def close(self) -> None:
        self._connection.close()
