import json

from hypothesis import given, settings
from hypothesis import strategies as st

from muster.worker.agents.runner.entries import (
    LARGEST_DATA,
    LONGEST_TEXT,
    LONGEST_TITLE,
    encoded,
    entry,
    is_cut,
    one_line,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


def test_the_limits_are_those_that_the_shim_is_told() -> None:
    assert (LONGEST_TITLE, LONGEST_TEXT, LARGEST_DATA) == (200, 16 << 10, 16 << 10)


def test_what_fits_is_kept_as_it_is() -> None:
    made = entry("tool", "Read a.py", "text", call="c", exitCode=None)
    assert made == {"kind": "tool", "title": "Read a.py", "text": "text", "data": {"call": "c"}}
    assert not is_cut(made)


def test_a_text_that_is_too_long_is_cut_between_characters() -> None:
    made = entry("message", "", "é" * LONGEST_TEXT)
    assert made["text"] == "é" * (LONGEST_TEXT // 2)
    assert is_cut(made)


def test_data_that_is_too_large_keeps_what_is_short() -> None:
    made = entry("tool", "", call="c-1", arguments={"text": "x" * LARGEST_DATA, "path": "a.py"})
    assert made["data"]["call"] == "c-1"
    assert made["data"]["arguments"]["path"] == "a.py"
    assert made["data"]["arguments"]["text"].endswith("x…")
    assert is_cut(made)


def test_data_that_is_large_in_every_way_is_left_out() -> None:
    nested = [[["x" * 9] * 99] * 99] * 99
    assert len(encoded(entry("tool", "", arguments=nested)["data"])) <= LARGEST_DATA


def test_a_title_is_one_line() -> None:
    assert one_line("a\n\n  b\x1b") == "a b␛"
    assert len(one_line("x" * 999)) == LONGEST_TITLE


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text(), st.dictionaries(st.text(min_size=1), json_values))
def test_an_entry_is_within_its_limits_whatever_it_is_made_of(
    title: str, text: str, data: dict[str, object]
) -> None:
    made = entry("tool", title * 50, text * 3000, said=data)
    assert len(made["title"]) <= LONGEST_TITLE
    assert len(made["text"].encode()) <= LONGEST_TEXT
    assert len(encoded(made["data"])) <= LARGEST_DATA
    assert "\x00" not in json.loads(encoded(made))["text"]
