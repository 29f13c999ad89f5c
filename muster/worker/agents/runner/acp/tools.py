"""A tool call in the protocol's form."""

from __future__ import annotations

import json
import shlex

from muster.worker.agents.runner.formats.fields import (
    optional_string,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.tool_calls import ToolCall, replacement_diff

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_CHANGE_KINDS = ("edit", "delete", "move")
_OUTPUT_FIELDS = ("output", "formatted_output", "aggregated_output", "stdout", "content")
_STATUS_FIELDS = ("exit_code", "exitCode", "exit")
_OVERLAP_CHARS = 256  # of two outputs, to recognize that one continues the other


def make_call(fields: dict[str, Any]) -> ToolCall:
    """Return the call with these fields. Raises one of `PARSE_ERRORS`."""
    name, kind, called = (
        require_string(fields["toolCallId"]),
        fields.get("kind"),
        optional_string(fields.get("title")),
    )
    content = [require_mapping(each) for each in fields.get("content") or []]
    raw_input = fields.get("rawInput")
    arguments = (
        raw_input
        if isinstance(raw_input, dict)
        else {"": called if raw_input is None else raw_input}
    )
    diffs = [each for each in content if each.get("type") == "diff"]
    call = ToolCall(name, _tool_name(kind, called), arguments)
    if diffs:
        call = ToolCall(name, call.tool, arguments, files=list(map(_file_change, diffs)))
        call.diff = "\n".join(map(_diff, diffs))
    elif kind in _CHANGE_KINDS and (places := fields.get("locations")):
        change = "delete" if kind == "delete" else "update"
        paths = dict.fromkeys(require_string(require_mapping(each)["path"]) for each in places)
        call = ToolCall(name, call.tool, arguments, files=[(path, change) for path in paths])
    elif kind == "execute":
        call = ToolCall(name, call.tool, arguments, command=_command_line(arguments) or called)
    texts = [_part_text(each) for each in content if each.get("type") != "diff"]
    result = fields.get("rawOutput")
    call.output = "\n".join(filter(None, texts)) or _raw_output_text(result)
    if call.kind == "command" and isinstance(result, dict):
        call.exit_code = next(
            (s for each in _STATUS_FIELDS if _is_status(s := result.get(each))), None
        )
    return call


def call_title(fields: dict[str, Any]) -> str:
    """Return its title in one line."""
    entry = make_call(fields).to_update().entry
    return str(entry["title"]) if entry else ""


def new_output(before: str, output: str) -> tuple[str, bool]:
    """Return what the output has that it didn't have before, and whether some before that is
    missing: agents repeat an output, and drop the start of a long one.
    """
    if output.startswith(before):
        return output[len(before) :], False
    overlap = before[-_OVERLAP_CHARS:]
    at = output.rfind(overlap)
    return (output, True) if at < 0 else (output[at + len(overlap) :], False)


def content_text(block: dict[str, Any]) -> str:
    """Return the text of a content block; for other kinds, the kind."""
    match block["type"]:
        case "text":
            return require_string(block["text"])
        case "resource_link":
            return require_string(block["uri"])
        case "resource":
            inner = require_mapping(block["resource"])
            return optional_string(inner.get("text")) or require_string(inner["uri"])
    return f"({require_string(block['type'])})"


def _tool_name(kind: object, title: str) -> str:
    """Return the tool's name by its kind; a tool of another kind only has a title."""
    return kind if isinstance(kind, str) and kind != "other" else title or "tool"


def _part_text(part: dict[str, Any]) -> str:
    if part["type"] == "content":
        return content_text(require_mapping(part["content"]))
    return f"({require_string(part['type'])})"


def _file_change(diff: dict[str, Any]) -> tuple[str, str]:
    return require_string(diff["path"]), "add" if diff.get("oldText") is None else "update"


def _diff(diff: dict[str, Any]) -> str:
    return replacement_diff(optional_string(diff.get("oldText")), require_string(diff["newText"]))


def _command_line(arguments: dict[str, Any]) -> str:
    command = arguments.get("command")
    if isinstance(command, list):
        return shlex.join(map(require_string, command))
    return command if isinstance(command, str) else ""


def _raw_output_text(result: object) -> str:
    if result is None or isinstance(result, str):
        return result or ""
    if isinstance(result, dict):
        for name in _OUTPUT_FIELDS:
            if isinstance(text := result.get(name), str):
                return text
    return json.dumps(result, ensure_ascii=False)


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
