"""Whether a series of samples grows: pure, and the same for memory, sockets and rows."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

_MIN_SAMPLES = 6  # samples of life, for three thirds of two


class Unit(StrEnum):
    """What is counted; each has a tolerance of its own."""

    KIB = "KiB"  # memory of a process
    DISK = "KiB on disk"
    COUNT = "count"  # descriptors, threads, directories, keys: whatever comes back to where it was
    ROWS = "rows"  # kept for a time that is longer than a soak: only quiet phases are compared


class Line(NamedTuple):
    """What was sampled."""

    name: str
    unit: Unit


class Tolerance(NamedTuple):
    """By how much a median may exceed an earlier one: `least`, or that share of it if more."""

    least: float
    share: float

    def allowed_growth(self, before: float) -> float:
        return max(self.least, self.share * before)


# Between thirds of life, and from one quiet phase to the next. A heap that has seen one more large
# request keeps its pages, so that memory may step up once; only what goes on rising is a leak.
LIFE = {
    Unit.KIB: Tolerance(1024, 0.03),
    Unit.DISK: Tolerance(1024, 0.25),
    Unit.COUNT: Tolerance(3, 0.25),
}
QUIET = {
    Unit.KIB: Tolerance(3072, 0.08),
    Unit.DISK: Tolerance(256, 0.1),
    Unit.COUNT: Tolerance(2, 0.05),
    Unit.ROWS: Tolerance(2, 0.0),
}
_NOISE = 2.0  # times the usual distance of a sample from the line through all of them

Points = Sequence[tuple[float, float]]
"""Seconds and values, in order."""


@dataclass(frozen=True)
class Verdict:
    """Medians of a line; `slope` is in units a minute. `because` is empty where it is flat."""

    line: Line
    before: float
    first: float
    last: float
    after: float
    slope: float
    because: str

    @property
    def grows(self) -> bool:
        return bool(self.because)


def judge(line: Line, before: Points, life: Points, after: Points) -> Verdict:
    """From the quiet phase before, the life that followed it, and the quiet phase after that.

    A line of which there was nothing yet in a phase was 0 then.
    """
    first, middle, last = _thirds(_values(life))
    start, end = _median(_values(before)), _median(_values(after))
    reasons = []
    if _rises(line.unit, life, first, middle, last):
        reasons.append("in life")
    if end - start > QUIET[line.unit].allowed_growth(start):
        reasons.append("from quiet to quiet")
    return Verdict(line, start, first, last, end, 60 * slope(life), " and ".join(reasons))


def slope(points: Points) -> float:
    """Units a second: the median of all pairs' slopes, which no outlier moves."""
    pairs = combinations(points, 2)
    rises = [(b - a) / (later - at) for (at, a), (later, b) in pairs if later > at]
    return statistics.median(rises) if rises else 0.0


def noise(points: Points) -> float:
    """How far a sample usually is from the line through all of them."""
    if not points:
        return 0.0
    rise = slope(points)
    level = statistics.median(value - rise * at for at, value in points)
    return statistics.median(abs(value - rise * at - level) for at, value in points)


def _rises(unit: Unit, life: Points, first: float, middle: float, last: float) -> bool:
    """Beyond the tolerance, and still on its way after the middle third."""
    if unit not in LIFE or len(life) < _MIN_SAMPLES:
        return False
    allowed = max(LIFE[unit].allowed_growth(first), _NOISE * noise(life))
    return last - first > allowed and last - middle > allowed / 3


def _thirds(values: Sequence[float]) -> tuple[float, float, float]:
    size = max(1, len(values) // 3)
    return (
        _median(values[:size]),
        _median(values[size : len(values) - size]),
        _median(values[-size:]),
    )


def _values(points: Points) -> list[float]:
    return [value for _, value in points]


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
