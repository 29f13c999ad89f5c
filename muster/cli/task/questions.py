"""A task's open question, and the command that answers it."""

from collections.abc import Mapping
from typing import Any

from muster.cli import text_format
from muster.cli.client import Api
from muster.cli.errors import ApiError
from muster.cli.params import task_path

Gate = Mapping[str, Any]


def find_open_gate(api: Api, number: int) -> Gate | None:
    """Return the open question, or None."""
    try:
        return dict(api.get(task_path(number, "pending-confirm")))
    except ApiError as refusal:
        if refusal.code == "nothing_pending":
            return None
        raise


def gate_facts(gate: Gate) -> list[tuple[str, object]]:
    """Return the question, its choices and the command to answer it."""
    choices = (text_format.one_line(choice) for choice in gate.get("choices") or [])
    return [
        ("question", str(gate.get("prompt") or "").strip()),
        *_permission_facts(gate.get("permission") or {}),
        ("choices", "\n".join(choices)),
        ("who can answer", answerers_text(gate)),
        ("answer", f"muster task {answer_usage(gate)}"),
    ]


def _permission_facts(permission: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Return what an agent wants to do."""
    names = {"arguments": "it would run", "folder": "in", "diff": "changes", "suggestion": "rule"}
    return [(name, text_format.sanitize(permission.get(key))) for key, name in names.items()]


def answerers_text(gate: Gate) -> str:
    """Return the names of those who can answer; empty if it's everyone with the permission."""
    found = gate.get("answerers")
    if not found:
        return ""
    names = ", ".join(text_format.one_line(one["name"]) for one in found["people"]) or "nobody"
    return f"{names} (nobody else is left)" if found["nobodyLeft"] else names


def answer_command(gate: Gate) -> str:
    """Return the subcommand of `muster task` that answers the question."""
    match gate.get("kind"):
        case "confirm" | "budget":
            return "confirm"
        case "choose" | "checkpoint" | "branch":
            return "choose"
        case _:
            return "choose" if gate.get("choices") else "input"


def answer_usage(gate: Gate) -> str:
    """Return the answering subcommand with its arguments; capitals are placeholders."""
    verb, number = answer_command(gate), gate.get("taskId")
    match verb:
        case "confirm":
            return f"confirm {number}    or: muster task confirm {number} --reject"
        case "choose":
            return f"choose {number} CHOICE"
        case _:
            return f"input {number} TEXT"
