"""Run functions one after the other, on a thread that exists only while there are any."""

import logging
import threading
from collections import deque
from collections.abc import Callable

Job = Callable[[], None]

_POLL_SECONDS = 0.5  # seconds between checks whether a result is still wanted

log = logging.getLogger(__name__)


class SerialExecutor:
    """Runs the added functions one after the other. One that raises is logged, and the next one
    runs: an attempt whose thread died would handle no more orders.

    The thread lingers for `rest_after` seconds while `lingers()`, and then calls `rest()`: hundreds
    of attempts may wait for days, and must not use resources.
    """

    def __init__(
        self, name: str, lingers: Callable[[], bool], rest_after: float, rest: Job
    ) -> None:
        self._name = name
        self._is_lingering = lingers
        self._idle_seconds = rest_after
        self._on_idle = rest
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def add(self, act: Job) -> None:
        """Add a function; waits for nothing. Raises RuntimeError, and adds none, if no thread is
        available."""
        with self._changed:
            if self._thread is None and not self._is_closed:
                thread = threading.Thread(target=self._run_jobs, name=self._name, daemon=True)
                thread.start()
                self._thread = thread
            self._jobs.append(act)
            self._changed.notify_all()

    def run_and_wait(self, act: Job, is_awaited: Callable[[], bool]) -> None:
        """Add a function and wait until it has run, but only while it `is_awaited`. Raises
        RuntimeError like `add`."""
        done = threading.Event()

        def carry_out() -> None:
            try:
                act()
            finally:
                done.set()

        self.add(carry_out)
        while not done.wait(_POLL_SECONDS) and is_awaited():
            pass

    def close(self) -> None:
        """Make the current function the last one."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def join(self, timeout: float) -> None:
        thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _run_jobs(self) -> None:
        while act := self._next_job():
            try:
                act()
            except Exception:
                log.exception("%s", self._name)

    def _next_job(self) -> Job | None:
        """Return the next function; None, with the thread ending, if there is nothing to do."""
        with self._changed:
            while not self._is_closed:
                if self._jobs:
                    return self._jobs.popleft()
                if not self._is_lingering():
                    break
                if not self._changed.wait_for(
                    lambda: self._jobs or self._is_closed, self._idle_seconds
                ):
                    # Not under the lock, because adding must not wait for it.
                    return self._on_idle
            self._thread = None
            return None
