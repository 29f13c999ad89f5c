"""Report the transcripts of an attempt's agents in batches, each entry and each change of it once.

The journal knows the progress: a line of the file counts as reported when its report is in the
journal, so a daemon that is killed before that leaves it to the next.
"""

import logging
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from time import monotonic

import msgspec

from muster.protocol.frames import (
    ThreadReplied,
    Transcript,
    TranscriptEntry,
    TranscriptUpdated,
    UpdatedEntry,
)
from muster.worker.attempts.context import Reporter
from muster.worker.shim.transcript import TranscriptReader, read_number

_MAX_REPORT_BYTES = 256 << 10  # bytes of a report; more than twice the shim's limit for an entry
_POLL_SECONDS = 0.3  # seconds between checks that may add a report
_MAX_UNACKED_REPORTS = 4  # unacknowledged reports, above which the others wait in their file

log = logging.getLogger(__name__)


class _Line(TranscriptEntry):
    """A line of the file: entry `number`, or its next state. `reply` is the review thread that it
    answers, if any: the shim sets it."""

    stage: int = 0
    run: int = 0
    reply: int | None = None
    number: int = -1


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

    def _report_batch(
        self, batch: Transcript | TranscriptUpdated, replies: list[ThreadReplied]
    ) -> None:
        """Report the replies first: if this daemon exits in between, the next knows the reported
        ones, and reports their entries anyway."""
        for reply in replies:
            if reply.number > self._reporter.progress.last_reply:
                self._reporter.report(reply)
        self._reporter.report(batch)

    def _next_batch(self) -> tuple[Transcript | TranscriptUpdated, list[ThreadReplied]] | None:
        """Return the entries after the reported ones, or the changes, of one run of a stage, and
        the entries' replies. Raises OSError."""
        if self._reader is None:
            try:
                self._reader = TranscriptReader(self._directory)
            except FileNotFoundError:
                return None
        progress = self._reporter.progress
        first, reported = progress.transcript, progress.transcript + progress.transcript_updates
        lines = [_parse_line(line) for line in self._reader.read(reported, _MAX_REPORT_BYTES)]
        if not lines:
            return None
        stage, run = lines[0].stage, lines[0].run
        if updates := _take_updates(lines, first):
            return TranscriptUpdated(stage, updates, run), []
        own = _take_new_entries(lines, first)
        replies = [
            ThreadReplied(stage, first + place, line.reply, line.text, run)
            for place, line in enumerate(own)
            if line.reply is not None
        ]
        return Transcript(stage, first, [_to_entry(line) for line in own], run), replies

    def _unacked_count(self) -> int:
        unacked = self._reporter.context.journal.unacked_reports(self._reporter.key)
        kinds = Transcript | TranscriptUpdated
        return sum(isinstance(report.body, kinds) for report in unacked)


def _parse_line(line: bytes) -> _Line:
    try:
        return msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError:
        # Perhaps from a newer release. The numbers of the others must not change.
        text = "An entry that this machine's worker can't read"
        return _Line(0, "error", text, number=read_number(line))


def _take_updates(lines: list[_Line], known: int) -> list[UpdatedEntry]:
    """Return the changes of `known` entries that the lines start with, of one run."""
    own = takewhile(lambda line: 0 <= line.number < known and _is_same_run(line, lines[0]), lines)
    return [UpdatedEntry(line.number, _to_entry(line)) for line in own]


def _take_new_entries(lines: list[_Line], first: int) -> list[_Line]:
    """Return the lines of one run that they start with, up to a change of an entry."""
    numbered = enumerate(lines, first)
    own = takewhile(
        lambda each: not 0 <= each[1].number < each[0] and _is_same_run(each[1], lines[0]), numbered
    )
    return [line for _, line in own]


def _is_same_run(line: _Line, other: _Line) -> bool:
    return (line.stage, line.run) == (other.stage, other.run)


def _to_entry(line: _Line) -> TranscriptEntry:
    return TranscriptEntry(
        line.at_ms,
        line.kind,
        line.title,
        line.text,
        line.data,
        line.log_offset,
        line.state,
        line.finished_ms,
    )
