"""The plan of a drain: what happens to each attempt on the machine (machine-protocol.md)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class DrainAction(StrEnum):
    KEEP = "keep"
    HAND_OVER = "hand_over"  # ends here; queued with its gate open, dispatched after the answer
    STOP = "stop"  # ends here; an open gate is withdrawn, queued again from its last checkpoint


@dataclass(frozen=True)
class AttemptOnMachine:
    """What the plan needs to know about a live attempt.

    `has_checkpoint`: the work so far is pushed, so another machine can continue it.
    """

    id: int
    at_gate: bool
    has_checkpoint: bool


def plan_drain(attempts: Iterable[AttemptOnMachine], past_deadline: bool) -> dict[int, DrainAction]:
    """Return the action for each attempt, by attempt ID."""
    return {attempt.id: _choose_action(attempt, past_deadline) for attempt in attempts}


def _choose_action(attempt: AttemptOnMachine, past_deadline: bool) -> DrainAction:
    if attempt.at_gate and attempt.has_checkpoint:
        return DrainAction.HAND_OVER
    # A gated attempt without a checkpoint has the only copy of its work, so it stays. Past the
    # deadline that copy is dropped, and with it the gate about it.
    return DrainAction.STOP if past_deadline else DrainAction.KEEP
