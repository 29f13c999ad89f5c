"""One attempt's life on this machine.

Orders come in through `order`, which never waits, and are carried out one after the other, on a
thread that ends when there is nothing to do: what waits for a person holds none. What
has been reported is known to the journal, what was begun to the shim's own file: so a daemon that
starts anew goes on where the last one stopped, and says nothing twice.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from typing import Literal, cast

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Accepted,
    Body,
    Failed,
    Forget,
    HeldAttempt,
    Lost,
    Publish,
    Published,
    RunStage,
    StageEndedBy,
    StageFinished,
    StageStarted,
    Stale,
    Stop,
    Stopped,
)
from muster.worker.agents import agent_outcome, kept_order, stage_command
from muster.worker.agents.kept_order import KeptOrder
from muster.worker.attempts.context import AttemptContext, Reporter
from muster.worker.attempts.serial_executor import SerialExecutor
from muster.worker.attempts.shim_side import AttemptShim, Interrupted, LaunchFailed, ShimLost
from muster.worker.attempts.workspace_side import AttemptWorkspace
from muster.worker.git.identity import NoIdentityLeft
from muster.worker.git.workspace import WorkspaceError
from muster.worker.journal.standing import Standing
from muster.worker.shim.client import ShimGone, ShimLink, ShimRefused
from muster.worker.shim.wire import StageEnd

_LOG_PATIENCE = 30.0  # seconds for the server to take the rest of a log that is to be removed
_REST = 10.0  # seconds without an order after which an idle shim is ended

AttemptOrder = RunStage | Stop | Stale | Publish | Forget

log = logging.getLogger(__name__)


class Attempt:
    """`rested` is called, on a thread of the attempt's, when an order has been carried out, and
    `gone` when nothing of it is left.

    Only one that is `resumed` from an earlier life looks at the disk when it is made.
    """

    def __init__(
        self,
        context: AttemptContext,
        key: AttemptKey,
        rested: Callable[[], None],
        gone: Callable[["Attempt"], None],
        *,
        resumed: bool = False,
    ) -> None:
        self.key = key
        self._context = context
        self._rested = rested
        self._gone = gone
        self._reporter = Reporter(context, key)
        self._abandoned = threading.Event()
        self._shim = AttemptShim(context, key)
        self._workspace = AttemptWorkspace(self._reporter, self._abandoned)
        self._kept = kept_order.read(self._shim.directory) if resumed else None
        self._executor = SerialExecutor(
            key.name,
            lingers=lambda: self._shim.living is not None,
            rest_after=_REST,
            rest=self._shim.rest,  # at a gate a task holds no process
        )
        self._stopping = self._publishing = self._forgetting = self._leaving = False
        self._highest = self._begun_before() if resumed else -1
        context.streams.add(key, self._shim.directory)
        if resumed:
            self._executor.add(partial(self._safely, self._resume))

    # For the control loop

    def order(self, order: AttemptOrder) -> None:
        """Takes note of an order; one that is known already changes nothing.

        Raises RuntimeError where no thread is to be had, and has noted nothing then.
        """
        before = self._highest, self._publishing, self._forgetting
        match order:
            case RunStage():
                if order.stage_index <= self._highest:
                    return
                self._highest = order.stage_index
            case Publish():
                if self._publishing:
                    return
                self._publishing = True
            case Forget():
                if self._forgetting:
                    return
                self._forgetting = True
                self._halt()
            case Stop() | Stale():
                self._halt()
        try:
            self._executor.add(partial(self._safely, partial(self._carry_out, order)))
        except RuntimeError:
            self._highest, self._publishing, self._forgetting = before
            raise

    def held(self) -> HeldAttempt:
        """Where it stands. Raises OSError if the log cannot be read."""
        end = self._context.streams.end(self.key)
        ended_by = self._standing().ended_by
        return HeldAttempt(*self.key, self._highest, self._state(), end, ended_by)

    @property
    def is_final(self) -> bool:
        """Whether nothing of it runs any more, or ever will: only its workspace is kept."""
        return self._standing().is_final

    @property
    def shim(self) -> ShimLink | None:
        """The one whose lease is to be prolonged: not for work that is to stop."""
        return None if self._stopping else self._shim.living

    # For the daemon

    def leave(self) -> None:
        """Lets what runs go on without this daemon."""
        self._leaving = True
        self._abandoned.set()
        self._shim.detach()
        self._executor.close()

    def end(self) -> None:
        """Kills what runs."""
        self._leaving = True
        self._abandoned.set()
        self._executor.close()
        self._shim.end()

    def join(self, timeout: float) -> None:
        self._executor.join(timeout)

    # What the executor does

    def _safely(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            if self._leaving:
                return
            log.exception("task %d, attempt %d", *self.key)
            if not self._standing().over:
                self._fail("worker_failed", f"{type(error).__name__}: {error}")
        if not self._leaving:
            self._rested()

    def _carry_out(self, order: AttemptOrder) -> None:
        match order:
            case RunStage():
                self._run_stage(order)
            case Publish():
                self._publish(order)
            case Forget():
                self._forget(keep_checkpoints=order.keep_checkpoints)
            case Stop() | Stale():
                self._stop()

    def _resume(self) -> None:
        """Goes on with what an earlier daemon began."""
        if self._kept is None:
            return
        self._workspace.find()
        self._shim.find(lambda: not self._stopping)
        standing = self._standing()
        if standing.over or self._highest <= standing.finished or self._leaving:
            return
        log.info("going on with task %d, attempt %d", *self.key)
        self._say_once(Accepted(), standing.accepted)
        self._say_once(StageStarted(self._highest), standing.started >= self._highest)
        self._follow(self._kept)

    def _run_stage(self, order: RunStage) -> None:
        if self._stopping or self._standing().over:
            return
        with self._failing():
            self._keep(KeptOrder.of(order, self._kept))
            if self._begin(order) and self._kept:
                self._reporter.say(StageStarted(order.stage_index))
                self._follow(self._kept)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """What goes wrong on the way is reported."""
        try:
            yield
        except WorkspaceError as error:
            if self._goes_on():
                self._fail(error.code, error.message)
        except ValueError as error:
            self._fail("stage_impossible", str(error))
        except (OSError, NoIdentityLeft, ShimRefused) as error:
            self._fail("worker_failed", str(error))
        except (LaunchFailed, ShimGone) as error:
            # No fault of the task's: another attempt, here or elsewhere, may do better.
            if self._goes_on():
                self._reporter.say(Lost(str(error) or "the shim died before the stage began"))

    def _keep(self, order: KeptOrder) -> None:
        """From here on a daemon that starts anew knows of it, and so may the server."""
        self._shim.directory.mkdir(mode=0o700, exist_ok=True)
        self._kept = order
        self._kept.write(self._shim.directory)
        self._say_once(Accepted(), self._standing().accepted)

    def _begin(self, order: RunStage) -> bool:
        assert self._kept is not None
        starting = self._shim.start(self._goes_on)
        try:
            workspace = self._workspace.prepared(order.repo, order.author)
            command = stage_command.command(order, self._kept, workspace)
            starting.result()
        finally:
            _settle(starting)
        return self._shim.begin(command, self._goes_on)

    def _follow(self, kept: KeptOrder) -> None:
        """Waits for the stage's end and reports it; a stop is reported by who carries it out."""
        try:
            with self._workspace.watched():
                end = self._shim.wait(kept.stage_index, lambda: not self._stopping)
        except ShimLost:
            if not self._stopping:
                self._reporter.say(Lost("the stage's shim is gone"))
        except Interrupted:
            pass
        else:
            if not self._stopping:
                self._conclude(kept, end)

    def _conclude(self, kept: KeptOrder, end: StageEnd) -> None:
        if kept.is_agent:
            agent_outcome.judge(self._context.health, kept.agent, end, self._shim.directory)
        if end.how == "failed":
            self._fail(stage_command.failure_code(end), end.message)
            return
        succeeded = end.how == "exit" and end.code == 0
        if succeeded and self._standing().checkpointed < kept.stage_index:
            self._workspace.checkpoint(kept)
        if self._leaving:
            return
        self._context.streams.await_until(self.key, end.log_end)
        how = cast(StageEndedBy, end.how)
        self._reporter.say(StageFinished(kept.stage_index, end.log_end, how, end.code))
        self._workspace.tell_facts()

    def _publish(self, order: Publish) -> None:
        try:
            if not (self._stopping or self._standing().over or self._reporter.is_saying(Published)):
                with self._failing():
                    self._prepare_push(order)
                    self._workspace.publish(self._kept)
        finally:
            self._publishing = False

    def _prepare_push(self, order: Publish) -> None:
        """Of an attempt that begins with the push only the last stage's checkpoint is there."""
        kept = self._kept or KeptOrder.of_push(order)
        if kept is not None and kept.stage_index < 0:
            self._keep(kept)
            self._workspace.prepared(kept.repo, kept.author)

    def _stop(self) -> None:
        self._stop_running()
        # One that is on its way answers this order, too.
        if not self._leaving and not self._reporter.is_saying(Stopped):
            self._reporter.say(Stopped())

    def _forget(self, *, keep_checkpoints: bool) -> None:
        try:
            self._stop_running()
            streams, key = self._context.streams, self.key
            streams.wait_acked(key, streams.end(key), _LOG_PATIENCE)
            self._shim.end()
            self._workspace.forget(self._kept, keep_checkpoints=keep_checkpoints)
        except OSError as error:
            self._workspace.note("error", f"the workspace could not be removed: {error}")
            return
        finally:
            # If it did not come to that, the order may be repeated.
            self._forgetting = False
        streams.remove(key)
        self._shim.erase()
        self._workspace.tell_removed()
        self._leaving = True
        self._executor.close()
        self._gone(self)

    def _stop_running(self) -> None:
        self._context.tunnels.end(self.key)
        try:
            if self._shim.is_running():
                self._shim.wait(self._highest, lambda: False)
        except (ShimLost, Interrupted):
            pass
        except TimeoutError:
            # A shim that does not answer is ended by force, and what it ran with it.
            self._shim.end()

    # Words

    def _goes_on(self) -> bool:
        return not self._abandoned.is_set()

    def _halt(self) -> None:
        self._stopping = True
        self._abandoned.set()
        self._shim.wake()

    def _fail(self, code: str, message: str) -> None:
        self._reporter.say(Failed(code, message[:2_000]))

    def _say_once(self, body: Body, said: bool) -> None:
        if not said:
            self._reporter.say(body)

    def _standing(self) -> Standing:
        return self._context.journal.standing(self.key)

    def _begun_before(self) -> int:
        """The highest stage that an earlier life began; an order that it only took comes again."""
        state = self._shim.past()
        begun = -1 if state is None or state.stage_index is None else state.stage_index
        return max(begun, self._standing().started)

    def _state(
        self,
    ) -> Literal["working", "waiting", "publishing", "published", "stopped", "failed"]:
        standing = self._standing()
        if standing.over:
            return "stopped" if standing.over == "stopped" else "failed"
        if self._publishing:
            return "publishing"
        if standing.published:
            return "published"
        return "working" if self._highest > standing.finished else "waiting"


def _settle(starting: Future[None]) -> None:
    """Waits for it, whatever comes of it."""
    wait([starting])
