import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.bounds import MAX_MESSAGE_CHARS, OutOfBounds
from muster.protocol.frames import (
    Accepted,
    DiffStat,
    Failed,
    InterruptIgnored,
    MessageOutcome,
    Note,
    Published,
    Report,
    StageFinished,
    StageStarted,
    WorkspaceFacts,
)
from muster.worker.journal.journal import Journal
from muster.worker.journal.journal_file import (
    JournalFile,
    ReportAppended,
    pack_record,
    parse_records,
)
from muster.worker.journal.reported_progress import ReportedProgress


def opened(directory: Path, **settings: int) -> Journal:
    directory.mkdir(exist_ok=True)
    return Journal(directory, lambda: None, **settings)


def filled(directory: Path, count: int) -> tuple[str, list[Report]]:
    journal = opened(directory)
    for number in range(count):
        journal.append(AttemptKey(7, 1), Note("info", f"note {number}"))
    assert journal.flush(5)
    pending = journal.reports_after(0)
    journal.close()
    return journal.journal_id, pending


def test_reports_survive_a_restart_in_order_and_numbers_continue(tmp_path: Path) -> None:
    journal_id, pending = filled(tmp_path, 3)

    journal = opened(tmp_path)

    assert [r.seq for r in pending] == [1, 2, 3]
    assert journal.journal_id == journal_id
    assert journal.reports_after(0) == pending
    assert journal.append(AttemptKey(7, 1), Note("info", "next")) == 4
    journal.close()


def test_a_report_is_shown_only_once_it_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    append = JournalFile.append

    def slow(self: JournalFile, records: list[object]) -> None:
        assert may_write.wait(10)
        append(self, records)  # type: ignore[arg-type]

    monkeypatch.setattr(JournalFile, "append", slow)
    journal = opened(tmp_path)
    journal.append(AttemptKey(7, 1), Note("info", "hello"))
    assert journal.reports_after(0) == []
    may_write.set()
    assert journal.flush(5)
    assert len(journal.reports_after(0)) == 1
    journal.close()


def test_a_full_disk_delays_reports_and_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OSError(28, "No space left on device")])
    append = JournalFile.append

    def failing(self: JournalFile, records: list[object]) -> None:
        if error := next(failures, None):
            raise error
        append(self, records)  # type: ignore[arg-type]

    monkeypatch.setattr(JournalFile, "append", failing)
    monkeypatch.setattr("muster.worker.journal.journal._RETRY_SECONDS", 0.01)
    journal = opened(tmp_path)
    journal.append(AttemptKey(7, 1), Note("info", "hello"))
    assert journal.flush(5)
    assert len(journal.reports_after(0)) == 1
    journal.close()


def test_acked_reports_are_forgotten_also_after_a_restart(tmp_path: Path) -> None:
    filled(tmp_path, 5)
    journal = opened(tmp_path)
    journal.ack(3)
    assert [r.seq for r in journal.reports_after(0)] == [4, 5]
    journal.close()

    journal = opened(tmp_path)
    assert [r.seq for r in journal.reports_after(0)] == [4, 5]
    journal.close()


def test_a_long_life_leaves_a_short_file(tmp_path: Path) -> None:
    journal = opened(tmp_path, compact_at=2_000)
    journal.append(AttemptKey(7, 1), StageStarted(2))
    for number in range(200):
        seq = journal.append(AttemptKey(8, 1), Note("info", f"note {number}"))
        assert journal.flush(5)
        journal.ack(seq - 1)
    journal.close()
    assert (tmp_path / "journal").stat().st_size < 5_000

    journal = opened(tmp_path)
    assert [r.seq for r in journal.reports_after(1)] == [201]
    assert journal.progress(AttemptKey(7, 1)) == ReportedProgress(started=2)
    journal.close()


def test_what_was_reported_of_an_attempt_is_known_after_acks_and_restarts(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    bodies = [Accepted(), StageStarted(0), StageFinished(0, 10, "exit")]
    for body in bodies:
        last = journal.append(AttemptKey(7, 1), body)
    journal.ack(last)
    journal.close()

    journal = opened(tmp_path)
    known = ReportedProgress(accepted=True, started=0, finished=0, ended_by="exit")
    assert journal.progress(AttemptKey(7, 1)) == known
    journal.append(AttemptKey(7, 1), WorkspaceFacts("removed"))
    assert journal.progress(AttemptKey(7, 1)) == ReportedProgress()
    journal.close()


def test_what_became_of_messages_is_known_after_acks_and_restarts(tmp_path: Path) -> None:
    journal, key = opened(tmp_path), AttemptKey(7, 1)
    journal.append(key, MessageOutcome(4, "delivered", 0))
    last = journal.append(key, MessageOutcome(2, "returned", 0))
    journal.append(key, InterruptIgnored(3, 0))
    journal.ack(last)
    journal.close()

    journal = opened(tmp_path)
    progress = journal.progress(key)
    assert [progress.has_message_outcome(number) for number in (2, 3, 4)] == [True, False, True]
    assert progress.last_ignored_interrupt == 3
    journal.close()


def test_a_server_that_has_more_than_the_journal_gets_a_new_one(tmp_path: Path) -> None:
    journal_id, _ = filled(tmp_path, 2)
    journal = opened(tmp_path)
    assert journal.reconcile(2)
    assert not journal.reconcile(9)
    assert journal.flush(5)
    assert journal.journal_id != journal_id
    assert [r.seq for r in journal.reports_after(0)] == [1, 2]
    journal.close()

    again = opened(tmp_path)
    assert again.journal_id == journal.journal_id
    assert [r.seq for r in again.reports_after(0)] == [1, 2]
    again.close()


def test_a_missing_journal_is_a_new_one(tmp_path: Path) -> None:
    first_id, _ = filled(tmp_path, 1)
    (tmp_path / "journal").unlink()
    journal = opened(tmp_path)
    assert journal.journal_id != first_id
    assert journal.append(AttemptKey(7, 1), Accepted()) == 1
    journal.close()


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_cut_off_tail_costs_the_tail_alone(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    journal_id, pending = filled(directory, 4)
    content = (directory / "journal").read_bytes()
    cut = data.draw(st.integers(0, len(content)))
    (directory / "journal").write_bytes(content[:cut])

    journal = opened(directory)
    kept = journal.reports_after(0)
    assert kept == pending[: len(kept)]
    assert journal.journal_id == journal_id or not kept
    assert journal.append(AttemptKey(7, 1), Accepted()) == len(kept) + 1
    journal.close()


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_journal_keeps_what_comes_before_the_damage(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    journal_id, pending = filled(directory, 4)
    content = bytearray((directory / "journal").read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    (directory / "journal").write_bytes(content)

    journal = opened(directory)
    kept = journal.reports_after(0)
    assert [r.body for r in kept] == [r.body for r in pending[: len(kept)]]
    assert [r.seq for r in kept] == list(range(1, len(kept) + 1))
    assert journal.journal_id != journal_id
    journal.close()


def test_what_is_too_long_is_cut_when_it_is_reported(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.append(AttemptKey(7, 1), Failed("code", "m" * 900_000))
    assert journal.flush(5)
    [report] = journal.reports_after(0)
    assert report.body == Failed("code", "m" * (MAX_MESSAGE_CHARS - 1) + "…")
    journal.close()


def test_what_cannot_be_said_is_not_reported(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with pytest.raises(OutOfBounds):
        journal.append(AttemptKey(7, 1), Published("b", "no commit", DiffStat()))
    assert journal.append(AttemptKey(7, 1), Accepted()) == 1
    journal.close()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_complaint(content: bytes) -> None:
    found = parse_records(content)
    assert 0 <= found.size <= len(content)


def test_a_record_is_read_as_it_was_written() -> None:
    record = ReportAppended(Report(1, 7, 1, Note("info", "ok")))
    assert parse_records(pack_record(record) + pack_record(record)).records == [record, record]
