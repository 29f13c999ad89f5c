"""The transcript entries of one stage run, as its command reports them.

Standard library only.
"""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from muster.worker.clock import boot_seconds
from muster.worker.masking.masker import Masker
from muster.worker.shim.entries import parse_entry, parse_reply
from muster.worker.shim.token_bucket import TokenBucket
from muster.worker.shim.wire import Refusal

_REPLY_BURST = 100  # replies accepted one after the other
_REPLY_INTERVAL_SECONDS = 30.0  # seconds in which one more is after these
_MAX_RUNNING = 64  # entries that run at once
_MAX_UPDATES = 50  # states of an entry besides its first and its last


class StoredEntry(NamedTuple):
    """An entry's number, its start (milliseconds) and the log's offset of later output."""

    number: int
    at_ms: int
    offset: int


class StoreEntry(Protocol):
    """Stores an entry; in place of `replaced`, if given. `pending` bytes printed before it are
    still to be written. Raises Refusal and OSError."""

    def __call__(
        self, entry: dict[str, Any], pending: int, replaced: StoredEntry | None = None
    ) -> StoredEntry: ...


class _RunningEntry:
    def __init__(self, stored: StoredEntry, entry: dict[str, Any]) -> None:
        self.stored, self.entry = stored, entry
        self.update_count = 0


class StageEntries:
    """Masks entries, bounds them, and knows which of them run."""

    def __init__(
        self, masker: Masker, store: StoreEntry, drain: Callable[[], None], threads: list[int]
    ) -> None:
        """`drain` reads the terminal: an entry is about the later output."""
        self._masker, self._store, self._drain, self._threads = masker, store, drain, threads
        self._reply_bucket = TokenBucket(_REPLY_BURST, _REPLY_INTERVAL_SECONDS)
        self._running: dict[int, _RunningEntry] = {}

    def add(self, raw_entry: Any) -> dict[str, Any]:
        """Store a new entry; return the answer. Raises ValueError, Refusal, OSError."""
        entry = parse_entry(raw_entry, self._masker)
        is_running = entry.get("state") == "running"
        if is_running and len(self._running) >= _MAX_RUNNING:
            raise ValueError("too many entries are running")
        stored = self._store_now(entry)
        if is_running:
            self._running[stored.number] = _RunningEntry(stored, entry)
        return _to_answer(stored)

    def update(self, raw_entry: Any) -> dict[str, Any]:
        """Store the next state of a running entry; return the answer. Raises like `add`."""
        entry = parse_entry(raw_entry, self._masker)
        number, state = raw_entry.get("number"), entry.get("state")
        running = self._running.get(number) if type(number) is int else None
        if running is None or state is None:
            raise ValueError("no such entry is running")
        running.update_count += 1
        if state == "running" and running.update_count > _MAX_UPDATES:
            raise ValueError("too many updates")
        stored = self._store_now(entry, running.stored)
        if state == "running":
            running.stored, running.entry = stored, entry
        else:
            del self._running[number]
        return _to_answer(stored)

    def reply(self, raw_reply: Any) -> dict[str, Any]:
        """Store a reply in a review's thread; return the answer. Raises like `add`."""
        entry = parse_reply(raw_reply, self._threads, self._masker)
        if not self._reply_bucket.try_consume(boot_seconds()):
            raise ValueError("too many replies")
        return _to_answer(self._store_now(entry))

    def is_running(self, number: Any) -> bool:
        """Whether that is the number of a running entry."""
        return type(number) is int and number in self._running

    @property
    def latest_running(self) -> int | None:
        """The number of the latest entry that runs; None if none does."""
        return max(self._running, default=None)

    def stop_running(self) -> None:
        """Mark the entries as stopped whose end nobody will report; as far as the disk allows."""
        for number, running in list(self._running.items()):
            del self._running[number]
            with contextlib.suppress(OSError, Refusal):
                self._store({**running.entry, "state": "stopped"}, 0, running.stored)

    def _store_now(self, entry: dict[str, Any], replaced: StoredEntry | None = None) -> StoredEntry:
        self._drain()
        return self._store(entry, self._masker.pending_bytes, replaced)


def _to_answer(stored: StoredEntry) -> dict[str, Any]:
    return {"ok": stored.offset, "number": stored.number}
