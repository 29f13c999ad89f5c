"""What a task asks, and by which command it is answered."""

from collections.abc import Mapping
from typing import Any

from muster.cli import text_format
from muster.cli.client import Api
from muster.cli.errors import Refused
from muster.cli.params import path_of

Gate = Mapping[str, Any]


def open_one(api: Api, number: int) -> Gate | None:
    """The question that is open now; None where there is none."""
    try:
        return dict(api.get(path_of(number, "pending-confirm")))
    except Refused as refusal:
        if refusal.code == "nothing_pending":
            return None
        raise


def told(gate: Gate) -> list[tuple[str, object]]:
    """It, as facts for people: what is asked, what may be chosen, and how that is said."""
    choices = (text_format.one_line(choice) for choice in gate.get("choices") or [])
    return [
        ("asks", str(gate.get("prompt") or "").strip()),
        ("choices", "\n".join(choices)),
        ("answer", f"muster task {how_to_answer(gate)}"),
    ]


def verb_of(gate: Gate) -> str:
    """The verb of `muster task`."""
    match gate.get("kind"):
        case "confirm" | "budget":
            return "confirm"
        case "choose" | "checkpoint" | "branch":
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
