"""A call of a tool, as the protocol tells of it."""

from __future__ import annotations

import json
import shlex

from muster.worker.agents.runner.formats.fields import mapping, optional, string
from muster.worker.agents.runner.tool_calls import Call, replacement

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_CHANGES = ("edit", "delete", "move")
_OUTPUTS = ("output", "formatted_output", "aggregated_output", "stdout", "content")
_STATUSES = ("exit_code", "exitCode", "exit")


def made(said: dict[str, Any]) -> Call:
    """The call of which that is known. Raises what is `UNEXPECTED`."""
    name, kind, called = string(said["toolCallId"]), said.get("kind"), optional(said.get("title"))
    content = [mapping(each) for each in said.get("content") or []]
    given = said.get("rawInput")
    arguments = given if isinstance(given, dict) else {"": called if given is None else given}
    diffs = [each for each in content if each.get("type") == "diff"]
    call = Call(name, _named(kind, called), arguments)
    if diffs:
        call = Call(name, call.tool, arguments, files=list(map(_changed, diffs)))
        call.diff = "\n".join(map(_diff, diffs))
    elif kind in _CHANGES and (places := said.get("locations")):
        change = "delete" if kind == "delete" else "update"
        paths = dict.fromkeys(string(mapping(each)["path"]) for each in places)
        call = Call(name, call.tool, arguments, files=[(path, change) for path in paths])
    elif kind == "execute":
        call = Call(name, call.tool, arguments, command=_command(arguments) or called)
    texts = [_text(each) for each in content if each.get("type") != "diff"]
    result = said.get("rawOutput")
    call.output = "\n".join(filter(None, texts)) or _raw(result)
    if call.kind == "command" and isinstance(result, dict):
        call.exit_code = next((s for each in _STATUSES if _is_status(s := result.get(each))), None)
    return call


def title(said: dict[str, Any]) -> str:
    """What it is in a line."""
    entry = made(said).told().entry
    return str(entry["title"]) if entry else ""


def text_of(block: dict[str, Any]) -> str:
    """What a block of content says; of what is no text, what it is."""
    match block["type"]:
        case "text":
            return string(block["text"])
        case "resource_link":
            return string(block["uri"])
        case "resource":
            inner = mapping(block["resource"])
            return optional(inner.get("text")) or string(inner["uri"])
    return f"({string(block['type'])})"


def _named(kind: object, title: str) -> str:
    """By what it does; of a tool that does something else its title is all that is known."""
    return kind if isinstance(kind, str) and kind != "other" else title or "tool"


def _text(part: dict[str, Any]) -> str:
    if part["type"] == "content":
        return text_of(mapping(part["content"]))
    return f"({string(part['type'])})"


def _changed(diff: dict[str, Any]) -> tuple[str, str]:
    return string(diff["path"]), "add" if diff.get("oldText") is None else "update"


def _diff(diff: dict[str, Any]) -> str:
    return replacement(optional(diff.get("oldText")), string(diff["newText"]))


def _command(arguments: dict[str, Any]) -> str:
    command = arguments.get("command")
    if isinstance(command, list):
        return shlex.join(map(string, command))
    return command if isinstance(command, str) else ""


def _raw(result: object) -> str:
    if result is None or isinstance(result, str):
        return result or ""
    if isinstance(result, dict):
        for name in _OUTPUTS:
            if isinstance(text := result.get(name), str):
                return text
    return json.dumps(result, ensure_ascii=False)


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
