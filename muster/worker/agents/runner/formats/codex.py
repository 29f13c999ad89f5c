"""The output of `codex exec --json` (as of 0.169)."""

from __future__ import annotations

import re
import shlex

from muster.worker.agents.runner import blocks, failures, updates
from muster.worker.agents.runner.entries import Update, make_entry
from muster.worker.agents.runner.formats.codex_changes import FileChanges, read_text_file
from muster.worker.agents.runner.formats.fields import (
    make_usage,
    optional_string,
    parse_count,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.tool_calls import ToolCall

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_PATCH_REJECTED = re.compile(r"^\S+ ERROR codex_core::tools::router: error=(patch rejected: .+)")
_CHANGES = ("add", "update", "delete")
_CALL_TYPES = (
    "command_execution",
    "file_change",
    "mcp_tool_call",
    "web_search",
    "collab_tool_call",
)


class Codex:
    """`read` returns a file's content, because codex doesn't report its changes.

    Its usage is that of the whole thread, including the time before a `resume`: the fact
    `isOfSession` marks it. It names no model.
    """

    def __init__(self, read: Callable[[str], str | None] = read_text_file) -> None:
        self._changes = FileChanges(read)
        self._started_items: dict[str, dict[str, Any]] = {}  # items by ID, as last reported
        self._finished_ids: set[str] = set()
        self._turns = self._denied = 0
        self._last_error = ""
        self.has_failed = False
        """Whether the turn has failed, as far as is known."""

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        match event.get("type"):
            case "thread.started":
                return [updates.session_started("codex", require_string(event["thread_id"]))]
            case "turn.started":
                return []
            case "turn.completed":
                return self.finish_turn(require_mapping(event["usage"]))
            case "turn.failed":
                return [
                    *self.finish(),
                    *self._fail_by_message(require_mapping(event["error"])["message"]),
                ]
            case "error":
                return self._fail_by_message(event["message"])
            case "item.started" | "item.updated":
                return self.update_item(require_mapping(event["item"]))
            case "item.completed":
                return self.finish_item(require_mapping(event["item"]))
        return None

    def finish(self) -> list[Update]:
        return [
            update
            for item in list(self._started_items.values())
            for update in self.finish_item(item) or []
        ]

    def feed_text_line(self, line: str) -> list[Update]:
        """A rejected edit appears only in its log."""
        found = _PATCH_REJECTED.search(line)
        if found is None:
            return []
        self._denied += 1
        return [
            Update(None, make_entry("denied", "apply_patch", found[1]), {"denied": self._denied})
        ]

    def finish_turn(self, usage: dict[str, Any]) -> list[Update]:
        self._turns += 1
        new_updates = self.finish()
        if self.has_failed:
            self.has_failed = False
            new_updates.append(updates.recovery())
        ending = updates.run_finished(
            [usage_from_api(usage)], self._turns, self._denied, is_of_session=True
        )
        return [*new_updates, ending]

    def _fail_by_message(self, message: object) -> list[Update]:
        text = require_string(message)
        return self.fail(text, failures.failure_from_message(text))

    def fail(self, message: str, failure: dict[str, Any]) -> list[Update]:
        """Report the last error once: codex reports it separately and with the turn."""
        if message == self._last_error:
            return []
        self._last_error, self.has_failed = message, True
        return [updates.error(message, failure)]

    def set_output(self, name: str, output: str) -> None:
        """Set what a command that hasn't finished has output so far."""
        if name in self._started_items:
            self._started_items[name]["aggregated_output"] = output

    def update_item(self, item: dict[str, Any]) -> list[Update] | None:
        name, kind = require_string(item["id"]), require_string(item["type"])
        if name in self._finished_ids or self._item_updates(item) is None:
            return None
        before = self._started_items.get(name)
        self._started_items[name] = item
        if kind == "file_change" and "diff" not in item:
            self._changes.start(name, _changed_files(item))
        if kind == "todo_list" and before != item:
            return [Update(blocks.note(_todo_text(item)))]
        return [_tool_call(kind, item).to_started_update()] if kind in _CALL_TYPES else []

    def finish_item(self, item: dict[str, Any]) -> list[Update] | None:
        """Return an item's updates: it is finished, or will never be."""
        name = require_string(item["id"])
        if name in self._finished_ids:
            return None
        new_updates = self._item_updates(item)
        if new_updates is not None:
            self._finished_ids.add(name)
            self._started_items.pop(name, None)
            self._denied += sum(
                1 for each in new_updates if each.entry and each.entry["kind"] == "denied"
            )
        return new_updates

    def _item_updates(self, item: dict[str, Any]) -> list[Update] | None:
        match require_string(item["type"]):
            case "agent_message" | "plan":
                return updates.message(require_string(item["text"]))
            case "reasoning":
                return updates.thought(require_string(item["text"]))
            case "error":
                return [updates.error(require_string(item["message"]))]
            case "todo_list":
                call = ToolCall(item["id"], "todo_list", {})
                call.output = _todo_text(item)
                return [call.to_update()]
            case kind if kind in _CALL_TYPES:
                call = _tool_call(kind, item)
                if call.kind == "edit" and not (call.has_failed or call.is_unfinished):
                    call.diff = self._diff(item)
                return [call.to_update()]
        return None

    def _diff(self, item: dict[str, Any]) -> str:
        """Return a change's diff. `codex exec` doesn't give it."""
        if "diff" in item:
            return require_string(item["diff"])
        return self._changes.diff(item["id"], _changed_files(item))


def usage_from_api(usage: dict[str, Any]) -> dict[str, Any]:
    """Return the fact from the API's figures."""
    return make_usage(
        None,
        taken=parse_count(usage.get("input_tokens")),
        cached=parse_count(usage.get("cached_input_tokens")),
        made=parse_count(usage.get("output_tokens")),
        reasoning=parse_count(usage.get("reasoning_output_tokens")),
        cost=None,
    )


def _tool_call(kind: str, item: dict[str, Any]) -> ToolCall:
    status = optional_string(item.get("status"))
    made = _build_call(kind, item)
    made.is_denied = status == "declined"
    made.is_unfinished = status == "in_progress"
    made.has_failed = status == "failed" and made.exit_code is None
    return made


def _build_call(kind: str, item: dict[str, Any]) -> ToolCall:
    name = require_string(item["id"])
    match kind:
        case "command_execution":
            call = ToolCall(
                name, "shell", {}, command=_unwrap_shell(require_string(item["command"]))
            )
            call.output = optional_string(item.get("aggregated_output"))
            ended = item.get("exit_code")
            call.exit_code = ended if isinstance(ended, int) else None
            return call
        case "file_change":
            return ToolCall(name, "apply_patch", {}, files=_changed_files(item))
        case "mcp_tool_call":
            tool = f"{require_string(item['server'])}.{require_string(item['tool'])}"
            arguments = item.get("arguments")
            call = ToolCall(
                name, tool, arguments if isinstance(arguments, dict) else {"": arguments}
            )
            call.output = _mcp_result(item)
            return call
        case "web_search":
            return ToolCall(name, "web_search", {"query": item["query"]})
    known = ("id", "type", "status", "tool", "agents_states")
    fields = {key: value for key, value in item.items() if key not in known and value}
    call = ToolCall(name, require_string(item["tool"]), fields)
    states = require_mapping(item.get("agents_states") or {}).values()
    call.output = "\n".join(
        optional_string(require_mapping(each).get("message")) for each in states
    )
    return call


def _changed_files(item: dict[str, Any]) -> list[tuple[str, str]]:
    """Return path and change of each file."""
    changes = [require_mapping(each) for each in item["changes"]]
    return [
        (
            require_string(each["path"]),
            kind if (kind := require_string(each["kind"])) in _CHANGES else "update",
        )
        for each in changes
    ]


def _mcp_result(item: dict[str, Any]) -> str:
    if item.get("error"):
        return require_string(require_mapping(item["error"])["message"])
    if not item.get("result"):
        return ""
    parts = [require_mapping(each) for each in require_mapping(item["result"])["content"]]
    return "\n".join(
        require_string(part["text"]) if "text" in part else f"({part.get('type')})"
        for part in parts
    )


def _todo_text(item: dict[str, Any]) -> str:
    items = [require_mapping(each) for each in item["items"]]
    return "\n".join(
        f"[{'x' if each['completed'] else ' '}] {require_string(each['text'])}" for each in items
    )


def _unwrap_shell(command: str) -> str:
    """Return the agent's command without codex's shell around it."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    is_wrapped = len(words) == 3 and words[1] in ("-c", "-lc") and words[0].endswith("sh")
    return words[2] if is_wrapped else command
