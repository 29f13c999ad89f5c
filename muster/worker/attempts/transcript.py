"""Report the transcripts of an attempt's agents in batches, each entry once.

The journal knows the progress: an entry counts as reported when its report is in the journal, so a
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

_MAX_REPORT_BYTES = 256 << 10  # bytes of a report; more than twice the shim's limit for an entry
_POLL_SECONDS = 0.5  # seconds between checks that may add a report
_MAX_UNACKED_REPORTS = 4  # unacknowledged reports, above which the others wait in their file

log = logging.getLogger(__name__)


class _Line(TranscriptEntry):
    """`reply` is the review thread that it answers, if any: the shim sets it."""

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
        """Report new entries from time to time; return the seconds until the next call, None: after
        the next change."""
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
        """Report the rest of a finished stage, unless `goes_on` becomes false; wait while the
        server has much to acknowledge."""
        self._next_poll_at = 0.0
        while goes_on() and self.poll() is not None:
            self._reporter.context.journal.wait_for_change(_POLL_SECONDS)
            self._next_poll_at = 0.0
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _report_batches(self) -> bool:
        """Return False if entries are left because the send window is full."""
        while (batch := self._next_batch()) is not None:
            if self._unacked_count() >= _MAX_UNACKED_REPORTS:
                return False
            self._report_batch(*batch)
            self._next_poll_at = monotonic() + _POLL_SECONDS
        return True

    def _report_batch(self, batch: Transcript, replies: list[ThreadReplied]) -> None:
        """Report the replies first: if this daemon exits in between, the next knows the reported
        ones, and reports their entries anyway."""
        for reply in replies:
            if reply.number > self._reporter.progress.last_reply:
                self._reporter.report(reply)
        self._reporter.report(batch)

    def _next_batch(self) -> tuple[Transcript, list[ThreadReplied]] | None:
        """Return the entries after the reported ones, of one run of a stage, and their replies.
        Raises OSError."""
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
        # Perhaps from a newer release. The numbers of the others must not change.
        return _Line(0, "error", "An entry that this machine's worker can't read")


def _to_entry(line: _Line) -> TranscriptEntry:
    kind, offset = line.kind, line.log_offset
    return TranscriptEntry(line.at_ms, kind, line.title, line.text, line.data, offset)
