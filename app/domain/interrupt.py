"""Interrupts: someone stops an agent's running step, and the agent waits for what to do instead."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.task import TaskStatus
from app.domain.task_message import Recipients, RecipientState


class InterruptState(StrEnum):
    REQUESTED = "requested"  # of the machine
    IGNORED = "ignored"  # the agent's step still runs
    ASKING = "asking"  # the agent waits for the answer to “What now?”
    STOPPING = "stopping"  # the stage is to be stopped in its middle
    CONTINUING = "continuing"  # likewise, and it continues then: the answer has come
    STOPPED = "stopped"  # it has been, and the task waits without a slot
    OVER = "over"


UNDER_WAY = frozenset(InterruptState) - {InterruptState.OVER}
STOPS_STAGE = frozenset({InterruptState.STOPPING, InterruptState.CONTINUING})
"""The states in which the machine has the order to stop the stage."""


_ANSWER_TIME = timedelta(seconds=15)  # a machine reports an ignored one after 10 s


@dataclass(frozen=True)
class Interrupt:
    """The last interrupt of an attempt, at that run of its stage. `number` counts the attempt's.
    `since` is when its state last changed, `author` the name of who interrupted.
    """

    number: int
    stage_index: int
    run: int
    author: str
    author_id: int
    since: datetime
    state: InterruptState = InterruptState.REQUESTED

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Interrupt":
        return cls(
            number=stored["number"],
            stage_index=stored["stageIndex"],
            run=stored["run"],
            author=stored["author"],
            author_id=stored["authorId"],
            since=datetime.fromisoformat(stored["since"]),
            state=InterruptState(stored["state"]),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "stageIndex": self.stage_index,
            "run": self.run,
            "author": self.author,
            "authorId": self.author_id,
            "since": self.since.isoformat(),
            "state": self.state.value,
        }

    def is_at(self, stage_index: int, run: int) -> bool:
        """Whether it's about that run of that stage."""
        return (self.stage_index, self.run) == (stage_index, run)

    def enter(self, state: InterruptState, now: datetime) -> "Interrupt":
        """Return it in that state."""
        return replace(self, state=state, since=now)


def find_interrupt(
    stored: Mapping[str, Any] | None, stage_index: int, run: int
) -> Interrupt | None:
    """Return the interrupt under way at that run of that stage; None if there is none."""
    if stored is None:
        return None
    found = Interrupt.from_json(stored)
    return found if found.is_at(stage_index, run) and found.state in UNDER_WAY else None


def can_repeat(found: Interrupt, now: datetime) -> bool:
    """Whether another interrupt can replace it: the agent ignores it, or its machine had no
    running step when it came, and hasn't answered.
    """
    is_unanswered = found.state is InterruptState.REQUESTED and now >= found.since + _ANSWER_TIME
    return found.state is InterruptState.IGNORED or is_unanswered


def is_due_to_stop(found: Interrupt, seconds: float, now: datetime) -> bool:
    """Whether its question has been open for that long: the agent is to be stopped."""
    is_asking = found.state is InterruptState.ASKING
    return is_asking and now >= found.since + timedelta(seconds=seconds)


def end(stored: Mapping[str, Any] | None, *among: InterruptState) -> dict[str, Any] | None:
    """Return the stored interrupt; as over, if it was in one of these states."""
    if stored is None or stored["state"] not in among:
        return None if stored is None else dict(stored)
    return {**stored, "state": InterruptState.OVER.value}


def can_interrupt(status: TaskStatus, recipients: Recipients, found: Interrupt | None) -> bool:
    """Whether an agent works that can be interrupted, or waits because it was (`found`)."""
    is_working = status is TaskStatus.RUNNING or found is not None
    return is_working and recipients.state is RecipientState.OPEN
