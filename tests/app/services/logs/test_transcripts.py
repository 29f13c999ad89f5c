"""A transcript is what was reported, each entry once, however it came."""

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain import transcript
from app.domain.errors import InvalidFields, NotFound
from app.domain.roles import SystemRole
from app.domain.transcript import EntryKind
from app.extensions import db
from app.models import Attempt, Developer, Machine, TranscriptChunk
from app.services import locks
from app.services.clock import now
from app.services.logs import transcripts
from app.services.logs.transcripts import EntriesMissing, Entry, TranscriptPosition
from muster.protocol import frames
from tests.factories import make_attempt, make_developer, make_machine, make_task

AGAIN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def attempt(app: Flask) -> Attempt:
    return make_attempt(make_task(), make_machine())


def entries(count: int, start: int = 0, **given: Any) -> list[frames.TranscriptEntry]:
    """Entries that are named for their numbers."""
    about: dict[str, Any] = {"kind": "message", **given}
    return [
        frames.TranscriptEntry(at_ms=n, title=f"#{n}", **about) for n in range(start, start + count)
    ]


def append(
    attempt: Attempt,
    first: int,
    found: Sequence[frames.TranscriptEntry],
    stage: int = 0,
    run: int = 0,
) -> None:
    machine = db.session.get_one(Machine, attempt.machine_id)
    (locked,) = locks.lock_attempts(machine, [attempt], now())
    body = frames.Transcript(stage_index=stage, first=first, entries=list(found), run=run)
    transcripts.handle_transcript(locked, body)
    db.session.commit()


def complete_transcript(admin: Developer, attempt: Attempt, **query: Any) -> list[Entry]:
    """All pages one after the other."""
    found: list[Entry] = []
    after: TranscriptPosition | None = None
    while True:
        page = transcripts.read_page(admin, attempt.task_id, after=after, **query)
        assert len(page.items) <= query.get("limit", 50)
        found += page.items
        after = page.following
        if after is None:
            return found


def numbers(found: Sequence[Entry]) -> list[int]:
    return [entry.number for entry in found]


PARTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=12)


@AGAIN
@given(parts=PARTS, limit=st.integers(1, 9))
def test_entries_are_stored_once_however_often_and_in_which_parts_they_come(
    admin: Developer, parts: list[tuple[int, int]], limit: int
) -> None:
    attempt, end = make_attempt(make_task(), make_machine()), 0
    for first, count in parts:
        if first > end:
            with pytest.raises(EntriesMissing):
                append(attempt, first, entries(count, first))
            continue
        append(attempt, first, entries(count, first))
        end = max(end, first + count)
    assert attempt.transcript_entries == end
    found = complete_transcript(admin, attempt, limit=limit)
    assert [(entry.number, entry.title) for entry in found] == [(n, f"#{n}") for n in range(end)]


def test_an_entry_says_when_and_at_which_stage_it_came(admin: Developer, attempt: Attempt) -> None:
    sent_entry = frames.TranscriptEntry(
        at_ms=1500, kind="edit", title="a.py", text="+1", data={"lines": 1}, log_offset=77
    )
    append(attempt, 0, [sent_entry], stage=2, run=1)
    [entry] = complete_transcript(admin, attempt)
    assert entry.at == transcript.entry_time(attempt.started_at or now(), 1500)
    assert (entry.attempt, entry.stage_index, entry.run, entry.log_offset) == (1, 2, 1, 77)
    assert (entry.kind, entry.title, entry.text) == (EntryKind.EDIT, "a.py", "+1")
    assert entry.data == {"lines": 1}


def test_a_chunk_knows_what_is_in_it(attempt: Attempt) -> None:
    append(attempt, 0, entries(3))
    append(attempt, 1, entries(4, 1), stage=1)
    rows = db.session.query(TranscriptChunk).order_by(TranscriptChunk.first).all()
    assert [(r.first, r.count, r.first_ms, r.last_ms) for r in rows] == [(0, 3, 0, 2), (3, 2, 3, 4)]
    assert all(row.size == len(row.data) for row in rows)


def test_entries_are_found_by_kind_stage_and_text(admin: Developer, attempt: Attempt) -> None:
    append(attempt, 0, entries(2, kind="tool", text="Run the TESTS"))
    append(attempt, 2, entries(2, 2, kind="edit"), stage=1)
    append(attempt, 4, entries(1, 4, kind="tool"), stage=1)
    assert numbers(complete_transcript(admin, attempt, kinds=[EntryKind.TOOL])) == [0, 1, 4]
    assert numbers(complete_transcript(admin, attempt, kinds=[EntryKind.TOOL, EntryKind.EDIT])) == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert numbers(complete_transcript(admin, attempt, stage_index=1)) == [2, 3, 4]
    assert numbers(complete_transcript(admin, attempt, stage_index=1, kinds=[EntryKind.TOOL])) == [
        4
    ]
    assert numbers(complete_transcript(admin, attempt, q="tests")) == [0, 1]
    assert numbers(complete_transcript(admin, attempt, q="#3", limit=1)) == [3]
    assert complete_transcript(admin, attempt, q="#%") == []


def test_a_page_looks_through_so_much_and_the_next_one_goes_on(
    admin: Developer, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcripts, "PAGE_BYTES", 1000)
    for n in range(40):
        append(attempt, n, entries(1, n, text="x" * 100))
    page = transcripts.read_page(admin, attempt.task_id, q="#39")
    assert page.items == []
    assert page.following is not None
    assert 5 < page.following.number < 10
    assert numbers(complete_transcript(admin, attempt, q="#39")) == [39]
    assert numbers(complete_transcript(admin, attempt)) == list(range(40))


def test_a_page_of_many_chunks_goes_on_behind_those_that_it_looks_at(
    admin: Developer, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcripts, "PAGE_CHUNKS", 3)
    for n in range(9):
        append(attempt, n, entries(1, n))
    assert numbers(transcripts.read_page(admin, attempt.task_id).items) == [0, 1, 2]
    assert numbers(complete_transcript(admin, attempt)) == list(range(9))


def test_the_latest_attempt_is_shown_and_a_place_stays_in_its_own(admin: Developer) -> None:
    task = make_task()
    assert transcripts.read_page(admin, task.id).items == []
    first = make_attempt(task, make_machine())
    append(first, 0, entries(3))
    behind = transcripts.read_page(admin, task.id, limit=1).following
    first.ended_at, first.outcome = now(), "lost"
    db.session.commit()
    second = make_attempt(task, make_machine())
    append(second, 0, entries(1))
    assert [e.attempt for e in transcripts.read_page(admin, task.id).items] == [2]
    assert numbers(transcripts.read_page(admin, task.id, attempt=1).items) == [0, 1, 2]
    goes_on = transcripts.read_page(admin, task.id, after=behind).items
    assert [(e.attempt, e.number) for e in goes_on] == [(1, 1), (1, 2)]
    with pytest.raises(InvalidFields):
        transcripts.read_page(admin, task.id, attempt=2, after=behind)
    with pytest.raises(NotFound):
        transcripts.read_page(admin, task.id, attempt=3)


def test_who_does_not_see_the_task_sees_no_transcript(attempt: Attempt) -> None:
    with pytest.raises(NotFound):
        transcripts.read_page(make_developer(), attempt.task_id)


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("sent", "changes"),
    [
        ({"title": "t" * 5000}, {"title": "t" * 200, "data": {"cut": True}}),
        ({"text": "é" * 500_000}, {"text": "é" * 16_384, "data": {"cut": True}}),
        ({"data": {"a": "x" * 20_000}}, {"data": {"cut": True}}),
        ({"data": {"a": deep(400)}}, {"data": {"cut": True}}),
        (
            {"text": "t" * 20_000, "data": {"exit": 1}},
            {"text": "t" * 16_384, "data": {"exit": 1, "cut": True}},
        ),
        ({"text": "t" * 16_384, "data": {"a": "x" * 16_000}}, {}),
        ({"data": {"number": 10**40, "float": 1e308}}, {}),
    ],
    ids=["title", "text", "data", "deep", "text beside data", "as large as allowed", "numbers"],
)
def test_what_is_larger_than_an_entry_may_be_is_cut_and_says_so(
    admin: Developer, attempt: Attempt, sent: dict[str, Any], changes: dict[str, Any]
) -> None:
    append(attempt, 0, [frames.TranscriptEntry(at_ms=(1 << 62) - 1, kind="tool", **sent)])
    [entry] = complete_transcript(admin, attempt)
    assert entry.at.year == 9999
    for name, value in {**sent, **changes}.items():
        assert getattr(entry, name) == value


def test_the_transcript_goes_with_its_task(attempt: Attempt) -> None:
    append(attempt, 0, entries(3))
    db.session.delete(attempt)
    db.session.commit()
    assert db.session.query(TranscriptChunk).count() == 0
