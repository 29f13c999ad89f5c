"""From what a call is for to the tool that the agent has offered, with its arguments' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.agents.model.script import Call
from tests.agents.model.wire import Asked

# Names of tools, the dearest first.
NAMES = {
    "run": ("Bash", "exec_command", "shell_command", "shell", "bash", "run_shell_command"),
    "read": ("Read", "read", "read_file"),
    "write": ("Write", "write", "write_file"),
    "edit": ("Edit", "edit", "replace"),
}
# What one of our arguments is called elsewhere.
ARGUMENTS = {
    "command": ("command", "cmd"),
    "path": ("file_path", "filePath", "path", "absolute_path"),
    "text": ("content", "contents"),
    "old": ("old_string", "oldString"),
    "new": ("new_string", "newString"),
}


class NotOfferedError(Exception):
    """The agent offers no tool for what the script calls."""


def fit(call: Call, asked: Asked) -> tuple[str, Any]:
    """The tool's name and arguments; where the tool takes plain text, that text."""
    offered = asked.tools
    found = next((name for name in NAMES.get(call.tool, ()) if name in offered), None)
    if found is None and call.tool not in NAMES:
        found = next((name for name in offered if name.endswith(call.tool)), None)
    if found is None:
        return _otherwise(call, asked)
    properties = offered[found].get("properties", {})
    arguments = {
        _named(name, properties): _shaped(value, properties.get(_named(name, properties), {}))
        for name, value in call.arguments.items()
    }
    for name in offered[found].get("required", ()):
        # Such as a description of the command, or an instruction for the edit.
        arguments.setdefault(name, _filler(name, properties.get(name, {})))
    return found, arguments


def in_words(call: Call) -> str:
    """For an agent without tools: aider adds to its chat what is named, and edits by blocks."""
    arguments = call.arguments
    match call.tool:
        case "read":
            return f"I need to see {arguments['path']} first."
        case "edit":
            blocks = (
                f"<<<<<<< SEARCH\n{arguments['old']}=======\n{arguments['new']}>>>>>>> REPLACE\n"
            )
            return f"\n{arguments['path']}\n```python\n{blocks}```\n"
        case "run":
            return f"\n```bash\n{arguments['command']}\n```\n"
    raise NotOfferedError(f"no words for {call.tool}")


def is_offered(call: Call, asked: Asked) -> bool:
    try:
        fit(call, asked)
    except NotOfferedError:
        return False
    return True


def _named(name: str, properties: Mapping[str, Any]) -> str:
    return next((other for other in ARGUMENTS.get(name, ()) if other in properties), name)


def _shaped(value: Any, schema: dict[str, Any]) -> Any:
    if schema.get("type") == "array" and isinstance(value, str):
        return ["bash", "-lc", value]
    return value


def _filler(name: str, schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    empty = {"boolean": False, "integer": 0, "number": 0, "array": [], "object": {}}
    return empty.get(schema.get("type", "string"), name)


def _otherwise(call: Call, asked: Asked) -> tuple[str, Any]:
    """Who has no tool for reading has `cat`; who has none for writing has codex's `apply_patch`, as
    a tool or as a command."""
    if call.tool == "read":
        return fit(Call("run", {"command": f"cat {call.arguments['path']}"}), asked)
    if call.tool not in {"write", "edit"}:
        raise NotOfferedError(f"no tool for {call.tool} among {', '.join(sorted(asked.tools))}")
    text = patch(**call.arguments)
    if "apply_patch" in asked.free:
        return "apply_patch", text
    return fit(Call("run", {"command": f"apply_patch <<'PATCH'\n{text}PATCH"}), asked)


def patch(path: str, text: str | None = None, old: str = "", new: str = "") -> str:
    """In codex's own form: a new file of this text, or an edit of whole lines."""
    if text is not None:
        body = [f"*** Add File: {path}", *(f"+{line}" for line in text.splitlines())]
    else:
        body = [f"*** Update File: {path}", "@@"]
        body += [f"-{line}" for line in old.splitlines()]
        body += [f"+{line}" for line in new.splitlines()]
    return "\n".join(["*** Begin Patch", *body, "*** End Patch", ""])
