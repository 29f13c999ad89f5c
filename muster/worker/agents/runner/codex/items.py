"""Read the items of a thread (as of codex 0.169) in the form that `codex exec` gives them."""

from __future__ import annotations

import re

from muster.worker.agents.runner.formats.fields import (
    optional_string,
    require_mapping,
    require_string,
)

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

COMMAND = "commandExecution"
USER_MESSAGE = "userMessage"

_IGNORED_TYPES = (
    "hookPrompt",
    "functionCallOutput",
    "subAgentActivity",
    "sleep",
    "enteredReviewMode",
    "exitedReviewMode",
    "contextCompaction",
)
_CAPITAL = re.compile("[A-Z]")


def convert_item(item: dict[str, Any]) -> dict[str, Any] | None:
    """Return the item as of `codex exec`; None if there is nothing to report about it. An item of
    an unknown type stays as it is.
    """
    kind = require_string(item["type"])
    if kind in _IGNORED_TYPES:
        return None
    known = {"id": require_string(item["id"]), "type": _to_snake_case(kind)}
    if "status" in item:
        known["status"] = _to_snake_case(require_string(item["status"]))
    match kind:
        case "agentMessage" | "plan":
            return {**known, "text": require_string(item["text"])}
        case "reasoning":
            parts = item.get("summary") or item.get("content") or []
            return {**known, "text": "\n\n".join(require_string(part) for part in parts)}
        case "commandExecution":
            return {
                **known,
                "command": require_string(item["command"]),
                "aggregated_output": optional_string(item.get("aggregatedOutput")),
                "exit_code": item.get("exitCode"),
            }
        case "fileChange":
            changes = [_convert_change(require_mapping(each)) for each in item["changes"]]
            return {**known, "changes": changes, "diff": _join_diffs(changes)}
        case "mcpToolCall":
            fields = ("server", "tool", "arguments", "result", "error")
            return {**known, **{name: item.get(name) for name in fields}}
        case "webSearch":
            return {**known, "query": require_string(item["query"])}
        case "collabAgentToolCall":
            return _convert_collab_call(known, item)
        case "imageView":
            return _tool_item(known, "view_image", path=require_string(item["path"]))
        case "imageGeneration":
            return _tool_item(known, "image_generation")
        case "dynamicToolCall":
            arguments = item.get("arguments")
            given = arguments if isinstance(arguments, dict) else {"": arguments}
            return _tool_item(known, require_string(item["tool"]), arguments=given)
    return item


def plan_item(turn: str, steps: list[Any]) -> dict[str, Any]:
    """Return a turn's plan as the item `todo_list`."""
    read = [require_mapping(step) for step in steps]
    return {
        "id": f"plan-{turn}",
        "type": "todo_list",
        "items": [
            {"text": require_string(step["step"]), "completed": step["status"] == "completed"}
            for step in read
        ],
    }


def _convert_change(change: dict[str, Any]) -> dict[str, Any]:
    kind = require_mapping(change["kind"])
    return {
        "path": require_string(change["path"]),
        "kind": require_string(kind["type"]),
        "diff": optional_string(change.get("diff")),
    }


def _join_diffs(changes: list[dict[str, Any]]) -> str:
    """Return the diff of all files. codex gives the text of a new or deleted file as it is."""
    made: list[str] = []
    for change in changes:
        sign = {"add": "+", "delete": "-"}.get(change["kind"], "")
        lines = [sign + line for line in change["diff"].splitlines()]
        made += [f"+++ {change['path']}", *lines] if lines and len(changes) > 1 else lines
    return "\n".join(made)


def _convert_collab_call(known: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    return {
        **known,
        "type": "collab_tool_call",
        "tool": _to_snake_case(require_string(item["tool"])),
        "prompt": item.get("prompt"),
        "agents_states": item.get("agentsStates"),
    }


def _tool_item(known: dict[str, Any], tool: str, **fields: Any) -> dict[str, Any]:
    return {**known, "type": "collab_tool_call", "tool": tool, **fields}


def _to_snake_case(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)
