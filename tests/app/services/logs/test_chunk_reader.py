"""A stored log is read in pieces of a bounded size, however it is cut up."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.extensions import db
from app.models import Attempt
from app.services.logs import chunk_reader, lines, logs
from app.services.logs.logs import LogSegment
from tests.factories import make_attempt, make_machine, make_task


@pytest.fixture
def attempt(app: Flask) -> Attempt:
    return make_attempt(make_task(), make_machine())


def store(attempt: Attempt, parts: list[bytes]) -> bytes:
    """Each part with a time and a stage of its own, all together in as few chunks as may be."""
    found, offset = [], 0
    for number, part in enumerate(parts):
        found.append(LogSegment(offset, number, number % 3, part))
        offset += len(part)
    logs.append(attempt, found)
    db.session.commit()
    return b"".join(parts)


@pytest.mark.parametrize(
    "parts",
    [
        [b"one\n"],
        [b"a line\n"] * 200,
        [b"x" * 50_000 + b"\n"] * 9,
        [b"y" * 65_536] * 12,
    ],
    ids=["little", "many small ones", "large ones", "no line's end"],
)
def test_pieces_are_small_and_make_up_the_whole(attempt: Attempt, parts: list[bytes]) -> None:
    whole = store(attempt, parts)
    found = list(chunk_reader.read_slices(attempt, 0))
    assert b"".join(piece.data for piece in found) == whole
    assert max(len(piece.data) for piece in found) <= chunk_reader.MAX_SLICE_BYTES
    at = 0
    for piece in found:
        assert piece.offset == at
        assert piece.first_line == whole.count(b"\n", 0, at)
        assert piece.marks[0][0] <= at
        at += len(piece.data)


def test_each_byte_keeps_its_time_and_stage(attempt: Attempt) -> None:
    store(attempt, [b"z" * 30_000 for _ in range(12)])
    for piece in chunk_reader.read_slices(attempt, 0):
        for offset in (piece.offset, piece.offset + len(piece.data) - 1):
            _, milliseconds, stage = [mark for mark in piece.marks if mark[0] <= offset][-1]
            assert (milliseconds, stage) == (offset // 30_000, offset // 30_000 % 3)


def test_what_is_not_shown_of_a_long_line_is_not_read(attempt: Attempt) -> None:
    for _ in range(40):
        part = LogSegment(attempt.log_bytes, 0, 0, b"x" * 65_536)
        logs.append(attempt, [part])
    logs.append(attempt, [LogSegment(attempt.log_bytes, 0, 0, b"\nnext\n")])
    db.session.commit()
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        first, second = lines.read_lines(attempt, 0, 2)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert (len(first.data), first.truncated, second.text) == (lines.LINE_BYTES, True, "next")
    assert sum("log_chunks" in statement for statement in statements) <= 5  # of 41 pieces
