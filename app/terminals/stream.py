"""An attempt's output in a process: entries of a Redis stream, the newest in memory.

An entry's ID is (offset after its last byte, 0), so Redis itself drops duplicates; notes have the
ID of the bytes before them and a number.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from app.terminals.frames import AnyNote, ScreenStored, decode_note

RING_BYTES = 256 * 1024

EntryId = tuple[int, int]
ZERO: EntryId = (0, 0)


class Entry(NamedTuple):
    """A run of bytes that ends at offset `id[0]`, or a note there."""

    id: EntryId
    data: bytes
    note: AnyNote | None

    @property
    def start(self) -> int:
        return self.id[0] - len(self.data)

    @property
    def end(self) -> int:
        return self.id[0]


def parse_id(text: bytes) -> EntryId:
    """Parse Redis's form of an ID."""
    offset, _, number = text.partition(b"-")
    return int(offset), int(number)


def format_id(id_: EntryId) -> str:
    """Format the ID for Redis."""
    return f"{id_[0]}-{id_[1]}"


def parse_entries(rows: Iterable[tuple[bytes, Sequence[bytes]]]) -> list[Entry]:
    """Parse the entries of a stream's rows, from XRANGE or XREAD. Each has one field."""
    entries = []
    for id_, (field, value, *_) in rows:
        note = decode_note(value) if field == b"n" else None
        entries.append(Entry(parse_id(id_), value if field == b"d" else b"", note))
    return entries


class Listener(Protocol):
    """A viewer, as its stream sees it."""

    def wake(self) -> None:
        """There is something new. Doesn't block."""

    def handle_note(self, note: AnyNote) -> None:
        """A note has come. Doesn't block."""


class Stream:
    """The last RING_BYTES of an output, for all viewers of the process; viewers store no bytes.

    The entries in memory are after `floor`, up to `top`. `users`: the viewers of the stream,
    including those that don't listen yet.
    """

    def __init__(self, top: EntryId) -> None:
        self.floor, self.top = top, top
        self.listeners: set[Listener] = set()
        self.users = 0
        self.read_offset = 0  # the last reported position of the fastest viewer
        self.request_due_at = 0.0  # when its request in Postgres must be renewed
        self._screen_requested_at: float | None = None  # for a screen that hasn't come yet
        self._entries: deque[Entry] = deque()
        self._size = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries that were read. Listeners get notes at once, however far behind they are."""
        for entry in entries:
            if entry.id <= self.top:
                continue  # a message brought it
            self._entries.append(entry)
            self._size += len(entry.data)
            self.top = entry.id
            if isinstance(entry.note, ScreenStored):
                self._screen_requested_at = None
            if entry.note is not None:
                for listener in list(self.listeners):
                    listener.handle_note(entry.note)
        while self._size > RING_BYTES and len(self._entries) > 1:
            gone = self._entries.popleft()
            self._size -= len(gone.data)
            self.floor = gone.id
        for listener in list(self.listeners):
            listener.wake()

    def append_published(self, id_: EntryId, data: bytes) -> bool:
        """Add bytes from a message, if they follow the last ones here; return whether they are here
        now.

        The message of a note in between would have come before.
        """
        if id_ <= self.top:
            return True
        if id_[0] - len(data) != self.top[0]:
            return False
        self.add([Entry(id_, data, None)])
        return True

    def claim_screen_request(self, now: float) -> bool:
        """Whether the caller must request a screen: one is enough for all waiting viewers."""
        if self._screen_requested_at is not None and now < self._screen_requested_at + 1.0:
            return False
        self._screen_requested_at = now
        return True

    def entries_after(self, seen: EntryId) -> list[Entry] | None:
        """Return the entries after `seen`; None if some are no longer in memory."""
        if seen < self.floor:
            return None
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if entry.id <= seen:
                break
            found.append(entry)
        found.reverse()
        return found
