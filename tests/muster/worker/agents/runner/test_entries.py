import json

from hypothesis import given, settings
from hypothesis import strategies as st

from muster.worker.agents.runner.entries import (
    MAX_DATA_BYTES,
    MAX_TEXT_BYTES,
    MAX_TITLE_CHARS,
    encode_json,
    is_truncated,
    make_entry,
    to_one_line,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


def test_the_limits_are_those_of_the_shim() -> None:
    assert (MAX_TITLE_CHARS, MAX_TEXT_BYTES, MAX_DATA_BYTES) == (200, 16 << 10, 16 << 10)


def test_what_fits_is_kept_as_it_is() -> None:
    made = make_entry("tool", "Read a.py", "text", call="c", exitCode=None)
    assert made == {"kind": "tool", "title": "Read a.py", "text": "text", "data": {"call": "c"}}
    assert not is_truncated(made)


def test_a_text_that_is_too_long_is_cut_between_characters() -> None:
    made = make_entry("message", "", "é" * MAX_TEXT_BYTES)
    assert made["text"] == "é" * (MAX_TEXT_BYTES // 2)
    assert is_truncated(made)


def test_data_that_is_too_large_keeps_what_is_short() -> None:
    made = make_entry(
        "tool", "", call="c-1", arguments={"text": "x" * MAX_DATA_BYTES, "path": "a.py"}
    )
    assert made["data"]["call"] == "c-1"
    assert made["data"]["arguments"]["path"] == "a.py"
    assert made["data"]["arguments"]["text"].endswith("x…")
    assert is_truncated(made)


def test_data_that_is_large_in_every_way_is_left_out() -> None:
    nested = [[["x" * 9] * 99] * 99] * 99
    assert len(encode_json(make_entry("tool", "", arguments=nested)["data"])) <= MAX_DATA_BYTES


def test_a_title_is_one_line() -> None:
    assert to_one_line("a\n\n  b\x1b") == "a b␛"
    assert len(to_one_line("x" * 999)) == MAX_TITLE_CHARS


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text(), st.dictionaries(st.text(min_size=1), json_values))
def test_an_entry_is_within_its_limits_whatever_it_is_made_of(
    title: str, text: str, data: dict[str, object]
) -> None:
    made = make_entry("tool", title * 50, text * 3000, said=data)
    assert len(made["title"]) <= MAX_TITLE_CHARS
    assert len(made["text"].encode()) <= MAX_TEXT_BYTES
    assert len(encode_json(made["data"])) <= MAX_DATA_BYTES
    assert "\x00" not in json.loads(encode_json(made))["text"]
