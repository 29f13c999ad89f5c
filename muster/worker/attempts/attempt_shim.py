"""One attempt's shim: started while the workspace is prepared, watched, and waited for."""

import contextlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.runs import position
from muster.worker.attempts.context import AttemptContext
from muster.worker.lease.lease import extend_shim_lease
from muster.worker.shim import client as shim_client
from muster.worker.shim.client import ShimGone, ShimLink, ShimRefused
from muster.worker.shim.wire import ShimState, StageCommand, StageExit

_GRACE_SECONDS = 10.0  # seconds between TERM and KILL
_LAUNCH_PAUSES_SECONDS = (0.1, 0.5, 2.0)  # seconds before a launch is retried
_LEASE_POLL_SECONDS = 0.5  # seconds between checks for an extended lease
_HUNG_TIMEOUT_SECONDS = 20.0  # for a response or a stage's exit: KILL is repeated for a while
_HUNG_POLL_SECONDS = 2.0  # seconds between tries to reach an unresponsive shim

log = logging.getLogger(__name__)


class ShimLost(Exception):
    """The shim died before its stage exited."""


class LaunchFailed(Exception):
    """No shim could start after all retries: none is alive, and nothing was started."""


class Interrupted(Exception):
    """The daemon exits; the stage continues without it."""


class AttemptShim:
    """The shim of an attempt, for its thread. `wake` may be called from any thread."""

    def __init__(
        self, context: AttemptContext, key: AttemptKey, on_refused: Callable[[], None]
    ) -> None:
        """`on_refused` is called, on any thread, when a stage's network may have refused hosts."""
        self._context = context
        self._key = key
        self.directory: Path = context.layout.attempt(key)
        self._link: ShimLink | None = None
        self._starting: Future[None] | None = None
        self._is_detached = False
        self._changed = threading.Event()
        self._on_refused = on_refused
        self._refused_count = 0  # the shim's count

    @property
    def link(self) -> ShimLink | None:
        return self._link

    def wake(self) -> None:
        """Wake the attempt's thread where it waits here, to check again whether it can continue."""
        self._changed.set()

    def read_state(self) -> ShimState | None:
        """Return the state that an earlier daemon's shim wrote; None if there is none."""
        try:
            return shim_client.read_state(self.directory)
        except (OSError, ValueError) as error:
            log.error("can't read %s: %s", self.directory, error)
            return None

    def has_started(self, stage_index: int, run: int) -> bool:
        """Whether a shim has started that run of the stage, or a later one."""
        past = self.read_state()
        return past is not None and position(*past.latest_run) >= position(stage_index, run)

    def reconnect(self, may_go_on: Callable[[], bool]) -> None:
        """Connect to an earlier daemon's shim, if it is alive. One that hangs is killed after 20 s;
        so is one that refuses us, once `may_go_on` is false."""
        given_up_at = monotonic() + _HUNG_TIMEOUT_SECONDS
        while not self._is_detached:
            try:
                self._use_link(shim_client.attach(self.directory))
                if self._is_detached:  # in the meantime: nothing else would close it
                    self._drop_link()
                return
            except (TimeoutError, ShimRefused) as error:
                log.warning("the shim of task %d isn't responding: %s", self._key.task_id, error)
                # One that refuses us fences itself, because nothing extends its lease.
                hangs = isinstance(error, TimeoutError)
                if monotonic() >= given_up_at and (hangs or not may_go_on()):
                    self.kill()
                    return
                self._changed.wait(_HUNG_POLL_SECONDS)
                self._changed.clear()

    def start_shim(self, may_go_on: Callable[[], bool]) -> Future[None]:
        """Start the shim in the background, if there is none; retried while `may_go_on`. The
        result may be LaunchFailed."""
        started: Future[None] = Future()
        self._starting = started
        name = f"shim-start-{self._key.name}"
        thread = threading.Thread(
            target=self._start_in_background, args=(started, may_go_on), name=name, daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # no thread is available
            started.set_exception(LaunchFailed(str(error)))
        return started

    def start_stage(self, command: StageCommand, may_go_on: Callable[[], bool]) -> bool:
        """Start a stage; False if `may_go_on` became false first. Raises ShimGone, LaunchFailed.

        Nothing starts after the lease has expired: another attempt may have the task.
        """
        if self._link is not None and self._link.is_gone:
            # It died while the workspace was prepared, before any request.
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
        """Return the exit of that run of the stage; stop it as soon as `may_go_on` is false.

        If it hasn't exited 20 s later, its shim is killed with all its processes. The functions
        `meanwhile` are called after each change, and after the seconds that they return. Raises
        ShimLost, and Interrupted after `detach`.
        """
        kill_at: float | None = None
        while True:
            self._changed.clear()
            shim = self._link
            is_gone = shim is None or shim.is_gone
            if self._is_detached:  # after that, our connection is gone, not the shim
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
                self._changed.wait(_HUNG_POLL_SECONDS)  # until its connection is gone
            else:
                due = [] if kill_at is None else [kill_at - monotonic()]
                due += [again for each in meanwhile if (again := each()) is not None]
                delay, began = min(due, default=None), monotonic()
                self._changed.wait(delay)
                if kill_at is not None and delay is not None:
                    # Who wakes late was frozen, and with the machine the shim.
                    kill_at += max(0.0, monotonic() - began - delay)

    def stop_stage(self) -> None:
        """Send TERM, after 10 s KILL, to the stage's processes; doesn't wait."""
        if self._link is not None:
            with contextlib.suppress(ShimGone, ShimRefused, TimeoutError):
                self._link.stop(_GRACE_SECONDS)

    def stop_stage_and_wait(self, stage_index: int, run: int) -> None:
        """Stop the stage's processes, and return when none runs."""
        try:
            if self.is_running():
                self.wait_for_exit(stage_index, run, lambda: False)
        except (ShimLost, Interrupted):
            pass
        except TimeoutError:
            # An unresponsive shim is killed with all its processes.
            self.shut_down()

    def kill(self) -> None:
        """Kill a hanging shim and its processes."""
        log.warning("the shim of task %d hangs; killing it", self._key.task_id)
        shim_client.kill(self.directory)

    def is_running(self) -> bool:
        try:
            return self._link is not None and self._link.fetch_state().running
        except ShimGone:
            return False

    def read_facts(self) -> dict[str, Any]:
        """Return the known facts of the running stage; empty if there is no shim."""
        with contextlib.suppress(ShimGone, ShimRefused, TimeoutError):
            return self._link.fetch_state().facts if self._link else {}
        return {}

    def detach(self) -> None:
        """Leave the shim running without us."""
        self._is_detached = True
        shim, self._link = self._link, None
        self._changed.set()
        if shim is not None:
            shim.close()

    def quit_shim(self) -> None:
        """Stop an idle shim; the next stage starts another."""
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
        """Kill the processes, stop the shim, and clean up after a dead one."""
        self._is_detached = True
        self._changed.set()
        if self._starting is not None:
            wait([self._starting])
        self.quit_shim()
        shim_client.reap(self.directory)

    def remove(self) -> None:
        """Stop everything, and remove the attempt's directory."""
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
        """Launch a shim without any request. Raises LaunchFailed.

        There are never two: a shim holds its directory's lock for life. No stage starts twice
        either: `state.json` has the stages that an earlier shim started, and its successor doesn't
        start them again.
        """
        self._drop_link()
        pauses = iter(_LAUNCH_PAUSES_SECONDS)
        while True:
            try:
                self._use_link(shim_client.launch(self.directory))
                if self._is_detached:  # in the meantime: nothing else would stop it
                    self.quit_shim()
                return
            except (OSError, RuntimeError, ValueError, ShimRefused) as error:
                log.warning("can't start the shim of task %d: %s", self._key.task_id, error)
                # One that hangs, or refuses us, would block its successor; and it runs nothing.
                with contextlib.suppress(OSError):
                    shim_client.kill(self.directory)
                if not self._can_retry(next(pauses, None), may_go_on):
                    raise LaunchFailed(str(error)) from error

    def _can_retry(self, pause: float | None, may_go_on: Callable[[], bool]) -> bool:
        """Whether to launch again after the pause."""
        self._changed.clear()
        if pause is None or not may_go_on():
            return False
        self._changed.wait(pause)
        return may_go_on() and not self._context.lease.is_expired

    def _drop_link(self) -> None:
        """Close a connection whose shim is gone."""
        gone, self._link = self._link, None
        if gone is not None:
            gone.close()

    def _use_link(self, shim: ShimLink | None) -> None:
        self._link = shim
        if shim is not None:
            shim.add_watcher(self._on_change)
            shim.on_delta = partial(self._context.streams.texts.offer, self._key)
            self._on_change()
            # From now on the lease keeper finds it; this handles the earlier extensions.
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
