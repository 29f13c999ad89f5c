"""Results: percentiles, comparisons with a floor in the same run, and their table."""

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

_COLUMNS = ("figure", "value", "next to it, in the same run", "compared (of blocks)", "bar", "")

Blocks = Sequence[Sequence[float]]
"""Samples in order, in blocks of those taken together."""


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile by nearest rank."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def flat(blocks: Blocks) -> list[float]:
    """Return all samples of all blocks."""
    return [sample for block in blocks for sample in block]


@dataclass(frozen=True)
class Ratio:
    """The ratio to the floor: the blocks' median, lowest and highest."""

    median: float
    low: float
    high: float

    @classmethod
    def from_blocks(cls, ours: Blocks, floor: Blocks) -> "Ratio":
        """Divide each block's median by the neighboring floor block's."""
        pairs = zip(ours, floor, strict=True)
        ratios = [statistics.median(mine) / statistics.median(its) for mine, its in pairs]
        return cls(statistics.median(ratios), min(ratios), max(ratios))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Difference:
    """The difference to the floor in milliseconds, for an absolute limit."""

    median: float
    low: float
    high: float

    @classmethod
    def from_blocks(cls, ours: Blocks, floor: Blocks) -> "Difference":
        """Compare each block's median with the neighboring floor block's, in seconds."""
        pairs = zip(ours, floor, strict=True)
        more = [1000 * (statistics.median(mine) - statistics.median(its)) for mine, its in pairs]
        return cls(statistics.median(more), min(more), max(more))

    def __str__(self) -> str:
        return f"{self.median:+.1f} ms ({self.low:+.1f} to {self.high:+.1f})"


@dataclass(frozen=True)
class Figure:
    """A value and its comparison. `value` is the median if there are several samples."""

    name: str
    value: float
    unit: str
    p99: float | None = None
    beside: str = ""
    beside_value: float | None = None
    ratio: Ratio | Difference | None = None
    max_ratio: float | None = None
    min_ratio: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the comparison meets the bar; None without a comparison or bar."""
        if self.ratio is None or (self.max_ratio is None and self.min_ratio is None):
            return None
        is_low_enough = self.max_ratio is None or self.ratio.median <= self.max_ratio
        is_high_enough = self.min_ratio is None or self.ratio.median >= self.min_ratio
        return is_low_enough and is_high_enough

    def cells(self) -> tuple[str, ...]:
        verdict = {None: "", True: "ok", False: "MISSED"}[self.is_met]
        compared = "" if self.ratio is None else str(self.ratio)
        return self.name, self._value(), self._beside(), compared, self._bar(), verdict

    def _value(self) -> str:
        p99 = "" if self.p99 is None else f" (p99 {_short(self.p99)})"
        return f"{_short(self.value)} {self.unit}{p99}"

    def _beside(self) -> str:
        if self.beside_value is None:
            return self.beside
        return f"{self.beside}: {_short(self.beside_value)} {self.unit}"

    def _bar(self) -> str:
        if self.max_ratio is not None:
            unit = " ms" if isinstance(self.ratio, Difference) else ""
            return f"at most {self.max_ratio:g}{unit}"
        return "" if self.min_ratio is None else f"at least {self.min_ratio:g}"


def latency(
    name: str,
    blocks: Blocks,
    *,
    beside: str = "",
    beside_value: float | None = None,
    ratio: Ratio | Difference | None = None,
    max_ratio: float | None = None,
) -> Figure:
    """Return a figure of seconds: the median and the 99th percentile in milliseconds."""
    ms = [seconds * 1000 for seconds in flat(blocks)]
    median, p99 = statistics.median(ms), percentile(ms, 99)
    return Figure(name, median, "ms", p99, beside, beside_value, ratio, max_ratio)


@dataclass
class Report:
    """All figures of one run. `notes` are lines to print below the table."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    load: tuple[float, float, float] = field(default_factory=os.getloadavg)

    def as_text(self) -> str:
        head = f"{self.title}: {os.cpu_count()} cores, load {self.load[0]:.1f} at the start"
        rows = [_COLUMNS, *(figure.cells() for figure in self.figures)]
        return "\n".join([head, "", *table(rows), "", *self.notes, self._verdict()])

    def as_json(self) -> str:
        figures = [{**asdict(figure), "is_met": figure.is_met} for figure in self.figures]
        return json.dumps({**asdict(self), "cores": os.cpu_count(), "figures": figures}, indent=2)

    def _verdict(self) -> str:
        missed = [figure.name for figure in self.figures if figure.is_met is False]
        return f"MISSED its bar: {'; '.join(missed)}" if missed else "All bars were met."


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Format rows as lines; the first row is the header."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    ruled = [rows[0], ["-" * width for width in widths], *rows[1:]]
    padded = [[c.ljust(w) for c, w in zip(row, widths, strict=True)] for row in ruled]
    return ["  ".join(row).rstrip() for row in padded]


def _short(value: float) -> str:
    """Format with three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
