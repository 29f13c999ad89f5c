"""What an attempt's agents say of what they do, reported in batches, each entry once.

The journal knows how far it has come: an entry is reported when its report is journalled, so a
daemon that is killed before that leaves it to the next.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import msgspec

from muster.protocol.frames import ThreadReplied, Transcript, TranscriptEntry
from muster.worker.attempts.context import Reporter
from muster.worker.shim.transcript import TranscriptReader

_MAX_REPORT_BYTES = 256 << 10  # bytes of a report; more than twice what the shim makes of one entry
_POLL_SECONDS = 0.5  # seconds between two looks that may cost a report
_MAX_UNACKED_REPORTS = (
    4  # reports that the server does not have yet, above which the others wait in their file
)

log = logging.getLogger(__name__)


class _Line(TranscriptEntry):
    """`reply` is the thread that it answers in, if it does: the shim has seen to that."""

    stage: int = 0
    run: int = 0
    reply: int | None = None


class TranscriptReporter:
    """For the attempt's thread alone."""

    def __init__(self, reporter: Reporter, directory: Path) -> None:
        self._reporter = reporter
        self._directory = directory
        self._reader: TranscriptReader | None = None
        self._next_poll_at = 0.0

    def poll(self) -> float | None:
        """Reports what has come, now and then; in how many seconds to call again, None: when
        something has happened."""
        now = monotonic()
        if now < self._next_poll_at:
            return self._next_poll_at - now
        try:
            is_all = self._report_batches()
        except OSError as error:
            log.error("the transcript of task %d: %s", self._reporter.key.task_id, error)
            self._next_poll_at = now + _POLL_SECONDS
            return None
        return None if is_all else _POLL_SECONDS

    def report_rest(self, goes_on: Callable[[], bool]) -> None:
        """Reports all of a stage that is over, unless `goes_on` becomes false; waits for the server
        where that has much to take yet."""
        self._next_poll_at = 0.0
        while goes_on() and self.poll() is not None:
            self._reporter.context.journal.wait_for_change(_POLL_SECONDS)
            self._next_poll_at = 0.0
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _report_batches(self) -> bool:
        """False where entries are left for which there is no room yet."""
        if self._reporter.context.can_ask_questions() is False:
            return True  # nor can it read this: it waits in its file for a later server
        while (batch := self._next_batch()) is not None:
            if self._unacked_count() >= _MAX_UNACKED_REPORTS:
                return False
            self._report_batch(*batch)
            self._next_poll_at = monotonic() + _POLL_SECONDS
        return True

    def _report_batch(self, batch: Transcript, replies: list[ThreadReplied]) -> None:
        """The replies first: where this life ends in between, the next knows which were reported,
        and reports their entries after all."""
        for reply in replies:
            if reply.number > self._reporter.progress.last_reply:
                self._reporter.report(reply)
        self._reporter.report(batch)

    def _next_batch(self) -> tuple[Transcript, list[ThreadReplied]] | None:
        """What follows on what was reported: of one run of a stage; and the replies in it. Raises
        OSError."""
        if self._reader is None:
            try:
                self._reader = TranscriptReader(self._directory)
            except FileNotFoundError:
                return None
        first = self._reporter.progress.transcript
        lines = [_parse_line(line) for line in self._reader.read(first, _MAX_REPORT_BYTES)]
        if not lines:
            return None
        stage, run = lines[0].stage, lines[0].run
        following = (n for n, line in enumerate(lines) if (line.stage, line.run) != (stage, run))
        own = lines[: next(following, len(lines))]
        replies = [
            ThreadReplied(stage, first + place, line.reply, line.text, run)
            for place, line in enumerate(own)
            if line.reply is not None
        ]
        return Transcript(stage, first, [_to_entry(line) for line in own], run), replies

    def _unacked_count(self) -> int:
        unacked = self._reporter.context.journal.unacked_reports(self._reporter.key)
        return sum(isinstance(report.body, Transcript) for report in unacked)


def _parse_line(line: bytes) -> _Line:
    try:
        return msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError:
        # A later release's, perhaps. The numbers of the others must not move.
        return _Line(0, "error", "An entry that this machine's worker cannot read")


def _to_entry(line: _Line) -> TranscriptEntry:
    kind, offset = line.kind, line.log_offset
    return TranscriptEntry(line.at_ms, kind, line.title, line.text, line.data, offset)
