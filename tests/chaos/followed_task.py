"""A task as the people of a chaos run see it, and what they answer to its questions."""

import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.chaos.plan import CHOICES, Plan, Round


@dataclass
class Followed:
    """A task as people last saw it. `asked` holds when each question was last answered, `rounds`
    what is still to be said of its work, `messages` how many are still to be sent, `interrupts` how
    often its agents are still to be stopped."""

    plan: Plan
    status: str = "queued"
    stage: int | None = None
    cancel_at: float | None = None
    retries: int = 0
    asked: dict[tuple[int, str], float] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    messages: int = 0
    interrupts: int = 0


class Answer(NamedTuple):
    """What one of several who answer at once says; `start` lets all of them go. `approves`: by a
    review."""

    task_id: int
    stage: int
    number: int
    request: str
    result: str
    start: threading.Barrier
    approves: bool


def result_of(kind: str, plan: Plan, task_id: int, place: int, request: str) -> str:
    match kind:
        case "confirm":
            return "reject" if plan.rejects and place == 0 else "confirm"
        case "choose":
            return CHOICES[place % len(CHOICES)]
        case "question":
            return f"as {request} says"
        case "permission":
            return ("allow_once", "deny")[(task_id + place) % 2]
    return f"input {place} of task {task_id}"
