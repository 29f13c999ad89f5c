"""By which command what a task asks is answered."""

from collections.abc import Mapping
from typing import Any

Gate = Mapping[str, Any]


def verb_of(gate: Gate) -> str:
    """The verb of `muster task`."""
    match gate.get("kind"):
        case "confirm" | "budget":
            return "confirm"
        case "choose" | "branch":
            return "choose"
        case _:
            return "choose" if gate.get("choices") else "input"


def how_to_answer(gate: Gate) -> str:
    """The command, from its verb on, with what is still to be said in capitals."""
    verb, number = verb_of(gate), gate.get("taskId")
    match verb:
        case "confirm":
            return f"confirm {number}    or: muster task confirm {number} --reject"
        case "choose":
            return f"choose {number} CHOICE"
        case _:
            return f"input {number} TEXT"
