"""Nine viewers of one flood, and a tenth who never reads: the cost for the nine and the server.

Compares the nine's total output per second, from the first byte to the last, with and without the
tenth. Twice: for a program that prints as fast as it can for some seconds, so that slow viewers
skip ahead; and for one that prints a chunk every few milliseconds, at half of the nine's former
rate (but at least a busy agent's), so that no viewer has to skip.
"""

import itertools
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import psutil

from bench.command import Print
from bench.figures import Figure, Ratio, Report, flat
from bench.rig import Rig
from bench.terminals import shells, viewer_client
from bench.terminals.muster import Muster
from bench.terminals.simulated import RATE
from bench.terminals.terminado import Terminado

Open = Callable[[int | None], viewer_client.Viewer]
"""Opens the flooded terminal, with a receive buffer of that many bytes."""

MIN_KEPT_RATIO, MAX_GROWTH_MB = 0.95, 10.0
NINE = 9
_PACE = 0.5  # of the rate that the nine alone can follow
_FILL_SECONDS = 1.0  # of a flood that fills the stalled viewer's buffers
_SMALL = 65_536  # the stalled viewer's kernel buffer
_POLL_SECONDS = 0.05
_TICK = 0.05  # seconds between two chunks

_numbers = itertools.count(1)


@dataclass
class _Throughput:
    """The nine's total MB/s, and the server's growth in MB, each round as a block.

    For floods, two rounds are a block: one starts with the nine alone, the other with the tenth.
    """

    flood: list[list[float]] = field(default_factory=list)
    paced: list[list[float]] = field(default_factory=list)
    grew: list[list[float]] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)  # bytes in gaps of the paced output


@dataclass
class _Side:
    """`start` creates a fresh terminal: an attempt stores at most one GiB, and a fast flood prints
    that in about ten seconds."""

    start: Callable[[], Open]
    pid: int
    alone: _Throughput = field(default_factory=_Throughput)
    stalled: _Throughput = field(default_factory=_Throughput)
    pace: float = 0.0  # bytes per second, from the first round


def terminals(rounds: int) -> int:
    """Return the number of terminals that a machine needs slots for."""
    return 1 + 2 * rounds


def measure(
    rig: Rig,
    muster: Muster,
    terminado: Terminado | None,
    rounds: int,
    seconds: float,
    report: Report,
    say: Print,
) -> list[Figure]:
    """Raises NotMeasured."""
    sides = {"Muster": _Side(partial(_start, muster), rig.stack.processes["gunicorn"].pid)}
    if terminado is not None:
        sides["terminado"] = _Side(lambda: partial(terminado.open, "pace"), terminado.pid)
    for side in sides.values():
        side.pace = _followed(side, seconds)
    for number in range(1, 2 * rounds + 1):
        for name, side in sides.items():
            _round(side, seconds, is_stalled_first=number % 2 == 0)
            shares = [
                with_her[-1][-1] / alone[-1][-1]
                for with_her, alone in (
                    (side.stalled.flood, side.alone.flood),
                    (side.stalled.paced, side.alone.paced),
                )
            ]
            text = f"{shares[0]:.1%} of a flood, {shares[1]:.1%} at a pace"
            text += f"; its server grew {side.stalled.grew[-1][0]:.1f} MB"
            text += f", {side.alone.grew[-1][0]:.1f} without the tenth"
            say(f"stalled, round {number} of {2 * rounds}: {name}, the nine keep {text}")
    for name, side in sides.items():
        skipped = max(side.alone.skipped), max(side.stalled.skipped)
        report.notes += [
            f"{name}'s pace was {side.pace / 1e6:.2f} MB/s; gaps in it for the nine were "
            f"{skipped[0]:,} bytes at most alone, {skipped[1]:,} with the tenth.",
            "",
        ]
    return [figure for name, side in sides.items() for figure in _figures(name, side)]


def _start(muster: Muster) -> Open:
    name = f"pace{next(_numbers)}"
    muster.start(name, shells.PACE)
    return partial(muster.open, name)


def _followed(side: _Side, seconds: float) -> float:
    """Return the pace: a fraction of each of the nine's rate in a flood."""
    crowd = _crowd(side.start())
    shown = _together(crowd, 0, seconds) * 1e6 / NINE
    _leave(crowd)
    return max(float(RATE), _PACE * shown)


def _round(side: _Side, seconds: float, is_stalled_first: bool) -> None:
    """Use the same nine sockets for both, because their speed depends on which server processes
    have them and the machine's."""
    look = side.start()
    crowd = _crowd(look)
    for is_stalled in (is_stalled_first, not is_stalled_first):
        idle = look(_SMALL) if is_stalled else None
        _turn(side, side.stalled if is_stalled else side.alone, crowd, seconds)
        if idle is not None:
            idle.close()
    _leave(crowd)


def _turn(
    side: _Side, shown: _Throughput, crowd: Sequence[viewer_client.Viewer], seconds: float
) -> None:
    with _Memory(side.pid) as memory:
        _together(crowd, 0, _FILL_SECONDS)
        speed = _together(crowd, 0, seconds)
        if shown.flood and len(shown.flood[-1]) == 1:
            shown.flood[-1].append(speed)
        else:
            shown.flood.append([speed])
        before = _skipped(crowd)
        shown.paced.append([_together(crowd, side.pace, seconds)])
        shown.skipped.append(_skipped(crowd) - before)
    shown.grew.append([memory.grew])


def _crowd(look: Open) -> list[viewer_client.Viewer]:
    crowd = [look(None) for _ in range(NINE)]
    for viewer in crowd:
        viewer.read()  # the existing output
    return crowd


def _leave(viewers: Sequence[viewer_client.Viewer]) -> None:
    for viewer in viewers:
        viewer.close()


def _skipped(crowd: Sequence[viewer_client.Viewer]) -> int:
    return sum(getattr(viewer, "skipped", 0) for viewer in crowd)


def _together(crowd: Sequence[viewer_client.Viewer], rate: float, seconds: float) -> float:
    """Return their total MB/s, from the first byte of any to the last."""
    typed = [shells.flood_for(seconds)]
    if rate:
        typed = [shells.chunk(round(rate * _TICK)) for _ in range(round(seconds / _TICK))]
    mark = typed[-1][1]
    with ThreadPoolExecutor(len(crowd)) as pool:
        waiting = [pool.submit(_watch, viewer, mark) for viewer in crowd]
        due = time.monotonic()
        for line, _ in typed:
            time.sleep(max(0.0, due - time.monotonic()))
            crowd[0].press(line)
            due += _TICK
        seen = [one.result() for one in waiting]
    begun, ended = min(begun for _, begun, _ in seen), max(ended for _, _, ended in seen)
    return sum(came for came, _, _ in seen) / 1e6 / (ended - begun)


def _watch(viewer: viewer_client.Viewer, mark: bytes) -> tuple[int, float, float]:
    """Return the bytes up to the mark, and the times of the first and the last."""
    first = viewer.read()
    begun = time.perf_counter()
    came = len(first)
    if mark not in first:
        came += viewer_client.read_until(viewer, mark, before=first)
    return came, begun, time.perf_counter()


class _Memory:
    """Measures the peak growth of a process family in MB."""

    def __init__(self, pid: int) -> None:
        first = psutil.Process(pid)
        self._family = [first, *first.children(recursive=True)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self.grew = 0.0

    def __enter__(self) -> "_Memory":
        self._before = self._now()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _poll(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            self.grew = max(self.grew, (self._now() - self._before) / 1e6)

    def _now(self) -> int:
        return sum(process.memory_info().rss for process in self._family)


def _figures(name: str, side: _Side) -> list[Figure]:
    is_ours = name == "Muster"
    grew = [max(0.0, value) for value in flat(side.stalled.grew)]
    worst = max(grew) / MAX_GROWTH_MB
    return [
        *(
            Figure(
                f"{name}: nine viewers of a {what}, a tenth does not read",
                statistics.median(flat(stalled)),
                "MB/s",
                beside="the nine alone",
                beside_value=statistics.median(flat(alone)),
                ratio=Ratio.from_blocks(stalled, alone),
                min_ratio=MIN_KEPT_RATIO if is_ours else None,
            )
            for what, stalled, alone in (
                ("flood", side.stalled.flood, side.alone.flood),
                ("pace", side.stalled.paced, side.alone.paced),
            )
        ),
        Figure(
            f"{name}: its server grew meanwhile, at most",
            max(grew),
            "MB",
            beside="what it may",
            beside_value=MAX_GROWTH_MB,
            ratio=Ratio(worst, min(grew) / MAX_GROWTH_MB, worst),
            max_ratio=1.0 if is_ours else None,
        ),
        Figure(f"{name}: and with the nine alone", max(flat(side.alone.grew)), "MB"),
    ]
