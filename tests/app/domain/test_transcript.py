"""What a transcript's entry may be, and how it is looked for."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from app.domain import transcript
from app.domain.transcript import MAX_DATA_DEPTH, EntryKind
from muster.protocol import frames

BEGAN = datetime(2030, 1, 31, 12, tzinfo=UTC)


def nested(levels: int, kind: type) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [2, value] if kind is list else {"a": value, "b": 2}
    return value


def test_the_kinds_are_those_that_machines_report() -> None:
    assert [kind.value for kind in EntryKind] == list(get_args(frames.EntryKind))


@pytest.mark.parametrize("kind", [list, dict])
def test_data_is_deep_where_its_lists_and_objects_lie_deeper_than_the_bound(kind: type) -> None:
    assert not transcript.is_too_deep({})
    assert not transcript.is_too_deep({"path": "a.py", "exit": 0})
    assert not transcript.is_too_deep({"a": nested(MAX_DATA_DEPTH - 1, kind)})
    assert transcript.is_too_deep({"a": nested(MAX_DATA_DEPTH, kind)})
    assert transcript.is_too_deep({"a": nested(900, kind)})


@pytest.mark.parametrize(
    ("wanted", "texts", "found"),
    [
        ("pytest", ("Run PyTest", ""), True),
        ("FAILED", ("", "2 failed, 10 passed"), True),
        ("straße", ("STRASSE", ""), True),
        ("%", ("nothing", "at all"), False),
        ("a b", ("a", "b"), False),
    ],
)
def test_a_text_is_found_in_any_letter_case(
    wanted: str, texts: tuple[str, str], found: bool
) -> None:
    assert transcript.contains(wanted, *texts) == found


def test_whatever_a_machine_counts_is_a_timestamp() -> None:
    assert transcript.entry_time(BEGAN, 1500) == datetime(2030, 1, 31, 12, 0, 1, 500_000, UTC)
    for milliseconds in (10**15, (1 << 62) - 1):
        assert transcript.entry_time(BEGAN, milliseconds).year == 9999
