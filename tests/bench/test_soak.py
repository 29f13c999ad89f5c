"""The soak's judgement: a planted leak is seen, and what only looks like one is not."""

import random
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from bench.soak.chart import draw
from bench.soak.phases import LIFE, QUIET_AFTER, QUIET_BEFORE, Record
from bench.soak.verdicts import Line, Unit, judge, noise, slope

MINUTES = 10
MEMORY, SOCKETS = Line("web worker: memory", Unit.KIB), Line("web worker: sockets", Unit.COUNT)
KEYS = Line("idempotency_keys", Unit.ROWS)
Curve = Callable[[float], float]


def series(curve: Curve, rattle: float = 0.0) -> list[tuple[float, float]]:
    """A sample each 10 s; `rattle` is the standard deviation of what is added by chance."""
    rng = random.Random(3)
    times = range(0, MINUTES * 60, 10)
    return [(float(at), curve(at / 60) + rng.gauss(0, rattle)) for at in times]


def quiet(value: float) -> list[tuple[float, float]]:
    return [(float(at), value) for at in range(0, 15, 3)]


LEAKS = [
    ("500 KiB a minute", MEMORY, 60_000, 65_000, lambda minute: 60_000 + 500 * minute, 400),
    ("a socket a minute", SOCKETS, 20, 30, lambda minute: 20 + minute, 1),
    ("only seen in the quiet", SOCKETS, 20, 26, lambda minute: 40, 15),
    ("rows that are never swept", KEYS, 0, 90, lambda minute: 9 * minute, 0),
    ("keys of a kind that was not there", SOCKETS, 0, 50, lambda minute: 5 * minute, 0),
]
FLAT = [
    ("noise", MEMORY, 60_000, 60_100, lambda minute: 61_000, 2_500),
    ("load that comes and goes", SOCKETS, 20, 20, lambda minute: 20 + 30 * (minute % 2), 3),
    ("a step early on", MEMORY, 60_000, 62_500, lambda minute: 60_000 + 2_500 * (minute > 3), 100),
    ("one sample that is far off", MEMORY, 60_000, 60_000,
     lambda minute: 600_000 if minute == 9 else 60_000, 50),
    ("what shrinks", MEMORY, 60_000, 50_000, lambda minute: 60_000 - 900 * minute, 100),
    ("rows that go when it is quiet", KEYS, 0, 0, lambda minute: 9 * minute, 0),
]  # fmt: skip


def names(cases: list[tuple[str, Line, float, float, Curve, float]]) -> list[str]:
    return [case[0] for case in cases]


@pytest.mark.parametrize("case", LEAKS, ids=names(LEAKS))
def test_a_leak_is_seen(case: tuple[str, Line, float, float, Curve, float]) -> None:
    _, line, before, after, curve, rattle = case
    assert judge(line, quiet(before), series(curve, rattle), quiet(after)).grows


@pytest.mark.parametrize("case", FLAT, ids=names(FLAT))
def test_what_is_no_leak_is_flat(case: tuple[str, Line, float, float, Curve, float]) -> None:
    _, line, before, after, curve, rattle = case
    assert not judge(line, quiet(before), series(curve, rattle), quiet(after)).grows


def test_it_is_said_in_which_comparison_a_line_grew() -> None:
    leaking = series(lambda minute: 20 + 3 * minute)
    assert (
        judge(SOCKETS, quiet(20), leaking, quiet(50)).because == "in life and from quiet to quiet"
    )
    assert judge(SOCKETS, quiet(20), leaking, quiet(20)).because == "in life"


def test_the_slope_is_told_a_minute() -> None:
    verdict = judge(MEMORY, quiet(0), series(lambda minute: 300 * minute), quiet(0))
    assert verdict.slope == pytest.approx(300)


def test_noise_is_what_is_left_beside_the_slope() -> None:
    rising = series(lambda minute: 1000 * minute)
    assert slope(rising) == pytest.approx(1000 / 60)
    assert noise(rising) == pytest.approx(0, abs=1e-6)
    assert noise(series(lambda minute: 1000 * minute, rattle=90)) == pytest.approx(60, rel=0.4)


def test_what_a_sample_does_not_name_was_not_there() -> None:
    record = Record([(0.0, QUIET_BEFORE, {}), (9.0, LIFE, {SOCKETS: 4}), (18.0, QUIET_AFTER, {})])
    assert record.points(SOCKETS) == [(0.0, 0.0), (9.0, 4), (18.0, 0.0)]
    assert [verdict.line for verdict in record.verdicts()] == [SOCKETS]


def test_each_line_has_its_chart_and_what_grows_comes_first() -> None:
    flat, grown = {MEMORY: 50_000.0, SOCKETS: 4.0}, {MEMORY: 50_000.0, SOCKETS: 400.0}
    record = Record([(0.0, QUIET_BEFORE, flat), (9.0, LIFE, grown), (18.0, QUIET_AFTER, grown)])
    chart = ElementTree.fromstring(draw(record, record.verdicts()))
    named = [e.text for e in chart.iter() if e.get("class") in ("name", "grows")]
    assert named == [SOCKETS.name, MEMORY.name]
