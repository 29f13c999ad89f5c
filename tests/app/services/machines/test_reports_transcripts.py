"""What agents did comes with reports: each entry is stored once, none of it in another's name."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Task
from app.services.logs import transcripts
from app.services.machines import reports
from app.services.tasks import tasks
from muster.protocol import codec, frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    log_frame,
    log_of,
    make_driven,
    make_held_attempt,
    warnings_of,
)
from tests.factories import make_attempt
from tests.factories import make_task as a_task


def body(first: int, *titles: str, **given: Any) -> frames.Transcript:
    found = [frames.TranscriptEntry(at_ms=0, kind="tool", title=title) for title in titles]
    return frames.Transcript(stage_index=0, first=first, entries=found, **given)


def titles(admin: Developer, task: Task) -> list[str]:
    return [entry.title for entry in transcripts.read_page(admin, task.id).items]


def test_reports_of_one_batch_follow_each_other(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, body(0, "a", "b"), body(2, "c", run=1))
    assert titles(admin, task) == ["a", "b", "c"]
    assert [entry.run for entry in transcripts.read_page(admin, task.id).items] == [0, 0, 1]


def test_other_reports_may_lie_between_them(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    note = frames.Note(level="info", text="pushing")
    machine.report_on(task, body(0, "a"), note, body(1, "b"), logs=[log_frame(task, b"one")])
    machine.report_on(task, body(2, "c"), logs=[log_frame(task, b"two", 3)])
    machine.report_on(
        task, body(3, "d"), logs=[log_frame(task, b"e", 9)]
    )  # too early, and not stored
    assert titles(admin, task) == ["a", "b", "c", "d"]
    assert log_of(admin, task) == b"onetwo"


def test_progress_is_an_event_once_however_its_report_comes(
    machine: FakeMachine, task: Task
) -> None:
    entry = frames.TranscriptEntry(0, "message", text="half \0of it", data={"progress": True})
    progress = frames.Transcript(0, 0, [entry])
    machine.report_on(task, progress)
    machine.report_on(task, progress, frames.Note(level="info", text="pushing"))
    machine.report_on(task, frames.Transcript(0, 1, [entry]), body(2, "c"))
    query = select(Event).where(Event.task_id == task.id, Event.type == EventType.LOG)
    events = [event for event in db.session.scalars(query) if event.data]
    assert [(event.message, event.data) for event in events] == 2 * [
        ("half \ufffdof it", {"progress": True})
    ]


def test_two_attempts_of_a_batch_have_their_own(admin: Developer, machine: FakeMachine) -> None:
    two = [a_task(status=TaskStatus.RUNNING) for _ in range(2)]
    for task in two:
        make_attempt(task, machine.row)
    first, second = two
    batch = [(first, body(0, "a")), (second, body(0, "x")), (first, body(1, "b"))]
    machine.apply([machine.report(task.id, 1, transcript) for task, transcript in batch])
    assert (titles(admin, first), titles(admin, second)) == (["a", "b"], ["x"])


def test_a_report_that_a_journal_has_not_come_to_counts_as_its_own(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    machine.seq += 5  # the server was restored from an earlier day
    assert machine.report_on(task, body(0, "a")).up_to == machine.seq
    assert titles(admin, task) == ["a"]
    assert machine.row.journal_seq == machine.seq


def test_a_connection_that_is_replaced_stores_none(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    earlier = replace(machine)
    machine.hello(make_held_attempt(task))
    with pytest.raises(reports.SessionReplaced):
        earlier.report_on(task, body(0, "a"))
    assert titles(admin, task) == []


def test_a_report_that_comes_again_changes_nothing(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    report = machine.report(task.id, task.attempt, body(0, "a", "b"))
    for _ in range(2):
        machine.apply([report])
    machine.report_on(task, body(0, "a", "b"))  # under its own number, as from a new journal
    machine.report_on(task, body(1, "b", "c"))
    assert titles(admin, task) == ["a", "b", "c"]
    assert EventType.WARNING not in events_of(task)


def test_a_hole_is_refused_and_one_warning(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, body(0, "a"), body(5, "f"), body(6, "g"), body(1, "b"))
    outcome = machine.report_on(task, body(7, "h"))
    assert outcome.up_to == machine.seq
    assert titles(admin, task) == ["a", "b"]
    assert warnings_of(task) == ["ignored transcript: it starts at entry 5, but 1 is the next"]


def test_entries_of_an_attempt_that_has_ended_are_welcome(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    tasks.cancel(admin, task.id)
    outcome = machine.report_on(task, body(0, "a"))
    assert titles(admin, task) == ["a"]
    assert outcome.stale == set()
    assert warnings_of(task) == []


def test_nobody_writes_into_another_machines_transcript(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, body(0, "a"))
    outcome = make_driven().report_on(task, body(1, "forged"))
    assert outcome.stale == {(task.id, 1)}
    assert titles(admin, task) == ["a"]


def read(value: str, title: str = '""') -> frames.Transcript:
    """A report as it comes over the line, with this JSON in its entry's data."""
    entry = f'{{"atMs": 1, "kind": "tool", "title": {title}, "data": {{"a": {value}}}}}'
    text = f'{{"kind": "transcript", "stageIndex": 0, "first": 0, "entries": [{entry}]}}'
    report = codec.decode_from_machine(
        f'{{"type": "report", "seq": 1, "taskId": 1, "attempt": 1, "body": {text}}}'
    )
    assert isinstance(report, frames.Report)
    assert isinstance(report.body, frames.Transcript)
    return report.body


def test_text_that_postgres_cannot_hold_is_replaced(
    admin: Developer, machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, read(r'"a\u0000b"', r'"a\u0000b"'))
    [entry] = transcripts.read_page(admin, task.id).items
    assert (entry.title, entry.data) == ("a�b", {"a": "a�b"})


def test_what_is_said_is_read() -> None:
    assert read("[1, 2.5]").entries[0].data == {"a": [1, 2.5]}


@pytest.mark.parametrize(
    "value",
    ["1e400", r'"\ud800"', "[" * 50_000 + "]" * 50_000, "9" * 10_000],
    ids=["no float", "half a pair", "deep", "no integer"],
)
def test_what_others_could_not_read_is_no_frame(value: str) -> None:
    with pytest.raises(codec.BadFrame):
        read(value)
