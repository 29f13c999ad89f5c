"""Entries change in place while their action runs, and are final afterwards."""

from typing import Any

import pytest
from sqlalchemy import select

from app.domain.attempt import AttemptOutcome
from app.domain.task import EventType
from app.domain.transcript import EntryState
from app.extensions import db
from app.models import Attempt, Developer, Task, TranscriptChunk
from app.services import locks, settings
from app.services.clock import now
from app.services.logs import transcripts
from app.services.tasks import attempts
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, events_of, warnings_of


def entry(title: str, state: str | None = "running", **more: Any) -> frames.TranscriptEntry:
    return frames.TranscriptEntry(100, "command", title, state=state, **more)  # type: ignore[arg-type]


def new(first: int, *entries: frames.TranscriptEntry, **more: Any) -> frames.Transcript:
    return frames.Transcript(0, first, list(entries), **more)


def changed(*entries: tuple[int, frames.TranscriptEntry], **more: Any) -> frames.TranscriptUpdated:
    updated = [frames.UpdatedEntry(number, entry) for number, entry in entries]
    return frames.TranscriptUpdated(0, updated, **more)


def states(admin: Developer, task: Task) -> list[tuple[str, str | None]]:
    page = transcripts.read_page(admin, task.id)
    return [(each.title, each.state and each.state.value) for each in page.items]


def attempt_of(task: Task) -> Attempt:
    return db.session.get_one(Attempt, (task.id, task.attempt), populate_existing=True)


@pytest.mark.parametrize("together", [False, True])
def test_an_entry_changes_in_place(
    admin: Developer, machine: FakeMachine, task: Task, *, together: bool
) -> None:
    bodies = [
        new(0, entry("make", None), entry("make")),
        new(2, entry("later", "done", finished_ms=120)),
        changed((1, entry("make -j", "failed", text="no", finished_ms=900))),
    ]
    for some in [bodies] if together else [[each] for each in bodies]:
        machine.report_on(task, *some)
    assert states(admin, task) == [("make", None), ("make -j", "failed"), ("later", "done")]
    found = transcripts.read_page(admin, task.id).items[1]
    assert (found.number, found.text, found.update) == (1, "no", 1)
    assert found.finished_at is not None
    assert (found.finished_at - found.at).total_seconds() == 0.8
    assert EventType.WARNING not in events_of(task)


def test_what_runs_is_known_until_it_ends(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, new(0, entry("one")))
    machine.report_on(task, new(1, entry("two")))
    assert [row[:3] for row in attempt_of(task).running_entries] == [
        [0, "command", "one"],
        [1, "command", "two"],
    ]
    machine.report_on(task, changed((0, entry("one", "done"))))
    assert [row[0] for row in attempt_of(task).running_entries] == [1]
    assert attempt_of(task).active_at is not None


def test_a_final_entry_does_not_change(admin: Developer, machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, new(0, entry("a", "done"), entry("b"), entry("m", None)))
    machine.report_on(
        task,
        changed(
            (0, entry("other")), (1, entry("b", "denied")), (2, entry("other")), (9, entry("none"))
        ),
    )
    assert states(admin, task) == [("a", "done"), ("b", "denied"), ("m", None)]
    assert len(warnings_of(task)) == 1


def test_an_entry_of_another_run_does_not_change(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, new(0, entry("a")))
    machine.report_on(task, changed((0, entry("b", "done")), run=1))
    assert states(admin, task) == [("a", "running")]
    assert len(warnings_of(task)) == 1


def test_entries_of_an_ended_attempt_are_stopped_and_may_still_end(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, new(0, entry("a"), entry("b"), entry("c", "done")))
    (locked,) = locks.lock_attempts(machine.row, [attempt_of(task)], now())
    attempts.finish(locked, AttemptOutcome.LOST, gone=False)
    db.session.commit()
    assert states(admin, task) == [("a", "stopped"), ("b", "stopped"), ("c", "done")]
    assert attempt_of(task).running_entries == []
    machine.report_on(task, changed((0, entry("a", "done", text="all of it"))))
    assert states(admin, task)[0] == ("a", "done")


def test_a_change_beyond_the_limit_keeps_the_end(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, new(0, entry("a", text="x" * 1000)))
    attempt = attempt_of(task)
    attempt.max_stored_bytes = attempt.stored_bytes
    db.session.commit()
    machine.report_on(task, changed((0, entry("a", "done", text="x" * 5000, finished_ms=120))))
    (found,) = transcripts.read_page(admin, task.id).items
    assert (found.state, found.text, found.data) == (EntryState.DONE, "", {"cut": True})
    chunk = db.session.scalars(select(TranscriptChunk)).one()
    assert chunk.size == len(chunk.data)
    assert attempt_of(task).stored_bytes <= attempt_of(task).max_stored_bytes


def test_readers_get_the_changes_after_those_they_have(machine: FakeMachine, task: Task) -> None:
    for number in range(5):
        machine.report_on(task, new(number, entry(f"{number}")))
    for number in (3, 0, 2):
        machine.report_on(task, changed((number, entry(f"{number}", "done"))))
    found, following = transcripts.changed_entries(task.id, 1, after=1, before_number=5)
    assert ([each.number for each in found], following) == ([0, 2], None)
    found, _ = transcripts.changed_entries(task.id, 1, after=0, before_number=3)
    assert [each.number for each in found] == [0, 2]


def test_old_chunks_are_without_changes(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, new(0, entry("a", None)))
    assert transcripts.changed_entries(task.id, 1, after=0, before_number=1) == ([], None)


def test_running_entries_are_bounded(machine: FakeMachine, task: Task) -> None:
    for first in range(0, 200, 50):
        machine.report_on(task, new(first, *(entry(f"{n}") for n in range(50))))
    assert len(attempt_of(task).running_entries) <= 128
    machine.report_on(task, new(200, entry("x")), frames.Note(level="info", text="slow path"))
    assert len(attempt_of(task).running_entries) <= 128
    assert settings.value("maxLogMegabytes") > 0
