"""One attempt's life on this machine.

Orders come in through `order`, which never waits, and are carried out one after the other on a
thread of the attempt's, which ends when there is nothing to do: an attempt that waits for a person
holds none. A stage's order is remembered on disk, its workspace is prepared while its shim starts,
the shim runs it, and its end is reported; after the last stage comes an order to push.
What has been reported is known to the journal, what was begun to the shim's own file: so a daemon
that starts anew goes on where the last one stopped, and reports nothing twice.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Author,
    Forget,
    HeldAttempt,
    Lost,
    Publish,
    Published,
    RunStage,
    Stale,
    Stop,
    Stopped,
)
from muster.worker.agents import attempt_state
from muster.worker.agents.attempt_state import KeptOrder
from muster.worker.attempts import failures, start
from muster.worker.attempts.attempt_shim import AttemptShim, Interrupted, ShimLost
from muster.worker.attempts.attempt_workspace import AttemptWorkspace
from muster.worker.attempts.context import AttemptContext, Reporter
from muster.worker.attempts.finish import StageEnding
from muster.worker.attempts.no_sandbox import Step
from muster.worker.attempts.order_state import AttemptOrder, NotedOrders
from muster.worker.attempts.questions import Questions
from muster.worker.attempts.refused_hosts import RefusedHosts
from muster.worker.attempts.reused_home import Inheritance, MakeWay
from muster.worker.attempts.serial_executor import SerialExecutor
from muster.worker.attempts.transcript import TranscriptTeller
from muster.worker.attempts.usage import UsageTeller
from muster.worker.shim.client import ShimLink

_LOG_PATIENCE = 30.0  # seconds for the server to take the rest of a log that is to be removed
_REST = 10.0  # seconds without an order after which an idle shim is ended

log = logging.getLogger(__name__)


class Attempt:
    """Safe to use from any thread, as far as the control loop and the daemon need it."""

    def __init__(
        self,
        context: AttemptContext,
        key: AttemptKey,
        on_rest: Callable[[], None],
        on_gone: Callable[["Attempt"], None],
        *,
        resumed: bool = False,
        make_way: MakeWay = lambda key, goes_on: None,
    ) -> None:
        """`on_rest` is called, on the attempt's thread, when an order has been carried out, and
        `on_gone` when nothing of the attempt is left. Only one that is `resumed` from an earlier
        life looks at the disk when it is made."""
        self.key = key
        self._context = context
        self._on_rest = on_rest
        self._on_gone = on_gone
        self._reporter = Reporter(context, key)
        self._abandoned = threading.Event()  # ends what takes long in the workspace
        self._leaving = False  # the daemon leaves, or nothing of the attempt is left
        self._refused = RefusedHosts(self._reporter, context.layout.attempt(key))
        self._shim = AttemptShim(context, key, self._refused.tell)
        self._transcript = TranscriptTeller(self._reporter, self._shim.directory)
        self._usage = UsageTeller(self._reporter, self._shim.facts)
        self._workspace = AttemptWorkspace(self._reporter, self._abandoned)
        parts = (self._reporter, self._workspace, self._shim.directory, self._refused.tell)
        self._ending = StageEnding(*parts, self._shim.rest, is_left=lambda: self._leaving)
        self._kept = attempt_state.read(self._shim.directory) if resumed else None
        self._noted = NotedOrders()
        self._inheritance = Inheritance(context, key, make_way, self._abandoned)
        self.questions = Questions(self._reporter, self._shim, self._is_stage_wanted)
        if resumed:
            self._noted.take_up(self._shim.past(), self._reporter.standing)
        name, rests = f"attempt-{key.name}", (_REST, self._shim.rest)  # a gate holds no process
        self._executor = SerialExecutor(name, lambda: self._shim.living is not None, *rests)
        context.streams.add(key, self._shim.directory)
        if resumed:
            # What is ordered from now on is no part of what is resumed.
            self._executor.add(partial(self._safely, partial(self._resume, *self._noted.highest)))

    # For the control loop: nothing here waits

    def order(self, order: AttemptOrder) -> None:
        """Takes note of an order; one that is known already changes nothing. Raises RuntimeError
        where no thread is to be had, and has noted nothing then."""
        with self._noted.noting(order) as is_new:
            if not is_new:
                return
            if isinstance(order, Stop | Stale | Forget):
                self._abandoned.set()
            if not isinstance(order, RunStage | Publish):
                self._shim.wake()
            self._executor.add(partial(self._safely, partial(self._carry_out, order)))

    def held(self) -> HeldAttempt:
        """Where it stands. Raises OSError if the log cannot be read."""
        log_end = self._context.streams.end(self.key)
        return self._noted.held(self.key, self._reporter.standing, log_end)

    @property
    def is_final(self) -> bool:
        """Whether nothing of it runs any more, or ever will: only its workspace is kept."""
        return self._reporter.standing.is_final

    @property
    def shim(self) -> ShimLink | None:
        """The one whose lease is to be prolonged: not for work that is to stop."""
        return None if self._noted.is_stopping else self._shim.living

    def settle(self, author: Author | None) -> bool:
        """Makes what a person has changed by a tunnel, which has closed, a part of the checkpoint
        that waits for an answer, and waits for that; False if it is left to the next daemon."""
        if self._is_waiting():
            settle = partial(self._settle, author)
            self._executor.carry_out(partial(self._safely, settle), self._goes_on)
        return not self._leaving

    # For the daemon, when it ends

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

    # On the attempt's thread: an order at a time

    def _safely(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            if self._leaving:
                return
            log.exception("task %d, attempt %d", *self.key)
            if not self._reporter.standing.over:
                self._reporter.fail("worker_failed", f"{type(error).__name__}: {error}")
        if not self._leaving:
            self._on_rest()

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

    # A stage

    def _run_stage(self, order: RunStage) -> None:
        if self._noted.is_stopping or self._reporter.standing.over:
            return
        with failures.reported(self._reporter, self._goes_on):
            self._workspace.steps.carry_out(Step.START, partial(self._run_once, order))

    def _run_once(self, order: RunStage) -> None:
        """Raises NoSandbox where nothing has run, and what `failures.reported` reports."""
        with failures.given_back(self._reporter, self._goes_on, self._workspace.let_go, order):
            kept = KeptOrder.of(order, self._kept or self._inheritance.of(order))
            has_begun = self._begin(order, kept)
        if has_begun:
            self._reporter.start(order.stage_index, order.run)
            self._await_end(kept)

    def _remember(self, order: KeptOrder) -> None:
        """From here on a daemon that starts anew knows of the attempt, and so may the server."""
        self._shim.directory.mkdir(mode=0o700, exist_ok=True)
        self._kept = order
        order.write(self._shim.directory)
        self._reporter.accept()

    def _begin(self, order: RunStage, kept: KeptOrder) -> bool:
        """Starts shim and stage; False if it is to stop before the stage has begun."""
        self._remember(kept)
        starting = self._shim.start(self._goes_on)
        try:
            has_begun = self._shim.has_begun(order.stage_index, order.run)
            given = (self._context, self._workspace, order, kept)
            command = start.prepared(*given, has_begun=has_begun)
            starting.result()
        finally:
            starting.exception()  # is waited for, whatever comes of it
        return self._shim.begin(command, self._goes_on)

    def _await_end(self, kept: KeptOrder) -> None:
        """Waits for the end and reports it; `_stop` that of a stage to stop. Raises NoSandbox."""
        self._kept, end = kept, None
        with suppress(ShimLost, Interrupted), self._workspace.watched():
            told = (self._transcript.tell, self.questions.tell, partial(self._usage.look, kept))
            end = self._shim.wait(kept.stage_index, kept.run, self._stage_may_go_on, told)
            self._kept = self._kept.learned(end.facts, self._shim.directory)
            self._usage.tell(self._kept, end.facts)
        self._transcript.tell_rest(lambda: not self._leaving)
        if self._leaving or self._noted.is_stopping:
            return
        if end is None:
            self._reporter.say(Lost("the stage's shim is gone"))
        else:
            self._ending.conclude(self._kept, end)

    def _stage_may_go_on(self) -> bool:
        """False once its stage is to stop, also in its middle; why is on disk before it does."""
        kept = self._kept
        if kept is not None and (why := self._noted.suspends(kept.stage_index, kept.run)):
            self._kept = kept.suspending(why, self._shim.directory)
        return self._is_stage_wanted()

    def _is_stage_wanted(self) -> bool:
        """The same, as it was when that was looked at last."""
        is_suspended = self._kept is not None and self._kept.suspended_by is not None
        return self._noted.may_go_on() and not is_suspended

    def _resume(self, stage: int, run: int) -> None:
        """Goes on with the stage that an earlier daemon began."""
        if self._kept is None:
            return
        self._workspace.find()
        self._shim.find(self._noted.may_go_on)
        standing = self._reporter.standing
        if not standing.over:
            self._workspace.tell_changes(self._kept)
        if standing.over or standing.has_finished(stage, run) or self._leaving:
            return
        log.info("going on with task %d, attempt %d", *self.key)
        self._reporter.start(stage, run)
        again = failures.ordered_again(self._reporter, self._noted, self._shim)
        with failures.reported(self._reporter, self._goes_on), again:
            self._await_end(self._kept)

    def _settle(self, author: Author | None) -> None:
        kept, at = self._kept, self._noted.highest  # a stage that never began has no checkpoint
        if kept is not None and (kept.stage_index, kept.run) == at and self._is_waiting():
            self._workspace.checkpoint_changes(kept, author or kept.author)

    # The push, and the end

    def _publish(self, order: Publish) -> None:
        standing = self._reporter.standing
        try:
            if self._noted.is_stopping or standing.over or self._reporter.is_saying(Published):
                return
            give_back = failures.given_back(self._reporter, self._goes_on, self._workspace.let_go)
            with failures.reported(self._reporter, self._goes_on), give_back:
                # Of one that begins with the push only the last stage's checkpoint is there.
                kept = self._kept or KeptOrder.of_push(order)
                if kept is not None and kept.stage_index < 0:
                    self._remember(kept)
                    self._workspace.prepared(kept.repo, kept.author)
                self._workspace.publish(self._kept, order)
        finally:
            self._noted.is_publishing = False

    def _stop(self) -> None:
        self._stop_running()
        # One that is on its way answers this order, too.
        if not self._leaving and not self._reporter.is_saying(Stopped):
            self._reporter.say(Stopped())

    def _forget(self, *, keep_checkpoints: bool) -> None:
        streams = self._context.streams
        try:
            self._stop_running()
            streams.wait_acked(self.key, streams.end(self.key), _LOG_PATIENCE)
            self._shim.end()
            self._workspace.forget(self._kept, keep_checkpoints=keep_checkpoints)
        except OSError as error:
            self._workspace.note("error", f"the workspace could not be removed: {error}")
            return
        finally:
            # If it did not come to that, the order may be repeated.
            self._noted.is_forgetting = False
        streams.remove(self.key)
        self._shim.erase()
        self._workspace.tell_removed()
        self._leaving = True
        self._executor.close()
        self._on_gone(self)

    def _stop_running(self) -> None:
        self._context.tunnels.end(self.key)
        self._shim.stop_and_wait(*self._noted.highest)

    # What these have in common

    def _is_waiting(self) -> bool:
        """Whether nothing is to be done before the server, or a person, says more."""
        return self._noted.state(self._reporter.standing) == "waiting" and self._goes_on()

    def _goes_on(self) -> bool:
        """Whether the attempt is neither to stop nor left to the next daemon."""
        return not self._abandoned.is_set()
