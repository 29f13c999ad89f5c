"""A tunnel's states, and what becomes of one that nobody speaks of."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain import tunnel
from app.domain.errors import IllegalTransition
from app.domain.tunnel import TunnelEvent, TunnelState, TunnelStatus

S, E = TunnelState, TunnelEvent
NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
FROM_OPEN = {
    E.STOP: S.CLOSING,
    E.TRY: S.STARTING,
    E.CONNECT: S.CONNECTED,
    E.CLOSE: S.CLOSED,
    E.EXPIRE: S.EXPIRED,
    E.FAIL: S.FAILED,
}
FROM_CLOSING = {
    E.START: S.STARTING,
    E.CLOSE: S.CLOSED,
    E.EXPIRE: S.CLOSED,
    E.FAIL: S.CLOSED,
}
ALLOWED: dict[TunnelState, dict[TunnelEvent, TunnelState]] = {
    S.IDLE: {E.START: S.STARTING},
    S.STARTING: FROM_OPEN,
    S.CONNECTED: FROM_OPEN,
    S.CLOSING: FROM_CLOSING,
    S.CLOSED: {E.START: S.STARTING},
    S.EXPIRED: {E.START: S.STARTING},
    S.FAILED: {E.START: S.STARTING},
}


@pytest.mark.parametrize("event", TunnelEvent)
@pytest.mark.parametrize("state", TunnelState)
def test_each_event_leads_where_the_table_says_and_nowhere_else(
    state: TunnelState, event: TunnelEvent
):
    if event in ALLOWED[state]:
        assert tunnel.next_state(state, event) is ALLOWED[state][event]
    else:
        with pytest.raises(IllegalTransition):
            tunnel.next_state(state, event)


@pytest.mark.parametrize("state", TunnelState)
@pytest.mark.parametrize("ended", [False, True])
def test_a_tunnel_is_wanted_while_it_is_open_and_its_attempt_lives(state: TunnelState, ended: bool):
    is_open = state in (S.STARTING, S.CONNECTED)
    assert tunnel.is_wanted(state, attempt_ended=ended) is (is_open and not ended)
    expected = S.CLOSING if is_open and ended else state
    assert tunnel.visible_state(state, attempt_ended=ended) is expected


OVERDUE = [
    # name, state, taken, started, changed and attempt's end so many seconds ago, left, event
    ("just-started", S.STARTING, False, 60, 60, None, 600, None),
    ("not-taken-up", S.STARTING, False, 61, 61, None, 600, E.FAIL),
    ("taken-up", S.STARTING, True, 900, 900, None, 600, None),
    ("connected", S.CONNECTED, True, 9000, 9000, None, 600, None),
    ("time-just-over", S.CONNECTED, True, 9000, 9000, None, -30, None),
    ("time-over", S.CONNECTED, True, 9000, 9000, None, -31, E.EXPIRE),
    ("stopped-just-now", S.CLOSING, True, 9000, 60, None, 600, None),
    ("stopped-unconfirmed", S.CLOSING, True, 9000, 61, None, 600, E.CLOSE),
    ("attempt-just-ended", S.CONNECTED, True, 9000, 9000, 60, 600, None),
    ("attempt-ended", S.CONNECTED, True, 9000, 9000, 61, 600, E.CLOSE),
    ("attempt-ended-not-taken-up", S.STARTING, False, 90, 90, 10, 600, None),
    ("stopped-long-after-its-attempt", S.CLOSING, True, 9000, 10, 600, 600, None),
]


@pytest.mark.parametrize(
    ("state", "taken", "started", "changed", "ended", "left", "event"),
    [row[1:] for row in OVERDUE],
    ids=[row[0] for row in OVERDUE],
)
def test_what_a_machine_does_not_say_in_time_is_taken_as_said(
    state: TunnelState,
    taken: bool,
    started: int,
    changed: int,
    ended: int | None,
    left: int,
    event: TunnelEvent | None,
):
    seen = TunnelStatus(
        state=state,
        is_started=taken,
        started_at=NOW - timedelta(seconds=started),
        changed_at=NOW - timedelta(seconds=changed),
        expires_at=NOW + timedelta(seconds=left),
        attempt_ended_at=None if ended is None else NOW - timedelta(seconds=ended),
    )
    verdict = tunnel.find_overdue_event(seen, NOW)
    assert (verdict[0] if verdict else None) is event
    if verdict:
        tunnel.next_state(state, verdict[0])
