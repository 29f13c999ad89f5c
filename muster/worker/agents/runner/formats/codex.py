"""What `codex exec --json` prints (as of 0.169)."""

from __future__ import annotations

import re
import shlex

from muster.worker.agents.runner import blocks, failures, updates
from muster.worker.agents.runner.entries import Told, entry
from muster.worker.agents.runner.formats.codex_changes import Changes, text_of
from muster.worker.agents.runner.formats.fields import count, mapping, optional, string, usage
from muster.worker.agents.runner.tool_calls import Call

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_REFUSED = re.compile(r"^\S+ ERROR codex_core::tools::router: error=(patch rejected: .+)")
_CHANGES = ("add", "update", "delete")
_CALLS = ("command_execution", "file_change", "mcp_tool_call", "web_search", "collab_tool_call")


class Codex:
    """`read` gives what is in a file, for codex does not tell how it changed it.

    Its usage is that of the whole thread, also of what came before a `resume`: the fact
    `isOfSession` says so. It names no model."""

    def __init__(self, read: Callable[[str], str | None] = text_of) -> None:
        self._changes = Changes(read)
        self._begun: dict[str, dict[str, Any]] = {}  # items by id, as they were told of last
        self._ended: set[str] = set()
        self._turns = self._denied = 0
        self._last_error = ""
        self._has_failed = False

    def feed(self, event: dict[str, Any]) -> list[Told] | None:
        match event.get("type"):
            case "thread.started":
                return [updates.opening("codex", string(event["thread_id"]))]
            case "turn.started":
                return []
            case "turn.completed":
                return self._completed(mapping(event["usage"]))
            case "turn.failed":
                return [*self.end(), *self._failed(string(mapping(event["error"])["message"]))]
            case "error":
                return self._failed(string(event["message"]))
            case "item.started" | "item.updated":
                return self._going_on(mapping(event["item"]))
            case "item.completed":
                return self._item(mapping(event["item"]))
        return None

    def end(self) -> list[Told]:
        return [told for item in list(self._begun.values()) for told in self._item(item) or []]

    def aside(self, line: str) -> list[Told]:
        """An edit that was refused it tells of in its log alone."""
        found = _REFUSED.search(line)
        if found is None:
            return []
        self._denied += 1
        return [Told(None, entry("denied", "apply_patch", found[1]), {"denied": self._denied})]

    def _completed(self, said: dict[str, Any]) -> list[Told]:
        self._turns += 1
        told = self.end()
        if self._has_failed:
            self._has_failed = False
            told.append(updates.recovered())
        ending = updates.ending([used(said)], self._turns, self._denied, is_of_session=True)
        return [*told, ending]

    def _failed(self, message: str) -> list[Told]:
        """The last error is told of twice: by itself, and with the turn."""
        if message == self._last_error:
            return []
        self._last_error, self._has_failed = message, True
        return [updates.error(message, failures.of_message(message))]

    def _going_on(self, item: dict[str, Any]) -> list[Told] | None:
        name, kind = string(item["id"]), string(item["type"])
        if name in self._ended or self._of(item) is None:
            return None
        before = self._begun.get(name)
        self._begun[name] = item
        if kind == "file_change":
            self._changes.begin(name, _files(item))
        if kind == "todo_list" and before != item:
            return [Told(blocks.note(_todo(item)))]
        return []

    def _item(self, item: dict[str, Any]) -> list[Told] | None:
        """All that there is of an item: it is over, or will never be."""
        name = string(item["id"])
        if name in self._ended:
            return None
        told = self._of(item)
        if told is not None:
            self._ended.add(name)
            self._begun.pop(name, None)
            self._denied += sum(1 for each in told if each.entry and each.entry["kind"] == "denied")
        return told

    def _of(self, item: dict[str, Any]) -> list[Told] | None:
        match string(item["type"]):
            case "agent_message" | "plan":
                return updates.message(string(item["text"]))
            case "reasoning":
                return updates.thought(string(item["text"]))
            case "error":
                return [updates.error(string(item["message"]))]
            case "todo_list":
                call = Call(item["id"], "todo_list", {})
                call.output = _todo(item)
                return [call.told()]
            case kind if kind in _CALLS:
                call = _call(kind, item)
                if call.kind == "edit" and not (call.has_failed or call.is_unfinished):
                    call.diff = self._changes.diff(call.id, _files(item))
                return [call.told()]
        return None


def used(said: dict[str, Any]) -> dict[str, Any]:
    """The fact, of the API's figures."""
    return usage(
        None,
        taken=count(said.get("input_tokens")),
        cached=count(said.get("cached_input_tokens")),
        made=count(said.get("output_tokens")),
        reasoning=count(said.get("reasoning_output_tokens")),
        cost=None,
    )


def _call(kind: str, item: dict[str, Any]) -> Call:
    status = optional(item.get("status"))
    made = _made(kind, item)
    made.is_denied = status == "declined"
    made.is_unfinished = status == "in_progress"
    made.has_failed = status == "failed" and made.exit_code is None
    return made


def _made(kind: str, item: dict[str, Any]) -> Call:
    name = string(item["id"])
    match kind:
        case "command_execution":
            call = Call(name, "shell", {}, command=_typed(string(item["command"])))
            call.output = optional(item.get("aggregated_output"))
            ended = item.get("exit_code")
            call.exit_code = ended if isinstance(ended, int) else None
            return call
        case "file_change":
            return Call(name, "apply_patch", {}, files=_files(item))
        case "mcp_tool_call":
            tool = f"{string(item['server'])}.{string(item['tool'])}"
            arguments = item.get("arguments")
            call = Call(name, tool, arguments if isinstance(arguments, dict) else {"": arguments})
            call.output = _mcp_result(item)
            return call
        case "web_search":
            return Call(name, "web_search", {"query": item["query"]})
    known = ("id", "type", "status", "tool", "agents_states")
    told = {key: value for key, value in item.items() if key not in known and value}
    call = Call(name, string(item["tool"]), told)
    states = mapping(item.get("agents_states") or {}).values()
    call.output = "\n".join(optional(mapping(each).get("message")) for each in states)
    return call


def _files(item: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and change, of each."""
    changes = [mapping(each) for each in item["changes"]]
    return [
        (string(each["path"]), kind if (kind := string(each["kind"])) in _CHANGES else "update")
        for each in changes
    ]


def _mcp_result(item: dict[str, Any]) -> str:
    if item.get("error"):
        return string(mapping(item["error"])["message"])
    if not item.get("result"):
        return ""
    parts = [mapping(each) for each in mapping(item["result"])["content"]]
    return "\n".join(
        string(part["text"]) if "text" in part else f"({part.get('type')})" for part in parts
    )


def _todo(item: dict[str, Any]) -> str:
    items = [mapping(each) for each in item["items"]]
    return "\n".join(
        f"[{'x' if each['completed'] else ' '}] {string(each['text'])}" for each in items
    )


def _typed(command: str) -> str:
    """The command as the agent wrote it, without the shell that codex has it run by."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    is_wrapped = len(words) == 3 and words[1] in ("-c", "-lc") and words[0].endswith("sh")
    return words[2] if is_wrapped else command
