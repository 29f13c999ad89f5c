"""What an attempt has been ordered so far: orders come again, and must not be carried out twice."""

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
from muster.worker.journal.reported_progress import ReportedProgress
from muster.worker.shim.wire import ShimState

AttemptOrder = RunStage | Suspend | Stop | Stale | Publish | Forget


class OrderState:
    """The control loop notes orders, the attempt's thread reads what is wanted."""

    def __init__(self) -> None:
        self.latest_run = (-1, 0)  # the last stage that was ordered, and its run; -1: none yet
        self.is_stopping = self.is_publishing = self.is_forgetting = False
        self.latest_push = 0  # the highest number of the orders to push
        self._suspend_order: Suspend | None = None

    def resume_from(self, shim: ShimState | None, standing: ReportedProgress) -> None:
        """Goes on from what an earlier daemon began. An order that it only took comes again, and so
        does that of a stage whose start was reported before its shim's record of it was removed,
        for want of a sandbox."""
        begun = shim.latest_run if shim else (-1, 0)
        started = (standing.started, standing.started_run)
        # A record that is missing, or names no stage, proves nothing.
        never_began = (-1, 0) < begun < started and not standing.has_finished(*started)
        self.latest_run = begun if never_began else max(begun, started)

    @contextmanager
    def record_order(self, order: AttemptOrder) -> Iterator[bool]:
        """Notes the order; whether it asks for something new.

        What raises RuntimeError in here does not carry it out, so it may come again as a new one.
        A stop stays noted: it is wanted, whoever is to see to it.
        """
        before = self.latest_run, self.latest_push, self.is_publishing, self.is_forgetting
        try:
            yield self._record(order)
        except RuntimeError:
            self.latest_run, self.latest_push, self.is_publishing, self.is_forgetting = before
            raise

    def can_continue(self) -> bool:
        """False once what runs is to stop."""
        return not self.is_stopping

    def suspend_reason(self, stage: int, run: int) -> SuspendedBy | None:
        """Why that run of the stage is to be stopped in its middle; None if it is not."""
        order = self._suspend_order
        is_it = order is not None and (order.stage_index, order.run) == (stage, run)
        return order.reason if order is not None and is_it else None

    def describe(self, key: AttemptKey, standing: ReportedProgress, log_end: int) -> TrackedAttempt:
        """Where that attempt stands, for the server."""
        (stage, run), state = self.latest_run, self.state(standing)
        return TrackedAttempt(*key, stage, state, log_end, standing.ended_by, run, self.latest_push)

    def state(self, standing: ReportedProgress) -> TrackedState:
        """Where the attempt stands, by what was ordered and by what has been reported of it."""
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
                is_new = (stage, run) > self.latest_run
                self.latest_run = max((stage, run), self.latest_run)
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
