"""What wakes the streams of single tasks: changes in the rows, and texts in progress."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

MAX_TEXTS = 200
"""Texts that wait for a slow client; the oldest are dropped."""

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


class TaskWatch:
    """One client's: set by the process's hub, read by the client's thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._has_changes = True
        self._texts: deque[dict[str, Any]] = deque(maxlen=MAX_TEXTS)

    def set(self) -> None:
        """The task may have changed."""
        self._has_changes = True
        self._event.set()

    def add_texts(self, texts: list[dict[str, Any]]) -> None:
        self._texts.extend(texts)
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Wait until there is something to take."""
        self._event.wait(seconds)

    def pop_changes(self) -> tuple[bool, list[dict[str, Any]]]:
        """Return whether the task may have changed, and the texts, since the last call."""
        self._event.clear()  # first: what comes later sets it again
        has_changes, self._has_changes = self._has_changes, False
        texts = [self._texts.popleft() for _ in range(len(self._texts))]
        return has_changes, texts


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
