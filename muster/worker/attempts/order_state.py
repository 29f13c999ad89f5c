"""The orders of an attempt so far: they are repeated, and must not be carried out twice."""

from collections.abc import Iterator
from contextlib import contextmanager

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Forget,
    Publish,
    RunStage,
    Stale,
    Stop,
    Suspend,
    SuspendedBy,
    TrackedAttempt,
    TrackedState,
)
from muster.protocol.runs import position
from muster.worker.journal.reported_progress import ReportedProgress
from muster.worker.shim.wire import ShimState

AttemptOrder = RunStage | Suspend | Stop | Stale | Publish | Forget


class OrderState:
    """The control loop records orders, the attempt's thread reads them."""

    def __init__(self) -> None:
        self.latest_run = (-1, 0)  # the last ordered stage, and its run; -1: none yet
        self.is_stopping = self.is_publishing = self.is_forgetting = False
        self.latest_push = 0  # the highest number of the orders to push
        self._suspend_order: Suspend | None = None

    def resume_from(self, shim: ShimState | None, standing: ReportedProgress) -> None:
        """Continue from the work of an earlier daemon. Orders that it only recorded are repeated;
        so is that of a stage whose start was reported before the record of its start was removed
        for lack of a sandbox."""
        begun = shim.latest_run if shim else (-1, 0)
        started = (standing.started, standing.started_run)
        # A record that is missing, or names no stage, proves nothing.
        is_behind = begun != (-1, 0) and position(*begun) < position(*started)
        never_began = is_behind and not standing.has_finished(*started)
        is_latest = never_began or position(*begun) >= position(*started)
        self.latest_run = begun if is_latest else started

    def forget_run(self, shim: ShimState | None) -> None:
        """Continue from the stage before the last one, which never ran: its order is repeated.
        `shim` has the record after the removal of that start."""
        self.latest_run = shim.latest_run if shim else (-1, 0)

    @contextmanager
    def record_order(self, order: AttemptOrder) -> Iterator[bool]:
        """Record the order; return whether it asks for something new.

        If RuntimeError is raised in this context, the order isn't carried out and may be repeated
        as a new one. A stop stays recorded: it is wanted in any case.
        """
        before = self.latest_run, self.latest_push, self.is_publishing, self.is_forgetting
        try:
            yield self._record(order)
        except RuntimeError:
            self.latest_run, self.latest_push, self.is_publishing, self.is_forgetting = before
            raise

    def can_continue(self) -> bool:
        """False once the stage must stop."""
        return not self.is_stopping

    def suspend_reason(self, stage: int, run: int) -> SuspendedBy | None:
        """Return why that run of the stage must be suspended; None if it must not."""
        order = self._suspend_order
        is_it = order is not None and (order.stage_index, order.run) == (stage, run)
        return order.reason if order is not None and is_it else None

    def describe(self, key: AttemptKey, standing: ReportedProgress, log_end: int) -> TrackedAttempt:
        """Return the attempt's state, for the server."""
        (stage, run), state = self.latest_run, self.state(standing)
        return TrackedAttempt(*key, stage, state, log_end, standing.ended_by, run, self.latest_push)

    def state(self, standing: ReportedProgress) -> TrackedState:
        """Return the attempt's state by its orders and reports."""
        if standing.end_reason:
            return "stopped" if standing.end_reason == "stopped" else "failed"
        if self.is_publishing:
            return "publishing"
        if standing.published:
            return "published"
        return "waiting" if standing.has_finished(*self.latest_run) else "working"

    def _record(self, order: AttemptOrder) -> bool:
        match order:
            case RunStage(stage_index=stage, run=run):
                is_new = position(stage, run) > position(*self.latest_run)
                self.latest_run = (stage, run) if is_new else self.latest_run
            case Suspend():
                is_new, self._suspend_order = order != self._suspend_order, order
            case Publish(number=number):
                is_new = not self.is_publishing or number > self.latest_push
                self.latest_push, self.is_publishing = max(number, self.latest_push), True
            case Forget():
                is_new, self.is_forgetting = not self.is_forgetting, True
                self.is_stopping = True
            case Stop() | Stale():
                is_new, self.is_stopping = True, True
        return is_new
