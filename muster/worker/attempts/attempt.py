"""One attempt's life on this machine.

`accept_order` never waits. The attempt's thread carries out the orders in turn and ends when idle:
waiting for a person holds no thread. For a stage: save the order, prepare the workspace while the
shim starts, run, report the exit. Last comes an order to push. The journal knows what was reported,
the shim's file what was started: a restarted daemon continues there and reports nothing twice.
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
    Lost,
    Publish,
    Published,
    RunStage,
    Stale,
    Stop,
    Stopped,
    TrackedAttempt,
)
from muster.protocol.runs import starts_turn
from muster.worker.agents import attempt_state
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts import failures, start
from muster.worker.attempts.attempt_shim import AttemptShim, Interrupted, ShimLost
from muster.worker.attempts.attempt_workspace import AttemptWorkspace
from muster.worker.attempts.context import AttemptContext, Reporter
from muster.worker.attempts.finish import StageFinisher
from muster.worker.attempts.no_sandbox import Step
from muster.worker.attempts.order_state import AttemptOrder, OrderState
from muster.worker.attempts.refused_hosts import RefusedHosts
from muster.worker.attempts.reused_home import ReusedHome, StopPrevious
from muster.worker.attempts.serial_executor import SerialExecutor
from muster.worker.attempts.stage_reports import StageReports
from muster.worker.shim.client import ShimLink

_LOG_TIMEOUT_SECONDS = 30.0  # for the server to receive the rest of a log before its removal
_IDLE_TIMEOUT_SECONDS = 10.0  # seconds without an order after which an idle shim is ended

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
        make_way: StopPrevious = lambda key, goes_on: None,
    ) -> None:
        """Calls `on_rest` on the attempt's thread after each order, and `on_gone` when nothing of
        the attempt is left. Reads the disk only if it is `resumed` from an earlier life."""
        self.key = key
        self._context = context
        self._on_idle = on_rest
        self._on_removed = on_gone
        self._reporter = Reporter(context, key)
        self._abandoned = threading.Event()  # ends what takes long in the workspace
        self._is_closed = False  # the daemon leaves, or nothing of the attempt is left
        report_refused = RefusedHosts(self._reporter, context.layout.attempt(key)).report_new
        shim = self._shim = AttemptShim(context, key, report_refused)
        self._workspace = AttemptWorkspace(self._reporter, self._abandoned)
        parts = (self._reporter, self._workspace, shim.directory, report_refused, shim.quit_shim)
        self._finisher = StageFinisher(*parts, is_detached=lambda: self._is_closed)
        self._state = attempt_state.read(self._shim.directory) if resumed else None
        self._orders = OrderState()
        self._reused_home = ReusedHome(context, key, make_way, self._abandoned)
        self.reports = StageReports(self._reporter, shim, self._is_stage_wanted, self._add_job)
        if resumed:
            self._orders.resume_from(self._shim.read_state(), self._reporter.progress)
        idle = (_IDLE_TIMEOUT_SECONDS, shim.quit_shim)  # a gate holds no process
        self._executor = SerialExecutor(f"attempt-{key.name}", lambda: shim.link is not None, *idle)
        context.streams.add(key, self._shim.directory)
        if resumed:  # excludes later orders
            self._add_job(partial(self._resume, *self._orders.latest_run))

    # For the control loop: nothing here waits

    def accept_order(self, order: AttemptOrder) -> None:
        """Records a new order. Raises RuntimeError, recording nothing, if no thread can start."""
        with self._orders.record_order(order) as is_new:
            if not is_new:
                return
            if isinstance(order, Stop | Stale | Forget):
                self._abandoned.set()
            if not isinstance(order, RunStage | Publish):
                self._shim.wake()
            self._add_job(partial(self._execute_order, order))

    def describe(self) -> TrackedAttempt:
        """Return the attempt's state. Raises OSError if the log can't be read."""
        log_end = self._context.streams.size(self.key)
        return self._orders.describe(self.key, self._reporter.progress, log_end)

    @property
    def is_final(self) -> bool:
        """Whether nothing of it runs or will run again: only its workspace remains."""
        return self._reporter.progress.is_final

    @property
    def shim(self) -> ShimLink | None:
        """The shim whose lease to extend; None for one that must stop."""
        return None if self._orders.is_stopping else self._shim.link

    def checkpoint_user_changes(self, author: Author | None) -> bool:
        """Add a user's changes through a closed tunnel to the checkpoint that waits for an answer,
        and wait for that; False if the next daemon must do it."""
        if self._is_waiting():
            settle = partial(self._checkpoint_user_changes, author)
            self._executor.run_and_wait(partial(self._run_logged, settle), self._can_continue)
        return not self._is_closed

    # For the daemon's exit

    def detach(self) -> None:
        """Leave running processes to the next daemon."""
        self._is_closed = True
        self._abandoned.set()
        self._shim.detach()
        self._executor.close()

    def kill(self) -> None:
        """Kill the running processes."""
        self._is_closed = True
        self._abandoned.set()
        self._executor.close()
        self._shim.shut_down()

    def join(self, timeout: float) -> None:
        self._executor.join(timeout)

    # On the attempt's thread: one order at a time

    def _add_job(self, act: Callable[[], None]) -> None:
        self._executor.add(partial(self._run_logged, act))

    def _run_logged(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            if self._is_closed:
                return
            log.exception("task %d, attempt %d", *self.key)
            if not self._reporter.progress.end_reason:
                self._reporter.report_failed("worker_failed", f"{type(error).__name__}: {error}")
        if not self._is_closed:
            self._on_idle()

    def _execute_order(self, order: AttemptOrder) -> None:
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
        if self._orders.is_stopping or self._reporter.progress.end_reason:
            return
        self.reports.messages.exclude([message.number for message in order.messages])
        is_pushed = partial(self._finisher.is_earlier_work_pushed, order.stage_index, order.run)
        ongoing, release = (self._reporter, self._can_continue), self._workspace.release
        with failures.report_failures(*ongoing), failures.hand_over(*ongoing, release):
            self._workspace.steps.run_step(Step.START, partial(self._try_stage, order), is_pushed)

    def _try_stage(self, order: RunStage) -> None:
        """Raises SandboxFailed where nothing has run, and what `failures.reported` reports."""
        release = self._workspace.release
        with failures.return_on_failure(self._reporter, self._can_continue, release, order):
            inherited = self._state or self._reused_home.inherited_state(order)
            kept = AttemptState.from_order(order, inherited)
            has_begun = self._start_stage(order, kept)
        if has_begun:
            self._reporter.report_started(order.stage_index, order.run)
            self._wait_for_exit(kept)

    def _save_state(self, order: AttemptState) -> None:
        """From here on a restarted daemon knows the attempt, and the server may."""
        self._shim.directory.mkdir(mode=0o700, exist_ok=True)
        self._state = order
        order.write(self._shim.directory)
        self._reporter.report_accepted()

    def _start_stage(self, order: RunStage, kept: AttemptState) -> bool:
        """Start shim and stage; False if it must stop before the stage has started."""
        self._save_state(kept)
        has_begun = self._shim.has_started(order.stage_index, order.run)
        if starts_turn(order.run) and not has_begun:
            self._shim.quit_shim()  # one of an earlier release runs no stage again
        starting = self._shim.start_shim(self._can_continue)
        try:
            given = (self._context, self._workspace, order, kept, self._abandoned)
            command = start.prepare_stage(*given, has_begun=has_begun)
            starting.result()
        finally:
            starting.exception()  # waited for, whatever the result
        return self._shim.start_stage(command, self._can_continue)

    def _wait_for_exit(self, state: AttemptState) -> None:
        """Reports the exit; `_stop` reports that of a stage to stop. Raises SandboxFailed."""
        self._state, end, watch = state, None, self._reporter.watch_terminal(state)
        with suppress(ShimLost, Interrupted), self._workspace.watch_facts(), watch:
            pollers, at = self.reports.pollers(state), (state.stage_index, state.run)
            end = self._shim.wait_for_exit(*at, self._can_stage_continue, pollers)
            self._state = self._state.with_exit_facts(end.facts, self._shim.directory)
            self.reports.usage.report_usage(self._state, end.facts)
        is_lost = end is None and not self._orders.is_stopping
        self.reports.report_rest(lambda: not self._is_closed, is_lost=is_lost)
        if self._is_closed or self._orders.is_stopping:
            return
        if end is None:
            self._reporter.report(Lost("the stage's shim is gone"))
        else:
            self._finisher.report_exit(self._state, end)

    def _can_stage_continue(self) -> bool:
        """False once its stage must stop or suspend; the reason is on disk before it stops."""
        kept = self._state
        if kept is not None and (why := self._orders.suspend_reason(kept.stage_index, kept.run)):
            self._state = kept.mark_suspending(why, self._shim.directory)
        return self._is_stage_wanted()

    def _is_stage_wanted(self) -> bool:
        """The result of the last `_can_stage_continue`."""
        is_suspended = self._state is not None and self._state.suspended_by is not None
        return self._orders.can_continue() and not is_suspended

    def _resume(self, stage: int, run: int) -> None:
        """Continue with the stage that an earlier daemon started."""
        if self._state is None:
            return
        self._workspace.restore()
        self._shim.reconnect(self._orders.can_continue)
        standing = self._reporter.progress
        if not standing.end_reason:
            self._workspace.report_changes(self._state)
        if standing.end_reason or standing.has_finished(stage, run) or self._is_closed:
            return
        log.info("resuming task %d, attempt %d", *self.key)
        self._reporter.report_started(stage, run)
        again = failures.allow_restart(self._reporter, self._orders, self._shim)
        with failures.report_failures(self._reporter, self._can_continue), again:
            self._wait_for_exit(self._state)

    def _checkpoint_user_changes(self, author: Author | None) -> None:
        kept, at = self._state, self._orders.latest_run  # an unstarted stage has no checkpoint
        if kept is not None and (kept.stage_index, kept.run) == at and self._is_waiting():
            self._workspace.checkpoint_user_changes(kept, author or kept.author)

    # The push, and the end

    def _publish(self, order: Publish) -> None:
        reporter, progress = self._reporter, self._reporter.progress
        try:
            has_ended = self._orders.is_stopping or progress.end_reason
            if has_ended or reporter.is_reporting(Published):
                return
            ongoing, release = (reporter, self._can_continue), self._workspace.release
            with failures.report_failures(*ongoing), failures.return_on_failure(*ongoing, release):
                # Of one that begins with the push only the last stage's checkpoint is there.
                kept = self._state or AttemptState.from_publish(order)
                if kept is not None and kept.stage_index < 0:
                    self._save_state(kept)
                    self._workspace.prepare(kept.repo, kept.author)
                self._workspace.publish(self._state, order)
        finally:
            self._orders.is_publishing = False

    def _stop(self) -> None:
        self._stop_processes()
        if not self._is_closed and not self._reporter.is_reporting(Stopped):
            self._reporter.report(Stopped())  # one on its way answers this order, too

    def _forget(self, *, keep_checkpoints: bool) -> None:
        streams = self._context.streams
        try:
            self._stop_processes()
            streams.wait_acked(self.key, streams.size(self.key), _LOG_TIMEOUT_SECONDS)
            self._shim.shut_down()
            self._workspace.remove(self._state, keep_checkpoints=keep_checkpoints)
        except OSError as error:
            self._workspace.note("error", f"can't remove the workspace: {error}")
            return
        finally:
            self._orders.is_forgetting = False  # after a failure the order may be repeated
        streams.remove(self.key)
        self._shim.remove()
        self._workspace.report_removed()
        self._is_closed = True
        self._executor.close()
        self._on_removed(self)

    def _stop_processes(self) -> None:
        self._context.tunnels.close_and_wait(self.key)
        self._shim.stop_stage_and_wait(*self._orders.latest_run)

    def _is_waiting(self) -> bool:
        """Whether there is nothing to do until the server or a person sends more."""
        return self._orders.state(self._reporter.progress) == "waiting" and self._can_continue()

    def _can_continue(self) -> bool:
        """Whether the attempt must neither stop nor wait for the next daemon."""
        return not self._abandoned.is_set()
