"""One attempt's shim: started while the workspace is made, watched, and waited for."""

import contextlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from pathlib import Path
from time import monotonic
from typing import Any

from muster.protocol.attempt_key import AttemptKey
from muster.worker.attempts.context import AttemptContext
from muster.worker.lease.lease import extend_shim_lease
from muster.worker.shim import client as shim_client
from muster.worker.shim.client import ShimGone, ShimLink, ShimRefused
from muster.worker.shim.wire import ShimState, StageCommand, StageExit

_GRACE_SECONDS = 10.0  # seconds between TERM and KILL
_LAUNCH_PAUSES_SECONDS = (0.1, 0.5, 2.0)  # seconds before a launch is tried again
_LEASE_POLL_SECONDS = 0.5  # seconds between two looks whether the lease was prolonged
_HUNG_TIMEOUT_SECONDS = (
    20.0  # seconds for an answer, or for a stage's end: KILL is repeated for some after TERM's
)
_HUNG_POLL_SECONDS = 2.0  # seconds between two tries to reach a shim that does not answer

log = logging.getLogger(__name__)


class ShimLost(Exception):
    """The shim died with a stage that had not ended."""


class LaunchFailed(Exception):
    """No shim could be started, however often it was tried: none lives, and nothing was begun."""


class Interrupted(Exception):
    """The daemon leaves; the stage goes on without it."""


class AttemptShim:
    """What an attempt's thread does with its shim. `wake` may be called from any thread."""

    def __init__(
        self, context: AttemptContext, key: AttemptKey, on_refused: Callable[[], None]
    ) -> None:
        """`on_refused` is called, on any thread, when stages may have been refused hosts."""
        self._context = context
        self._key = key
        self.directory: Path = context.layout.attempt(key)
        self._link: ShimLink | None = None
        self._starting: Future[None] | None = None
        self._is_detached = False
        self._changed = threading.Event()
        self._on_refused = on_refused
        self._refused_count = 0  # as the shim has counted

    @property
    def link(self) -> ShimLink | None:
        return self._link

    def wake(self) -> None:
        """Wakes the attempt's thread where it waits in here, to look again whether it may go on."""
        self._changed.set()

    def read_state(self) -> ShimState | None:
        """What a shim of an earlier life has written; None where there is nothing to read."""
        try:
            return shim_client.read_state(self.directory)
        except (OSError, ValueError) as error:
            log.error("%s cannot be read: %s", self.directory, error)
            return None

    def has_started(self, stage_index: int, run: int) -> bool:
        """Whether a shim has begun that run of the stage, or a later one."""
        past = self.read_state()
        return past is not None and past.latest_run >= (stage_index, run)

    def reconnect(self, may_go_on: Callable[[], bool]) -> None:
        """Connects to the shim of an earlier life, if it still lives.

        One that hangs is killed after 20 s; so is one that refuses us, once `may_go_on` is false.
        """
        given_up_at = monotonic() + _HUNG_TIMEOUT_SECONDS
        while not self._is_detached:
            try:
                self._use_link(shim_client.attach(self.directory))
                if self._is_detached:  # meanwhile: nobody else will let go of it
                    self._drop_link()
                return
            except (TimeoutError, ShimRefused) as error:
                log.warning("the shim of task %d does not answer: %s", self._key.task_id, error)
                # One that refuses us fences itself, for nobody prolongs its lease.
                hangs = isinstance(error, TimeoutError)
                if monotonic() >= given_up_at and (hangs or not may_go_on()):
                    self.kill()
                    return
                self._changed.wait(_HUNG_POLL_SECONDS)
                self._changed.clear()

    def start_shim(self, may_go_on: Callable[[], bool]) -> Future[None]:
        """Starts the shim in the background, if there is none; tried again while `may_go_on`.

        The result may be LaunchFailed.
        """
        started: Future[None] = Future()
        self._starting = started
        name = f"shim-start-{self._key.name}"
        thread = threading.Thread(
            target=self._start_in_background, args=(started, may_go_on), name=name, daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # there is no thread to be had
            started.set_exception(LaunchFailed(str(error)))
        return started

    def start_stage(self, command: StageCommand, may_go_on: Callable[[], bool]) -> bool:
        """Begins a stage; False if `may_go_on` became false first. Raises ShimGone, LaunchFailed.

        While the lease is over nothing is begun: the server may have given the task to another.
        """
        if self._link is not None and (self._link.is_gone or not self._link.supports_runs):
            # It died while the workspace was made, and had been asked for nothing yet; or an
            # earlier release's has run a stage before this one.
            self.quit_shim()
            self._launch(may_go_on)
        while may_go_on() and (shim := self._link) is not None:
            try:
                shim.start_stage(command)
                return True
            except TimeoutError:
                self.kill()
                raise ShimGone from None
            except ShimRefused as refusal:
                if refusal.code != "lease":
                    raise
            self._changed.wait(_LEASE_POLL_SECONDS)
            self._changed.clear()
            extend_shim_lease(shim, self._context.lease.deadline or 0.0)
        return False

    def wait_for_exit(
        self,
        stage_index: int,
        run: int,
        may_go_on: Callable[[], bool],
        meanwhile: Iterable[Callable[[], float | None]] = (),
    ) -> StageExit:
        """How that run of the stage ended; as soon as `may_go_on` is false it is stopped.

        A shim with which it has not ended 20 s later is killed, and what it ran with it.
        `meanwhile` are called whenever something has happened, and after the seconds that they
        return. Raises ShimLost, and Interrupted after `detach`.
        """
        kill_at: float | None = None
        while True:
            self._changed.clear()
            shim = self._link
            is_gone = shim is None or shim.is_gone
            if self._is_detached:  # after that: it is our connection that is gone, not the shim
                raise Interrupted
            if shim is None or is_gone:
                return self._exit_from_record(stage_index, run)
            if (end := shim.find_exit(stage_index, run)) is not None:
                return end
            if kill_at is None and not may_go_on():
                kill_at = monotonic() + _HUNG_TIMEOUT_SECONDS
                self.stop_stage()
            elif kill_at is not None and monotonic() >= kill_at:
                self.kill()
                self._changed.wait(_HUNG_POLL_SECONDS)  # until its connection tells that it is gone
            else:
                due = [] if kill_at is None else [kill_at - monotonic()]
                due += [again for each in meanwhile if (again := each()) is not None]
                self._changed.wait(min(due, default=None))

    def stop_stage(self) -> None:
        """TERM, 10 s, KILL for what runs; does not wait."""
        if self._link is not None:
            with contextlib.suppress(ShimGone, ShimRefused, TimeoutError):
                self._link.stop(_GRACE_SECONDS)

    def stop_stage_and_wait(self, stage_index: int, run: int) -> None:
        """Stops what runs, and returns when nothing of it does any more."""
        try:
            if self.is_running():
                self.wait_for_exit(stage_index, run, lambda: False)
        except (ShimLost, Interrupted):
            pass
        except TimeoutError:
            # A shim that does not answer is ended by force, and what it ran with it.
            self.shut_down()

    def kill(self) -> None:
        """Ends a shim that hangs by force, and what it runs."""
        log.warning("the shim of task %d hangs; it is killed", self._key.task_id)
        shim_client.kill(self.directory)

    def is_running(self) -> bool:
        try:
            return self._link is not None and self._link.fetch_state().running
        except ShimGone:
            return False

    def read_facts(self) -> dict[str, Any]:
        """What is known so far of the stage that runs; empty where there is nothing to ask."""
        with contextlib.suppress(ShimGone, ShimRefused, TimeoutError):
            return self._link.fetch_state().facts if self._link else {}
        return {}

    def detach(self) -> None:
        """Lets the shim go on without us."""
        self._is_detached = True
        shim, self._link = self._link, None
        self._changed.set()
        if shim is not None:
            shim.close()

    def quit_shim(self) -> None:
        """Ends a shim that has nothing to do; the next stage starts another."""
        shim, self._link = self._link, None
        if shim is not None:
            try:
                shim.quit()
            except TimeoutError:
                self.kill()
            except (ShimGone, ShimRefused):
                pass
            shim.close()

    def shut_down(self) -> None:
        """Kills what runs, ends the shim, and what a dead one left."""
        self._is_detached = True
        self._changed.set()
        if self._starting is not None:
            wait([self._starting])
        self.quit_shim()
        shim_client.reap(self.directory)

    def remove(self) -> None:
        """Ends all, and removes the attempt's directory."""
        self.shut_down()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start_in_background(self, started: Future[None], may_go_on: Callable[[], bool]) -> None:
        try:
            if self._link is None or self._link.is_gone:
                self._launch(may_go_on)
            started.set_result(None)
        except BaseException as error:
            started.set_exception(error)

    def _launch(self, may_go_on: Callable[[], bool]) -> None:
        """Launches a shim that has not been asked for anything yet. Raises LaunchFailed.

        There are never two: a shim holds its directory's lock for life. Nor is a stage begun twice:
        what an earlier one began is in `state.json`, and its successor does not begin it again.
        """
        self._drop_link()
        pauses = iter(_LAUNCH_PAUSES_SECONDS)
        while True:
            try:
                self._use_link(shim_client.launch(self.directory))
                if self._is_detached:  # meanwhile: nobody else will end it
                    self.quit_shim()
                return
            except (OSError, RuntimeError, ValueError, ShimRefused) as error:
                log.warning("the shim of task %d cannot be started: %s", self._key.task_id, error)
                # One that hangs, or refuses us, would keep its successor out; and it runs nothing.
                with contextlib.suppress(OSError):
                    shim_client.kill(self.directory)
                if not self._can_retry(next(pauses, None), may_go_on):
                    raise LaunchFailed(str(error)) from error

    def _can_retry(self, pause: float | None, may_go_on: Callable[[], bool]) -> bool:
        """Whether to launch once more, once the pause is over."""
        self._changed.clear()
        if pause is None or not may_go_on():
            return False
        self._changed.wait(pause)
        return may_go_on() and not self._context.lease.is_expired

    def _drop_link(self) -> None:
        """Lets go of a connection whose shim is gone."""
        gone, self._link = self._link, None
        if gone is not None:
            gone.close()

    def _use_link(self, shim: ShimLink | None) -> None:
        self._link = shim
        if shim is not None:
            shim.add_watcher(self._on_change)
            self._on_change()
            # From now on the keeper finds it; this is for what was answered before.
            if (held := shim.initial_deadline) is not None:
                self._context.lease.extend_to(held)
            if (deadline := self._context.lease.deadline) is not None:
                extend_shim_lease(shim, deadline)

    def _on_change(self) -> None:
        shim = self._link
        if shim is not None and shim.refused_count != self._refused_count:
            self._refused_count = shim.refused_count
            self._on_refused()
        self._context.streams.notify_growth(self._key)
        self._context.terminals.notify(self._key)
        self._changed.set()

    def _exit_from_record(self, stage_index: int, run: int) -> StageExit:
        state = self.read_state()
        end = state.find_exit(stage_index, run) if state else None
        if end is None:
            log.warning("the shim of task %d is gone", self._key.task_id)
            shim_client.reap(self.directory)
            self._context.limits.end_sandbox(f"{self._key.name}-{stage_index}")
            raise ShimLost
        return end
