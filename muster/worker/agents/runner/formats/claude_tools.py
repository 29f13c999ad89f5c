"""Claude's own tools, and what comes of their calls."""

from __future__ import annotations

import os
import re
import stat

from muster.worker.agents.runner.formats.fields import mapping, optional, string
from muster.worker.agents.runner.tool_calls import Call, replacement

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_EXIT = re.compile(r"Exit code (\d{1,3})(?:\n|$)")
# No field says so before the end of the run.
_DENIED = re.compile(
    r"requires? approval|requested permissions? to|Permission to use .{1,200}? has been denied"
    r"|was blocked\. For security",
    re.DOTALL,
)
_JUDGED = 1000  # characters of a result
_LARGEST_OUTPUT = 64 << 20  # bytes of one that is in a file


def call(block: dict[str, Any], parent: str | None) -> Call:
    """A call that begins."""
    name, said = string(block["name"]), mapping(block["input"])
    call_id = string(block["id"])
    if name == "Bash" and isinstance(said.get("command"), str):
        return Call(call_id, name, said, command=said["command"], parent=parent)
    path = said.get("file_path") or said.get("notebook_path")
    if name in ("Edit", "MultiEdit", "Write", "NotebookEdit") and isinstance(path, str):
        diff = "\n".join(filter(None, (_replacement(each) for each in _changes(said))))
        return Call(call_id, name, said, files=[(path, "update")], diff=diff, parent=parent)
    return Call(call_id, name, said, parent=parent)


def take_result(call: Call, block: dict[str, Any], details: Any) -> None:
    """Puts a call's result in: the block that the model got, and what the program knows besides."""
    call.output = _text(block.get("content"))
    has_failed = bool(block.get("is_error"))
    if has_failed and call.kind == "command" and (ended := _EXIT.match(call.output)):
        call.exit_code, call.output = int(ended[1]), call.output[ended.end() :]
    elif has_failed and _DENIED.search(call.output[:_JUDGED]):
        call.is_denied = True
    elif has_failed:
        call.has_failed = True
    elif isinstance(details, dict):
        _take_details(call, details)


def _take_details(call: Call, details: dict[str, Any]) -> None:
    if call.kind == "command":
        runs_on = details.get("backgroundTaskId") or details.get("interrupted")
        call.exit_code = None if runs_on else 0
        if path := details.get("persistedOutputPath"):
            call.output = _saved(string(path)) or optional(details.get("stdout")) or call.output
    if call.kind == "edit":
        if details.get("type") == "create":
            call.files[0]["change"] = "add"
        call.diff = _patch(details.get("structuredPatch")) or call.diff


def _saved(path: str) -> str:
    """An output that was too large for the model, from where claude keeps it; "" if it is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return ""
            return file.read(_LARGEST_OUTPUT).decode(errors="backslashreplace")
    except OSError:
        return ""


def _changes(said: dict[str, Any]) -> list[dict[str, Any]]:
    edits = said.get("edits")
    return [mapping(each) for each in edits] if isinstance(edits, list) else [said]


def _replacement(said: dict[str, Any]) -> str:
    new = said.get("new_string", said.get("content", said.get("new_source")))
    return replacement(optional(said.get("old_string")), optional(new))


def _patch(hunks: Any) -> str:
    lines = []
    for hunk in hunks or []:
        old, new = (
            f"{hunk['oldStart']},{hunk['oldLines']}",
            f"{hunk['newStart']},{hunk['newLines']}",
        )
        lines += [f"@@ -{old} +{new} @@", *map(string, hunk["lines"])]
    return "\n".join(lines)


def _text(content: Any) -> str:
    """What a result says; of what is no text, what it is."""
    if content is None or isinstance(content, str):
        return content or ""
    blocks = [mapping(block) for block in (content if isinstance(content, list) else [content])]
    return "\n".join(
        string(block["text"]) if "text" in block else f"({optional(block.get('type'))})"
        for block in blocks
    )
