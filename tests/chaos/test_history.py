"""What is recorded of a chaos run is read again as it was."""

from pathlib import Path

from tests.chaos import history, stage_notes
from tests.chaos.history import (
    Acted,
    Answered,
    Created,
    Disruption,
    Frozen,
    Pushed,
    Record,
    Recorder,
)
from tests.chaos.review_records import ReviewRequest, TaskReviews

RECORDS: list[Record] = [
    Created("1-1", "ann", 1.0, 2.0, 201, 7),
    Created("1-2", "ann", 1.0, 2.0),
    Answered(7, 0, "a1", "bob", "red", 1.0, 2.0, 409, "already_answered"),
    Acted("cancel", 7, 1.0, 2.0, 200),
    Disruption(3.0, "kill shim", "m1", 7, 1),
    Frozen("m1", 1.0, 2.0, 3.0),
    ReviewRequest("follow_up", 7, "f1", "ann", 1.0, 2.0, 201, made=3),
    TaskReviews(7, [{"id": 3}], [], [{"comments": []}]),
]


def test_records_are_read_again_as_they_were(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for record in RECORDS:
        recorder.write(record)
    recorder.close()
    found = history.load(tmp_path)
    read = [
        *found.created,
        *found.answers,
        *found.acts,
        *found.disruptions,
        *found.frozen,
        *found.review_requests,
        *found.reviews.values(),
    ]
    assert read == RECORDS


def test_a_record_that_was_not_finished_is_left_out(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.write(RECORDS[0])
    recorder.close()
    path = tmp_path / history.NAME
    path.write_bytes(path.read_bytes() * 2 + b'{"type":"fau')
    assert history.load(tmp_path).created == [RECORDS[0]] * 2


def test_notes_of_stages_become_runs(tmp_path: Path) -> None:
    (tmp_path / "7-1-0-41-leader.notes").write_text(
        '{"what":"start","at":5.0,"place":"/m","mark":"x","choice":"","input":"","namespace":9,'
        '"request":"f1","round":2}\n'
        '{"what":"printed","at":5.2,"upto":4}\n{"what":"beat","at":5.1}\n{"what":"en'
    )
    (tmp_path / "7-1-0-42-child.notes").write_text('{"what":"beat","at":6.0}\n')
    (tmp_path / "7-2-0-43-leader.notes").write_text("")
    (run,) = stage_notes.runs(tmp_path)
    assert (run.task_id, run.attempt, run.stage, run.pid, run.confirmed) == (7, 1, 0, 41, 4)
    assert (run.began, run.last, run.exit, run.mark) == (5.0, 6.0, None, "x")
    assert (run.request, run.round) == ("f1", 2)
    assert (run.led_until, run.left, run.namespace) == (5.2, [6.0], 9)


def test_the_notes_of_gits_hook_become_pushes(tmp_path: Path) -> None:
    ref = "refs/heads/muster/7-1"
    (tmp_path / stage_notes.PUSHES).write_text(f"5.00 abc {ref}\n6.00 {'0' * 40} {ref}\n")
    assert stage_notes.pushes(tmp_path) == [Pushed(5.0, ref, "abc"), Pushed(6.0, ref, "")]
