"""A machine's states, its silence, and what its hello means for its attempts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from app.domain import machine
from app.domain.errors import Conflict, MachineDecommissioned
from app.domain.machine import AttemptDecision, HelloState, MachineEvent, MachineStatus

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
LIMIT = timedelta(seconds=30)

# Rows are events, columns the status before, cells the status after; a dot is a refusal.
ARROWS = """
                 online          offline         draining        drained
    connect      online          online          draining        drained
    time_out     offline         offline         draining        drained
    drain        draining        draining        draining        drained
    finish_drain .               .               drained         drained
    undrain      online          offline         online          online
    decommission decommissioned  decommissioned  decommissioned  decommissioned
"""


def _cells() -> list[tuple[str, str, str]]:
    head, *rows = (line.split() for line in ARROWS.strip().splitlines())
    return [
        (status, event, target)
        for event, *targets in rows
        for status, target in zip(head, targets, strict=True)
    ]


CELLS = _cells()
CONNECTED = pytest.mark.parametrize("connected", [True, False], ids=["connected", "away"])


def test_the_table_has_every_event_and_every_status_but_the_last():
    living = set(MachineStatus) - {MachineStatus.DECOMMISSIONED}
    assert {(s, e) for s, e, _ in CELLS} == {(s, e) for s in living for e in MachineEvent}


@pytest.mark.parametrize(
    ("status", "event", "target"), CELLS, ids=[f"{s}-{e}-{t}" for s, e, t in CELLS]
)
@CONNECTED
def test_an_event_leads_along_its_arrow(status: str, event: str, target: str, connected: bool):
    if target == ".":
        with pytest.raises(Conflict, match=f"A machine that is {status} cannot"):
            machine.next_status(MachineStatus(status), MachineEvent(event), connected)
        return
    if event == "undrain" and not connected:
        target = "offline"
    assert machine.next_status(MachineStatus(status), MachineEvent(event), connected) == target


@pytest.mark.parametrize("event", MachineEvent)
@CONNECTED
def test_whether_a_machine_is_connected_follows_from_three_events(
    event: MachineEvent, connected: bool
):
    known = {"connect": True, "time_out": False, "decommission": False}
    assert machine.is_connected_after(event, connected) is known.get(event, connected)


@pytest.mark.parametrize("event", MachineEvent)
@CONNECTED
def test_nothing_happens_to_a_decommissioned_machine(event: MachineEvent, connected: bool):
    with pytest.raises(MachineDecommissioned):
        machine.next_status(MachineStatus.DECOMMISSIONED, event, connected)


@pytest.mark.parametrize("status", [MachineStatus.DRAINING, MachineStatus.DRAINED])
def test_the_intent_to_drain_outlives_a_disconnect(status: MachineStatus):
    silent = machine.next_status(status, MachineEvent.TIME_OUT, connected=False)
    assert machine.next_status(silent, MachineEvent.CONNECT, connected=True) is status


def test_the_contract_s_words_are_the_enum_s_words():
    assert " ".join(MachineStatus) == "online offline draining drained decommissioned"


@pytest.mark.parametrize(
    ("last_seen", "silent"),
    [
        (None, True),
        (NOW, False),
        (NOW + timedelta(seconds=5), False),
        (NOW - LIMIT + timedelta(microseconds=1), False),
        (NOW - LIMIT, False),
        (NOW - LIMIT - timedelta(microseconds=1), True),
        (NOW - timedelta(days=400), True),
    ],
    ids=["never-seen", "now", "its-clock-is-ahead", "just-within", "at-the-limit", "beyond", "old"],
)
def test_a_machine_is_silent_only_beyond_the_limit(last_seen: datetime | None, silent: bool):
    assert machine.is_silent(last_seen, NOW, LIMIT) is silent


# The rows of machine-protocol.md's table; `-` stands for either.
FATES = """
    word     ended  accepted  at_gate  restorable  fate
    at_work  no     -         -        -           continue
    result   no     -         -        -           continue
    idle     no     -         -        -           continue
    nothing  no     no        -        -           continue
    nothing  no     yes       no       -           lost
    nothing  no     yes       yes      -           gone_at_gate
    result   yes    -         -        yes         restore
    result   yes    -         -        no          free_slot
    at_work  yes    -         -        -           stop
    idle     yes    -         -        -           free_slot
    nothing  yes    -         -        -           free_slot
"""
FACTS = ("ended", "accepted", "at_gate", "restorable")


def _fates() -> Iterator[Any]:
    rows = [line.split() for line in FATES.strip().splitlines()[1:]]
    for word, *bits in product(HelloState, *[(False, True)] * len(FACTS)):
        cells = [word.value, *("yes" if bit else "no" for bit in bits)]
        (row,) = [r for r in rows if all(a in ("-", b) for a, b in zip(r[:-1], cells, strict=True))]
        facts = dict(zip(FACTS, bits, strict=True))
        yield pytest.param(word, facts, AttemptDecision(row[-1]), id=" ".join(cells))


@pytest.mark.parametrize(("word", "facts", "expected"), list(_fates()))
def test_an_attempt_meets_the_fate_of_its_row(
    word: HelloState, facts: dict[str, bool], expected: AttemptDecision
):
    assert machine.decide_attempt(word, **facts) is expected


@pytest.mark.parametrize(
    ("status", "percent", "accepted", "expected"),
    [
        ("online", 90.1, False, True),
        ("online", 90, False, False),
        ("online", 99, True, False),
        ("online", 90, True, True),
        ("draining", 99, False, False),
        ("drained", 99, False, False),
        ("decommissioned", 99, False, False),
        ("draining", 50, True, True),
    ],
    ids=[
        "too full",
        "at the limit",
        "too full, and accepted",
        "space again, which ends the acceptance",
        "on its way out already",
        "out already",
        "gone",
        "room again while it is drained",
    ],
)
def test_a_disk_is_news_when_something_has_to_be_done(
    status: str, percent: float, accepted: bool, expected: bool
):
    found = machine.is_disk_change(MachineStatus(status), percent, 90, accepted=accepted)
    assert found is expected


LAST_SEEN, UNTIL, TIMEOUT = NOW, NOW + timedelta(minutes=10), timedelta(seconds=30)


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        ([], False),
        ([(-3600, 3600)], True),
        ([(-3600, 29)], False),
        ([(-3600, 30)], True),
        ([(571, 3600)], False),
        ([(570, 3600)], True),
        ([(-3600, 29), (571, 3600)], False),
        ([(-3600, 29), (100, 200)], True),
        ([(601, 3600)], False),
    ],
    ids=[
        "none-was-there",
        "all-the-time",
        "until-just-after",
        "for-long-enough-at-first",
        "only-at-the-very-end",
        "for-long-enough-at-the-end",
        "first-and-last-but-neither-for-long",
        "in-between",
        "only-when-it-was-over",
    ],
)
def test_a_machine_had_a_chance_only_where_a_server_was_there_for_long_enough(
    served: list[tuple[int, int]], expected: bool
):
    spans = [(NOW + timedelta(seconds=a), NOW + timedelta(seconds=b)) for a, b in served]
    assert machine.could_reach_server(LAST_SEEN, UNTIL, spans, TIMEOUT) is expected


@pytest.mark.parametrize(
    ("before", "now", "is_news"),
    [
        ({"cpuPercent": 5.0}, {"cpuPercent": 9.9}, False),
        ({"cpuPercent": 5.0}, {"cpuPercent": 10.0}, True),
        ({"cpuPercent": 10.0}, {"cpuPercent": 4.0}, True),
        ({"memoryPercent": 5.0}, {"memoryPercent": 10.0}, True),
        ({"diskPercent": 92.0}, {"diskPercent": 93.0}, True),
        ({"diskPercent": 92.0}, {"diskPercent": 92.9}, False),
        ({}, {"cpuPercent": 0.5}, True),
        ({}, {}, False),
    ],
)
def test_load_is_news_where_people_would_see_a_difference(
    before: dict[str, float], now: dict[str, float], is_news: bool
) -> None:
    assert machine.is_load_change(before, now) is is_news
