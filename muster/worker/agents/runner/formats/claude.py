"""The output of `claude -p --output-format stream-json --verbose` (as of 2.1)."""

from __future__ import annotations

import re
import time

from muster.worker.agents.runner import failures, updates
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.formats import claude_tools, claude_usage
from muster.worker.agents.runner.formats.fields import (
    optional_string,
    parse_count,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.tool_calls import ToolCalls

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

# Display updates, and events that are repeated in complete form.
_IGNORED_TYPES = (
    "keep_alive",
    "tool_progress",
    "tool_use_summary",
    "prompt_suggestion",
    "auth_status",
)
_IGNORED_SUBTYPES = re.compile(
    "thinking_tokens|status|hook_.*|task_(started|progress|updated)|.*_changed"
)
_KIND_BY_ERROR = {
    "authentication_failed": "auth",
    "oauth_org_not_allowed": "auth",
    "billing_error": "quota",
    "rate_limit": "rate_limit",
    "overloaded": "overloaded",
}


class Claude:
    def __init__(self) -> None:
        self._calls = ToolCalls()
        self._usage = claude_usage.RunningUsage()
        self._failure: dict[str, Any] | None = None
        self._is_opened = False
        self._last_text = ""
        self._streamed = ""  # of a message that isn't complete yet

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        match event.get("type"):
            case "system":
                return self._system(event)
            case "assistant":
                return self._assistant(event, require_mapping(event["message"]))
            case "user":
                return self._user(event, require_mapping(event["message"])["content"])
            case "result":
                return self._result(event)
            case "rate_limit_event":
                return self._limit(require_mapping(event["rate_limit_info"]))
            case "stream_event":
                return self._stream(event, require_mapping(event["event"]))
            case kind if kind in _IGNORED_TYPES:
                return []
        return None

    def mark_denied(self, call_id: str) -> None:
        """People have denied that call, whose result only has their reason."""
        if not self._calls.has_result(call_id):
            self._calls.get(call_id).is_denied = True

    def finish(self) -> list[Update]:
        return [*updates.message(self._streamed), *self._calls.finish_unfinished()]

    def feed_text_line(self, line: str) -> list[Update]:
        return []

    def _system(self, event: dict[str, Any]) -> list[Update] | None:
        match require_string(event["subtype"]):
            case "init":
                return self._init(event)
            case "api_retry":
                return [self._retry(event)]
            case "permission_denied":
                self._calls.get(require_string(event["tool_use_id"])).is_denied = True
                return []
            case "compact_boundary":
                return updates.note("The conversation was compacted.")
            case "task_notification":
                return updates.note(require_string(event["summary"]))
            case "model_refusal_no_fallback":
                text = require_string(event["content"])
                return [self._fail("refused", text)]
            case quiet if _IGNORED_SUBTYPES.fullmatch(quiet):
                return []
        return updates.note(require_string(event["content"])) if "content" in event else None

    def _init(self, event: dict[str, Any]) -> list[Update]:
        session, model = require_string(event["session_id"]), optional_string(event.get("model"))
        if self._is_opened:
            return [Update(facts={"session": session})]
        self._is_opened = True
        return [updates.session_started("claude", session, model)]

    def _retry(self, event: dict[str, Any]) -> Update:
        status, error = event.get("error_status"), optional_string(event.get("error"))
        kind = failures.kind_of_status(status) or _KIND_BY_ERROR.get(error, "unknown")
        delay = float(event.get("retry_delay_ms") or 0) / 1000
        attempt = f"{event.get('attempt')}/{event.get('max_retries')}"
        why = f"{error} ({status})" if status else error or "no connection"
        text = f"{why}; retrying in {delay:.0f} s ({attempt})"
        return self._fail(
            kind, text, int(time.time() + delay) if _has_server_delay(event) else None
        )

    def _fail(self, kind: str, text: str, resets_at: int | None = None) -> Update:
        self._failure = failures.make_failure(kind, text, resets_at)
        return updates.error(text, self._failure)

    def _limit(self, info: dict[str, Any]) -> list[Update]:
        status, which = require_string(info["status"]), optional_string(info.get("rateLimitType"))
        words = f"{which.replace('_', ' ')} limit of the subscription" if which else "rate limit"
        if status == "rejected":  # without a named limit: the server's current limit
            kind = "quota" if which else "rate_limit"
            return [self._fail(kind, f"{words} reached", parse_count(info.get("resetsAt")))]
        return updates.note(f"{words} almost reached") if status == "allowed_warning" else []

    def _stream(self, about: dict[str, Any], event: dict[str, Any]) -> list[Update]:
        delta = event.get("delta")
        if not isinstance(delta, dict) or about.get("parent_tool_use_id"):
            return []  # subagents' texts would be mixed with this one
        match delta.get("type"):
            case "text_delta":
                self._streamed += require_string(delta["text"])
                return [Update(delta=("message", require_string(delta["text"])))]
            case "thinking_delta":
                return [Update(delta=("thought", require_string(delta["thinking"])))]
        return []

    def _assistant(self, event: dict[str, Any], message: dict[str, Any]) -> list[Update]:
        parent = event.get("parent_tool_use_id")
        blocks = message["content"]
        if isinstance(blocks, str):
            blocks = [{"type": "text", "text": blocks}]
        if error := event.get("error"):
            new_updates = [self._error(require_string(error), blocks)]
        else:
            new_updates = [each for block in blocks for each in self._block(block, parent)]
            new_updates += self._usage.add_message(message)
            if self._failure is not None:
                self._failure = None
                new_updates.append(updates.recovery())
        self._streamed = ""
        return new_updates

    def _block(self, block: dict[str, Any], parent: str | None) -> list[Update]:
        match block["type"]:
            case "text":
                self._last_text = require_string(block["text"])
                return updates.message(self._last_text, parent=parent)
            case "thinking":
                return updates.thought(require_string(block["thinking"]), parent=parent)
            case "redacted_thinking":
                return updates.note("(hidden thought)")
            case "tool_use" | "server_tool_use" | "mcp_tool_use":
                return [self._calls.start(claude_tools.make_call(block, parent))]
            case kind if kind.endswith("tool_result"):
                return [self._call_result(block, None)]
        raise ValueError("an unknown block")

    def _error(self, error: str, blocks: list[dict[str, Any]]) -> Update:
        """Handle the program's message in the agent's name after its API failed."""
        text = "\n".join(require_string(block["text"]) for block in blocks)
        self._last_text = text
        return self._fail_finally(_KIND_BY_ERROR.get(error), text or error)

    def _fail_finally(self, kind: str | None, text: str) -> Update:
        """Report the final failure. An earlier event may have a better reason: a retry, or a limit
        with its time.
        """
        before = self._failure or {"kind": "unknown", "resetsAt": None}
        if kind is None or (kind, before["kind"]) == ("rate_limit", "quota"):
            kind = before["kind"]
        return self._fail(kind, text, before["resetsAt"])

    def _user(self, event: dict[str, Any], content: Any) -> list[Update]:
        if isinstance(content, str):
            return updates.user_message(content)
        new_updates: list[Update] = []
        for block in content:
            match block["type"]:
                case "tool_result":
                    new_updates.append(self._call_result(block, event.get("tool_use_result")))
                case "text":
                    new_updates += updates.user_message(require_string(block["text"]))
                case kind:
                    new_updates += updates.user_message(f"({require_string(kind)})")
        return new_updates

    def _call_result(self, block: dict[str, Any], details: Any) -> Update:
        call = self._calls.get(require_string(block["tool_use_id"]))
        claude_tools.apply_result(call, block, details)
        return self._calls.finish(call)

    def _result(self, event: dict[str, Any]) -> list[Update]:
        new_updates = self._calls.finish_unfinished()
        text = optional_string(event.get("result")) or "\n".join(
            map(require_string, event.get("errors") or [])
        )
        if event["is_error"]:
            kind = failures.kind_of_status(event.get("api_error_status"))
            failed = self._fail_finally(kind, text or require_string(event["subtype"]))
            new_updates.append(Update(facts=failed.facts) if text == self._last_text else failed)
        else:
            new_updates += [] if text == self._last_text else updates.message(text)
            if self._failure is not None:
                self._failure = None
                new_updates.append(updates.recovery())
        denied = len(event.get("permission_denials") or [])
        turns, session = parse_count(event.get("num_turns")), require_string(event["session_id"])
        new_updates.append(
            updates.run_finished(
                claude_usage.usage_from_result(event), turns, denied, session=session
            )
        )
        return new_updates


def _has_server_delay(event: dict[str, Any]) -> bool:
    """Whether its API sent a delay: its own first delay is half a second, doubled each time with
    some jitter.
    """
    attempt, delay = parse_count(event.get("attempt")) or 1, float(event.get("retry_delay_ms") or 0)
    return delay > 500 << min(attempt, 20)
