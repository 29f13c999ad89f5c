"""The updates of a session (`session/update`)."""

from __future__ import annotations

from muster.worker.agents.runner import updates
from muster.worker.agents.runner.acp.tools import content_text, make_call, new_output
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
from muster.worker.agents.runner.tool_calls import ToolCalls

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.tool_calls import ToolCall

_CHUNK_KINDS = {
    "agent_message_chunk": updates.message,
    "agent_thought_chunk": updates.thought,
    "user_message_chunk": updates.user_message,
}
_DELTA_KINDS = {"agent_message_chunk": "message", "agent_thought_chunk": "thought"}
_IGNORED_KINDS = (
    "available_commands_update",
    "current_mode_update",
    "config_option_update",
    "session_info_update",
)
_FINISHED_STATUSES = ("completed", "failed")
_PROGRESS_KINDS = (
    "agent_message_chunk",
    "agent_thought_chunk",
    "tool_call",
    "tool_call_update",
    "plan",
)


def is_progress(update: dict[str, Any]) -> bool:
    """Whether the agent works on its last prompt."""
    return update.get("sessionUpdate") in _PROGRESS_KINDS


class SessionUpdates:
    """Messages and calls arrive in chunks: each is reported when it is complete."""

    def __init__(self) -> None:
        self._calls = ToolCalls()
        self._open_calls: dict[str, dict[str, Any]] = {}  # the reported fields of each open call
        self._outputs: dict[str, str] = {}  # of running commands, by call
        self._denied: set[str] = set()
        self._chunk_kind: str | None = None
        self._chunks: list[str] = []
        self._plan = ""
        self._usage: list[dict[str, Any]] = []
        self._cost: float | None = None

    def feed(self, update: dict[str, Any]) -> list[Update] | None:
        kind = require_string(update["sessionUpdate"])
        if kind in _IGNORED_KINDS:
            return []
        if kind == "usage_update":
            return self._set_cost(require_mapping(update.get("cost") or {}))
        if kind in _CHUNK_KINDS:
            return self._add_chunk(kind, content_text(require_mapping(update["content"])))
        match kind:
            case "tool_call" | "tool_call_update":
                new_updates = self._update_call(update)
            case "plan":
                new_updates = self._plan_updates(update["entries"])
            case _:
                return None
        return [*self._flush_chunks(), *new_updates]

    def record_permission_request(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Record the fields of a call that needs permission."""
        return self._merge_call(fields)

    def mark_denied(self, call: dict[str, Any]) -> None:
        """Mark the call as denied for its report."""
        self._denied.add(require_string(call["toolCallId"]))

    def set_usage(self, usage: dict[str, Any]) -> None:
        """Set the usage that its response reports for the whole session."""
        if not usage:
            return
        taken, output = (
            parse_count(usage.get("inputTokens")),
            parse_count(usage.get("outputTokens")),
        )
        cached, thought = (
            parse_count(usage.get("cachedReadTokens")),
            parse_count(usage.get("thoughtTokens")),
        )
        written = parse_count(usage.get("cachedWriteTokens"))
        # Its parts are counted separately or within each other: their sum shows which.
        apart = sum_known(taken, output, cached, written, thought) == parse_count(
            usage.get("totalTokens")
        )
        self._usage = [
            make_usage(
                None,
                taken=sum_known(taken, cached, written) if apart else taken,
                cached=cached,
                made=sum_known(output, thought) if apart else output,
                reasoning=thought,
                cost=None,
            )
        ]

    def finish(self) -> list[Update]:
        """Return pending updates at the end."""
        new_updates = self._flush_chunks()
        for fields in list(self._open_calls.values()):
            call = make_call(fields)
            call.is_denied = call.id in self._denied
            call.is_unfinished = not call.is_denied
            new_updates.append(self._calls.finish(call))
        self._open_calls.clear()
        self._outputs.clear()
        return new_updates

    def final_update(self) -> Update:
        used = self._usage
        if self._cost is not None:
            empty = make_usage(None, taken=None, cached=None, made=None, reasoning=None, cost=None)
            used = [{**(used[0] if used else empty), "cost": self._cost}]
        return updates.run_finished(used, None, len(self._denied), is_of_session=True)

    def _add_chunk(self, kind: str, text: str) -> list[Update]:
        new_updates = self._flush_chunks() if kind != self._chunk_kind else []
        self._chunk_kind = kind
        self._chunks.append(text)
        if kind in _DELTA_KINDS:
            new_updates.append(Update(delta=(_DELTA_KINDS[kind], text)))
        return new_updates

    def _flush_chunks(self) -> list[Update]:
        if self._chunk_kind is None:
            return []
        new_updates = _CHUNK_KINDS[self._chunk_kind]("".join(self._chunks))
        self._chunk_kind, self._chunks = None, []
        return new_updates

    def _update_call(self, update: dict[str, Any]) -> list[Update]:
        known = self._merge_call(update)
        call = make_call(known)
        if known.get("status") not in _FINISHED_STATUSES:
            return [call.to_started_update(), *self._output_updates(call)]
        self._outputs.pop(call.id, None)
        call.is_denied = call.id in self._denied
        is_bad = known["status"] == "failed" and call.exit_code is None
        call.has_failed = is_bad and not call.is_denied
        del self._open_calls[call.id]
        return [self._calls.finish(call)]

    def _output_updates(self, call: ToolCall) -> list[Update]:
        """Return what a running command has printed since the last update, which the agent
        repeats with all output before it; or only with the end of that.
        """
        if call.kind != "command" or not call.output:
            return []
        before, self._outputs[call.id] = self._outputs.get(call.id, ""), call.output
        new, is_cut = new_output(before, call.output)
        return [Update(delta=("output", new), key=call.id, is_cut=is_cut)] if new else []

    def _merge_call(self, fields: dict[str, Any]) -> dict[str, Any]:
        name = require_string(fields["toolCallId"])
        if name not in self._open_calls:
            self._calls.require_new(name)
        more = {key: value for key, value in fields.items() if value is not None}
        whole = {**self._open_calls.get(name, {}), **more}
        make_call(whole)  # an invalid call must not change anything
        self._open_calls[name] = whole
        return whole

    def _plan_updates(self, entries: list[Any]) -> list[Update]:
        marks = {"completed": "x", "in_progress": "~"}
        lines = [
            f"[{marks.get(optional_string(each.get('status')), ' ')}] "
            f"{require_string(each['content'])}"
            for each in map(require_mapping, entries)
        ]
        before, self._plan = self._plan, "\n".join(lines)
        return updates.note(self._plan) if self._plan != before else []

    def _set_cost(self, cost: dict[str, Any]) -> list[Update]:
        if cost.get("currency") == "USD":
            # An unknown price is reported as 0.
            self._cost = parse_amount(cost.get("amount")) or None
        return []
