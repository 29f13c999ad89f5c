"""Decides whether a series of samples grows; pure, for memory, sockets and rows alike."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

_MIN_SAMPLES = 6  # samples of load: at least two per third


class Unit(StrEnum):
    """The kinds of lines, each with its own tolerance."""

    KIB = "KiB"  # a process's memory
    DISK = "KiB on disk"
    COUNT = "count"  # descriptors, threads, directories, keys: they return to their former level
    ROWS = "rows"  # retained longer than a soak: only quiet phases are compared


class Line(NamedTuple):
    """A sampled quantity."""

    name: str
    unit: Unit


class Tolerance(NamedTuple):
    """How much a median may exceed an earlier one: `least`, or that share of it if larger."""

    least: float
    share: float

    def allowed_growth(self, before: float) -> float:
        return max(self.least, self.share * before)


# Between thirds of the load, and between quiet phases. A heap keeps its pages after a large
# request, so memory may step up once; only a continued rise is a leak.
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
_NOISE = 2.0  # times the typical distance of a sample from the fitted line

Points = Sequence[tuple[float, float]]
"""Seconds and values in order."""


@dataclass(frozen=True)
class Verdict:
    """Medians of a line; `slope` is in units per minute. `because` is empty if it's flat."""

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
    """Judge a line by the quiet phase before, the load, and the quiet phase after.

    A line without samples in a phase was 0 then.
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
    """Return units per second: the median slope of all pairs, which is robust to outliers."""
    pairs = combinations(points, 2)
    rises = [(b - a) / (later - at) for (at, a), (later, b) in pairs if later > at]
    return statistics.median(rises) if rises else 0.0


def noise(points: Points) -> float:
    """Return the typical distance of a sample from the fitted line."""
    if not points:
        return 0.0
    rise = slope(points)
    level = statistics.median(value - rise * at for at, value in points)
    return statistics.median(abs(value - rise * at - level) for at, value in points)


def _rises(unit: Unit, life: Points, first: float, middle: float, last: float) -> bool:
    """Whether it rose beyond the tolerance, and still rises after the middle third."""
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
