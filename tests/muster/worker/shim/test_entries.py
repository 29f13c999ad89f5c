"""The messages of a stage's command are limited and masked, or rejected."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.protocol.frames.parts import EntryKind
from muster.worker.masking.masker import Masker
from muster.worker.shim.entries import KINDS, merge_facts, parse_entry, parse_question

MASKER = Masker([b"hush-hush"])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_the_kinds_are_those_of_the_protocol() -> None:
    assert get_args(EntryKind) == KINDS


def test_an_entry_is_taken_as_it_is() -> None:
    fields = {"kind": "edit", "title": "a.py", "text": "+1", "data": {"path": "a.py"}}
    assert parse_entry({**fields, "more": 1}, MASKER) == fields
    assert parse_entry({"kind": "usage"}, MASKER) == {
        "kind": "usage",
        "title": "",
        "text": "",
        "data": {},
    }


def test_secrets_are_masked_in_all_of_it() -> None:
    fields = {
        "kind": "command",
        "title": "hush-hush",
        "text": "a hush-hush",
        "data": {"hush-hush": 1},
    }
    entry = parse_entry(fields, MASKER)
    assert entry == {
        "kind": "command",
        "title": "********",
        "text": "a ********",
        "data": {"********": 1},
    }


@pytest.mark.parametrize(
    ("fields", "title", "text", "data"),
    [
        ({"title": "t" * 300}, "t" * 200, "", {"cut": True}),
        ({"text": "x" * 20_000, "data": {"a": 1}}, "", "x" * 16384, {"a": 1, "cut": True}),
        ({"text": "ü" * 8193}, "", "ü" * 8192, {"cut": True}),
        ({"text": "x" + "ü" * 8192}, "", "x" + "ü" * 8191, {"cut": True}),
        ({"data": {"a": "x" * 16384}}, "", "", {"cut": True}),
        ({"text": "x" * 16380 + "hush-hush"}, "", "x" * 16380 + "****", {"cut": True}),
        ({"text": "x hush-h", "data": {"cut": True}}, "", "x ********", {"cut": True}),
    ],
    ids=["title", "text", "bytes", "no half letter", "data", "after masking", "cut by others"],
)
def test_what_is_too_long_is_cut_and_says_so(
    fields: dict[str, Any], title: str, text: str, data: dict[str, Any]
) -> None:
    entry = parse_entry({"kind": "message", **fields}, MASKER)
    assert (entry["title"], entry["text"], entry["data"]) == (title, text, data)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"kind": "other"},
        {"kind": ["message"]},
        {"kind": "message", "title": 1},
        {"kind": "message", "text": None},
        {"kind": "message", "data": []},
    ],
    ids=repr,
)
def test_what_is_no_entry_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="ent"):
        parse_entry(value, MASKER)


@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(KINDS)},
        optional={"title": JSON, "text": JSON, "data": JSON},
    )
)
def test_whatever_is_said_becomes_an_entry_or_is_refused(fields: dict[str, Any]) -> None:
    try:
        entry = parse_entry(fields, MASKER)
    except ValueError:
        return
    assert entry.keys() == {"kind", "title", "text", "data"}
    assert len(entry["title"]) <= 200
    assert len(entry["text"].encode()) <= 16 << 10
    assert len(json.dumps(entry["data"], ensure_ascii=False).encode()) <= 32 << 10


def test_facts_are_merged_by_name_masked_and_bounded() -> None:
    facts = merge_facts({"session": "a", "turns": 1}, {"turns": 2, "x": ["hush-hush"]}, MASKER)
    assert facts == {"session": "a", "turns": 2, "x": ["********"]}
    for value in ({"much": "x" * (64 << 10)}, [1], "x"):
        with pytest.raises(ValueError, match="facts"):
            merge_facts(facts, value, MASKER)


def test_a_question_is_masked_then_cut_and_waits_a_day() -> None:
    fields = {"question": "hush-hush" * 2000, "choices": ["hush-hush", "a", "a"]}
    question = parse_question(fields, MASKER)
    assert question.text == "*" * 9_999 + "…"
    assert question[1:] == (["********", "a"], 86_400.0, None, None)


@pytest.mark.parametrize(
    "value",
    [
        "Which?",
        {},
        {"question": " "},
        {"question": 1},
        {"question": "?", "choices": "ab"},
        {"question": "?", "choices": [1]},
        {"question": "?", "choices": [""]},
        {"question": "?", "choices": ["x" * 201]},
        {"question": "?", "choices": ["x"] * 21},
        {"question": "?", "timeout": 0},
        {"question": "?", "timeout": True},
        {"question": "?", "timeout": 1e9},
        {"question": "?", "timeout": "1"},
    ],
    ids=repr,
)
def test_what_is_no_question_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"question|choices|timeout"):
        parse_question(value, MASKER)


@given(
    st.fixed_dictionaries({"question": JSON}, optional={"choices": JSON, "timeout": JSON}) | JSON
)
def test_whatever_is_asked_is_bounded_or_refused(value: Any) -> None:
    try:
        text, choices, timeout = parse_question(value, MASKER)
    except ValueError:
        return
    assert 0 < len(text) <= 10_000
    assert len(choices) <= 20
    assert all(0 < len(choice) <= 200 for choice in choices)
    assert 0 < timeout <= 7 * 86_400
    assert "hush-hush" not in json.dumps([text, choices])
