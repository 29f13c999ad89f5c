"""Send entries to the shim: those of actions that take time when they start, and again later."""

from __future__ import annotations

from muster.worker.agents.runner.channel import RequestRefused

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.channel import Channel
    from muster.worker.agents.runner.entries import Update

    Draw = Callable[[int], str]

DRAW_DELAY_SECONDS = 1.0
"""Seconds until the terminal names a running action: a faster one only has its complete block."""


class RunningEntries:
    """The actions that run, by their key."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._sent: dict[str, tuple[int, dict[str, Any]]] = {}  # number and latest state
        self._undrawn: dict[str, tuple[float, Draw]] = {}  # when to draw them
        self._drawn: set[str] = set()
        self._is_supported = True  # by the shim, which may be of an earlier release

    def send(self, update: Update, now: float) -> None:
        """Send the update's entry: a new one, or the next state of a sent one."""
        entry, key = update.entry, update.key
        if entry is None:
            return
        if key is None:
            self._channel.send("entry", entry)
        elif update.is_running:
            self._send_running(key, entry)
            if update.draw is not None and key not in self._drawn:
                due, _ = self._undrawn.get(key, (now + DRAW_DELAY_SECONDS, None))
                self._undrawn[key] = (due, update.draw)
        else:
            self._undrawn.pop(key, None)
            self._drawn.discard(key)
            self._finish(key, entry)

    def find_number(self, key: str | None) -> int | None:
        """Return the number of the running entry with that key; None if there is none."""
        sent = None if key is None else self._sent.get(key)
        return None if sent is None else sent[0]

    @property
    def draws_at(self) -> float | None:
        """When `pop_undrawn` next returns something; None: nothing runs undrawn."""
        return min((due for due, _ in self._undrawn.values()), default=None)

    def pop_undrawn(self, now: float) -> list[Draw]:
        """Return the drawings that are due: of actions that have been running for some time."""
        keys = [key for key, (due, _) in self._undrawn.items() if due <= now]
        self._drawn.update(keys)
        return [self._undrawn.pop(key)[1] for key in keys]

    def _send_running(self, key: str, entry: dict[str, Any]) -> None:
        sent = self._sent.get(key)
        if sent is None:
            if self._is_supported and (number := self._send_new(entry)) is not None:
                self._sent[key] = (number, entry)
        elif sent[1] != entry:
            self._channel.send("update", {**entry, "number": sent[0]})
            self._sent[key] = (sent[0], entry)

    def _send_new(self, entry: dict[str, Any]) -> int | None:
        try:
            answer = self._channel.exchange("entry", entry)
        except RequestRefused:
            return None
        number = answer.get("number")
        self._is_supported = isinstance(number, int)
        return number if self._is_supported else None

    def _finish(self, key: str, entry: dict[str, Any]) -> None:
        number, _ = self._sent.pop(key, (None, entry))
        if number is None or self._channel.send("update", {**entry, "number": number}) is None:
            self._channel.send("entry", entry)
