"""What an agent wants to do reaches people bounded and masked, and not too often."""

from typing import Any

import pytest

from muster.worker.limits.limits import Breach
from muster.worker.masking.masker import Masker
from muster.worker.shim.entries import parse_question
from muster.worker.shim.permission_requests import (
    MAX_PER_STAGE,
    PermissionCounter,
    parse_permission,
)

MASKER = Masker([b"hush-hush"])
REQUEST = {"tool": "Bash", "title": "ls", "arguments": "ls -l", "folder": "/work"}


def test_a_request_is_masked_in_each_text() -> None:
    texts = ("title", "arguments", "folder", "diff")
    secret = {"tool": "Bash", **dict.fromkeys(texts, "hush-hush")}
    made = parse_permission({**secret, "suggestion": "Bash(ls:*)"}, MASKER)
    assert made == {
        "tool": "Bash",
        **dict.fromkeys(texts, "********"),
        "suggestion": "Bash(ls:*)",
    }


@pytest.mark.parametrize("suggestion", ["Bash(hush-hush:*)", "B" * 200])
def test_a_suggestion_that_would_be_changed_is_omitted(suggestion: str) -> None:
    assert parse_permission({**REQUEST, "suggestion": suggestion}, MASKER)["suggestion"] is None


def test_a_long_text_ends_with_an_ellipsis() -> None:
    made = parse_permission({**REQUEST, "title": "a" * 300, "diff": "+" * 20_000}, MASKER)
    assert (len(made["title"]), made["title"][-1]) == (200, "…")
    assert (len(made["diff"]), made["diff"][-1]) == (16_000, "…")


@pytest.mark.parametrize(
    "value",
    [
        "ls",
        [],
        {},
        {"tool": "Bash"},
        {"tool": "", "title": "ls"},
        {**REQUEST, "arguments": None},
        {**REQUEST, "arguments": {"command": "ls"}},
        {**REQUEST, "diff": 1},
        {**REQUEST, "suggestion": ["Bash"]},
    ],
)
def test_an_invalid_request_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r"must|needs"):
        parse_permission(value, MASKER)


def test_a_request_is_a_question_without_choices() -> None:
    asked = parse_question({"permission": REQUEST, "choices": ["yes"], "question": "?"}, MASKER)
    assert (asked.text, asked.choices) == ("ls", [])
    assert asked.permission == {**REQUEST, "diff": None, "suggestion": None}


def test_one_request_too_many_ends_the_stage() -> None:
    ends: list[Breach] = []
    counter = PermissionCounter(ends.append)
    assert [counter.add() for _ in range(MAX_PER_STAGE)][-1] == 200
    assert ends == []
    with pytest.raises(ValueError, match="too many"):
        counter.add()
    assert [breach.code for breach in ends] == ["asks_too_much"]
