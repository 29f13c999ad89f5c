"""What an attempt's agents say of what they do, reported in batches, each entry once.

The journal knows how far it has come: an entry is reported when its report is journalled, so a
daemon that is killed before that leaves it to the next.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import msgspec

from muster.protocol.frames import Replied, Transcript, TranscriptEntry
from muster.worker.attempts.context import Reporter
from muster.worker.shim.transcript import TranscriptReader

_LARGEST = 256 << 10  # bytes of a report; more than twice what the shim makes of one entry
_PAUSE = 0.5  # seconds between two looks that may cost a report
_AHEAD = 4  # reports that the server does not have yet, above which the others wait in their file

log = logging.getLogger(__name__)


class _Line(TranscriptEntry):
    """`reply` is the thread that it answers in, if it does: the shim has seen to that."""

    stage: int = 0
    run: int = 0
    reply: int | None = None


class TranscriptTeller:
    """For the attempt's thread alone."""

    def __init__(self, reporter: Reporter, directory: Path) -> None:
        self._reporter = reporter
        self._directory = directory
        self._reader: TranscriptReader | None = None
        self._due = 0.0

    def tell(self) -> float | None:
        """Reports what has come, now and then; in how many seconds to call again, None: when
        something has happened."""
        now = monotonic()
        if now < self._due:
            return self._due - now
        try:
            is_all = self._tell()
        except OSError as error:
            log.error("the transcript of task %d: %s", self._reporter.key.task_id, error)
            self._due = now + _PAUSE
            return None
        return None if is_all else _PAUSE

    def tell_rest(self, goes_on: Callable[[], bool]) -> None:
        """Reports all of a stage that is over, unless `goes_on` becomes false; waits for the server
        where that has much to take yet."""
        self._due = 0.0
        while goes_on() and self.tell() is not None:
            self._reporter.context.journal.wait_for_change(_PAUSE)
            self._due = 0.0
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _tell(self) -> bool:
        """False where entries are left for which there is no room yet."""
        if self._reporter.context.takes_questions() is False:
            return True  # nor can it read this: it waits in its file for a later server
        while (batch := self._next()) is not None:
            if self._waiting() >= _AHEAD:
                return False
            self._say(*batch)
            self._due = monotonic() + _PAUSE
        return True

    def _say(self, batch: Transcript, replies: list[Replied]) -> None:
        """The replies first: where this life ends in between, the next knows which were reported,
        and reports their entries after all."""
        for reply in replies:
            if reply.number > self._reporter.standing.replied:
                self._reporter.say(reply)
        self._reporter.say(batch)

    def _next(self) -> tuple[Transcript, list[Replied]] | None:
        """What follows on what was reported: of one run of a stage; and the replies in it. Raises
        OSError."""
        if self._reader is None:
            try:
                self._reader = TranscriptReader(self._directory)
            except FileNotFoundError:
                return None
        first = self._reporter.standing.transcript
        lines = [_line(line) for line in self._reader.read(first, _LARGEST)]
        if not lines:
            return None
        stage, run = lines[0].stage, lines[0].run
        following = (n for n, line in enumerate(lines) if (line.stage, line.run) != (stage, run))
        own = lines[: next(following, len(lines))]
        replies = [
            Replied(stage, first + place, line.reply, line.text, run)
            for place, line in enumerate(own)
            if line.reply is not None
        ]
        return Transcript(stage, first, [_entry(line) for line in own], run), replies

    def _waiting(self) -> int:
        unacked = self._reporter.context.journal.unacked(self._reporter.key)
        return sum(isinstance(report.body, Transcript) for report in unacked)


def _line(line: bytes) -> _Line:
    try:
        return msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError:
        # A later release's, perhaps. The numbers of the others must not move.
        return _Line(0, "error", "An entry that this machine's worker cannot read")


def _entry(line: _Line) -> TranscriptEntry:
    kind, offset = line.kind, line.log_offset
    return TranscriptEntry(line.at_ms, kind, line.title, line.text, line.data, offset)
