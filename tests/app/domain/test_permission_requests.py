"""What an agent asks for, what people see of it, and what a yes for the whole task covers."""

from typing import Any

import pytest

from app.domain.errors import InvalidFields
from app.domain.permission_requests import (
    MAX_ALLOWED_TOOLS,
    MAX_RULES,
    MAX_TEXT,
    add_allowed_tool,
    add_rule,
    build_request,
    is_allowed,
    is_valid_suggestion,
    prompt_text,
    task_rule,
)


def make_request(**fields: Any) -> dict[str, Any]:
    given = {"tool": "Bash", "title": "ls", "arguments": "ls", "folder": "/w", "diff": None}
    return build_request(**{**given, "suggestion": None, **fields})


@pytest.mark.parametrize(
    ("suggestion", "is_valid"),
    [
        ("Bash", True),
        ("Bash(npm test:*)", True),
        ("mcp__server__tool", True),
        ("", False),
        (None, False),
        ("Bash(a) Bash", False),
        ("Bash(a),Edit", False),
        ("Bash, Edit", False),
        ("--dangerously-skip-permissions", False),
        ("Bash(a\nb)", False),
        ("Bash(a(b))", False),
        ("Bash(rm \u202e*)", False),
        ("Bash(\u200b)", False),
        ("B" * 200, False),
    ],
)
def test_a_suggestion_is_one_rule_that_people_can_read(
    suggestion: str | None, is_valid: bool
) -> None:
    assert is_valid_suggestion(suggestion) is is_valid
    assert make_request(suggestion=suggestion)["suggestion"] == (suggestion if is_valid else None)


def test_the_prompt_is_one_line_without_the_arguments_or_invisible_characters() -> None:
    made = make_request(title="rm \u202e\nx", arguments="rm --secret")
    assert prompt_text(made) == "The agent wants to do this (Bash): rm ⟨U+202E⟩�x"


def test_a_request_is_bounded_and_fits_the_database() -> None:
    made = make_request(arguments="a\0" * MAX_TEXT, diff="+" * 99_999)
    assert len(made["arguments"]) == len(made["diff"]) == MAX_TEXT
    assert "\0" not in str(made)


@pytest.mark.parametrize(
    "changed",
    [
        {"tool": "Write"},
        {"title": "other"},
        {"arguments": "ls; rm -rf /"},
        {"folder": "/"},
        {"diff": "+a"},
        {"suggestion": "Bash(ls:*)"},
    ],
    ids=str,
)
def test_without_a_suggestion_only_exactly_the_same_action_is_allowed(
    changed: dict[str, Any],
) -> None:
    rules = add_rule([], make_request())
    assert is_allowed(make_request(), rules)
    assert not is_allowed(make_request(**changed), rules)


def test_a_suggestion_covers_other_actions_of_the_same_tool() -> None:
    rules = add_rule([], make_request(suggestion="Bash(ls:*)"))
    assert is_allowed(make_request(arguments="ls /", suggestion="Bash(ls:*)"), rules)
    assert not is_allowed(make_request(tool="Other", suggestion="Bash(ls:*)"), rules)


@pytest.mark.parametrize(
    "truncated",
    [
        {"arguments": "a" * MAX_TEXT},
        {"arguments": "cut…"},
        {"diff": "+" * MAX_TEXT},
        {"diff": "+cut…"},
        {"title": "t" * 200},
        {"title": "cut…"},
        {"folder": "/cut…"},
    ],
    ids=lambda each: next(iter(each)),
)
def test_a_truncated_action_is_asked_each_time(truncated: dict[str, Any]) -> None:
    made = make_request(**truncated)
    assert task_rule(made) is None
    assert not is_allowed(made, add_rule([], made))


def test_a_task_keeps_each_rule_once_and_the_latest_ones() -> None:
    rules: list[dict[str, str]] = []
    for number in range(MAX_RULES + 1):
        for _ in range(2):
            rules = add_rule(rules, make_request(arguments=str(number)))
    assert len(rules) == MAX_RULES
    assert not is_allowed(make_request(arguments="0"), rules)
    assert is_allowed(make_request(arguments=str(MAX_RULES)), rules)


def test_a_project_gets_a_tool_once() -> None:
    options = add_allowed_tool({"model": "large", "allowedTools": ["Edit"]}, "Bash(ls:*)")
    assert options == {"model": "large", "allowedTools": ["Edit", "Bash(ls:*)"]}
    assert add_allowed_tool(options, "Edit") == options
    assert add_allowed_tool(None, "Edit") == {"allowedTools": ["Edit"]}


def test_a_project_has_only_so_many_tools() -> None:
    full = {"allowedTools": [f"Bash({n})" for n in range(MAX_ALLOWED_TOOLS)]}
    with pytest.raises(InvalidFields):
        add_allowed_tool(full, "Edit")
