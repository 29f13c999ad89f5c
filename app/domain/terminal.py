"""Terminals: who may look into which, what keeps a socket open, and how an end is told."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.attempt import AttemptPhase
from app.domain.roles import Act, Person, may
from app.domain.task import ENDED, TaskStatus


class TerminalMode(StrEnum):
    CONTROL = "control"  # types
    WATCH = "watch"


class Verdict(StrEnum):
    """What becomes of an open socket."""

    STAY = "stay"
    FORBIDDEN = "forbidden"
    ENDED = "ended"  # the task, and so there will be nothing more to see
    REPLACED = "replaced"  # the attempt; the task goes on with another one


ACTS = {
    TerminalMode.CONTROL: Act.CONTROL_TERMINAL,
    TerminalMode.WATCH: Act.WATCH_TERMINAL,
}

# What a shell would make of ends that have no exit code: timeout(1)'s, and 128 + SIGTERM.
_TIMEOUT, _TERMINATED = 124, 143


@dataclass(frozen=True)
class Subject:
    """What a socket looks at, as the rows have it now. `is_live`: the attempt has not ended."""

    status: TaskStatus
    phase: AttemptPhase
    is_live: bool


def has_terminal(subject: Subject) -> bool:
    """Whether a stage's process may be running there. At a gate, and while pushing, none is."""
    return (
        subject.is_live
        and subject.status is TaskStatus.RUNNING
        and subject.phase is AttemptPhase.RUN
    )


def verdict(subject: Subject, person: Person | None, mode: TerminalMode) -> Verdict:
    """Whether a viewer may stay. `person` is None when the credential is no longer good."""
    if person is None or not may(ACTS[mode], person):
        return Verdict.FORBIDDEN
    return fence(subject)


def fence(subject: Subject) -> Verdict:
    """The same of a machine's socket."""
    if subject.status in ENDED:
        return Verdict.ENDED
    return Verdict.STAY if subject.is_live else Verdict.REPLACED


def exit_code(how: str, code: int) -> int:
    """How a stage ended, as a shell counts."""
    if how == "exit":
        return code
    if how == "signal":
        return 128 + code
    return _TIMEOUT if how == "timeout" else _TERMINATED
