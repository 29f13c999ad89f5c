"""claude's requests to use a tool, and our responses."""

from __future__ import annotations

from typing import Any

import pytest

from muster.worker.agents.runner.claude_permissions import ClaudePermissions, find_rule
from tests.muster.worker.agents.runner.test_permissions import Asked

RULE = {"toolName": "Bash", "ruleContent": "npm test:*"}
SUGGESTED = [{"type": "addRules", "rules": [RULE], "behavior": "allow", "destination": "local"}]


class Claude(Asked):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[dict[str, Any]] = []
        self.denied: list[str] = []
        self.permissions = ClaudePermissions(self.queue, self.send, self.denied.append)

    def send(self, **frame: Any) -> None:
        self.frames.append(frame)

    def request(self, request_id: str = "r-1", **fields: Any) -> None:
        wanted = {"tool_name": "Bash", "input": {"command": "npm test"}, "tool_use_id": "t-1"}
        request = {"subtype": "can_use_tool", **wanted, **fields}
        event = {"type": "control_request", "request_id": request_id, "request": request}
        self.permissions.handle_request(event)

    @property
    def response(self) -> dict[str, Any]:
        (frame,) = self.frames
        assert frame["type"] == "control_response"
        assert frame["response"]["request_id"] == "r-1"
        found: dict[str, Any] = frame["response"]
        return found


def test_a_yes_lets_it_run_unchanged() -> None:
    claude = Claude()
    claude.request()
    (asked,) = claude.channel.asked
    assert (asked.permission["tool"], asked.permission["arguments"]) == ("Bash", "npm test")
    claude.answer(permission="allow_once")
    assert claude.response["response"] == {
        "behavior": "allow",
        "updatedInput": {"command": "npm test"},
    }
    assert claude.denied == []


def test_a_no_has_the_reason() -> None:
    claude = Claude()
    claude.request()
    claude.answer(permission="deny", comment="Use make.")
    assert claude.response["response"] == {"behavior": "deny", "message": "Use make."}
    assert claude.denied == ["t-1"]


def test_a_yes_for_the_task_is_a_rule_of_its_session() -> None:
    claude = Claude()
    claude.request(permission_suggestions=SUGGESTED)
    claude.answer(permission="allow_for_task")
    (update,) = claude.response["response"]["updatedPermissions"]
    assert update == {
        "type": "addRules",
        "rules": [RULE],
        "behavior": "allow",
        "destination": "session",
    }


def test_a_cancelled_request_is_withdrawn_without_a_response() -> None:
    claude = Claude()
    claude.request()
    claude.permissions.cancel({"request_id": "r-1"})
    latest = claude.channel._questions.latest
    assert latest is not None
    assert (latest.state, claude.frames) == ("withdrawn", [])


@pytest.mark.parametrize(
    "fields",
    [
        {"subtype": "hook_callback"},
        {"tool_name": None},
        {"tool_name": 7},
        {"input": "npm test"},
        {"input": None},
    ],
    ids=str,
)
def test_an_invalid_request_gets_an_error_and_nobody_is_asked(fields: dict[str, Any]) -> None:
    claude = Claude()
    claude.request(**fields)
    assert claude.response["subtype"] == "error"
    assert claude.channel.asked == []


@pytest.mark.parametrize(
    ("suggestions", "rule"),
    [
        (SUGGESTED, "Bash(npm test:*)"),
        ([{**SUGGESTED[0], "rules": [{"toolName": "Edit"}]}], "Edit"),
        ([*SUGGESTED, {"type": "setMode", "mode": "acceptEdits"}], "Bash(npm test:*)"),
        ([*SUGGESTED, *SUGGESTED], None),
        ([{**SUGGESTED[0], "behavior": "deny"}], None),
        ([{**SUGGESTED[0], "rules": [{"toolName": "Bash", "ruleContent": "a) Bash("}]}], None),
        ([{**SUGGESTED[0], "rules": "all"}], None),
        ([], None),
        (None, None),
        ({"rules": []}, None),
    ],
)
def test_a_rule_is_what_it_suggests_if_that_is_exactly_one(
    suggestions: Any, rule: str | None
) -> None:
    assert find_rule(suggestions) == rule
