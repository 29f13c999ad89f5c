"""Ask people about what the agent may not do without asking.

At most MAX_WAITING requests wait here; further ones are denied at once. What people have allowed
for the task isn't asked again. Without a clear yes, a request is denied.
"""

from __future__ import annotations

import json
import os

from muster.worker.agents.runner.questions import Question

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.questions import QuestionQueue
    from muster.worker.agents.runner.tool_calls import ToolCall

MAX_WAITING = 20

_MAX_CHARS = 20_000  # characters of a text; the shim truncates it again, after masking
_ALLOWED = ("allow_once", "allow_for_task")


class Decision:
    """`is_for_task`: the agent needn't ask again. `reason` is the person's comment; for a denial
    without one, why nobody has decided.
    """

    __slots__ = ("is_allowed", "is_for_task", "reason")

    def __init__(self, answer: dict[str, Any]) -> None:
        permission, comment = answer.get("permission"), answer.get("comment")
        self.is_allowed = permission in _ALLOWED
        self.is_for_task = permission == "allow_for_task"
        self.reason = comment if isinstance(comment, str) else ""
        if not self.is_allowed and permission != "deny":
            self.reason = str(answer.get("refused") or "Nobody has answered in time.")


class PermissionRequests:
    def __init__(self, questions: QuestionQueue) -> None:
        self._questions = questions
        self._allowed: set[str] = set()  # for the task

    def ask(
        self, request: dict[str, Any], then: Callable[[Decision], None], key: object = None
    ) -> Question | None:
        """Ask people; `then` is called with the decision, once. `key` identifies the same action
        exactly, if the request may be truncated. Returns the question, which can be cancelled; None
        if the decision was made at once.
        """
        rule = _rule(request, key)
        if rule in self._allowed:
            then(Decision({"permission": "allow_for_task"}))
            return None
        if self._questions.count_waiting() >= MAX_WAITING:
            self._questions.report_denied()
            then(Decision({"refused": f"Already {MAX_WAITING} requests wait for an answer."}))
            return None

        decisions: list[Decision] = []

        def decide(answer: dict[str, Any]) -> None:
            decision = Decision(answer)
            decisions.append(decision)
            if decision.is_for_task:
                self._allowed.add(rule)
            then(decision)

        title = f"{request['tool']}: {request['title']}"
        question = Question(title, [], decide, permission=request)
        self._questions.ask(question)
        return None if decisions else question

    def cancel(self, question: Question) -> None:
        """The agent no longer waits."""
        self._questions.cancel(question)


def describe_call(call: ToolCall, suggestion: str | None = None) -> dict[str, Any]:
    """Return the request for a tool call."""
    entry = call.to_update().entry
    arguments = call.command
    if arguments is None:
        arguments = json.dumps(call.arguments, ensure_ascii=False, indent=1)
    return {
        "tool": call.tool or "tool",
        "title": (entry and entry["title"]) or call.tool or "tool",
        "arguments": _truncate(arguments),
        "folder": os.getcwd(),
        "diff": _truncate(call.diff) if call.diff else None,
        "suggestion": suggestion,
    }


def _rule(request: dict[str, Any], key: object) -> str:
    """Return what is allowed for the task with this request: what the agent suggests, else exactly
    this action.
    """
    if request["suggestion"]:
        return json.dumps([request["tool"], request["suggestion"]])
    return json.dumps([request, key], sort_keys=True, default=str)


def _truncate(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"
