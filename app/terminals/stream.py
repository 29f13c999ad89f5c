"""An attempt's output as a process sees it: entries of a Redis stream, the newest in memory.

An entry's id is (offset behind its last byte, 0), so that Redis itself drops what comes twice;
notes have the id of the bytes before them and a number.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from app.terminals.frames import AnyNote, ScreenStored, decode_note

RING_BYTES = 256 * 1024

EntryId = tuple[int, int]
ZERO: EntryId = (0, 0)


class Entry(NamedTuple):
    """A run of bytes that ends at offset `id[0]`, or a note that lies there."""

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
    """The id that Redis spells so."""
    offset, _, number = text.partition(b"-")
    return int(offset), int(number)


def format_id(id_: EntryId) -> str:
    """The id as Redis spells it."""
    return f"{id_[0]}-{id_[1]}"


def parse_entries(rows: Iterable[tuple[bytes, Sequence[bytes]]]) -> list[Entry]:
    """The entries of a stream's rows, as XRANGE and XREAD answer them. Each has one field."""
    entries = []
    for id_, (field, value, *_) in rows:
        note = decode_note(value) if field == b"n" else None
        entries.append(Entry(parse_id(id_), value if field == b"d" else b"", note))
    return entries


class Listener(Protocol):
    """A viewer, as its stream sees it."""

    def wake(self) -> None:
        """There is something new. Does not wait."""

    def handle_note(self, note: AnyNote) -> None:
        """A note has come. Does not wait."""


class Stream:
    """The last RING_BYTES of an output, for all viewers of the process; they keep no bytes.

    The entries in memory lie behind `floor`, up to `top`. `users`: how many viewers have the
    stream, also those that do not listen yet.
    """

    def __init__(self, top: EntryId) -> None:
        self.floor, self.top = top, top
        self.listeners: set[Listener] = set()
        self.users = 0
        self.read_offset = 0  # how far the quickest viewer has come, as was told last
        self.request_due_at = 0.0  # when Postgres is to hear again that somebody looks
        self._screen_requested_at: float | None = None  # for a screen that has not come yet
        self._entries: deque[Entry] = deque()
        self._size = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries that have been read. Listeners hear notes at once, however far behind."""
        for entry in entries:
            if entry.id <= self.top:
                continue  # news have brought it
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
        """Add bytes that came along with news, if they follow the last ones here; return whether
        they are here now. News of a note that lies between would have come before.
        """
        if id_ <= self.top:
            return True
        if id_[0] - len(data) != self.top[0]:
            return False
        self.add([Entry(id_, data, None)])
        return True

    def claim_screen_request(self, now: float) -> bool:
        """Whether the caller has to ask for a screen: one is enough for all viewers that wait."""
        if self._screen_requested_at is not None and now < self._screen_requested_at + 1.0:
            return False
        self._screen_requested_at = now
        return True

    def entries_after(self, seen: EntryId) -> list[Entry] | None:
        """The entries behind `seen`; None if they are not all in memory."""
        if seen < self.floor:
            return None
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if entry.id <= seen:
                break
            found.append(entry)
        found.reverse()
        return found
