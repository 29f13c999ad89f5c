"""A journal without its last reports, which the server has: none is repeated or lost."""

import os
import threading
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Note
from muster.worker.journal.journal import Journal
from muster.worker.journal.journal_file import JournalFile, pack_record, parse_records
from tests.muster.worker.journal.test_journal import filled, opened


def cut_off(directory: Path, size: int) -> None:
    path = directory / "journal"
    os.truncate(path, path.stat().st_size - size)


def texts(journal: Journal) -> list[str]:
    return [r.body.text for r in journal.reports_after(0) if isinstance(r.body, Note)]


def test_a_journal_without_its_tail_repeats_nothing_that_the_server_has(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    cut_off(tmp_path, 1)
    journal = opened(tmp_path)
    journal.append(AttemptKey(7, 1), Note("info", "new"))
    assert not journal.reconcile(3)
    assert journal.flush(5)
    assert texts(journal) == ["new"]
    journal.close()


@pytest.mark.parametrize("acked", [2, 3, 5])
def test_it_keeps_what_it_said_before_the_server_had_told_its_count(
    tmp_path: Path, acked: int
) -> None:
    """Each of the numbers from 3 on may have been a lost report's."""
    filled(tmp_path, 5)
    path = tmp_path / "journal"
    content = path.read_bytes()
    kept = sum(len(pack_record(record)) for record in parse_records(content).records[:3])
    path.write_bytes(content[:kept])
    for number in range(2):
        journal = opened(tmp_path)
        journal.append(AttemptKey(7, 1), Note("info", f"new {number}"))
        assert journal.flush(5)
        journal.close()

    journal = opened(tmp_path)
    is_ours = journal.reconcile(acked)
    assert journal.flush(5)
    old = ["note 0", "note 1"] if is_ours else []
    assert is_ours == (acked == 2)
    assert texts(journal) == [*old, "new 0", "new 1"]
    journal.close()


def test_a_number_that_the_server_has_confirmed_is_confirmed_for_the_next_daemon(
    tmp_path: Path,
) -> None:
    filled(tmp_path, 2)
    journal = opened(tmp_path)
    journal.append(AttemptKey(7, 1), Note("info", "new"))
    assert journal.flush(5)
    assert [r.seq for r in journal.reports_after(0)] == [1, 2]  # it can't be sent yet
    assert journal.reconcile(1)
    assert journal.flush(5)
    assert [r.seq for r in journal.reports_after(0)] == [1, 2, 3]
    journal.close()

    journal = opened(tmp_path)
    assert journal.reconcile(3)
    journal.close()


def test_a_new_journal_is_whole_though_the_old_one_was_just_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, 2)
    is_writing, may_write = threading.Event(), threading.Event()
    append = JournalFile.append

    def slow(self: JournalFile, records: list[object]) -> None:
        is_writing.set()
        assert may_write.wait(10)
        append(self, records)  # type: ignore[arg-type]

    monkeypatch.setattr(JournalFile, "append", slow)
    journal = opened(tmp_path)
    journal.append(AttemptKey(7, 1), Note("info", "new"))
    assert is_writing.wait(10)
    assert not journal.reconcile(9)
    may_write.set()
    assert journal.flush(5)
    journal.close()

    again = opened(tmp_path)
    assert again.journal_id == journal.journal_id
    assert texts(again) == ["new"]
    again.close()
