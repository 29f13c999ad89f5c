"""Texts in progress on their way to the server: never waited for, and dropped if they pile up."""

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import TextDelta

MAX_WAITING = 200
"""Parts that wait while the connection is slow; the oldest are dropped."""


class TextQueue:
    """For any threads. `wake` is called when there is something to send."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: deque[TextDelta] = deque(maxlen=MAX_WAITING)

    def offer(self, key: AttemptKey, delta: dict[str, Any]) -> None:
        """Queue a part that an attempt's shim has sent; drop it if that is of another release."""
        try:
            frame = _to_frame(key, delta)
        except (LookupError, TypeError, msgspec.ValidationError):
            return
        self._waiting.append(frame)
        self._wake()

    def pop(self) -> TextDelta | None:
        """Return the next part; None if there is none."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def clear(self) -> None:
        """Drop everything: it is old."""
        self._waiting.clear()


def _to_frame(key: AttemptKey, delta: dict[str, Any]) -> TextDelta:
    fields = {
        "type": "text-delta",
        "taskId": key.task_id,
        "attempt": key.attempt,
        "stageIndex": delta["stage"],
        "run": delta["run"],
        "entry": delta["entry"],
        "kind": delta["kind"],
        "offset": delta["offset"],
        "text": delta["text"],
    }
    return msgspec.convert(fields, TextDelta)
