"""Undoing in time what was done to a world. Main thread only: it starts processes."""

import heapq
import time
from collections.abc import Callable
from itertools import count

from muster.worker.clock import boot_seconds
from tests.chaos.rules.deaths import DIED
from tests.chaos.world import World

_RESTART = 1.0  # seconds until an init system starts again what died by itself
_LOOK = 0.05
_HEALING = 180.0


class Mending:
    """What is still to be undone. Names in `down` are of processes that are not to run now."""

    def __init__(self, world: World) -> None:
        self._stack = world.stack
        self._recorder = world.recorder
        self._heals: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._awaited: list[tuple[Callable[[], bool], Callable[[], None]]] = []
        self.down: set[str] = set()

    def supervise(self) -> None:
        """Heal what is due, and start again what has died."""
        while self._heals and self._heals[0][0] <= boot_seconds():
            heapq.heappop(self._heals)[2]()
        for pair in [pair for pair in self._awaited if pair[0]()]:
            self._awaited.remove(pair)
            pair[1]()
        for name, child in self._stack.processes.items():
            if name not in self.down and child.poll() is not None:
                self._recorder.record_disruption(DIED, f"{name}, exit code {child.poll()}")
                self.start_again(name, _RESTART)

    def mend_all(self, is_idle: Callable[[], bool]) -> None:
        """Returns when everything runs again, and those who help to mend are idle."""
        deadline = time.monotonic() + _HEALING
        while self._heals or self._awaited or not is_idle():
            while self._heals:
                heapq.heappop(self._heals)[2]()
            self.supervise()
            if time.monotonic() > deadline:
                raise RuntimeError("something does not heal")
            time.sleep(_LOOK)

    def restart(self, name: str, and_then: Callable[[], object] = lambda: None) -> None:
        """Ask it to leave, and start it again when it has."""
        if name in self.down:
            return
        self.down.add(name)
        child = self._stack.processes[name]
        child.request_stop()

        def start() -> None:
            self._stack.restart(name)
            self.down.discard(name)
            and_then()

        self.once(lambda: child.poll() is not None, start)

    def start_again(self, name: str, seconds: float) -> None:
        """Start what has ended in so many seconds; until then it is `down`."""
        self.down.add(name)

        def start() -> None:
            self._stack.restart(name)
            self.down.discard(name)

        self.later(seconds, start)

    def once(self, condition: Callable[[], bool], act: Callable[[], None]) -> None:
        """Act as soon as a look finds the condition true, and then never again."""
        self._awaited.append((condition, act))

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Act in so many seconds, or when all is to be mended."""
        entry = (boot_seconds() + seconds, next(self._numbers), lambda: (act(), None)[1])
        heapq.heappush(self._heals, entry)
