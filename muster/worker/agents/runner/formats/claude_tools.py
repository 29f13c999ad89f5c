"""Claude's built-in tools, and the results of their calls."""

from __future__ import annotations

import os
import re
import stat

from muster.worker.agents.runner.formats.fields import (
    optional_string,
    require_mapping,
    require_string,
)
from muster.worker.agents.runner.tool_calls import ToolCall, replacement_diff

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_EXIT = re.compile(r"Exit code (\d{1,3})(?:\n|$)")
# Before the end of the run, no field reports this.
_DENIED = re.compile(
    r"requires? approval|requested permissions? to|Permission to use .{1,200}? has been denied"
    r"|was blocked\. For security",
    re.DOTALL,
)
_MAX_MATCHED_CHARS = 1000  # characters of a result
_MAX_OUTPUT_BYTES = 64 << 20  # bytes of a saved result


def make_call(block: dict[str, Any], parent: str | None) -> ToolCall:
    """Return a started call."""
    name, arguments = require_string(block["name"]), require_mapping(block["input"])
    call_id = require_string(block["id"])
    if name == "Bash" and isinstance(arguments.get("command"), str):
        return ToolCall(call_id, name, arguments, command=arguments["command"], parent=parent)
    path = arguments.get("file_path") or arguments.get("notebook_path")
    if name in ("Edit", "MultiEdit", "Write", "NotebookEdit") and isinstance(path, str):
        diff = "\n".join(filter(None, (_replacement(each) for each in _edits(arguments))))
        return ToolCall(
            call_id, name, arguments, files=[(path, "update")], diff=diff, parent=parent
        )
    return ToolCall(call_id, name, arguments, parent=parent)


def apply_result(call: ToolCall, block: dict[str, Any], details: Any) -> None:
    """Add a call's result: the block that the model got, and the program's details."""
    call.output = _content_text(block.get("content"))
    has_failed = bool(block.get("is_error"))
    if has_failed and call.kind == "command" and (ended := _EXIT.match(call.output)):
        call.exit_code, call.output = int(ended[1]), call.output[ended.end() :]
    elif has_failed and _DENIED.search(call.output[:_MAX_MATCHED_CHARS]):
        call.is_denied = True
    elif has_failed:
        call.has_failed = True
    elif isinstance(details, dict):
        _apply_details(call, details)


def _apply_details(call: ToolCall, details: dict[str, Any]) -> None:
    if call.kind == "command":
        runs_on = details.get("backgroundTaskId") or details.get("interrupted")
        call.exit_code = None if runs_on else 0
        if path := details.get("persistedOutputPath"):
            call.output = (
                _read_saved_output(require_string(path))
                or optional_string(details.get("stdout"))
                or call.output
            )
    if call.kind == "edit":
        if details.get("type") == "create":
            call.files[0]["change"] = "add"
        call.diff = _patch(details.get("structuredPatch")) or call.diff


def _read_saved_output(path: str) -> str:
    """Return an output that was too large for the model, from claude's file; "" if that is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return ""
            return file.read(_MAX_OUTPUT_BYTES).decode(errors="backslashreplace")
    except OSError:
        return ""


def _edits(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    edits = arguments.get("edits")
    return [require_mapping(each) for each in edits] if isinstance(edits, list) else [arguments]


def _replacement(edit: dict[str, Any]) -> str:
    new = edit.get("new_string", edit.get("content", edit.get("new_source")))
    return replacement_diff(optional_string(edit.get("old_string")), optional_string(new))


def _patch(hunks: Any) -> str:
    lines = []
    for hunk in hunks or []:
        old, new = (
            f"{hunk['oldStart']},{hunk['oldLines']}",
            f"{hunk['newStart']},{hunk['newLines']}",
        )
        lines += [f"@@ -{old} +{new} @@", *map(require_string, hunk["lines"])]
    return "\n".join(lines)


def _content_text(content: Any) -> str:
    """Return a result's text; for other kinds, the kind."""
    if content is None or isinstance(content, str):
        return content or ""
    blocks = [
        require_mapping(block) for block in (content if isinstance(content, list) else [content])
    ]
    return "\n".join(
        require_string(block["text"])
        if "text" in block
        else f"({optional_string(block.get('type'))})"
        for block in blocks
    )
