"""A tunnel into an attempt's workspace: its states, and the only arrows between them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.errors import IllegalTransition

DEFAULT_SECONDS = 4 * 3600
LONGEST_SECONDS = 24 * 3600
SHORTEST_SECONDS = 60
# How long a machine may take to carry out an order and to report so.
TAKE_UP = timedelta(seconds=60)
CONFIRM = timedelta(seconds=60)
SAY_EXPIRED = timedelta(seconds=30)


class TunnelState(StrEnum):
    IDLE = "idle"  # there is no tunnel; never stored
    STARTING = "starting"
    CONNECTED = "connected"
    CLOSING = "closing"  # it is to be closed, and its machine has not reported that it is
    CLOSED = "closed"
    EXPIRED = "expired"
    FAILED = "failed"


class TunnelEvent(StrEnum):
    """START and STOP come from people. The others are reported by the machine, or assumed by the
    server where the machine reports nothing (`overdue`).
    """

    START = "start"
    STOP = "stop"
    TRY = "try"  # the command runs, after a crash once more, and is not connected yet
    CONNECT = "connect"
    CLOSE = "close"
    EXPIRE = "expire"
    FAIL = "fail"


_S, _E = TunnelState, TunnelEvent
OPEN = frozenset({_S.STARTING, _S.CONNECTED})
OVER = frozenset({_S.IDLE, _S.CLOSED, _S.EXPIRED, _S.FAILED})

_OF_OPEN = {
    _E.STOP: _S.CLOSING,
    _E.TRY: _S.STARTING,
    _E.CONNECT: _S.CONNECTED,
    _E.CLOSE: _S.CLOSED,
    _E.EXPIRE: _S.EXPIRED,
    _E.FAIL: _S.FAILED,
}
# A tunnel that was stopped ends as closed, even if it has failed or expired meanwhile.
_OF_CLOSING = {
    _E.START: _S.STARTING,
    _E.CLOSE: _S.CLOSED,
    _E.EXPIRE: _S.CLOSED,
    _E.FAIL: _S.CLOSED,
}
_ARROWS: dict[TunnelState, dict[TunnelEvent, TunnelState]] = {
    _S.STARTING: _OF_OPEN,
    _S.CONNECTED: _OF_OPEN,
    _S.CLOSING: _OF_CLOSING,
    **{state: {_E.START: _S.STARTING} for state in OVER},
}


def after(state: TunnelState, event: TunnelEvent) -> TunnelState:
    """The state after the event. Raises IllegalTransition."""
    target = _ARROWS[state].get(event)
    if target is None:
        raise IllegalTransition(f"a tunnel that is {state} cannot {event}")
    return target


def shown(state: TunnelState, *, attempt_ended: bool) -> TunnelState:
    """The state that people see: an open tunnel of an attempt that has ended is closing already."""
    return _S.CLOSING if attempt_ended and state in OPEN else state


def is_wanted(state: TunnelState, *, attempt_ended: bool) -> bool:
    """Whether the machine should keep the tunnel open."""
    return shown(state, attempt_ended=attempt_ended) in OPEN


def may_change(state: TunnelState, *, lives_on: bool) -> bool:
    """Whether somebody may change the workspace by it, or has and that has not been told yet.

    `lives_on`: its machine has taken it up, is there, and has not said that it is over. Then what
    the server itself has assumed does not count: to save what was changed may take long.
    """
    return state in OPEN or state is _S.CLOSING or lives_on


@dataclass(frozen=True)
class TunnelSeen:
    """A tunnel that is not over. `taken`: its machine has reported about this tunnel."""

    state: TunnelState
    taken: bool
    started_at: datetime
    changed_at: datetime
    expires_at: datetime
    attempt_ended_at: datetime | None


def overdue(tunnel: TunnelSeen, now: datetime) -> tuple[TunnelEvent, str] | None:
    """The event to assume, and its reason, if the machine's report is overdue; else None."""
    ended_at = tunnel.attempt_ended_at
    if ended_at is not None or tunnel.state is _S.CLOSING:
        since = max(tunnel.changed_at, ended_at) if ended_at else tunnel.changed_at
        if now - since > CONFIRM:
            return _E.CLOSE, "its machine has not confirmed that it is closed"
        return None
    if now - tunnel.expires_at > SAY_EXPIRED:
        return _E.EXPIRE, "its time is over"
    if not tunnel.taken and now - tunnel.started_at > TAKE_UP:
        return _E.FAIL, "its machine has not taken it up: it is away, or its worker is too old"
    return None
