"""Stages that wait at their terminal: their agent asks something there before it works.

An agent's patterns (`Adapter.waiting`) say what it then shows. A thread of its own compares them
with the screens' models, because a model may take seconds to answer.
"""

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import Protocol

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import WaitingTerminal
from muster.worker.shim.spool import SpoolReader

SHOWN_SECONDS = 5.0  # seconds for which the screen must show a pattern
_POLL_SECONDS = 1.0
_FLOOD_BYTES = 256 << 10  # bytes between two checks: whoever prints that much doesn't ask

log = logging.getLogger(__name__)


class ScreenTexts(Protocol):
    """Returns what a screen shows."""

    def text_at(self, key: AttemptKey, offset: int) -> str | None: ...


class _WatchedStage:
    """A running stage. `shown_since`: its screen has shown a pattern since then."""

    def __init__(self, stage: WaitingTerminal, patterns: Iterable[str], directory: Path) -> None:
        self.stage = stage
        self.key = AttemptKey(stage.task_id, stage.attempt)
        self.shown_since: float | None = None
        self._patterns = [re.compile(pattern) for pattern in patterns]
        self._directory = directory
        self._size = -1

    def check(self, screens: ScreenTexts, now: float) -> None:
        """Compare the screen with the patterns, if it may have changed. Raises OSError."""
        before, self._size = self._size, _log_size(self._directory)
        if self._size == before:
            return
        if before >= 0 and self._size - before > _FLOOD_BYTES:
            self.shown_since = None
            return
        text = screens.text_at(self.key, self._size)
        if text is None:
            self._size = before  # the model isn't that far: again the next time
        elif not any(pattern.search(text) for pattern in self._patterns):
            self.shown_since = None
        elif self.shown_since is None:
            self.shown_since = now

    def is_waiting(self, now: float) -> bool:
        return self.shown_since is not None and now - self.shown_since >= SHOWN_SECONDS


class TerminalWaits:
    """Watches stages, and knows which of them wait. Safe to use from any thread."""

    def __init__(self, screens: ScreenTexts, attempt_directory: Callable[[AttemptKey], Path]):
        self._screens = screens
        self._attempt_directory = attempt_directory
        self._changed = threading.Condition()
        self._watched: list[_WatchedStage] = []
        self._waiting: list[WaitingTerminal] = []
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self.on_change: Callable[[], None] = lambda: None  # must not wait

    def current(self) -> list[WaitingTerminal]:
        """Return the stages that wait now."""
        return self._waiting

    @contextlib.contextmanager
    def watch(self, stage: WaitingTerminal, patterns: Iterable[str]) -> Iterator[None]:
        """Watch a stage's screen until the context ends; without patterns there is nothing to
        see."""
        watched = _WatchedStage(
            stage, patterns, self._attempt_directory(AttemptKey(stage.task_id, stage.attempt))
        )
        if patterns:
            self._add(watched)
        try:
            yield
        finally:
            with self._changed:
                if watched in self._watched:
                    self._watched.remove(watched)
            self._update()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _add(self, watched: _WatchedStage) -> None:
        with self._changed:
            self._watched.append(watched)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="terminal-waits", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._is_closed:
            with self._changed:
                self._changed.wait_for(lambda: self._watched or self._is_closed)
                watched = list(self._watched)
            for each in watched:
                with contextlib.suppress(OSError):
                    each.check(self._screens, monotonic())
            self._update()
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed, _POLL_SECONDS)

    def _update(self) -> None:
        with self._changed:
            now = monotonic()
            waiting = [each.stage for each in self._watched if each.is_waiting(now)]
            is_new, self._waiting = waiting != self._waiting, waiting
        if is_new:
            log.info("%d stages wait at their terminals", len(waiting))
            self.on_change()


def _log_size(directory: Path) -> int:
    with contextlib.closing(SpoolReader(directory)) as reader:
        return reader.end_offset()
