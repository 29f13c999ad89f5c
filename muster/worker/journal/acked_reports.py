"""Acknowledged reports, stored until the attempt is removed: a server that was restored from a
backup lacks them, and gets them again.

Only reports that advance a task, or that no later report repeats. Logs are sent again from their
spool; transcripts, and the changed files of changes, aren't.
"""

import bisect
from itertools import chain
from operator import attrgetter

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Accepted,
    BranchRefused,
    Checkpoint,
    Failed,
    LogLost,
    Lost,
    Published,
    QuestionOpened,
    QuestionWithdrawn,
    Report,
    StageFinished,
    StageStarted,
    Stopped,
    Suspended,
    ThreadReplied,
    Usage,
)

_RETAINED_TYPES = (
    Accepted,
    StageStarted,
    Checkpoint,
    StageFinished,
    Suspended,
    Published,
    BranchRefused,
    Failed,
    Lost,
    Stopped,
    QuestionOpened,
    QuestionWithdrawn,
    ThreadReplied,
    LogLost,
)
_MAX_REPORTS = 2000  # per attempt; the oldest are dropped first

_get_seq = attrgetter("seq")


class AckedReports:
    """Reports by attempt, in order. Not safe to use from several threads."""

    def __init__(self) -> None:
        self._reports: dict[AttemptKey, list[Report]] = {}
        self._last_seq = 0

    def add(self, report: Report) -> None:
        """Add an acknowledged report, if it is of that kind; they come in order."""
        if not isinstance(report.body, (*_RETAINED_TYPES, Usage)):
            return
        known = self._reports.setdefault(AttemptKey.from_object(report), [])
        if isinstance(report.body, Usage):  # it includes everything in the one before
            known[:] = [each for each in known if not _is_superseded(each, report.body)]
        known.append(report)
        del known[:-_MAX_REPORTS]
        self._last_seq = report.seq

    def reports_after(self, seq: int) -> list[Report]:
        """Return the reports with a higher number, in order."""
        if seq >= self._last_seq:
            return []
        later = (
            known[bisect.bisect(known, seq, key=_get_seq) :] for known in self._reports.values()
        )
        return sorted(chain.from_iterable(later), key=_get_seq)

    def forget(self, key: AttemptKey) -> None:
        """Drop the attempt's reports."""
        self._reports.pop(key, None)

    def clear(self) -> None:
        """Drop all reports, because their numbers are no longer valid."""
        self._reports.clear()
        self._last_seq = 0


def _is_superseded(report: Report, by: Usage) -> bool:
    body = report.body
    return isinstance(body, Usage) and (body.stage_index, body.run, body.agent) == (
        by.stage_index,
        by.run,
        by.agent,
    )
