"""The output of `opencode run --format json` (as of 1.18). A call is reported once, when it is
finished.
"""

from __future__ import annotations

import re
import time

from muster.worker.agents.runner import failures, limits, updates
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.formats.fields import (
    make_usage,
    optional_string,
    parse_amount,
    parse_count,
    require_mapping,
    require_string,
    sum_known,
)
from muster.worker.agents.runner.tool_calls import ToolCall, ToolCalls, replacement_diff

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_EDITS = ("edit", "write", "multiedit", "patch", "apply_patch")
_CHANGES = {"Add": "add", "Delete": "delete", "Update": "update"}
_PATCH_HEADER = re.compile(r"^\*\*\* (Add|Delete|Update) File: (.+)$", re.MULTILINE)
# No field reports this.
_DENIED = re.compile("rejected permission|rule which prevents you from using")
_API_ERROR = re.compile(
    r'^timestamp=\S+ level=ERROR .*error\.error="AI_APICallError: ((?:[^"\\]|\\.)*)'
)
_KIND_BY_NAME = {"ProviderAuthError": "auth", "ContentFilterError": "refused"}


class OpenCode:
    """It names no model, and reports its end in no event."""

    def __init__(self) -> None:
        self._calls = ToolCalls()
        self._steps: list[dict[str, Any]] = []  # usage of each
        self._denied = 0
        self._is_opened = False

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        new_updates = self._event_updates(event)
        if new_updates is None or self._is_opened:
            return new_updates
        self._is_opened = True
        return [
            updates.session_started("opencode", optional_string(event.get("sessionID"))),
            *new_updates,
        ]

    def finish(self) -> list[Update]:
        if not self._is_opened:
            return []
        return [updates.run_finished(self._usage(), len(self._steps), self._denied)]

    def feed_text_line(self, line: str) -> list[Update]:
        """Read its log, the only place where it reports retries."""
        found = _API_ERROR.search(line)
        return limits.retry_updates(None, found[1]) if found else []

    def _event_updates(self, event: dict[str, Any]) -> list[Update] | None:
        match event.get("type"):
            case "text":
                return updates.message(require_string(require_mapping(event["part"])["text"]))
            case "reasoning":
                return updates.thought(require_string(require_mapping(event["part"])["text"]))
            case "tool_use":
                return self._tool(require_mapping(event["part"]))
            case "step_start":
                return []
            case "step_finish":
                self._steps.append(_step_usage(require_mapping(event["part"])))
                return [Update(facts={"usage": self._usage(), "turns": len(self._steps)})]
            case "error":
                return [_error_update(require_mapping(event["error"]))]
        return None

    def _tool(self, part: dict[str, Any]) -> list[Update]:
        state = require_mapping(part["state"])
        call = _tool_call(
            part, require_mapping(state["input"]), require_mapping(state.get("metadata") or {})
        )
        self._calls.require_new(call.id)
        if state["status"] == "error":
            call.output = require_string(state["error"])
            call.is_denied = _DENIED.search(call.output) is not None
            call.has_failed = not call.is_denied
            self._denied += call.is_denied
        else:
            call.output = optional_string(state.get("output"))
        return [self._calls.finish(call)]

    def _usage(self) -> list[dict[str, Any]]:
        if not self._steps:
            return []
        summed = {
            name: sum_known(*(step[name] for step in self._steps))
            for name in self._steps[0]
            if name != "model"
        }
        # An unknown price is reported as 0.
        return [{"model": None, **summed, "cost": summed["cost"] or None}]


def _step_usage(part: dict[str, Any]) -> dict[str, Any]:
    """Return the usage; input excludes cached tokens, and output excludes thoughts."""
    tokens = require_mapping(part["tokens"])
    cache = require_mapping(tokens.get("cache") or {})
    read, reasoning = parse_count(cache.get("read")), parse_count(tokens.get("reasoning"))
    return make_usage(
        None,
        taken=sum_known(parse_count(tokens.get("input")), read, parse_count(cache.get("write"))),
        cached=read,
        made=sum_known(parse_count(tokens.get("output")), reasoning),
        reasoning=reasoning,
        cost=parse_amount(part.get("cost")),
    )


def _tool_call(part: dict[str, Any], arguments: dict[str, Any], known: dict[str, Any]) -> ToolCall:
    name, call_id = require_string(part["tool"]), require_string(part["callID"])
    if name == "bash" and isinstance(arguments.get("command"), str):
        call = ToolCall(call_id, name, arguments, command=arguments["command"])
        ended = known.get("exit")
        call.exit_code = ended if isinstance(ended, int) else None
        return call
    if name in _EDITS and (files := _changed_files(arguments, known)):
        diff = optional_string(known.get("diff")) or _replacement(arguments)
        return ToolCall(call_id, name, arguments, files=files, diff=_strip_diff_header(diff))
    return ToolCall(call_id, name, arguments)


def _changed_files(arguments: dict[str, Any], known: dict[str, Any]) -> list[tuple[str, str]]:
    if isinstance(path := arguments.get("filePath"), str):
        return [(path, "add" if known.get("exists") is False else "update")]
    patch = arguments.get("patchText")
    found = _PATCH_HEADER.findall(patch) if isinstance(patch, str) else []
    return [(path, _CHANGES[change]) for change, path in found]


def _replacement(arguments: dict[str, Any]) -> str:
    if "patchText" in arguments:
        return require_string(arguments["patchText"])
    new = arguments.get("newString", arguments.get("content"))
    return replacement_diff(optional_string(arguments.get("oldString")), optional_string(new))


def _strip_diff_header(diff: str) -> str:
    """Return a diff without the lines that only repeat the file's name."""
    first = diff.find("\n@@")
    return diff[first + 1 :].rstrip("\n") if first > 0 and diff.startswith("Index: ") else diff


def _error_update(error: dict[str, Any]) -> Update:
    data = require_mapping(error.get("data") or {})
    name = optional_string(error.get("name"))
    message = optional_string(data.get("message")) or name
    kind = failures.kind_of_status(data.get("statusCode")) or _KIND_BY_NAME.get(name)
    resets_at = _reset_time(require_mapping(data.get("responseHeaders") or {}))
    found = kind or failures.kind_of_message(message)
    return updates.error(message, failures.make_failure(found, message, resets_at))


def _reset_time(headers: dict[str, Any]) -> int | None:
    """Return when the API accepts requests again, from its response headers."""
    retry_after = optional_string(headers.get("retry-after"))
    return (
        int(time.time()) + int(retry_after)
        if retry_after.isdecimal() and len(retry_after) < 9
        else None
    )
