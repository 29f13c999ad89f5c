"""What `claude -p --output-format stream-json --verbose` prints (as of 2.1)."""

from __future__ import annotations

import re
import time

from muster.worker.agents.runner import failures, updates
from muster.worker.agents.runner.entries import Told
from muster.worker.agents.runner.formats import claude_tools, claude_usage
from muster.worker.agents.runner.formats.fields import count, mapping, optional, string
from muster.worker.agents.runner.tool_calls import Calls

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

# What moves a display, or comes again as a whole.
_QUIET = ("keep_alive", "tool_progress", "tool_use_summary", "prompt_suggestion", "auth_status")
_QUIET_SYSTEM = re.compile(
    "thinking_tokens|status|hook_.*|task_(started|progress|updated)|.*_changed"
)
_OF_ERROR = {
    "authentication_failed": "auth",
    "oauth_org_not_allowed": "auth",
    "billing_error": "quota",
    "rate_limit": "rate_limit",
    "overloaded": "overloaded",
}


class Claude:
    def __init__(self) -> None:
        self._calls = Calls()
        self._usage = claude_usage.Running()
        self._failure: dict[str, Any] | None = None
        self._is_opened = False
        self._last_text = ""
        self._streamed = ""  # of a message that has not come as a whole yet

    def feed(self, event: dict[str, Any]) -> list[Told] | None:
        match event.get("type"):
            case "system":
                return self._system(event)
            case "assistant":
                return self._assistant(event, mapping(event["message"]))
            case "user":
                return self._user(event, mapping(event["message"])["content"])
            case "result":
                return self._result(event)
            case "rate_limit_event":
                return self._limit(mapping(event["rate_limit_info"]))
            case "stream_event":
                return self._stream(mapping(event["event"]))
            case kind if kind in _QUIET:
                return []
        return None

    def end(self) -> list[Told]:
        return [*updates.message(self._streamed), *self._calls.unfinished()]

    def aside(self, line: str) -> list[Told]:
        return []

    def _system(self, event: dict[str, Any]) -> list[Told] | None:
        match string(event["subtype"]):
            case "init":
                return self._init(event)
            case "api_retry":
                return [self._retry(event)]
            case "permission_denied":
                self._calls.get(string(event["tool_use_id"])).is_denied = True
                return []
            case "compact_boundary":
                return updates.note("The conversation was made shorter.")
            case "task_notification":
                return updates.note(string(event["summary"]))
            case "model_refusal_no_fallback":
                text = string(event["content"])
                return [self._failed("refused", text)]
            case quiet if _QUIET_SYSTEM.fullmatch(quiet):
                return []
        return updates.note(string(event["content"])) if "content" in event else None

    def _init(self, event: dict[str, Any]) -> list[Told]:
        session, model = string(event["session_id"]), optional(event.get("model"))
        if self._is_opened:
            return [Told(facts={"session": session})]
        self._is_opened = True
        return [updates.opening("claude", session, model)]

    def _retry(self, event: dict[str, Any]) -> Told:
        status, error = event.get("error_status"), optional(event.get("error"))
        kind = failures.of_status(status) or _OF_ERROR.get(error, "unknown")
        delay = float(event.get("retry_delay_ms") or 0) / 1000
        attempt = f"{event.get('attempt')}/{event.get('max_retries')}"
        why = f"{error} ({status})" if status else error or "no connection"
        text = f"{why}; trying again in {delay:.0f} s ({attempt})"
        return self._failed(kind, text, int(time.time() + delay) if _is_told(event) else None)

    def _failed(self, kind: str, text: str, resets_at: int | None = None) -> Told:
        self._failure = failures.failure(kind, text, resets_at)
        return updates.error(text, self._failure)

    def _limit(self, info: dict[str, Any]) -> list[Told]:
        status, which = string(info["status"]), optional(info.get("rateLimitType"))
        words = f"{which.replace('_', ' ')} limit of the subscription" if which else "rate limit"
        if status == "rejected":  # and where it names no limit, of the server at the moment
            kind = "quota" if which else "rate_limit"
            return [self._failed(kind, f"{words} reached", count(info.get("resetsAt")))]
        return updates.note(f"{words} nearly reached") if status == "allowed_warning" else []

    def _stream(self, event: dict[str, Any]) -> list[Told]:
        delta = event.get("delta")
        if isinstance(delta, dict) and delta.get("type") == "text_delta":
            self._streamed += string(delta["text"])
        return []

    def _assistant(self, event: dict[str, Any], message: dict[str, Any]) -> list[Told]:
        parent = event.get("parent_tool_use_id")
        blocks = message["content"]
        if isinstance(blocks, str):
            blocks = [{"type": "text", "text": blocks}]
        if error := event.get("error"):
            told = [self._error(string(error), blocks)]
        else:
            told = [each for block in blocks for each in self._block(block, parent)]
            told += self._usage.noted(message)
            if self._failure is not None:
                self._failure = None
                told.append(updates.recovered())
        self._streamed = ""
        return told

    def _block(self, block: dict[str, Any], parent: str | None) -> list[Told]:
        match block["type"]:
            case "text":
                self._last_text = string(block["text"])
                return updates.message(self._last_text, parent=parent)
            case "thinking":
                return updates.thought(string(block["thinking"]), parent=parent)
            case "redacted_thinking":
                return updates.note("(a thought that is not shown)")
            case "tool_use" | "server_tool_use" | "mcp_tool_use":
                self._calls.begin(claude_tools.call(block, parent))
                return []
            case kind if kind.endswith("tool_result"):
                return [self._call_result(block, None)]
        raise ValueError("an unknown block")

    def _error(self, error: str, blocks: list[dict[str, Any]]) -> Told:
        """What the program says in the agent's name when its API failed."""
        text = "\n".join(string(block["text"]) for block in blocks)
        self._last_text = text
        return self._failed_in_the_end(_OF_ERROR.get(error), text or error)

    def _failed_in_the_end(self, kind: str | None, text: str) -> Told:
        """What came before may have said better why: a retry, or a limit with its time."""
        before = self._failure or {"kind": "unknown", "resetsAt": None}
        if kind is None or (kind, before["kind"]) == ("rate_limit", "quota"):
            kind = before["kind"]
        return self._failed(kind, text, before["resetsAt"])

    def _user(self, event: dict[str, Any], content: Any) -> list[Told]:
        if isinstance(content, str):
            return updates.heard(content)
        told: list[Told] = []
        for block in content:
            match block["type"]:
                case "tool_result":
                    told.append(self._call_result(block, event.get("tool_use_result")))
                case "text":
                    told += updates.heard(string(block["text"]))
                case kind:
                    told += updates.heard(f"({string(kind)})")
        return told

    def _call_result(self, block: dict[str, Any], details: Any) -> Told:
        call = self._calls.get(string(block["tool_use_id"]))
        claude_tools.take_result(call, block, details)
        return self._calls.end(call)

    def _result(self, event: dict[str, Any]) -> list[Told]:
        told = self._calls.unfinished()
        text = optional(event.get("result")) or "\n".join(map(string, event.get("errors") or []))
        if event["is_error"]:
            kind = failures.of_status(event.get("api_error_status"))
            failed = self._failed_in_the_end(kind, text or string(event["subtype"]))
            told.append(Told(facts=failed.facts) if text == self._last_text else failed)
        else:
            told += [] if text == self._last_text else updates.message(text)
            if self._failure is not None:
                self._failure = None
                told.append(updates.recovered())
        denied = len(event.get("permission_denials") or [])
        turns, session = count(event.get("num_turns")), string(event["session_id"])
        told.append(updates.ending(claude_usage.of_result(event), turns, denied, session=session))
        return told


def _is_told(event: dict[str, Any]) -> bool:
    """Whether its API said how long to wait: by itself it waits half a second, and twice as long
    each time, and a little more or less."""
    attempt, delay = count(event.get("attempt")) or 1, float(event.get("retry_delay_ms") or 0)
    return delay > 500 << min(attempt, 20)
