"""Figures that are held against a number: the ratio is to that."""

from bench.figures import Figure, Ratio


def at_most(name: str, value: float, unit: str, bar: float) -> Figure:
    share = value / bar
    ratio = Ratio(share, share, share)
    return Figure(name, value, unit, None, "at most", bar, ratio, at_most=1.0)


def at_least(name: str, value: float, unit: str, bar: float) -> Figure:
    share = value / bar
    ratio = Ratio(share, share, share)
    return Figure(name, value, unit, None, "at least", bar, ratio, at_least=1.0)
