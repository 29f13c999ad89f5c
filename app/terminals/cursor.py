"""How a viewer moves through an attempt's output: by bytes, or by a screen after lost bytes."""

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from app.domain.terminal import TerminalMode
from app.terminal_keys import TerminalKey
from app.terminals.frames import Resized, ScreenStored, ShellEnded, ViewersChanged
from app.terminals.store import Store
from app.terminals.stream import Entry, Stream
from muster.protocol import terminal as wire
from muster.protocol.terminal import MAX_FRAME_BYTES, SEND_WINDOW_BYTES, CloseCode

PAGE_BYTES = 128 * 1024
REPORT_BYTES = 128 * 1024  # sent before the machine's socket is updated about viewers' positions
TAIL_BYTES = 64 * 1024  # shown if no screen comes
SCREEN_TIMEOUT_SECONDS = 2.0  # wait for a screen from a connected machine's socket
MACHINE_TIMEOUT_SECONDS = 10.0  # and if the machine must connect first
# A cursor that is lost again this soon after a screen waits before it requests another. The machine
# sends no output while it draws, and for a slow viewer in a flood it would always draw.
MIN_SCREEN_INTERVAL_SECONDS = 1.0
NEVER = float("inf")


class ViewerOutput(Protocol):
    """A viewer, as its cursor sees it."""

    mode: TerminalMode

    def send(self, frame: wire.TerminalFrame) -> None: ...

    def send_bytes(self, data: bytes) -> None: ...

    def request_close(self, code: int, reason: str) -> None: ...


class Cursor:
    """One viewer's position in the output.

    `position`: the offset of the next byte to send; None until `ready` is sent. `due`: when to
    `advance` without new output. A cursor is lost if bytes after the viewer's last one are missing.
    Then it sends none, and waits for a screen to resume from.
    """

    def __init__(
        self,
        viewer: ViewerOutput,
        store: Store,
        stream: Stream,
        key: TerminalKey,
        resume_from: int | None,
    ) -> None:
        self.position: int | None = None
        self.due = 0.0
        self._viewer, self._store, self._stream, self._key = viewer, store, stream, key
        self._resume_from = resume_from
        self._last_id = stream.top
        self._page_entries = 2  # entries per page
        self._lost_since: float | None = None
        self._screen_request_at: float | None = None  # for a screen, unless it was requested
        self._drawn_at = -NEVER
        self._is_started = False
        self._max_position: int | None = None

    def advance(self) -> bool:
        """Send some of the new output; return whether there may be more.

        Raises RedisError, ConnectionClosed, OSError.
        """
        if not self._is_started:
            self._start()
        if self._lost_since is not None and (now := time.monotonic()) >= self.due:
            if self._screen_request_at is None:
                self._resume_from_tail()
            else:
                self._request_screen(now)
        if self._is_paused:
            return False
        entries = self._stream.entries_after(self._last_id)
        if entries is None:
            entries = self._read_page()
        return self._deliver(entries)

    def acknowledge(self, shown: int) -> None:
        """Record that the viewer has drawn everything up to there.

        After the first call, it's sent no more than SEND_WINDOW_BYTES beyond. Doesn't block.
        """
        self._max_position = shown + SEND_WINDOW_BYTES

    @property
    def _is_paused(self) -> bool:
        if self._max_position is None or self.position is None or self._lost_since is not None:
            return False
        return self.position >= self._max_position

    def _start(self) -> None:
        self._is_started, self.due = True, NEVER
        wanted, (top, _) = self._resume_from, self._stream.top
        if wanted is None or (top and wanted > top):
            self._mark_lost()
            return
        self.position, self._last_id = wanted, (wanted, 0)
        self._send_ready(*self._store.states([self._key])[0][:2])

    def _send_ready(self, cols: int, rows: int) -> None:
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

    def _read_page(self) -> list[Entry]:
        """Read entries that are no longer in memory from Redis; about PAGE_BYTES of them."""
        entries = self._store.read_page(self._key, self._last_id, self._page_entries)
        if not entries:
            # Redis has lost them, too. The next entry will show the gap.
            self._last_id = self._stream.floor
            return self._stream.entries_after(self._last_id) or []
        size = sum(len(entry.data) for entry in entries) // len(entries)
        self._page_entries = max(2, min(512, PAGE_BYTES // max(size, 1)))
        return entries

    # ---- bytes -----------------------------------------------------------------------------------

    def _deliver(self, entries: Sequence[Entry]) -> bool:
        """Send the entries, up to a screen to resume from; return whether there were any."""
        for run in _group_runs(entries):
            if self._is_paused:
                return False
            self._last_id = run[-1].id
            if isinstance(run[0].note, Resized):
                note = run[0].note
                if self.position is not None:
                    self._viewer.send(wire.Resize(cols=note.cols, rows=note.rows))
            elif isinstance(run[0].note, ScreenStored):
                if self._lost_since is not None:
                    self._send_screen()
                    return True
            elif isinstance(run[0].note, ShellEnded):
                self._viewer.request_close(CloseCode.SHELL_ENDED, run[0].note.reason)
                return False
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
                self._last_id = (at, 0)
                self._send_bytes(fresh, at)
                self._mark_lost()
                return
            fresh.append(entry.data[at - entry.start :] if entry.start < at else entry.data)
            at = entry.end
        self._send_bytes(fresh, at)

    def _send_bytes(self, fresh: list[bytes], at: int) -> None:
        if fresh:
            self._viewer.send_bytes(fresh[0] if len(fresh) == 1 else b"".join(fresh))
        self.position = at
        if at >= self._stream.read_offset + REPORT_BYTES:
            self._stream.read_offset = at
            self._store.report_read(self._key, at)

    # ---- screens ---------------------------------------------------------------------------------

    def _mark_lost(self) -> None:
        now = self._lost_since = time.monotonic()
        self._last_id = max(self._last_id, self._stream.top)  # the screen will be newer than that
        if self._stream.read_offset:
            # Don't make output wait for this viewer: its screen comes after the bytes that would
            # wait.
            self._stream.read_offset = 0
            self._store.forget_read(self._key)
        self.due = self._screen_request_at = max(now, self._drawn_at + MIN_SCREEN_INTERVAL_SECONDS)
        if self.due == now:
            self._request_screen(now)

    def _request_screen(self, now: float) -> None:
        self.due, self._screen_request_at = now + SCREEN_TIMEOUT_SECONDS, None
        if self._stream.claim_screen_request(now):
            self._store.add_input(self._key, s="1")

    def _send_screen(self) -> None:
        screen = self._store.screen(self._key)
        if screen is None or screen.offset < (self.position or 0):
            return
        drawn = self._last_id
        self._resume_at(screen.offset, screen.cols, screen.rows)
        if drawn[0] == screen.offset:
            self._last_id = drawn  # it includes the sizes recorded there before it
        self._drawn_at = time.monotonic()
        self._viewer.send(screen)

    def _resume_at(self, offset: int, cols: int, rows: int) -> None:
        """Resume at `offset`, with that terminal size."""
        before, self.position = self.position, offset
        if before is None:
            self._send_ready(cols, rows)
        elif offset > before:
            self._viewer.send(wire.Gap(start=before, end=offset))
        self._last_id, self._lost_since, self.due = (offset, 0), None, NEVER

    def _resume_from_tail(self) -> None:
        """Show the last bytes, because the machine sends no screen; keep waiting if it must
        connect first.
        """
        assert self._lost_since is not None
        state = self._store.states([self._key])[0]
        if not state.has_machine and time.monotonic() < self._lost_since + MACHINE_TIMEOUT_SECONDS:
            self.due = time.monotonic() + SCREEN_TIMEOUT_SECONDS
            return
        (top, _) = self._stream.top
        tail = self._store.read_page(self._key, (max(0, top - TAIL_BYTES), 0), 512)
        # Viewers are recorded in the stream too, and don't prove that there is a terminal.
        is_there = any(not isinstance(entry.note, ViewersChanged) for entry in tail)
        if not is_there and not state.has_machine and self.position is None:
            self.due = NEVER
            self._viewer.request_close(
                CloseCode.NO_TERMINAL, "the machine hasn't opened the terminal"
            )
            return
        start = next((entry.start for entry in tail if entry.note is None), top)
        self._resume_at(max(start, self.position or 0), state.cols, state.rows)


def _group_runs(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Group the entries: each note by itself, and bytes up to the size of a frame."""
    run: list[Entry] = []
    size = 0
    for entry in entries:
        if run and (entry.note or run[0].note or size + len(entry.data) > MAX_FRAME_BYTES):
            yield run
            run, size = [], 0
        run.append(entry)
        size += len(entry.data)
    if run:
        yield run
