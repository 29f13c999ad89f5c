"""Figures compared with a fixed number: the ratio is to that number."""

from bench.figures import Figure, Ratio


def max_figure(name: str, value: float, unit: str, bar: float) -> Figure:
    share = value / bar
    ratio = Ratio(share, share, share)
    return Figure(name, value, unit, None, "at most", bar, ratio, max_ratio=1.0)


def min_figure(name: str, value: float, unit: str, bar: float) -> Figure:
    share = value / bar
    ratio = Ratio(share, share, share)
    return Figure(name, value, unit, None, "at least", bar, ratio, min_ratio=1.0)
