"""Acts that follow one another, on a thread that is there only while there are any."""

import logging
import threading
from collections import deque
from collections.abc import Callable

Job = Callable[[], None]

_POLL_SECONDS = 0.5  # seconds between two looks whether an act is still awaited

log = logging.getLogger(__name__)


class SerialExecutor:
    """Carries out what is added, one after the other. An act that raises is logged, and the next
    one is carried out: an attempt whose thread had died would hear no order any more.

    The thread lingers for `rest_after` seconds as long as `lingers()`, and ends with `rest()`:
    hundreds of attempts may wait for days, and must cost nothing.
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
        """Adds an act; waits for nothing. Raises RuntimeError, and adds none, without a thread."""
        with self._changed:
            if self._thread is None and not self._is_closed:
                thread = threading.Thread(target=self._run_jobs, name=self._name, daemon=True)
                thread.start()
                self._thread = thread
            self._jobs.append(act)
            self._changed.notify_all()

    def run_and_wait(self, act: Job, is_awaited: Callable[[], bool]) -> None:
        """Adds an act and waits until it is done, but no longer than it `is_awaited`. Raises
        RuntimeError likewise."""
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
        """Lets the act that is under way be the last one."""
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
        """None, and no thread any more, where there is nothing to do."""
        with self._changed:
            while not self._is_closed:
                if self._jobs:
                    return self._jobs.popleft()
                if not self._is_lingering():
                    break
                if not self._changed.wait_for(
                    lambda: self._jobs or self._is_closed, self._idle_seconds
                ):
                    # Not under the lock: who adds something must not wait for it.
                    return self._on_idle
            self._thread = None
            return None
