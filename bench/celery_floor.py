"""The floor of dispatch: bare Celery, prefork with two processes, on the rig's broker.

Run as a program, it's the worker, with the broker's URL in REDIS_URL.
"""

import os
import sys
import time

from celery import Celery

from app.embedded.processes import wait_until
from app.embedded.stack import Stack
from bench.errors import NotMeasured

_QUEUE = "bench.floor"
_NODE = "floor@localhost"
_SECONDS = 30.0


def _application(url: str) -> Celery:
    """Create an app with one task."""
    celery = Celery("bench", broker=url, backend=url, set_as_current=False)
    celery.conf.update(task_default_queue=_QUEUE, broker_connection_retry_on_startup=True)
    celery.task(_clock, name="bench.clock", shared=False)
    return celery


def _clock() -> float:
    """Return the time at which the task runs."""
    return time.time()


class CeleryFloor:
    """A separate worker on a separate queue. It ends with the stack."""

    def __init__(self, stack: Stack) -> None:
        """Raises NotMeasured if the worker doesn't start."""
        self._celery = _application(stack.env["REDIS_URL"])
        self._clock = self._celery.tasks["bench.clock"]
        stack.launch("celery-floor", [sys.executable, "-m", "bench.celery_floor"])
        if not wait_until(self._is_up, _SECONDS):
            raise NotMeasured(f"the floor's Celery worker isn't up after {_SECONDS:.0f} s")

    def round_trip(self) -> tuple[float, float]:
        """Return the seconds from `delay()` to the task's body, and until `get()` has returned."""
        begun = time.time()
        body = self._clock.delay().get(timeout=_SECONDS)
        return body - begun, time.time() - begun

    def close(self) -> None:
        self._celery.close()

    def _is_up(self) -> bool:
        return bool(self._celery.control.inspect([_NODE], timeout=0.5).ping())


if __name__ == "__main__":
    # With the product's own worker options.
    alone = ("--without-gossip", "--without-mingle")
    _application(os.environ["REDIS_URL"]).worker_main(
        ["worker", f"--hostname={_NODE}", "--concurrency=2", "--loglevel=WARNING", *alone]
    )
