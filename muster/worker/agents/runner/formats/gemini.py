"""What `gemini --output-format stream-json` prints (as of 0.61)."""

from __future__ import annotations

import re

from muster.worker.agents.runner import failures, limits, updates
from muster.worker.agents.runner.entries import Told
from muster.worker.agents.runner.formats.fields import count, mapping, optional, string, usage
from muster.worker.agents.runner.tool_calls import Call, Calls, replacement

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_DENIED = "policy_violation"
_AUTHENTICATION = "FatalAuthenticationError"
_ATTEMPT = re.compile(r"Attempt \d+ failed(?: with status (\d{3})|: .)")
_AGAIN = re.compile("Retrying after [0-9]+ms")


class Gemini:
    """A message comes in pieces, and is told of as a whole, before what follows it."""

    def __init__(self) -> None:
        self._calls = Calls()
        self._pieces: list[str] = []
        self._denied = 0
        self._kind: str | None = None  # of the request's failure that it spoke of last

    def feed(self, event: dict[str, Any]) -> list[Told] | None:
        if event.get("type") == "message" and event.get("role") == "assistant":
            return self._piece(string(event["content"]), is_whole=not event.get("delta"))
        told = self._of(event)
        return told if told is None else [*self._message(), *told]

    def end(self) -> list[Told]:
        return [*self._message(), *self._calls.unfinished()]

    def aside(self, line: str) -> list[Told]:
        """It says only there that it tries again, and how soon perhaps a line below."""
        if found := _ATTEMPT.match(line):
            self._kind = failures.of_status(int(found[1])) if found[1] else _named(line)
            return limits.aside(self._kind, line)
        return limits.aside(self._kind, line) if self._kind and _AGAIN.search(line) else []

    def _of(self, event: dict[str, Any]) -> list[Told] | None:
        match event.get("type"):
            case "init":
                session, model = string(event["session_id"]), optional(event.get("model"))
                return [updates.opening("gemini", session, model)]
            case "message" if event.get("role") == "user":
                return updates.heard(string(event["content"]))
            case "tool_use":
                self._calls.begin(_call(event))
                return []
            case "tool_result":
                return [self._call_result(event)]
            case "error":
                return [updates.error(string(event["message"]))]
            case "result":
                return self._result(event)
        return None

    def _piece(self, text: str, *, is_whole: bool) -> list[Told]:
        told = self._message() if is_whole else []
        self._pieces.append(text)
        return [*told, *self._message()] if is_whole else []

    def _message(self) -> list[Told]:
        text = "".join(self._pieces)
        self._pieces.clear()
        return updates.message(text)

    def _call_result(self, event: dict[str, Any]) -> Told:
        call = self._calls.get(string(event["tool_id"]))
        call.output = optional(event.get("output"))
        if event["status"] == "error":
            error = mapping(event.get("error") or {})
            call.is_denied = error.get("type") == _DENIED
            call.has_failed = not call.is_denied
            call.output = call.output or optional(error.get("message"))
            self._denied += call.is_denied
        return self._calls.end(call)

    def _result(self, event: dict[str, Any]) -> list[Told]:
        told = self._calls.unfinished()
        stats = mapping(event.get("stats") or {})
        if event["status"] == "error":
            error = mapping(event.get("error") or {})
            message = optional(error.get("message")) or "failed"
            failed = failures.of_message(message)
            if error.get("type") == _AUTHENTICATION:
                failed["kind"] = "auth"
            told.append(updates.error(message, failed))
        models = mapping(stats.get("models") or {})
        used = [_usage(model, mapping(said)) for model, said in models.items()]
        if not models and stats:
            used = [_usage(None, stats)]
        return [*told, updates.ending(used, None, self._denied)]


def _call(event: dict[str, Any]) -> Call:
    name, said = string(event["tool_name"]), mapping(event["parameters"])
    call_id = string(event["tool_id"])
    if name == "run_shell_command" and isinstance(said.get("command"), str):
        return Call(call_id, name, said, command=said["command"])
    path = said.get("file_path")
    if name in ("replace", "write_file") and isinstance(path, str):
        new = said.get("new_string", said.get("content"))
        diff = replacement(optional(said.get("old_string")), optional(new))
        return Call(call_id, name, said, files=[(path, "update")], diff=diff)
    return Call(call_id, name, said)


def _usage(model: str | None, said: dict[str, Any]) -> dict[str, Any]:
    """Thoughts are in the total alone; what was made includes them."""
    taken, made = count(said.get("input_tokens")), count(said.get("output_tokens"))
    whole, reasoning = count(said.get("total_tokens")), None
    if None not in (taken, made, whole):
        assert taken is not None
        assert made is not None
        assert whole is not None
        reasoning = max(whole - taken - made, 0)
        made += reasoning
    cached = count(said.get("cached"))
    return usage(model, taken=taken, cached=cached, made=made, reasoning=reasoning, cost=None)


def _named(line: str) -> str:
    """Without a status it tries again only what is limited."""
    kind = failures.kind_of(line)
    return "rate_limit" if kind == "unknown" else kind
