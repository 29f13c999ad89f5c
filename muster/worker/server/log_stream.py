"""One attempt's log on its way to the server: what is sent, acknowledged and lost.

Offsets count within the attempt. `LogStreams` guards all of them with one lock, under which it uses
no disk and no socket.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.codec import MAX_DATA_BYTES
from muster.protocol.frames import LogAck
from muster.worker.server.text_queue import TextQueue
from muster.worker.shim.spool import SpoolChunk, SpoolReader

_REPEATED_GAP_SECONDS = (
    0.5  # seconds for which a repeated complaint about one offset counts as an echo
)
# Seconds: how long after a large frame a terminal counts as flooded, and how long its log pauses
# then after each of its own frames.
_FLOOD_SECONDS, _PAUSE_SECONDS = 0.1, 0.05


class LogStream:
    """How far one attempt's log is sent and acknowledged, and its bytes."""

    def __init__(self, key: AttemptKey, directory: Path) -> None:
        self.key = key
        self._directory = directory
        self._reading = threading.Lock()
        self._reader: SpoolReader | None = None
        self._closed = False
        self.position = 0  # the next byte to send
        self.acked = 0
        self.server_offset = 0  # the server's last reported offset; -1: it complained
        self.blocked_by_seq = 0  # a report that must be sent before more bytes
        self.may_have_more = True  # there may be bytes to read
        self.in_flight = 0  # bytes
        self.flooded_until = self.paused_until = 0.0
        self.awaited_offset = 0  # another thread waits for it: no pauses up to there
        self._unacked: deque[tuple[int, int]] = deque()  # (end, bytes) of each frame in flight
        self._last_rewind = (-1, 0.0)  # the offset, and when
        self._retry_at = 0.0

    def read(self, offset: int, limit: int) -> list[SpoolChunk]:
        """Return the log's chunks from `offset` on; see `SpoolReader.read`. Raises OSError.

        Closes the files if there is nothing to read, because a machine has a day's attempts.
        """
        with self._reading:
            reader = self._open_reader()
            pieces = reader.read(offset, limit) if reader else []
            if not pieces:
                self._close_reader()
            return pieces

    def gap_end(self, offset: int) -> int | None:
        """Return the end of the lost range that contains `offset`; None if there is none."""
        with self._reader_for_query() as reader:
            return reader.gap_end(offset) if reader else None

    def size(self) -> int:
        """Return the log's size in bytes, including lost ones."""
        with self._reader_for_query() as reader:
            return reader.end_offset() if reader else 0

    def close(self) -> None:
        with self._reading:
            self._closed = True
            self._close_reader()

    @contextlib.contextmanager
    def _reader_for_query(self) -> Iterator[SpoolReader | None]:
        """Yield the reader for one query; files that weren't open before are closed again."""
        with self._reading:
            was_open = self._reader is not None
            try:
                yield self._open_reader()
            finally:
                if not was_open:
                    self._close_reader()

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _open_reader(self) -> SpoolReader | None:
        """Return the reader; None if no shim has started a log yet."""
        if self._reader is None and not self._closed:
            with contextlib.suppress(FileNotFoundError):
                self._reader = SpoolReader(self._directory)
        return self._reader

    def reset(self, offset: int) -> None:
        """Restart on a new connection, whose server has the log up to `offset`."""
        self._seek(offset)
        self.server_offset = offset
        self._last_rewind, self._retry_at = (-1, 0.0), 0.0

    def mark_sent(self, piece: SpoolChunk) -> None:
        """Record that the chunk is about to be sent."""
        self.position = piece.offset + len(piece.data)
        self._unacked.append((self.position, len(piece.data)))
        self.in_flight += len(piece.data)

    def ack(self, offset: int) -> None:
        self.acked = max(self.acked, offset)
        while self._unacked and self._unacked[0][0] <= offset:
            self.in_flight -= self._unacked.popleft()[1]

    def rewind(self, offset: int, now: float) -> None:
        """Go back to `offset`: the server wants the bytes after it.

        Every frame in flight behind a gap causes the same complaint: only the first makes us
        resend, unless that hasn't helped after a moment.
        """
        was_at, when = self._last_rewind
        if offset == was_at and offset == self.acked and now < when + _REPEATED_GAP_SECONDS:
            self._retry_at = when + _REPEATED_GAP_SECONDS
            return
        self._seek(offset)
        self.server_offset = -1
        self._last_rewind, self._retry_at = (offset, now), 0.0

    def retry(self, now: float) -> float | None:
        """Go back once more if that didn't help the last time; otherwise return when to check
        again."""
        if not self._retry_at:
            return None
        offset = self._last_rewind[0]
        if self.acked != offset:
            self._retry_at = 0.0
            return None
        if now < self._retry_at:
            return self._retry_at
        self.rewind(offset, now)
        return None

    def _seek(self, offset: int) -> None:
        self.position = self.acked = offset
        self.blocked_by_seq = 0
        self.may_have_more = True
        self.in_flight = 0
        self._unacked.clear()


class LogStreams:
    """All logs of a machine, and its texts in progress. `wake` is called when there is something to
    send."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.texts = TextQueue(wake)
        self._wake = wake
        self._changed = threading.Condition()
        self._streams: dict[AttemptKey, LogStream] = {}
        self._queue: deque[AttemptKey] = deque()

    def add(self, key: AttemptKey, directory: Path) -> None:
        with self._changed:
            if key not in self._streams:
                self._streams[key] = LogStream(key, directory)
                self._queue.append(key)
        self._wake()

    def remove(self, key: AttemptKey) -> None:
        with self._changed:
            stream = self._streams.pop(key, None)
            if stream is not None:
                self._queue.remove(key)
            self._changed.notify_all()
        if stream is not None:
            stream.close()

    def size(self, key: AttemptKey) -> int:
        """Return the size of an attempt's log in bytes. Raises OSError."""
        stream = self._streams.get(key)
        return stream.size() if stream else 0

    def notify_growth(self, key: AttemptKey) -> None:
        """Record that the attempt's log has grown."""
        stream = self._streams.get(key)
        if stream is not None and not stream.may_have_more:
            stream.may_have_more = True
        self._wake()

    def notify_flood(self, key: AttemptKey) -> None:
        """Record that a terminal shows a flood of this log: the terminal goes first.

        Both at once are more than a server's processor can take, and no reader waits for the log
        yet.
        """
        stream = self._streams.get(key)
        if stream is not None:
            stream.flooded_until = time.monotonic() + _FLOOD_SECONDS

    def prioritize_until(self, key: AttemptKey, offset: int) -> None:
        """Send the log up to `offset` without pauses: a stage has ended there, and the server
        continues the task when it has the log up to there."""
        with self._changed:
            stream = self._streams.get(key)
            if stream is not None:
                stream.awaited_offset, stream.paused_until = max(stream.awaited_offset, offset), 0.0
        self._wake()

    def reset_all(self, known: Iterable[LogAck]) -> None:
        """Restart on a new connection; the server has nothing of logs not in `known`."""
        offsets = {AttemptKey.from_object(ack): ack.offset for ack in known}
        with self._changed:
            for key, stream in self._streams.items():
                stream.reset(offsets.get(key, 0))
        self._wake()

    def ack(self, acks: Iterable[LogAck]) -> None:
        with self._changed:
            for ack in acks:
                stream = self._streams.get(AttemptKey.from_object(ack))
                if stream is not None:
                    stream.ack(ack.offset)
            self._changed.notify_all()
        self._wake()

    def rewind(self, key: AttemptKey, offset: int) -> None:
        with self._changed:
            stream = self._streams.get(key)
            if stream is not None:
                stream.rewind(offset, time.monotonic())
        self._wake()

    def wait_acked(self, key: AttemptKey, offset: int, timeout: float) -> bool:
        """Wait until the server has the log up to `offset`; return whether it does."""
        self.prioritize_until(key, offset)

        def acked() -> bool:
            stream = self._streams.get(key)
            return stream is None or stream.acked >= offset

        with self._changed:
            return self._changed.wait_for(acked, timeout)

    # For the sender

    def next_stream(self) -> LogStream | None:
        """Return the next stream of those that may have something to send."""
        now = time.monotonic()
        with self._changed:
            for _ in range(len(self._queue)):
                self._queue.rotate(-1)
                stream = self._streams[self._queue[-1]]
                if (
                    stream.may_have_more
                    and not stream.blocked_by_seq
                    and stream.paused_until <= now
                ):
                    return stream
        return None

    def available_window(self, window: int) -> int:
        """Return how many bytes may be sent now; 0 until that is worth a frame."""
        with self._changed:
            free = window - sum(stream.in_flight for stream in self._streams.values())
        return min(free, MAX_DATA_BYTES) if free >= min(MAX_DATA_BYTES, window // 4) else 0

    def reserve(self, stream: LogStream, expected: int, piece: SpoolChunk) -> bool:
        """Reserve the send window for a chunk; False if the server has meanwhile asked for
        another."""
        with self._changed:
            if stream.position != expected:
                return False
            stream.mark_sent(piece)
            now = time.monotonic()
            if stream.flooded_until > now and stream.position >= stream.awaited_offset:
                stream.paused_until = now + _PAUSE_SECONDS
            return True

    def skip(self, stream: LogStream, expected: int, to: int, seq: int) -> None:
        """Skip the lost bytes up to `to`; more follow once the report `seq` has been sent."""
        with self._changed:
            if stream.position == expected:
                stream.position, stream.blocked_by_seq, stream.may_have_more = to, seq, True

    def mark_reports_sent(self, sent: int) -> None:
        """Record that reports up to this number have been sent."""
        with self._changed:
            for stream in self._streams.values():
                if stream.blocked_by_seq and stream.blocked_by_seq <= sent:
                    stream.blocked_by_seq = 0

    def retry_due(self, now: float) -> float | None:
        """Retry streams whose server repeats itself; return when to check the next of those, or of
        paused ones.
        """
        with self._changed:
            due = [at for stream in self._streams.values() if (at := stream.retry(now))]
            due += [
                s.paused_until
                for s in self._streams.values()
                if s.may_have_more and s.paused_until > now
            ]
        return min(due, default=None)
