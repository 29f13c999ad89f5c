"""A tunnel into an attempt's workspace: its states, and all transitions between them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.errors import IllegalTransition

DEFAULT_SECONDS = 4 * 3600
MAX_SECONDS = 24 * 3600
MIN_SECONDS = 60
# How long a machine may take to carry out an order and report it.
START_TIMEOUT = timedelta(seconds=60)
CLOSE_TIMEOUT = timedelta(seconds=60)
EXPIRY_REPORT_TIMEOUT = timedelta(seconds=30)


class TunnelState(StrEnum):
    IDLE = "idle"  # there is no tunnel; never stored
    STARTING = "starting"
    CONNECTED = "connected"
    CLOSING = "closing"  # to be closed; its machine hasn't confirmed it yet
    CLOSED = "closed"
    EXPIRED = "expired"
    FAILED = "failed"


class TunnelEvent(StrEnum):
    """START and STOP come from people.

    The machine reports the others, or the server assumes them after a timeout
    (`find_overdue_event`).
    """

    START = "start"
    STOP = "stop"
    TRY = "try"  # the command runs, maybe restarted after a crash, and isn't connected yet
    CONNECT = "connect"
    CLOSE = "close"
    EXPIRE = "expire"
    FAIL = "fail"


_S, _E = TunnelState, TunnelEvent
OPEN_STATES = frozenset({_S.STARTING, _S.CONNECTED})
FINISHED_STATES = frozenset({_S.IDLE, _S.CLOSED, _S.EXPIRED, _S.FAILED})

_FROM_OPEN = {
    _E.STOP: _S.CLOSING,
    _E.TRY: _S.STARTING,
    _E.CONNECT: _S.CONNECTED,
    _E.CLOSE: _S.CLOSED,
    _E.EXPIRE: _S.EXPIRED,
    _E.FAIL: _S.FAILED,
}
# A stopped tunnel ends as closed, even if it failed or expired meanwhile.
_FROM_CLOSING = {
    _E.START: _S.STARTING,
    _E.CLOSE: _S.CLOSED,
    _E.EXPIRE: _S.CLOSED,
    _E.FAIL: _S.CLOSED,
}
_TRANSITIONS: dict[TunnelState, dict[TunnelEvent, TunnelState]] = {
    _S.STARTING: _FROM_OPEN,
    _S.CONNECTED: _FROM_OPEN,
    _S.CLOSING: _FROM_CLOSING,
    **{state: {_E.START: _S.STARTING} for state in FINISHED_STATES},
}


def next_state(state: TunnelState, event: TunnelEvent) -> TunnelState:
    """The state after the event. Raises IllegalTransition."""
    target = _TRANSITIONS[state].get(event)
    if target is None:
        raise IllegalTransition(f"A tunnel that is {state} cannot {event}.")
    return target


def visible_state(state: TunnelState, *, attempt_ended: bool) -> TunnelState:
    """Return the displayed state: an open tunnel of an ended attempt is already closing."""
    return _S.CLOSING if attempt_ended and state in OPEN_STATES else state


def is_wanted(state: TunnelState, *, attempt_ended: bool) -> bool:
    """Whether the machine should keep the tunnel open."""
    return visible_state(state, attempt_ended=attempt_ended) in OPEN_STATES


def can_change_workspace(state: TunnelState, *, lives_on: bool) -> bool:
    """Whether the workspace can still change through the tunnel, or has unreported changes.

    `lives_on`: its machine has started it, is connected, and hasn't reported its end. The server's
    own assumptions don't count then: saving the changes may take long.
    """
    return state in OPEN_STATES or state is _S.CLOSING or lives_on


@dataclass(frozen=True)
class TunnelStatus:
    """An unfinished tunnel. `is_started`: its machine has reported about this tunnel."""

    state: TunnelState
    is_started: bool
    started_at: datetime
    changed_at: datetime
    expires_at: datetime
    attempt_ended_at: datetime | None


def find_overdue_event(tunnel: TunnelStatus, now: datetime) -> tuple[TunnelEvent, str] | None:
    """Return the event to assume and its reason, if the machine's report is overdue; else None."""
    ended_at = tunnel.attempt_ended_at
    if ended_at is not None or tunnel.state is _S.CLOSING:
        since = max(tunnel.changed_at, ended_at) if ended_at else tunnel.changed_at
        if now - since > CLOSE_TIMEOUT:
            return _E.CLOSE, "its machine hasn't confirmed the close"
        return None
    if now - tunnel.expires_at > EXPIRY_REPORT_TIMEOUT:
        return _E.EXPIRE, "its time is up"
    if not tunnel.is_started and now - tunnel.started_at > START_TIMEOUT:
        return _E.FAIL, "its machine hasn't started it: it's offline, or its worker is too old"
    return None
