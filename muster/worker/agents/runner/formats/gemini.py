"""The output of `gemini --output-format stream-json` (as of 0.61)."""

from __future__ import annotations

import re

from muster.worker.agents.runner import failures, limits, updates
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.formats.fields import (
    make_usage,
    optional_string,
    parse_count,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.tool_calls import ToolCall, ToolCalls, replacement_diff

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_DENIED = "policy_violation"
_AUTHENTICATION = "FatalAuthenticationError"
_ATTEMPT = re.compile(r"Attempt \d+ failed(?: with status (\d{3})|: .)")
_RETRY = re.compile("Retrying after [0-9]+ms")


class Gemini:
    """A message arrives in chunks; report it complete, before the next event."""

    def __init__(self) -> None:
        self._calls = ToolCalls()
        self._chunks: list[str] = []
        self._denied = 0
        self._failure_kind: str | None = None  # of the last reported request failure

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        if event.get("type") == "message" and event.get("role") == "assistant":
            return self._add_chunk(
                require_string(event["content"]), is_whole=not event.get("delta")
            )
        new_updates = self._event_updates(event)
        return new_updates if new_updates is None else [*self._flush_message(), *new_updates]

    def finish(self) -> list[Update]:
        return [*self._flush_message(), *self._calls.finish_unfinished()]

    def feed_text_line(self, line: str) -> list[Update]:
        """Retries appear only there, with the delay possibly on the next line."""
        if found := _ATTEMPT.match(line):
            self._failure_kind = (
                failures.kind_of_status(int(found[1])) if found[1] else _kind_from_line(line)
            )
            return limits.retry_updates(self._failure_kind, line)
        return (
            limits.retry_updates(self._failure_kind, line)
            if self._failure_kind and _RETRY.search(line)
            else []
        )

    def _event_updates(self, event: dict[str, Any]) -> list[Update] | None:
        match event.get("type"):
            case "init":
                session, model = (
                    require_string(event["session_id"]),
                    optional_string(event.get("model")),
                )
                return [updates.session_started("gemini", session, model)]
            case "message" if event.get("role") == "user":
                return updates.user_message(require_string(event["content"]))
            case "tool_use":
                return [self._calls.start(_tool_call(event))]
            case "tool_result":
                return [self._call_result(event)]
            case "error":
                return [updates.error(require_string(event["message"]))]
            case "result":
                return self._result(event)
        return None

    def _add_chunk(self, text: str, *, is_whole: bool) -> list[Update]:
        new_updates = self._flush_message() if is_whole else []
        self._chunks.append(text)
        if is_whole:
            return [*new_updates, *self._flush_message()]
        return [Update(delta=("message", text))]

    def _flush_message(self) -> list[Update]:
        text = "".join(self._chunks)
        self._chunks.clear()
        return updates.message(text)

    def _call_result(self, event: dict[str, Any]) -> Update:
        call = self._calls.get(require_string(event["tool_id"]))
        call.output = optional_string(event.get("output"))
        if event["status"] == "error":
            error = require_mapping(event.get("error") or {})
            call.is_denied = error.get("type") == _DENIED
            call.has_failed = not call.is_denied
            call.output = call.output or optional_string(error.get("message"))
            self._denied += call.is_denied
        return self._calls.finish(call)

    def _result(self, event: dict[str, Any]) -> list[Update]:
        new_updates = self._calls.finish_unfinished()
        stats = require_mapping(event.get("stats") or {})
        if event["status"] == "error":
            error = require_mapping(event.get("error") or {})
            message = optional_string(error.get("message")) or "failed"
            failed = failures.failure_from_message(message)
            if error.get("type") == _AUTHENTICATION:
                failed["kind"] = "auth"
            new_updates.append(updates.error(message, failed))
        models = require_mapping(stats.get("models") or {})
        used = [
            _usage(model, require_mapping(model_stats)) for model, model_stats in models.items()
        ]
        if not models and stats:
            used = [_usage(None, stats)]
        return [*new_updates, updates.run_finished(used, None, self._denied)]


def _tool_call(event: dict[str, Any]) -> ToolCall:
    name, arguments = require_string(event["tool_name"]), require_mapping(event["parameters"])
    call_id = require_string(event["tool_id"])
    if name == "run_shell_command" and isinstance(arguments.get("command"), str):
        return ToolCall(call_id, name, arguments, command=arguments["command"])
    path = arguments.get("file_path")
    if name in ("replace", "write_file") and isinstance(path, str):
        new = arguments.get("new_string", arguments.get("content"))
        diff = replacement_diff(optional_string(arguments.get("old_string")), optional_string(new))
        return ToolCall(call_id, name, arguments, files=[(path, "update")], diff=diff)
    return ToolCall(call_id, name, arguments)


def _usage(model: str | None, stats: dict[str, Any]) -> dict[str, Any]:
    """Thoughts are only part of the total; the output count includes them."""
    taken, made = parse_count(stats.get("input_tokens")), parse_count(stats.get("output_tokens"))
    whole, reasoning = parse_count(stats.get("total_tokens")), None
    if None not in (taken, made, whole):
        assert taken is not None
        assert made is not None
        assert whole is not None
        reasoning = max(whole - taken - made, 0)
        made += reasoning
    cached = parse_count(stats.get("cached"))
    return make_usage(model, taken=taken, cached=cached, made=made, reasoning=reasoning, cost=None)


def _kind_from_line(line: str) -> str:
    """Return the kind; without a status it retries only when limited."""
    kind = failures.kind_of_message(line)
    return "rate_limit" if kind == "unknown" else kind
