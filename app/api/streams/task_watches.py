"""What wakes the streams of single tasks: changes in the rows, and texts in progress."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

MAX_TEXTS = 200
"""Texts that wait for a slow client; the oldest are dropped."""

_MAX_JOINED_CHARS = 16 << 10  # of parts that wait and become one
_SAME_TEXT = ("attempt", "stageIndex", "run", "entry", "kind")

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


class TaskWatch:
    """One client's: set by the process's hub, read by the client's thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._has_changes = True
        self._texts: deque[dict[str, Any]] = deque(maxlen=MAX_TEXTS)

    def set(self) -> None:
        """The task may have changed."""
        self._has_changes = True
        self._event.set()

    def add_texts(self, texts: list[dict[str, Any]]) -> None:
        with self._lock:
            for text in texts:
                if self._texts and _continues(self._texts[-1], text):
                    last = self._texts.pop()
                    text = {**last, "text": last["text"] + text["text"]}
                self._texts.append(text)
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Wait until there is something to take."""
        self._event.wait(seconds)

    def pop_changes(self) -> tuple[bool, list[dict[str, Any]]]:
        """Return whether the task may have changed, and the texts, since the last call."""
        self._event.clear()  # first: what comes later sets it again
        has_changes, self._has_changes = self._has_changes, False
        with self._lock:
            texts = list(self._texts)
            self._texts.clear()
        return has_changes, texts


def _continues(last: dict[str, Any], text: dict[str, Any]) -> bool:
    """Whether the text is the next part of the last one, which still waits."""
    return (
        all(last.get(name) == text.get(name) for name in _SAME_TEXT)
        and last["offset"] + len(last["text"]) == text["offset"]
        and len(last["text"]) < _MAX_JOINED_CHARS
    )


class TaskWatches:
    """All of a process, by task."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[int, set[TaskWatch]] = {}

    @contextmanager
    def watch(self, task_id: int) -> Iterator[TaskWatch]:
        """Return a watch of the task, until the context ends."""
        watch = TaskWatch()
        with self._lock:
            self._watches.setdefault(task_id, set()).add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[task_id].discard(watch)
                if not self._watches[task_id]:
                    del self._watches[task_id]

    def wake(self, task_id: int) -> None:
        """The task may have changed."""
        for watch in list(self._watches.get(task_id, ())):
            watch.set()

    def wake_all(self) -> None:
        for task_id in list(self._watches):
            self.wake(task_id)

    def publish_texts(self, message: bytes) -> None:
        """Pass on a message of `wakeups.TEXTS_CHANNEL`; most are of tasks that nobody watches."""
        task_id, _, data = message.partition(b" ")
        watches = list(self._watches.get(int(task_id), ())) if task_id.isdigit() else []
        texts = _decode(data) if watches else []
        for watch in watches:
            watch.add_texts(texts)
