"""What a stage's command says of itself is bounded and masked, or refused."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.protocol.frames.parts import EntryKind
from muster.worker.masking.masker import Masker
from muster.worker.shim.entries import KINDS, entry_from, question_from, with_facts

MASKER = Masker([b"hush-hush"])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_the_kinds_are_those_of_the_protocol() -> None:
    assert get_args(EntryKind) == KINDS


def test_an_entry_is_taken_as_it_is() -> None:
    said = {"kind": "edit", "title": "a.py", "text": "+1", "data": {"path": "a.py"}}
    assert entry_from({**said, "more": 1}, MASKER) == said
    assert entry_from({"kind": "usage"}, MASKER) == {
        "kind": "usage",
        "title": "",
        "text": "",
        "data": {},
    }


def test_secrets_are_masked_in_all_of_it() -> None:
    said = {
        "kind": "command",
        "title": "hush-hush",
        "text": "a hush-hush",
        "data": {"hush-hush": 1},
    }
    entry = entry_from(said, MASKER)
    assert entry == {
        "kind": "command",
        "title": "********",
        "text": "a ********",
        "data": {"********": 1},
    }


@pytest.mark.parametrize(
    ("said", "title", "text", "data"),
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
    said: dict[str, Any], title: str, text: str, data: dict[str, Any]
) -> None:
    entry = entry_from({"kind": "message", **said}, MASKER)
    assert (entry["title"], entry["text"], entry["data"]) == (title, text, data)


@pytest.mark.parametrize(
    "said",
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
def test_what_is_no_entry_is_refused(said: Any) -> None:
    with pytest.raises(ValueError, match="ent"):
        entry_from(said, MASKER)


@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(KINDS)},
        optional={"title": JSON, "text": JSON, "data": JSON},
    )
)
def test_whatever_is_said_becomes_an_entry_or_is_refused(said: dict[str, Any]) -> None:
    try:
        entry = entry_from(said, MASKER)
    except ValueError:
        return
    assert entry.keys() == {"kind", "title", "text", "data"}
    assert len(entry["title"]) <= 200
    assert len(entry["text"].encode()) <= 16 << 10
    assert len(json.dumps(entry["data"], ensure_ascii=False).encode()) <= 32 << 10


def test_facts_are_merged_by_name_masked_and_bounded() -> None:
    facts = with_facts({"session": "a", "turns": 1}, {"turns": 2, "x": ["hush-hush"]}, MASKER)
    assert facts == {"session": "a", "turns": 2, "x": ["********"]}
    for said in ({"much": "x" * (64 << 10)}, [1], "x"):
        with pytest.raises(ValueError, match="facts"):
            with_facts(facts, said, MASKER)


def test_a_question_is_masked_then_cut_and_waits_a_day() -> None:
    said = {"question": "hush-hush" * 2000, "choices": ["hush-hush", "a", "a"]}
    asked = question_from(said, MASKER)
    assert asked.text == "*" * 9_999 + "…"
    assert asked[1:] == (["********", "a"], 86_400.0)


@pytest.mark.parametrize(
    "said",
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
def test_what_is_no_question_is_refused(said: Any) -> None:
    with pytest.raises(ValueError, match=r"question|choices|timeout"):
        question_from(said, MASKER)


@given(
    st.fixed_dictionaries({"question": JSON}, optional={"choices": JSON, "timeout": JSON}) | JSON
)
def test_whatever_is_asked_is_bounded_or_refused(said: Any) -> None:
    try:
        text, choices, timeout = question_from(said, MASKER)
    except ValueError:
        return
    assert 0 < len(text) <= 10_000
    assert len(choices) <= 20
    assert all(0 < len(choice) <= 200 for choice in choices)
    assert 0 < timeout <= 7 * 86_400
    assert "hush-hush" not in json.dumps([text, choices])
