"""Nine viewers of one flood, and a tenth who never reads: what that costs the nine, and the server.

What is compared is what the nine are shown a second, all of them together, from the first byte to
the last, with the tenth and without. Twice: of a program that prints as fast as it can for some
seconds, so that whoever cannot follow is skipped ahead; and of one that is told to print a piece
every few milliseconds, at half of what the nine alone were shown of that (but at least as a busy
agent does), so that nobody has to be.
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
"""Opens the terminal that is flooded; with a receive buffer of so many bytes."""

MIN_KEPT_RATIO, MAX_GROWTH_MB = 0.95, 10.0
NINE = 9
_PACE = 0.5  # of what the nine alone can follow
_FILL_SECONDS = 1.0  # of a flood that fills what is kept for the one who does not read
_SMALL = 65_536  # what the kernel keeps for her, at her end
_POLL_SECONDS = 0.05
_TICK = 0.05  # seconds between two pieces

_numbers = itertools.count(1)


@dataclass
class _Throughput:
    """MB/s of the nine together, and how many MB the server grew, each round a block of its own.

    Of floods two rounds are a block: in one the nine alone come first, in the other the tenth does.
    """

    flood: list[list[float]] = field(default_factory=list)
    paced: list[list[float]] = field(default_factory=list)
    grew: list[list[float]] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)  # bytes of the paced one, as gaps say


@dataclass
class _Side:
    """`start` makes a terminal that nobody has used: an attempt keeps no more than a GiB, and a
    fast flood prints that in some ten seconds."""

    start: Callable[[], Open]
    pid: int
    alone: _Throughput = field(default_factory=_Throughput)
    stalled: _Throughput = field(default_factory=_Throughput)
    pace: float = 0.0  # bytes a second, found in the first round


def terminals(rounds: int) -> int:
    """How many a machine has to have room for."""
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
            text += f", {side.alone.grew[-1][0]:.1f} without her"
            say(f"stalled, round {number} of {2 * rounds}: {name}, the nine keep {text}")
    for name, side in sides.items():
        skipped = max(side.alone.skipped), max(side.stalled.skipped)
        report.notes += [
            f"{name}'s pace was {side.pace / 1e6:.2f} MB/s; the nine were told of gaps in it of "
            f"{skipped[0]:,} bytes at most when they were alone, {skipped[1]:,} with the tenth.",
            "",
        ]
    return [figure for name, side in sides.items() for figure in _figures(name, side)]


def _start(muster: Muster) -> Open:
    name = f"pace{next(_numbers)}"
    muster.start(name, shells.PACE)
    return partial(muster.open, name)


def _followed(side: _Side, seconds: float) -> float:
    """The pace: a part of what each of the nine is shown of a flood."""
    crowd = _crowd(side.start())
    shown = _together(crowd, 0, seconds) * 1e6 / NINE
    _leave(crowd)
    return max(float(RATE), _PACE * shown)


def _round(side: _Side, seconds: float, is_stalled_first: bool) -> None:
    """The same nine sockets for both: how fast each is depends on which of the server's processes
    hold it and the machine's."""
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
        viewer.read()  # what is there already
    return crowd


def _leave(viewers: Sequence[viewer_client.Viewer]) -> None:
    for viewer in viewers:
        viewer.close()


def _skipped(crowd: Sequence[viewer_client.Viewer]) -> int:
    return sum(getattr(viewer, "skipped", 0) for viewer in crowd)


def _together(crowd: Sequence[viewer_client.Viewer], rate: float, seconds: float) -> float:
    """MB/s of all of them, from the first byte that one has to the last."""
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
    """How many bytes came until the mark, and when the first and the last."""
    first = viewer.read()
    begun = time.perf_counter()
    came = len(first)
    if mark not in first:
        came += viewer_client.read_until(viewer, mark, before=first)
    return came, begun, time.perf_counter()


class _Memory:
    """By how many MB a family of processes was larger, at its largest, than in the beginning."""

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
