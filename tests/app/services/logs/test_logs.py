"""A log is exact to the byte and to the line, however it arrived."""

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import NotFound
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Attempt, Developer, Task
from app.services.logs import logs
from app.services.logs.logs import LogSegment
from tests.factories import make_attempt, make_developer, make_machine, make_task

# Pieces are small and chunks are small, so that lines cross both in every way.
CHUNKS = st.lists(st.text("ab\n\n é", min_size=1, max_size=12).map(str.encode), max_size=12)
AGAIN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def attempt(app: Flask) -> Attempt:
    return make_attempt(make_task(), make_machine())


def chunks(parts: list[bytes], stage: int = 0) -> list[LogSegment]:
    offset, found = 0, []
    for part in parts:
        found.append(LogSegment(offset, offset, stage, part))
        offset += len(part)
    return found


def append(attempt: Attempt, found: list[LogSegment]) -> int | None:
    gap = logs.append(attempt, found)
    db.session.commit()
    return gap


def store(task: Task, parts: list[bytes]) -> Attempt:
    attempt = make_attempt(task, make_machine())
    for piece in chunks(parts):
        assert append(attempt, [piece]) is None
    attempt_key = (attempt.task_id, attempt.number)
    attempt.ended_at, attempt.outcome = attempt.assigned_at, "lost"
    db.session.commit()
    return db.session.get(Attempt, attempt_key)


@AGAIN
@given(parts=CHUNKS, offset=st.integers(-9, 9), limit=st.integers(1, 9))
def test_a_page_is_what_splitting_the_whole_gives(
    admin: Developer, parts: list[bytes], offset: int, limit: int
) -> None:
    task = make_task()
    store(task, parts)
    lines = b"".join(parts).split(b"\n")
    whole = [line.decode("utf-8", "replace") for line in (lines if lines[-1] else lines[:-1])]
    start = max(0, len(whole) + offset) if offset < 0 else offset
    page = logs.read_page(admin, task.id, offset=offset, limit=limit)
    found = list(page.lines)
    assert page.total == len(whole)
    assert [line.text for line in found] == whole[start : start + limit]
    assert [line.number for line in found] == list(range(start, start + len(found)))


@AGAIN
@given(parts=CHUNKS, data=st.data())
def test_any_range_of_bytes_is_exact(
    admin: Developer, parts: list[bytes], data: st.DataObject
) -> None:
    task = make_task()
    store(task, parts)
    whole = b"".join(parts)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    raw = logs.raw_log(admin, task.id)
    assert raw.size == len(whole)
    assert b"".join(raw.read(start, end)) == whole[start:end]


def test_overlapping_bytes_are_stored_once(admin: Developer, attempt: Attempt) -> None:
    assert append(attempt, [LogSegment(0, 0, 0, b"one\ntwo\n")]) is None
    assert (
        append(attempt, [LogSegment(4, 5, 0, b"two\nthree\n"), LogSegment(0, 0, 0, b"one")]) is None
    )
    raw = logs.raw_log(admin, attempt.task_id)
    assert b"".join(raw.read(0, raw.size)) == b"one\ntwo\nthree\n"


def test_bytes_behind_a_hole_are_refused_with_the_offset_that_is_missing(attempt: Attempt) -> None:
    assert append(attempt, [LogSegment(0, 0, 0, b"12345")]) is None
    assert append(attempt, [LogSegment(6, 0, 0, b"7")]) == 5
    assert attempt.log_bytes == 5


def test_a_range_that_the_machine_lost_is_a_gap_and_the_log_goes_on(
    admin: Developer, attempt: Attempt
) -> None:
    append(attempt, [LogSegment(0, 0, 0, b"before\n")])
    logs.record_gap(attempt, 7, 1000)
    assert append(attempt, [LogSegment(1000, 0, 0, b"after\n")]) is None
    raw = logs.raw_log(admin, attempt.task_id)
    assert raw.gaps == [(7, 1000)]
    assert b"".join(raw.read(0, raw.size)) == b"before\nafter\n"


def test_a_gap_that_grows_is_one_gap(attempt: Attempt) -> None:
    logs.record_gap(attempt, 0, 10)
    logs.record_gap(attempt, 10, 30)
    append(attempt, [LogSegment(30, 0, 0, b"there\n")])
    logs.record_gap(attempt, 36, 40)
    assert attempt.log_gaps == [[0, 30], [36, 40]]


def test_a_long_line_is_cut_in_pages_and_whole_in_raw(admin: Developer, attempt: Attempt) -> None:
    line = b"x" * (10 << 20)
    for piece in chunks([line[i : i + 65536] for i in range(0, len(line), 65536)]):
        append(attempt, [piece])
    append(attempt, [LogSegment(len(line), 0, 1, b"\nnext\n")])
    found = list(logs.read_page(admin, attempt.task_id, limit=2).lines)
    assert [len(item.text) for item in found] == [65536, 4]
    assert [item.truncated for item in found] == [True, False]
    assert [item.stage_index for item in found] == [0, 1]
    raw = logs.raw_log(admin, attempt.task_id)
    assert sum(map(len, raw.read(0, raw.size))) == len(line) + 6


def test_invalid_utf_8_is_replaced_in_pages_and_kept_in_raw(
    admin: Developer, attempt: Attempt
) -> None:
    append(attempt, [LogSegment(0, 0, 0, b"\xff\x00\x1b[1mbold\n")])
    assert next(logs.read_page(admin, attempt.task_id).lines).text == "�\x00\x1b[1mbold"
    raw = logs.raw_log(admin, attempt.task_id)
    assert b"".join(raw.read(0, 99)) == b"\xff\x00\x1b[1mbold\n"


def test_a_task_without_an_attempt_has_an_empty_log(admin: Developer) -> None:
    task = make_task()
    assert list(logs.read_page(admin, task.id).lines) == []
    assert logs.raw_log(admin, task.id).size == 0
    with pytest.raises(NotFound):
        logs.read_page(admin, task.id, attempt=1)
