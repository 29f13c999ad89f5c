"""Sends reports and logs over one connection, as fast as the window lets it.

Reports go first and in order; logs share what is left of the window, a frame each in turn.
"""

import logging
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.connection import Connection

from muster.protocol import version
from muster.protocol.codec import encode, encode_log
from muster.protocol.frames import (
    Body,
    BranchRefused,
    Changes,
    Content,
    Log,
    LogLost,
    Lost,
    QuestionOpened,
    QuestionWithdrawn,
    Report,
    Suspended,
    ThreadReplied,
    Transcript,
    Usage,
)
from muster.worker.journal.journal import Journal
from muster.worker.server.log_stream import LogStream, LogStreams
from muster.worker.shim.spool import SpoolChunk

_GAP_REPORT_SECONDS = 1.0  # seconds between two reports about a range that is still being lost

# Unknown before version 3.
_QUESTIONS_BODIES = (
    Transcript,
    Usage,
    QuestionOpened,
    QuestionWithdrawn,
    ThreadReplied,
    Content,
    Changes,
    BranchRefused,
)

log = logging.getLogger(__name__)


class Outbox:
    """One connection's sender, on a thread of its own.

    `wake` is set by whatever may give it something to do. The server has the reports up to
    `acked_seq`, takes up to `window` bytes of logs that it has not acked, and speaks `protocol`.
    """

    def __init__(
        self,
        socket: Connection,
        journal: Journal,
        streams: LogStreams,
        wake: threading.Event,
        window: int,
        acked_seq: int,
        protocol: int = version.CURRENT,
    ) -> None:
        self._socket = socket
        self._journal = journal
        self._streams = streams
        self._wake = wake
        self._window = window
        self._sent = acked_seq
        self._protocol = protocol
        self._lost_at: dict[LogStream, float] = {}
        self._resume_at: dict[LogStream, float] = {}
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="server-outbox", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                # Cleared before looking: what happens from here on wakes us again.
                self._wake.clear()
                if self._is_closed:
                    return
                due = self._resume_streams(time.monotonic())
                if not self._send_reports() and not self._send_log():
                    self._wake.wait(None if due is None else max(0.0, due - time.monotonic()))
        except ConnectionClosed:
            pass
        except Exception:
            # Nobody else would notice that nothing is sent any more.
            log.exception("the sender failed; connecting again")
            self._socket.close()

    def _resume_streams(self, now: float) -> float | None:
        """Opens streams again whose wait is over; returns when the next one's will be."""
        for stream in [stream for stream, at in self._resume_at.items() if at <= now]:
            del self._resume_at[stream]
            stream.may_have_more = True
        moments = [*self._resume_at.values(), self._streams.retry_due(now)]
        return min((at for at in moments if at is not None), default=None)

    def _send_reports(self) -> bool:
        reports = self._journal.reports_after(self._sent)
        for report in reports:
            if (body := self._adapt_body(report.body)) is not None:
                self._socket.send(encode(Report(report.seq, report.task_id, report.attempt, body)))
            self._sent = report.seq
        if reports:
            self._streams.mark_reports_sent(self._sent)
        return bool(reports)

    def _adapt_body(self, body: Body) -> Body | None:
        """As the server can read it; None for what it need not know."""
        if self._protocol >= version.QUESTIONS_VERSION:
            return body
        if isinstance(body, Suspended):  # ordered by a later server, which was taken back since
            return Lost("its stage was stopped in its middle, where this server cannot go on")
        # One that is left out is acked with those behind it, or sent to a later server.
        return None if isinstance(body, _QUESTIONS_BODIES) else body

    def _send_log(self) -> bool:
        """Sends a frame of the log whose turn it is; False when there is none, or no room."""
        room = self._streams.available_window(self._window)
        stream = self._streams.next_stream() if room else None
        if stream is None:
            return False
        stream.may_have_more = False
        try:
            self._send_chunks(stream, stream.position, room)
        except OSError as error:
            log.error("the log of task %d cannot be read: %s", stream.key.task_id, error)
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
        """Declares what was lost at the log's end; now and then only, for it may still grow."""
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
                # It came before the bytes that it follows, and meant nothing to the server.
                continue
            if body.start <= start < body.end:
                self._streams.skip(stream, start, body.end, self._seq_unless_sent(report.seq))
                return
        seq = self._journal.append(stream.key, LogLost(start, end))
        self._streams.skip(stream, start, end, seq)

    def _seq_unless_sent(self, seq: int) -> int:
        """The report that bytes have to wait for; 0 if it is on the wire already."""
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
