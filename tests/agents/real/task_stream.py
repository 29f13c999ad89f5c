"""A task's stream, read as a browser does, with the time at which each message came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tests.flows.running_stack import FollowedTask

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Message:
    event: str
    data: Any
    at: float


class TaskStream:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._has_more = threading.Condition()

    def feed(self, lines: Iterator[str]) -> None:
        event = ""
        for line in lines:
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                with self._has_more:
                    self.messages.append(Message(event, json.loads(value), time.time()))
                    self._has_more.notify_all()

    def wait_for(self, is_wanted: Callable[[Message], bool]) -> Message:
        with self._has_more:
            assert self._has_more.wait_for(
                lambda: any(map(is_wanted, self.messages)), PATIENCE_SECONDS
            ), self.messages
            return next(filter(is_wanted, self.messages))

    def wait_for_entry(self, **wanted: object) -> tuple[dict[str, Any], float]:
        """The first such entry, and when it came."""

        def find(message: Message) -> dict[str, Any] | None:
            entries = message.data if message.event == "transcript" else []
            return next((e for e in entries if wanted.items() <= e.items()), None)

        found = self.wait_for(lambda message: find(message) is not None)
        entry = find(found)
        assert entry is not None
        return entry, found.at

    def texts(self, kind: str) -> list[Message]:
        parts = [each for each in self.messages if each.event == "text"]
        return [each for each in parts if each.data["kind"] == kind]


@contextmanager
def read_stream(task: FollowedTask) -> Iterator[TaskStream]:
    """From the task's beginning on, until the context ends."""
    api = task.running.api
    headers = {"Authorization": f"Bearer {api.token}", "Last-Event-ID": "0:"}
    url = f"{task.running.stack.url}{task.path}/stream"
    stream = TaskStream()
    with httpx.stream("GET", url, headers=headers, timeout=PATIENCE_SECONDS) as response:
        assert response.status_code == 200
        threading.Thread(target=_read, args=(stream, response), daemon=True).start()
        yield stream


def _read(stream: TaskStream, response: httpx.Response) -> None:
    with suppress(httpx.HTTPError):
        stream.feed(response.iter_lines())
