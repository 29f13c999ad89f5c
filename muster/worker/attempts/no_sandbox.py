"""The rule for all steps of an attempt whose sandbox can't be created.

A machine that can't create a sandbox says nothing about the work, so no step fails the task for it.
A step waits while the machine is unhealthy, if this machine may have the only copy of the attempt's
work; otherwise another machine continues. If the machine's checks find it healthy, the step is
retried a few times. Then the attempt continues without it, if possible, or is lost.

Reading the workspace for people (`facts`) is no such step: it waits for nothing, and reports
nothing without a sandbox.
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
)  # seconds before a step is retried on a healthy machine
UNHEALTHY_PAUSE_SECONDS = 5.0  # the same, on an unhealthy one

Result = TypeVar("Result")


class Step(Enum):
    """Steps that need a sandbox, in words for people."""

    PREPARE = "preparing the workspace"
    UNDO = "comparing the workspace with its checkpoint"
    SET_UP_HOME = "preparing the agent's home"
    START = "starting the stage"
    FIND_USER_CHANGES = "looking for changes"
    CHECKPOINT = "making the checkpoint"
    PUBLISH = "pushing"


_SAVING_STEPS = frozenset({Step.FIND_USER_CHANGES, Step.CHECKPOINT})
"""Steps for work that exists only here. If they fail, the attempt continues anyway, but only here,
with a warning."""


@dataclass(frozen=True)
class Wait:
    """Seconds until the step is retried."""

    seconds: float


Verdict = Wait | Literal["hand over", "go on"]


def decide_verdict(step: Step, *, is_unhealthy: bool, is_all_pushed: bool, tries: int) -> Verdict:
    """Return the verdict on a step whose sandbox couldn't be created. `is_unhealthy` is the result
    of the machine's check just now; `is_all_pushed`: another machine can continue with all of the
    attempt's work; `tries` counts those in a row after which the machine was healthy."""
    if is_unhealthy:
        is_here_alone = step in _SAVING_STEPS or not is_all_pushed
        return Wait(UNHEALTHY_PAUSE_SECONDS) if is_here_alone else "hand over"
    if tries <= len(RETRY_PAUSES_SECONDS):
        return Wait(RETRY_PAUSES_SECONDS[tries - 1])
    return "go on" if step in _SAVING_STEPS else "hand over"


class HandedOver(Exception):
    """The attempt can't continue here without a sandbox; `is_unhealthy` as in `decide_verdict`."""

    def __init__(self, message: str, *, is_unhealthy: bool) -> None:
        super().__init__(message)
        self.message = message
        self.is_unhealthy = is_unhealthy

    def to_report(self) -> Body:
        """Return the report: another attempt, here or elsewhere, may succeed."""
        if self.is_unhealthy:
            return Failed(FAILURE_CODE, self.message, is_unhealthy=True)
        return Lost(self.message)


@dataclass(frozen=True)
class SandboxSteps:
    """Runs an attempt's steps by the rule. Once it is `abandoned`, none of them waits. `note`
    reports a level and a line of text for people."""

    reporter: Reporter
    abandoned: threading.Event
    note: Callable[[str, str], None]

    def run_step(
        self, step: Step, act: Callable[[], Result], is_pushed: Callable[[], bool] | None = None
    ) -> Result:
        """Return the result of `act`, once its sandbox could be created. A refused push waits the
        same way, and is never handed over. `is_pushed` returns whether another machine can continue
        with all of the attempt's work; by default, the reports say so.

        Raises HandedOver; SandboxFailed if the attempt continues without the step, or is abandoned;
        and the errors of `act`.
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
                is_all_pushed = is_pushed() if is_pushed else self.reporter.progress.is_all_pushed
                verdict = decide_verdict(
                    step,
                    is_unhealthy=is_unhealthy,
                    is_all_pushed=is_all_pushed and not is_refused,
                    tries=tries,
                )
                if verdict == "hand over" and not is_refused:
                    raise HandedOver(str(error), is_unhealthy=is_unhealthy) from error
                if not isinstance(verdict, Wait):
                    raise
                if not (is_unhealthy and was_unhealthy):
                    when = f"in {verdict.seconds:.0f} s"
                    when = "once this machine is healthy" if is_unhealthy else when
                    self.note("warning", f"{step.value}: retrying {when}: {error}")
                if self.abandoned.wait(verdict.seconds):
                    raise
