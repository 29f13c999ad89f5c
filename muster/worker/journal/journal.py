"""Reports, stored until the server has them.

A report gets its number when it is created, and is visible to the sender once it is on disk. One
thread writes; creating a report waits for nothing, and a full disk delays reports instead of losing
them.

The disk may have lost the last reports after the server got them. So a daemon's numbers are
provisional, also for later daemons, until the server has said how many reports it has.
"""

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path

from muster.protocol import bounds
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Body, Report, WorkspaceFacts
from muster.worker.journal.acked_reports import AckedReports
from muster.worker.journal.journal_file import (
    Acked,
    AttemptProgress,
    Forgotten,
    JournalFile,
    JournalRecord,
    Opening,
    ReportAppended,
    pack_record,
)
from muster.worker.journal.reported_progress import ReportedProgress

_COMPACT_BYTES = 1 << 20  # file size after which acknowledged reports are removed
_RETRY_SECONDS = 1.0  # seconds until a failed write is retried

log = logging.getLogger(__name__)


class Journal:
    """One directory's journal. Safe to use from any thread; `close` it."""

    def __init__(
        self, directory: Path, on_stored: Callable[[], None], compact_at: int = _COMPACT_BYTES
    ) -> None:
        self._file = JournalFile(directory / "journal")
        self._on_stored = on_stored
        self._compact_bytes = compact_at
        self._changed = threading.Condition()
        self._reports: deque[Report] = deque()  # created and not acknowledged, in order
        self._acked = AckedReports()  # acknowledged
        self._progress: dict[AttemptKey, ReportedProgress] = {}
        self._unwritten: list[JournalRecord] = []
        self._last_seq = 0
        self._confirmed_seq = 0  # the last report whose number isn't provisional
        self._stored_seq = 0  # the last one of these on disk
        self._epoch = 0  # counts how often the unwritten records were replaced
        self._compacted_bytes = 0  # file size after the last rewrite
        self._is_closing = False
        self._is_reconciled = False
        self.journal_id = ""
        self._load()
        self._writer = threading.Thread(target=self._run_writer, name="journal-writer", daemon=True)
        self._writer.start()

    def append(self, key: AttemptKey, body: Body) -> int:
        """Create a report about the attempt and return its number. Long texts are truncated.

        Raises OutOfBounds, and UnicodeEncodeError for a string that can't be written.
        """
        body = bounds.fit_to_bounds(body)
        with self._changed:
            report = Report(self._last_seq + 1, *key, body)
            record = ReportAppended(report, is_provisional=not self._is_reconciled)
            # Rejected here, in the caller, and not in the writing thread.
            pack_record(record)
            self._apply_record(record)
            self._unwritten.append(record)
            self._changed.notify_all()
            return self._last_seq

    def reports_after(self, seq: int) -> list[Report]:
        """Return the reports on disk with a number above `seq`, in order. Includes acknowledged
        ones if a server asks for fewer than it had, because it was restored from a backup.
        """
        with self._changed:
            new = [report for report in self._reports if seq < report.seq <= self._stored_seq]
            return [*self._acked.reports_after(seq), *new]

    def unacked_reports(self, key: AttemptKey) -> list[Report]:
        """Return the attempt's reports that the server isn't known to have."""
        with self._changed:
            return [report for report in self._reports if AttemptKey.from_object(report) == key]

    def ack(self, up_to: int) -> None:
        """Drop the reports up to this number, which the server has. Doesn't wait for the disk."""
        with self._changed:
            if self._reports and self._reports[0].seq <= up_to:
                self._apply_record(Acked(up_to))
                self._unwritten.append(Acked(up_to))
                self._changed.notify_all()

    def wait_for_change(self, timeout: float) -> None:
        """Wait until a report is created, stored or acknowledged, or for `timeout` seconds."""
        with self._changed:
            self._changed.wait(timeout)

    def progress(self, key: AttemptKey) -> ReportedProgress:
        """Return the attempt's reported progress; empty without reports."""
        with self._changed:
            return self._progress.get(key, ReportedProgress())

    def forget_others(self, held: set[AttemptKey]) -> None:
        """Drop the progress of all attempts but these."""
        with self._changed:
            for key in self._progress.keys() - held:
                self._apply_record(Forgotten(*key))
                self._unwritten.append(Forgotten(*key))
            self._changed.notify_all()

    def reconcile(self, acked_seq: int) -> bool:
        """Whether the server's count is one of ours.

        If it has reports that aren't on our disk, this journal has lost its tail, or came from a
        backup: a new one starts, in which the remaining reports are renumbered. The server has
        those whose numbers aren't provisional, so they aren't repeated.
        """
        with self._changed:
            known = self._last_seq if self._is_reconciled else self._confirmed_seq
            if acked_seq <= known:
                self._is_reconciled = True
                if known < self._last_seq:
                    self._confirmed_seq = self._last_seq
                    self._rewrite()
                return True
            log.error(
                "the server has %d reports, the journal %d: starting a new journal",
                acked_seq,
                known,
            )
            if not self._is_reconciled:
                self._apply_record(Acked(known))
            self._renumber()
            self._stored_seq = 0
            self._rewrite()
        return False

    def flush(self, timeout: float) -> bool:
        """Wait until everything is on disk; False if that failed."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._unwritten, timeout)

    def close(self, timeout: float = 5.0) -> None:
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._writer.join(timeout)
        if not self._writer.is_alive():
            self._file.close()

    # The file

    def _load(self) -> None:
        found = self._file.read()
        whole = bool(found.records) and isinstance(found.records[0], Opening)
        for record in found.records if whole else []:
            self._apply_record(record)
        if not whole or found.is_damaged:
            self._renumber()
            self._file.rewrite(self._snapshot())
        self._stored_seq = self._confirmed_seq

    def _run_writer(self) -> None:
        while self._wait_for_records():
            with self._changed:
                batch, life, stored = list(self._unwritten), self._epoch, self._confirmed_seq
                whole = self._snapshot() if self._needs_rewrite() else None
            try:
                self._store(batch, whole)
            except OSError as error:
                log.error("can't write the journal, retrying: %s", error)
                if self._wait_for_retry():
                    return
                continue
            self._mark_stored(len(batch), life, stored)
            self._on_stored()

    def _wait_for_records(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._unwritten or self._is_closing)
            return bool(self._unwritten)

    def _needs_rewrite(self) -> bool:
        is_large = self._file.size > max(self._compact_bytes, 2 * self._compacted_bytes)
        return is_large or isinstance(self._unwritten[0], Opening)

    def _rewrite(self) -> None:
        """Have the whole file written, and nothing sent that isn't in it. What the writer stores
        meanwhile doesn't count."""
        self._epoch += 1
        self._unwritten = self._snapshot()
        self._changed.notify_all()

    def _store(self, batch: list[JournalRecord], whole: list[JournalRecord] | None) -> None:
        if whole is None:
            self._file.append(batch)
        else:
            # It includes the batch, and all unacknowledged reports.
            self._file.rewrite(whole)
            self._compacted_bytes = self._file.size

    def _mark_stored(self, count: int, life: int, stored: int) -> None:
        with self._changed:
            if life == self._epoch:
                del self._unwritten[:count]
                self._stored_seq = stored
                self._changed.notify_all()

    def _wait_for_retry(self) -> bool:
        """Wait a moment; True if there is no time left."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_closing, _RETRY_SECONDS)

    # The meaning of records

    def _apply_record(self, record: JournalRecord) -> None:
        match record:
            case Opening():
                self.journal_id, self._last_seq = record.journal_id, record.last_seq
                self._confirmed_seq = self._last_seq
                self._progress = {AttemptKey.from_object(s): s.progress for s in record.attempts}
            case ReportAppended(report=report):
                self._last_seq = report.seq
                if not record.is_provisional:
                    self._confirmed_seq = report.seq
                self._reports.append(report)
                self._apply_report(report)
            case Acked(up_to=up_to):
                while self._reports and self._reports[0].seq <= up_to:
                    self._acked.add(self._reports.popleft())
            case Forgotten():
                self._progress.pop(AttemptKey.from_object(record), None)
                self._acked.forget(AttemptKey.from_object(record))

    def _apply_report(self, report: Report) -> None:
        key = AttemptKey.from_object(report)
        if isinstance(report.body, WorkspaceFacts) and report.body.state == "removed":
            self._progress.pop(key, None)
            self._acked.forget(key)
        else:
            self._progress[key] = self._progress.get(key, ReportedProgress()).with_report(
                report.body
            )

    def _renumber(self) -> None:
        self.journal_id = str(uuid.uuid4())
        self._acked.clear()
        renumbered = enumerate(self._reports, start=1)
        self._reports = deque(Report(n, r.task_id, r.attempt, r.body) for n, r in renumbered)
        self._last_seq = self._confirmed_seq = len(self._reports)
        self._is_reconciled = True  # the server has none of a new journal

    def _snapshot(self) -> list[JournalRecord]:
        standings = [AttemptProgress(*key, s) for key, s in self._progress.items()]
        acked = (self._reports[0].seq if self._reports else self._last_seq + 1) - 1
        return [
            *self._acked_records(acked),
            Opening(self.journal_id, acked, standings),
            *[ReportAppended(each, each.seq > self._confirmed_seq) for each in self._reports],
        ]

    def _acked_records(self, acked: int) -> list[JournalRecord]:
        """Return the acknowledged reports that are still needed, as records of the journal before
        the second opening record."""
        if not (kept := self._acked.reports_after(0)):
            return []
        opening = Opening(self.journal_id, kept[0].seq - 1)
        return [opening, *[ReportAppended(report) for report in kept], Acked(acked)]
