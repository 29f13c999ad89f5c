"""How a viewer moves through an attempt's output: by bytes, or by a screen where bytes are lost."""

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from app.domain.terminal import TerminalMode
from app.terminals.frames import Drawn, Looking, Resized
from app.terminals.store import Store
from app.terminals.stream import Entry, Stream
from muster.protocol import terminal as wire
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.terminal import AHEAD_BYTES, MAX_BYTES, CloseCode

PAGE_BYTES = 128 * 1024
TOLD_BYTES = 128 * 1024  # sent before the machine's socket is told again how far viewers are
TAIL_BYTES = 64 * 1024  # shown where no screen comes
SCREEN_SECONDS = 2.0  # how long a screen is waited for where a machine's socket is there
MACHINE_SECONDS = 10.0  # and where the machine has yet to dial
# A cursor that is lost again so soon after a screen waits until it asks for another. The machine
# shows nothing to anybody while it draws, and for a slow line in a flood it would draw always.
AGAIN_SECONDS = 1.0
NEVER = float("inf")


class Outlet(Protocol):
    """The viewer, as its cursor sees it."""

    mode: TerminalMode

    def send(self, frame: wire.TerminalFrame) -> None: ...

    def send_bytes(self, data: bytes) -> None: ...

    def end(self, code: int, reason: str) -> None: ...


class Cursor:
    """One viewer's place in the output.

    `position`: the offset of the next byte to send; None until `ready` is sent. `due`: when to
    `advance` although nothing has come. A cursor is lost while there is no unbroken run of bytes
    from what the viewer has seen; it sends none then, and waits for a screen to go on from.
    """

    def __init__(
        self, viewer: Outlet, store: Store, stream: Stream, key: AttemptKey, resume_from: int | None
    ) -> None:
        self.position: int | None = None
        self.due = 0.0
        self._viewer, self._store, self._stream, self._key = viewer, store, stream, key
        self._resume_from = resume_from
        self._seen = stream.top
        self._count = 2  # entries of a page
        self._lost_since: float | None = None
        self._ask_at: float | None = None  # for a screen, unless that has been done
        self._drawn_at = -NEVER
        self._begun = False
        self._may_reach: int | None = None

    def advance(self) -> bool:
        """Send some of what is new; return whether there may be more.

        Raises RedisError, ConnectionClosed, OSError.
        """
        if not self._begun:
            self._begin()
        if self._lost_since is not None and (now := time.monotonic()) >= self.due:
            if self._ask_at is None:
                self._go_without_screen()
            else:
                self._ask(now)
        if self._is_held:
            return False
        entries = self._stream.after(self._seen)
        if entries is None:
            entries = self._page()
        return self._deliver(entries)

    def allow(self, shown: int) -> None:
        """The viewer has drawn all up to there. From the first time on it is sent no more than
        AHEAD_BYTES beyond. Does not wait.
        """
        self._may_reach = shown + AHEAD_BYTES

    @property
    def _is_held(self) -> bool:
        if self._may_reach is None or self.position is None or self._lost_since is not None:
            return False
        return self.position >= self._may_reach

    def _begin(self) -> None:
        self._begun, self.due = True, NEVER
        wanted, (top, _) = self._resume_from, self._stream.top
        if wanted is None or (top and wanted > top):
            self._lose()
            return
        self.position, self._seen = wanted, (wanted, 0)
        self._say_ready(*self._store.states([self._key])[0][:2])

    def _say_ready(self, cols: int, rows: int) -> None:
        assert self.position is not None
        self._viewer.send(
            wire.ViewerReady(
                mode=self._viewer.mode.value,
                cols=cols,
                rows=rows,
                offset=self.position,
                attempt=self._key[1],
            )
        )

    def _page(self) -> list[Entry]:
        """Entries that memory has lost already, from Redis; about PAGE_BYTES of them."""
        entries = self._store.page(self._key, self._seen, self._count)
        if not entries:
            # Redis has lost them, too. The next entry will show that bytes are missing.
            self._seen = self._stream.floor
            return self._stream.after(self._seen) or []
        size = sum(len(entry.data) for entry in entries) // len(entries)
        self._count = max(2, min(512, PAGE_BYTES // max(size, 1)))
        return entries

    # ---- bytes -----------------------------------------------------------------------------------

    def _deliver(self, entries: Sequence[Entry]) -> bool:
        """Send the entries, but stop at a screen to go on from; return whether there were any."""
        for run in _runs(entries):
            if self._is_held:
                return False
            self._seen = run[-1].id
            if isinstance(run[0].note, Resized):
                note = run[0].note
                if self.position is not None:
                    self._viewer.send(wire.Resize(cols=note.cols, rows=note.rows))
            elif isinstance(run[0].note, Drawn):
                if self._lost_since is not None:
                    self._draw()
                    return True
            elif run[0].note is None and self._lost_since is None:
                self._send_run(run)
        return bool(entries)

    def _send_run(self, run: Sequence[Entry]) -> None:
        assert self.position is not None
        fresh: list[bytes] = []
        at = self.position
        for entry in run:
            if entry.end <= at:
                continue
            if entry.start > at:
                self._seen = (at, 0)
                self._send_from(fresh, at)
                self._lose()
                return
            fresh.append(entry.data[at - entry.start :] if entry.start < at else entry.data)
            at = entry.end
        self._send_from(fresh, at)

    def _send_from(self, fresh: list[bytes], at: int) -> None:
        if fresh:
            self._viewer.send_bytes(fresh[0] if len(fresh) == 1 else b"".join(fresh))
        self.position = at
        if at >= self._stream.read + TOLD_BYTES:
            self._stream.read = at
            self._store.tell_read(self._key, at)

    # ---- screens ---------------------------------------------------------------------------------

    def _lose(self) -> None:
        now = self._lost_since = time.monotonic()
        self._seen = max(self._seen, self._stream.top)  # the screen will be newer than that
        if self._stream.read:
            # No output is to wait for this viewer: its screen comes behind the bytes that would.
            self._stream.read = 0
            self._store.forget_read(self._key)
        self.due = self._ask_at = max(now, self._drawn_at + AGAIN_SECONDS)
        if self.due == now:
            self._ask(now)

    def _ask(self, now: float) -> None:
        self.due, self._ask_at = now + SCREEN_SECONDS, None
        if self._stream.is_to_ask(now):
            self._store.put_input(self._key, s="1")

    def _draw(self) -> None:
        screen = self._store.screen(self._key)
        if screen is None or screen.offset < (self.position or 0):
            return
        drawn = self._seen
        self._find(screen.offset, screen.cols, screen.rows)
        if drawn[0] == screen.offset:
            self._seen = drawn  # it has the sizes that were noted there before it
        self._drawn_at = time.monotonic()
        self._viewer.send(screen)

    def _find(self, offset: int, cols: int, rows: int) -> None:
        """Go on at `offset`, of a terminal that is so large."""
        before, self.position = self.position, offset
        if before is None:
            self._say_ready(cols, rows)
        elif offset > before:
            self._viewer.send(wire.Gap(start=before, end=offset))
        self._seen, self._lost_since, self.due = (offset, 0), None, NEVER

    def _go_without_screen(self) -> None:
        """Show the last bytes, since the machine sends no screen; wait on if it has yet to dial."""
        assert self._lost_since is not None
        state = self._store.states([self._key])[0]
        if not state.is_held and time.monotonic() < self._lost_since + MACHINE_SECONDS:
            self.due = time.monotonic() + SCREEN_SECONDS
            return
        (top, _) = self._stream.top
        tail = self._store.page(self._key, (max(0, top - TAIL_BYTES), 0), 512)
        # That somebody looks is said in the stream too, and is no sign of a terminal.
        is_there = any(not isinstance(entry.note, Looking) for entry in tail)
        if not is_there and not state.is_held and self.position is None:
            self.due = NEVER
            self._viewer.end(CloseCode.NO_TERMINAL, "the machine has not opened the terminal")
            return
        start = next((entry.start for entry in tail if entry.note is None), top)
        self._find(max(start, self.position or 0), state.cols, state.rows)


def _runs(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries in runs: each note by itself, and bytes as many as fit into a frame."""
    run: list[Entry] = []
    size = 0
    for entry in entries:
        if run and (entry.note or run[0].note or size + len(entry.data) > MAX_BYTES):
            yield run
            run, size = [], 0
        run.append(entry)
        size += len(entry.data)
    if run:
        yield run
