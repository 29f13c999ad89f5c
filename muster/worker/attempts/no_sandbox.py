"""What a step of an attempt does where its sandbox cannot be made: one rule for all of them.

A machine that cannot make a sandbox says nothing about the work. So no step fails the task for it.
It waits as long as the machine is unhealthy, if this machine may have the only copy of what the
attempt did; otherwise another machine goes on. Where the machine is healthy whenever it looks, the
step is tried a few times. Then the attempt goes on without it, if it can, or is lost.

Looking at the workspace for people (`facts`) is no such step: it waits for nothing, and tells
nothing where there is no sandbox.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeVar

from muster.protocol.frames import Body, Failed, Lost
from muster.worker.attempts.context import Reporter
from muster.worker.git.checkpoints import PublishRefused
from muster.worker.sandbox.sandbox import SandboxFailed

FAILURE_CODE = "sandbox_unavailable"
RETRY_PAUSES_SECONDS = (
    1.0,
    4.0,
)  # seconds before a step is tried again on a machine that is healthy
UNHEALTHY_PAUSE_SECONDS = 5.0  # the same, while it is not

Result = TypeVar("Result")


class Step(Enum):
    """What needs a sandbox, in words for people."""

    PREPARE = "preparing the workspace"
    UNDO = "comparing the workspace with its checkpoint"
    SET_UP_HOME = "preparing the agent's home"
    START = "starting the stage"
    FIND_USER_CHANGES = "looking for changes"
    CHECKPOINT = "making the checkpoint"
    PUBLISH = "pushing"


_SAVING_STEPS = frozenset({Step.FIND_USER_CHANGES, Step.CHECKPOINT})
"""They are about work that nobody else has yet. Without them it goes on, but here alone, and a
warning tells people."""


@dataclass(frozen=True)
class Wait:
    """Seconds, after which the step is tried again."""

    seconds: float


Verdict = Wait | Literal["hand over", "go on"]


def decide_verdict(step: Step, *, is_unhealthy: bool, is_all_pushed: bool, tries: int) -> Verdict:
    """What becomes of a step whose sandbox could not be made. `is_unhealthy` is the machine, as it
    has just found itself; `is_all_pushed`: another can go on with all that the attempt did;
    `tries` counts those in a row after which the machine found itself healthy."""
    if is_unhealthy:
        is_here_alone = step in _SAVING_STEPS or not is_all_pushed
        return Wait(UNHEALTHY_PAUSE_SECONDS) if is_here_alone else "hand over"
    if tries <= len(RETRY_PAUSES_SECONDS):
        return Wait(RETRY_PAUSES_SECONDS[tries - 1])
    return "go on" if step in _SAVING_STEPS else "hand over"


class HandedOver(Exception):
    """The attempt cannot go on here, where no sandbox can be made; `is_unhealthy` as `judge` has
    it."""

    def __init__(self, message: str, *, is_unhealthy: bool) -> None:
        super().__init__(message)
        self.message = message
        self.is_unhealthy = is_unhealthy

    def to_report(self) -> Body:
        """Another attempt, here or elsewhere, may do better."""
        if self.is_unhealthy:
            return Failed(FAILURE_CODE, self.message, is_unhealthy=True)
        return Lost(self.message)


@dataclass(frozen=True)
class SandboxSteps:
    """Carries out an attempt's steps by the rule. Once it is `abandoned` none of them waits. `note`
    tells people, as a level and a line of text."""

    reporter: Reporter
    abandoned: threading.Event
    note: Callable[[str, str], None]

    def run_step(self, step: Step, act: Callable[[], Result]) -> Result:
        """What `act` returns, once its sandbox could be made. A push that is refused waits
        likewise, and is never handed over.

        Raises HandedOver; SandboxFailed where the attempt goes on without the step, or is
        abandoned; and what else `act` raises.
        """
        tries, is_unhealthy = 0, False
        while True:
            try:
                return act()
            except (SandboxFailed, PublishRefused) as error:
                was_unhealthy, is_unhealthy = (
                    is_unhealthy,
                    self.reporter.context.machine_health.report_failure(),
                )
                tries = 0 if is_unhealthy else tries + 1
                is_refused = isinstance(error, PublishRefused)
                is_all_pushed = self.reporter.progress.is_all_pushed and not is_refused
                verdict = decide_verdict(
                    step, is_unhealthy=is_unhealthy, is_all_pushed=is_all_pushed, tries=tries
                )
                if verdict == "hand over" and not is_refused:
                    raise HandedOver(str(error), is_unhealthy=is_unhealthy) from error
                if not isinstance(verdict, Wait):
                    raise
                if not (is_unhealthy and was_unhealthy):
                    when = f"in {verdict.seconds:.0f} s"
                    when = "once this machine is well" if is_unhealthy else when
                    self.note("warning", f"{step.value} again {when}: {error}")
                if self.abandoned.wait(verdict.seconds):
                    raise
