"""A server restored from a backup gets the reports that it lacks again; any other gets each
once.
"""

from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Accepted,
    Body,
    Checkpoint,
    Note,
    Report,
    StageFinished,
    StageStarted,
    Transcript,
    Usage,
    WorkspaceFacts,
)
from muster.worker.journal.journal import Journal

KEY, OTHER = AttemptKey(7, 1), AttemptKey(8, 1)
STAGE: list[Body] = [
    Accepted(),
    Note("info", "cloning 40 %"),
    StageStarted(0),
    Usage(0, "claude", []),
    Transcript(0, 0, []),
    Usage(0, "claude", []),
    Checkpoint(0, "refs/muster/7/1/0", "c0ffee" + "0" * 34),
    StageFinished(0, 0, "exit", 0),
]
MOVING = [1, 3, 6, 7, 8]  # of these


def opened(directory: Path, **settings: int) -> Journal:
    return Journal(directory, lambda: None, **settings)


def numbers(reports: list[Report]) -> list[int]:
    return [report.seq for report in reports]


def acked(directory: Path, key: AttemptKey = KEY, **settings: int) -> Journal:
    """A journal with all reports of a stage, acknowledged."""
    journal = opened(directory, **settings)
    for body in STAGE:
        seq = journal.append(key, body)
    assert journal.flush(5)
    journal.ack(seq)
    assert journal.flush(5)
    return journal


def again(journal: Journal, directory: Path, **settings: int) -> Journal:
    journal.close()
    return opened(directory, **settings)


@pytest.mark.parametrize("compact_at", [1 << 20, 1], ids=["appended", "rewritten"])
def test_what_moves_a_task_on_is_said_again_to_a_server_that_has_less(
    tmp_path: Path, compact_at: int
) -> None:
    journal = acked(tmp_path, compact_at=compact_at)
    for _ in range(3):
        assert numbers(journal.reports_after(0)) == MOVING
        assert numbers(journal.reports_after(6)) == [7, 8]
        assert journal.reports_after(8) == journal.unacked_reports(KEY) == []
        journal = again(journal, tmp_path, compact_at=compact_at)
    assert journal.reconcile(7)
    new = journal.append(KEY, StageStarted(1))
    assert journal.flush(5)
    assert numbers(journal.reports_after(7)) == [8, new]
    journal = again(journal, tmp_path, compact_at=compact_at)
    assert numbers(journal.reports_after(7)) == [8, new]
    assert numbers(journal.unacked_reports(KEY)) == [new]
    journal.close()


def test_reported_progress_is_as_it_was_however_often_the_file_is_rewritten(tmp_path: Path) -> None:
    journal = acked(tmp_path, compact_at=1)
    before = journal.progress(KEY)
    for _ in range(2):
        journal = again(journal, tmp_path, compact_at=1)
        journal.append(OTHER, Accepted())
        assert journal.flush(5)
    assert journal.progress(KEY) == before
    journal.close()


@pytest.mark.parametrize("how", ["removed", "forgotten"])
def test_of_an_attempt_that_is_forgotten_nothing_is_kept(tmp_path: Path, how: str) -> None:
    journal = acked(tmp_path)
    if how == "removed":
        seq = journal.append(KEY, WorkspaceFacts("removed"))
        assert journal.flush(5)
        assert numbers(journal.reports_after(0)) == [seq]
        journal.ack(seq)
    else:
        journal.forget_others(set())
    assert journal.flush(5)
    assert again(journal, tmp_path).reports_after(0) == []


def test_a_new_journal_repeats_no_report(tmp_path: Path) -> None:
    journal = acked(tmp_path)
    new = journal.append(KEY, StageStarted(1))
    assert journal.flush(5)
    assert not journal.reconcile(new + 10)
    assert journal.flush(5)
    assert [report.body for report in journal.reports_after(0)] == [StageStarted(1)]
    journal.close()
