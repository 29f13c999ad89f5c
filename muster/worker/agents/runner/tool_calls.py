"""Publish a tool call when it starts, and again, with its result, when it ends."""

from __future__ import annotations

import copy
import json
import os

from muster.worker.agents.runner import blocks
from muster.worker.agents.runner.entries import Update, is_truncated, make_entry, to_one_line

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_MAX_ARGUMENT_CHARS = 80  # characters of an argument that is shown in a line


class ToolCall:
    """`kind`: command, edit, or tool. `change` of a file: add, update, delete."""

    def __init__(
        self,
        call_id: str,
        tool: str,
        arguments: dict[str, Any],
        *,
        command: str | None = None,
        files: list[tuple[str, str]] | None = None,
        diff: str = "",
        parent: str | None = None,
    ) -> None:
        self.id, self.tool, self.arguments, self.parent = call_id, tool, arguments, parent
        self.command, self.diff = command, diff
        self.files = [
            {"path": _relative_path(path), "change": change} for path, change in files or []
        ]
        self.kind = "command" if command is not None else "edit" if self.files else "tool"
        self.output = ""
        self.exit_code: int | None = None
        self.has_failed = self.is_denied = self.is_unfinished = self.is_running = False

    def to_update(self) -> Update:
        """Return its last update, when its result is there or will never be."""
        made = self._make_entry()
        return Update(self._make_block(whole=is_truncated(made)), made, key=self.id)

    def to_started_update(self) -> Update:
        """Return its update while it runs."""
        running = copy.copy(self)
        running.output, running.is_running = "", True
        made = running._make_entry()
        shown = blocks.running("$" if self.kind == "command" else "●", str(made["title"]))
        return Update(shown, made, key=self.id)

    def _make_entry(self) -> dict[str, Any]:
        made = self._make_stateless_entry()
        made["state"] = self._state()
        return made

    def _state(self) -> str:
        if self.is_running:
            return "running"
        if self.is_denied:
            return "denied"
        if self.is_unfinished:
            return "stopped"
        return "failed" if self.has_failed or self.exit_code else "done"

    def _make_stateless_entry(self) -> dict[str, Any]:
        is_tool = self.kind == "tool" or self.is_denied
        text = (
            self.diff
            if self.kind == "edit" and not self._is_unsuccessful() and self.diff
            else self.output
        )
        return make_entry(
            "denied" if self.is_denied else self.kind,
            self._title(),
            text,
            call=self.id,
            tool=self.tool,
            arguments=self.arguments if is_tool else None,
            command=self.command,
            files=self.files or None,
            exitCode=self.exit_code,
            failed=True if self.has_failed else None,
            unfinished=True if self.is_unfinished else None,
            parent=self.parent,
        )

    def _make_block(self, *, whole: bool) -> blocks.Draw:
        if self.is_denied:
            return blocks.denied(self._title(), self.output)
        bad, end = self._is_unsuccessful(), self._result_text()
        match self.kind:
            case "command":
                return blocks.command(self.command or "", self.output, end, is_bad=bad)
            case "edit":
                output = self.output if bad or not self.diff else ""
                return blocks.edit(self._paths(), self.diff, output, end, is_bad=bad)
        return blocks.tool(
            self.tool,
            json.dumps(self.arguments, ensure_ascii=False)
            if whole
            else format_arguments(self.arguments),
            self.output,
            end,
            is_bad=bad,
            is_whole=whole,
        )

    def _is_unsuccessful(self) -> bool:
        return self.has_failed or self.is_unfinished or bool(self.exit_code)

    def _result_text(self) -> str:
        if self.is_unfinished:
            return "no result"
        if self.exit_code is not None:
            return f"exit {self.exit_code}"
        return "failed" if self.has_failed else ""

    def _title(self) -> str:
        match self.kind:
            case "command":
                return self.command or ""
            case "edit":
                return self._paths()
        return f"{self.tool} {format_arguments(self.arguments)}".strip()

    def _paths(self) -> str:
        marks = {"add": " (new)", "delete": " (deleted)"}
        return ", ".join(each["path"] + marks.get(each["change"], "") for each in self.files)


class ToolCalls:
    """Calls that have started and have no result yet. An ID belongs to one call forever: events
    that reuse it raise ValueError, and are passed through.
    """

    def __init__(self) -> None:
        self._open: dict[str, ToolCall] = {}
        self._finished_ids: set[str] = set()

    def start(self, call: ToolCall) -> Update:
        self.require_new(call.id)
        self._open[call.id] = call
        return call.to_started_update()

    def require_new(self, call_id: str) -> None:
        if call_id in self._open or call_id in self._finished_ids:
            raise ValueError("a repeated call")

    def get(self, call_id: str) -> ToolCall:
        """Return the call that got its result; one without a name if its start wasn't reported."""
        if call_id in self._finished_ids:
            raise ValueError("a second result")
        return self._open.get(call_id) or ToolCall(call_id, "?", {})

    def has_result(self, call_id: str) -> bool:
        return call_id in self._finished_ids

    def finish(self, call: ToolCall) -> Update:
        self._open.pop(call.id, None)
        self._finished_ids.add(call.id)
        return call.to_update()

    def finish_unfinished(self) -> list[Update]:
        """Return the calls without a result, at the end."""
        for call in self._open.values():
            call.is_unfinished = True
        return [self.finish(call) for call in list(self._open.values())]


def _relative_path(path: str) -> str:
    """Return the path relative to the agent's start directory, if it is below that."""
    return path.removeprefix(os.getcwd().rstrip("/") + "/")


def format_arguments(arguments: dict[str, Any]) -> str:
    """Return the arguments in one line. A single argument needs no name."""
    if len(arguments) == 1:
        return _format_value(*arguments.values())
    return ", ".join(f"{name}: {_format_value(value)}" for name, value in arguments.items())


def _format_value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return to_one_line(text, _MAX_ARGUMENT_CHARS)


def replacement_diff(old: str, new: str) -> str:
    """Return both as a diff without line numbers: common lines at both ends are omitted."""
    before, after = old.splitlines(), new.splitlines()
    while before and after and before[0] == after[0]:
        del before[0], after[0]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return "\n".join([*(f"-{line}" for line in before), *(f"+{line}" for line in after)])
