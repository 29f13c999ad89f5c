"""claude's requests to use a tool (`--permission-prompt-tool stdio`, as of 2.1): it waits for our
response, which has the reason of a denial.
"""

from __future__ import annotations

import re

from muster.worker.agents.runner.formats import PARSE_ERRORS, claude_tools
from muster.worker.agents.runner.formats.fields import (
    optional_string,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.permissions import PermissionRequests, describe_call

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.permissions import Decision
    from muster.worker.agents.runner.questions import Question, QuestionQueue

_RULE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\([^()\n]+\))?")


class ClaudePermissions:
    """`send` sends claude a frame with these fields; `mark_denied` gets a denied call's ID."""

    def __init__(
        self,
        questions: QuestionQueue,
        send: Callable[..., None],
        mark_denied: Callable[[str], None],
    ) -> None:
        self._requests = PermissionRequests(questions)
        self._send, self._mark_denied = send, mark_denied
        self._open: dict[str, Question] = {}

    def handle_request(self, event: dict[str, Any]) -> None:
        """Respond to a control request, now or once people have answered. Raises one of
        `PARSE_ERRORS` for a request without an ID.
        """
        request_id = require_string(event["request_id"])
        try:
            request = require_mapping(event["request"])
            if request.get("subtype") != "can_use_tool":
                self._send_error(request_id, "an unknown request")
                return
            self._ask(request_id, request)
        except PARSE_ERRORS as error:
            self._send_error(request_id, f"an invalid request: {error}")

    def cancel(self, event: dict[str, Any]) -> None:
        """claude no longer waits for a response."""
        question = self._open.pop(optional_string(event.get("request_id")), None)
        if question is not None:
            self._requests.cancel(question)

    def _ask(self, request_id: str, request: dict[str, Any]) -> None:
        arguments = require_mapping(request["input"])
        block = {"id": request_id, "name": request["tool_name"], "input": arguments}
        call = claude_tools.make_call(block, None)
        suggestions = request.get("permission_suggestions")
        rule = find_rule(suggestions)

        def on_decision(decision: Decision) -> None:
            self._open.pop(request_id, None)
            response: dict[str, Any] = {"behavior": "allow", "updatedInput": arguments}
            if not decision.is_allowed:
                self._mark_denied(optional_string(request.get("tool_use_id")))
                why = decision.reason or "A person has denied this."
                response = {"behavior": "deny", "message": why}
            elif decision.is_for_task and rule is not None:
                # Without our asking again, in its own syntax and for this session only.
                response["updatedPermissions"] = [_session_rule(rule)]
            self._send(
                type="control_response",
                response={"subtype": "success", "request_id": request_id, "response": response},
            )

        question = self._requests.ask(describe_call(call, rule), on_decision, arguments)
        if question is not None:
            self._open[request_id] = question

    def _send_error(self, request_id: str, text: str) -> None:
        response = {"subtype": "error", "request_id": request_id, "error": text}
        self._send(type="control_response", response=response)


def find_rule(suggestions: Any) -> str | None:
    """Return the rule with which claude would no longer ask, if that is exactly one."""
    rules: list[str] = []
    for each in suggestions if isinstance(suggestions, list) else []:
        match each:
            case {"type": "addRules", "behavior": "allow", "rules": list(parts)}:
                rules += map(_format_rule, parts)
    is_one = len(rules) == 1 and _RULE.fullmatch(rules[0])
    return rules[0] if is_one else None


def _format_rule(part: Any) -> str:
    match part:
        case {"toolName": str(tool), "ruleContent": str(content)} if content:
            return f"{tool}({content})"
        case {"toolName": str(tool)}:
            return tool
    return ""


def _session_rule(rule: str) -> dict[str, Any]:
    tool, _, content = rule.removesuffix(")").partition("(")
    part = {"toolName": tool, "ruleContent": content} if content else {"toolName": tool}
    return {"type": "addRules", "rules": [part], "behavior": "allow", "destination": "session"}
