"""Send reports and logs over one connection, as fast as the window allows.

Reports go first and in order, then texts in progress; logs share the rest of the window, one frame
each in turn.
"""

import logging
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.connection import Connection

from muster.protocol.codec import encode, encode_log
from muster.protocol.frames import Log, LogLost
from muster.worker.journal.journal import Journal
from muster.worker.server.log_stream import LogStream, LogStreams
from muster.worker.shim.spool import SpoolChunk

_GAP_REPORT_SECONDS = 1.0  # seconds between two reports about a range that is still growing

log = logging.getLogger(__name__)


class Outbox:
    """One connection's sender, on its own thread.

    `wake` is set whenever there may be something to do. The server has the reports up to
    `acked_seq`, and accepts up to `window` unacknowledged bytes of logs.
    """

    def __init__(
        self,
        socket: Connection,
        journal: Journal,
        streams: LogStreams,
        wake: threading.Event,
        window: int,
        acked_seq: int,
    ) -> None:
        self._socket = socket
        self._journal = journal
        self._streams = streams
        self._wake = wake
        self._window = window
        self._sent = acked_seq
        self._lost_at: dict[LogStream, float] = {}
        self._resume_at: dict[LogStream, float] = {}
        self._is_closed = False
        streams.texts.clear()  # viewers get the entries
        self._thread = threading.Thread(target=self._run, name="server-outbox", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                # Cleared before the check: later changes wake us again.
                self._wake.clear()
                if self._is_closed:
                    return
                due = self._resume_streams(time.monotonic())
                has_sent = self._send_reports() | self._send_texts()
                if not has_sent and not self._send_log():
                    self._wake.wait(None if due is None else max(0.0, due - time.monotonic()))
        except ConnectionClosed:
            pass
        except Exception:
            # Otherwise nothing would be sent any more, unnoticed.
            log.exception("the sender failed; reconnecting")
            self._socket.close()

    def _resume_streams(self, now: float) -> float | None:
        """Resume streams whose wait is over; return when the next one's will be."""
        for stream in [stream for stream, at in self._resume_at.items() if at <= now]:
            del self._resume_at[stream]
            stream.may_have_more = True
        moments = [*self._resume_at.values(), self._streams.retry_due(now)]
        return min((at for at in moments if at is not None), default=None)

    def _send_reports(self) -> bool:
        reports = self._journal.reports_after(self._sent)
        for report in reports:
            self._socket.send(encode(report))
            self._sent = report.seq
        if reports:
            self._streams.mark_reports_sent(self._sent)
        return bool(reports)

    def _send_texts(self) -> bool:
        is_any = False
        while (text := self._streams.texts.pop()) is not None:
            self._socket.send(encode(text))
            is_any = True
        return is_any

    def _send_log(self) -> bool:
        """Send a frame of the next log; False if there is none, or the window is full."""
        room = self._streams.available_window(self._window)
        stream = self._streams.next_stream() if room else None
        if stream is None:
            return False
        stream.may_have_more = False
        try:
            self._send_chunks(stream, stream.position, room)
        except OSError as error:
            log.error("can't read the log of task %d: %s", stream.key.task_id, error)
        return True

    def _send_chunks(self, stream: LogStream, position: int, room: int) -> None:
        pieces = stream.read(position, room)
        if not pieces:
            self._skip_gap(stream, position)
        for piece in pieces:
            if piece.offset > position:
                self._declare_lost(stream, position, piece.offset)
                return
            if not self._streams.reserve(stream, position, piece):
                return
            self._socket.send(encode_log(_log_frame(stream, piece)))
            position = piece.offset + len(piece.data)
            stream.may_have_more = True

    def _skip_gap(self, stream: LogStream, position: int) -> None:
        """Report the lost range at the log's end; only now and then, because it may still grow."""
        end = stream.gap_end(position)
        if end is None:
            return
        now = time.monotonic()
        due = self._lost_at.get(stream, 0.0) + _GAP_REPORT_SECONDS
        if now < due:
            self._resume_at[stream] = due
            return
        self._lost_at[stream] = now
        self._declare_lost(stream, position, end)

    def _declare_lost(self, stream: LogStream, start: int, end: int) -> None:
        for report in self._journal.unacked_reports(stream.key):
            body = report.body
            if not isinstance(body, LogLost) or body.start > stream.server_offset:
                # It came before the bytes that it follows, and the server ignored it.
                continue
            if body.start <= start < body.end:
                self._streams.skip(stream, start, body.end, self._seq_unless_sent(report.seq))
                return
        seq = self._journal.append(stream.key, LogLost(start, end))
        self._streams.skip(stream, start, end, seq)

    def _seq_unless_sent(self, seq: int) -> int:
        """Return the report that must precede bytes; 0 if it has been sent already."""
        return seq if seq > self._sent else 0


def _log_frame(stream: LogStream, piece: SpoolChunk) -> Log:
    return Log(
        task_id=stream.key.task_id,
        attempt=stream.key.attempt,
        stage_index=piece.stage,
        offset=piece.offset,
        milliseconds=piece.milliseconds,
        data=piece.data,
    )
