"""What `opencode run --format json` prints (as of 1.18). A call comes once, when it is over."""

from __future__ import annotations

import re
import time

from muster.worker.agents.runner import failures, limits, updates
from muster.worker.agents.runner.entries import Told
from muster.worker.agents.runner.formats.fields import (
    amount,
    count,
    mapping,
    optional,
    string,
    total,
    usage,
)
from muster.worker.agents.runner.tool_calls import Call, Calls, replacement

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_EDITS = ("edit", "write", "multiedit", "patch", "apply_patch")
_CHANGES = {"Add": "add", "Delete": "delete", "Update": "update"}
_PATCHED = re.compile(r"^\*\*\* (Add|Delete|Update) File: (.+)$", re.MULTILINE)
# No field says so.
_DENIED = re.compile("rejected permission|rule which prevents you from using")
_REFUSED = re.compile(
    r'^timestamp=\S+ level=ERROR .*error\.error="AI_APICallError: ((?:[^"\\]|\\.)*)'
)
_OF_NAME = {"ProviderAuthError": "auth", "ContentFilterError": "refused"}


class OpenCode:
    """It names no model, and says in no event that it has ended."""

    def __init__(self) -> None:
        self._calls = Calls()
        self._steps: list[dict[str, Any]] = []  # usage of each
        self._denied = 0
        self._is_opened = False

    def feed(self, event: dict[str, Any]) -> list[Told] | None:
        told = self._of(event)
        if told is None or self._is_opened:
            return told
        self._is_opened = True
        return [updates.opening("opencode", optional(event.get("sessionID"))), *told]

    def end(self) -> list[Told]:
        if not self._is_opened:
            return []
        return [updates.ending(self._usage(), len(self._steps), self._denied)]

    def aside(self, line: str) -> list[Told]:
        """Its log, which alone says that it tries a request again."""
        found = _REFUSED.search(line)
        return limits.aside(None, found[1]) if found else []

    def _of(self, event: dict[str, Any]) -> list[Told] | None:
        match event.get("type"):
            case "text":
                return updates.message(string(mapping(event["part"])["text"]))
            case "reasoning":
                return updates.thought(string(mapping(event["part"])["text"]))
            case "tool_use":
                return self._tool(mapping(event["part"]))
            case "step_start":
                return []
            case "step_finish":
                self._steps.append(_step(mapping(event["part"])))
                return [Told(facts={"usage": self._usage(), "turns": len(self._steps)})]
            case "error":
                return [_error(mapping(event["error"]))]
        return None

    def _tool(self, part: dict[str, Any]) -> list[Told]:
        state = mapping(part["state"])
        call = _call(part, mapping(state["input"]), mapping(state.get("metadata") or {}))
        self._calls.require_new(call.id)
        if state["status"] == "error":
            call.output = string(state["error"])
            call.is_denied = _DENIED.search(call.output) is not None
            call.has_failed = not call.is_denied
            self._denied += call.is_denied
        else:
            call.output = optional(state.get("output"))
        return [self._calls.end(call)]

    def _usage(self) -> list[dict[str, Any]]:
        if not self._steps:
            return []
        summed = {
            name: total(*(step[name] for step in self._steps))
            for name in self._steps[0]
            if name != "model"
        }
        # A price that it does not know counts as nothing.
        return [{"model": None, **summed, "cost": summed["cost"] or None}]


def _step(part: dict[str, Any]) -> dict[str, Any]:
    """Its input is without what was cached, its output without what was thought."""
    tokens = mapping(part["tokens"])
    cache = mapping(tokens.get("cache") or {})
    read, reasoning = count(cache.get("read")), count(tokens.get("reasoning"))
    return usage(
        None,
        taken=total(count(tokens.get("input")), read, count(cache.get("write"))),
        cached=read,
        made=total(count(tokens.get("output")), reasoning),
        reasoning=reasoning,
        cost=amount(part.get("cost")),
    )


def _call(part: dict[str, Any], said: dict[str, Any], known: dict[str, Any]) -> Call:
    name, call_id = string(part["tool"]), string(part["callID"])
    if name == "bash" and isinstance(said.get("command"), str):
        call = Call(call_id, name, said, command=said["command"])
        ended = known.get("exit")
        call.exit_code = ended if isinstance(ended, int) else None
        return call
    if name in _EDITS and (files := _files(said, known)):
        diff = optional(known.get("diff")) or _replacement(said)
        return Call(call_id, name, said, files=files, diff=_hunks(diff))
    return Call(call_id, name, said)


def _files(said: dict[str, Any], known: dict[str, Any]) -> list[tuple[str, str]]:
    if isinstance(path := said.get("filePath"), str):
        return [(path, "add" if known.get("exists") is False else "update")]
    patch = said.get("patchText")
    found = _PATCHED.findall(patch) if isinstance(patch, str) else []
    return [(path, _CHANGES[change]) for change, path in found]


def _replacement(said: dict[str, Any]) -> str:
    if "patchText" in said:
        return string(said["patchText"])
    new = said.get("newString", said.get("content"))
    return replacement(optional(said.get("oldString")), optional(new))


def _hunks(diff: str) -> str:
    """A diff without the lines that only name its one file again."""
    first = diff.find("\n@@")
    return diff[first + 1 :].rstrip("\n") if first > 0 and diff.startswith("Index: ") else diff


def _error(error: dict[str, Any]) -> Told:
    data = mapping(error.get("data") or {})
    name = optional(error.get("name"))
    message = optional(data.get("message")) or name
    kind = failures.of_status(data.get("statusCode")) or _OF_NAME.get(name)
    resets_at = _resets_at(mapping(data.get("responseHeaders") or {}))
    found = kind or failures.kind_of(message)
    return updates.error(message, failures.failure(found, message, resets_at))


def _resets_at(headers: dict[str, Any]) -> int | None:
    """When the API takes requests again, by its answer's headers."""
    said = optional(headers.get("retry-after"))
    return int(time.time()) + int(said) if said.isdecimal() and len(said) < 9 else None
