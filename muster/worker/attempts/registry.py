"""The attempts that this machine knows."""

import threading
from collections.abc import Callable, Iterable

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Stop, TrackedAttempt
from muster.worker.attempts.attempt import Attempt
from muster.worker.attempts.context import AttemptContext
from muster.worker.shim.client import ShimLink

_POLL_SECONDS = 0.5  # seconds between checks whether an attempt is finished
_DETACH_TIMEOUT_SECONDS = 5.0  # seconds for an attempt's thread to finish its current step


class AttemptRegistry:
    """All attempts from their first order until they are removed. Safe to use from any thread."""

    def __init__(self, context: AttemptContext, on_rest: Callable[[], None]) -> None:
        """`on_rest` is called, on any thread, when an attempt has carried out an order or is
        gone."""
        self._context = context
        self._on_idle = on_rest
        self._lock = threading.Lock()
        self._attempts: dict[AttemptKey, Attempt] = {}

    def __len__(self) -> int:
        return len(self._attempts)

    def resume(self, known: Iterable[AttemptKey]) -> None:
        """Resume the attempts of an earlier daemon."""
        for key in known:
            self._attempts[key] = self._create(key, resumed=True)

    def find(self, key: AttemptKey) -> Attempt | None:
        with self._lock:
            return self._attempts.get(key)

    def find_or_create(self, key: AttemptKey) -> Attempt:
        with self._lock:
            if key not in self._attempts:
                self._attempts[key] = self._create(key)
            return self._attempts[key]

    def is_finished(self, key: AttemptKey) -> bool:
        """Whether nothing of the attempt runs or will run again."""
        attempt = self.find(key)
        return attempt is None or attempt.is_final

    def run_if_all_finished(self, act: Callable[[], None]) -> None:
        """Call `act` if every attempt is finished; none starts until it has returned.

        A finished one may still have its workspace; one that waits for a person or an order isn't
        finished.
        """
        with self._lock:
            if all(attempt.is_final for attempt in self._attempts.values()):
                act()

    def describe_all(self) -> list[TrackedAttempt]:
        """Return the state of each attempt. Raises OSError if a log can't be read."""
        return [attempt.describe() for attempt in self._all()]

    def shims(self) -> list[ShimLink]:
        """Return the living shims whose lease to extend."""
        return [shim for attempt in self._all() if (shim := attempt.shim) is not None]

    def detach(self) -> None:
        """Leave running processes to the next daemon."""
        attempts = self._all()
        for attempt in attempts:
            attempt.detach()
        _join_all(attempts)

    def kill(self) -> None:
        """Kill the processes of all attempts in parallel, because each takes some time."""
        attempts = self._all()
        ending = [
            threading.Thread(target=attempt.kill, name=f"attempt-{attempt.key.name}-end")
            for attempt in attempts
        ]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()
        _join_all(attempts)

    def _all(self) -> list[Attempt]:
        with self._lock:
            return list(self._attempts.values())

    def _create(self, key: AttemptKey, *, resumed: bool = False) -> Attempt:
        parts = (self._context, key, self._on_idle, self._remove)
        return Attempt(*parts, resumed=resumed, make_way=self._stop_previous)

    def _stop_previous(self, key: AttemptKey, is_awaited: Callable[[], bool]) -> None:
        """Stop everything that runs of that attempt, whose work another one continues."""
        attempt = self.find(key)
        if attempt is None:
            return
        attempt.accept_order(Stop(*key, reason="handed_over"))
        while attempt.describe().state not in ("stopped", "failed") and is_awaited():
            self._context.journal.wait_for_change(_POLL_SECONDS)

    def _remove(self, attempt: Attempt) -> None:
        self._context.tunnels.forget(attempt.key)
        with self._lock:
            self._attempts.pop(attempt.key, None)
        self._on_idle()


def _join_all(attempts: list[Attempt]) -> None:
    for attempt in attempts:
        attempt.join(_DETACH_TIMEOUT_SECONDS)
