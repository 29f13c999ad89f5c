"""Ten viewers of one flood, one of whom never reads: what that costs the nine, and the server."""

import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psutil

from bench.command import Say
from bench.figures import Figure, Ratio, flat
from bench.rig import Rig
from bench.terminals import shells, viewing
from bench.terminals.muster import Muster
from bench.terminals.terminado import Terminado

KEEP_AT_LEAST, GROWS_AT_MOST = 0.95, 10.0
NINE = 9
_SMALL = 65_536  # what the kernel keeps for the one who does not read
_LOOK = 0.05


@dataclass
class _Side:
    """MB/s of the nine, and how many MB the server grew, each round a block of its own."""

    open: viewing.Open
    pid: int
    alone: list[list[float]] = field(default_factory=list)
    stalled: list[list[float]] = field(default_factory=list)
    grew_alone: list[list[float]] = field(default_factory=list)
    grew: list[list[float]] = field(default_factory=list)


def measure(
    rig: Rig, muster: Muster, terminado: Terminado | None, rounds: int, size: int, say: Say
) -> list[Figure]:
    """Raises NotMeasured."""
    sides = {"Muster": _Side(muster.open, rig.stack.processes["gunicorn"].pid)}
    if terminado is not None:
        sides["terminado"] = _Side(terminado.open, terminado.pid)
    for number in range(1, rounds + 1):
        for name, side in sides.items():
            _round(side, size)
            kept = side.stalled[-1][0] / side.alone[-1][0]
            say(f"stalled, round {number} of {rounds}: {name}, the nine keep {kept:.0%}")
    return [figure for name, side in sides.items() for figure in _figures(name, side)]


def _round(side: _Side, size: int) -> None:
    for with_stalled, rates, grown in (
        (False, side.alone, side.grew_alone),
        (True, side.stalled, side.grew),
    ):
        crowd = [side.open("flood", None) for _ in range(NINE)]
        for viewer in crowd:
            viewer.read()  # what is there already
        idle = side.open("flood", _SMALL) if with_stalled else None
        with _Memory(side.pid) as memory:
            rates.append([_together(crowd, size)])
        grown.append([memory.grew])
        for viewer in [*crowd, *([idle] if idle else [])]:
            viewer.close()


def _together(crowd: Sequence[viewing.Viewer], size: int) -> float:
    """MB/s of the middle one of them."""
    typed, mark = shells.flood(size)
    begun = time.perf_counter()
    with ThreadPoolExecutor(len(crowd)) as pool:
        waiting = [pool.submit(_rate, viewer, mark, begun) for viewer in crowd]
        crowd[0].press(typed)
        return statistics.median(one.result() for one in waiting)


def _rate(viewer: viewing.Viewer, mark: bytes, begun: float) -> float:
    came = viewing.until(viewer, mark)
    return came / 1e6 / (time.perf_counter() - begun)


class _Memory:
    """By how many MB a family of processes was larger, at its largest, than in the beginning."""

    def __init__(self, pid: int) -> None:
        first = psutil.Process(pid)
        self._family = [first, *first.children(recursive=True)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.grew = 0.0

    def __enter__(self) -> "_Memory":
        self._before = self._now()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            self.grew = max(self.grew, (self._now() - self._before) / 1e6)

    def _now(self) -> int:
        return sum(process.memory_info().rss for process in self._family)


def _figures(name: str, side: _Side) -> list[Figure]:
    is_ours = name == "Muster"
    grew = [max(0.0, value) for value in flat(side.grew)]
    worst = max(grew) / GROWS_AT_MOST
    return [
        Figure(
            f"{name}: nine viewers, a tenth does not read",
            statistics.median(flat(side.stalled)),
            "MB/s",
            beside="the nine alone",
            beside_value=statistics.median(flat(side.alone)),
            ratio=Ratio.of(side.stalled, side.alone),
            at_least=KEEP_AT_LEAST if is_ours else None,
        ),
        Figure(
            f"{name}: its server grew meanwhile, at most",
            max(grew),
            "MB",
            beside="what it may",
            beside_value=GROWS_AT_MOST,
            ratio=Ratio(worst, min(grew) / GROWS_AT_MOST, worst),
            at_most=1.0 if is_ours else None,
        ),
        Figure(f"{name}: and with the nine alone", max(flat(side.grew_alone)), "MB"),
    ]
