"""A machine's states, and what happens to its attempts at its hello."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.errors import Conflict, MachineDecommissioned


class MachineStatus(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"
    DRAINING = "draining"
    DRAINED = "drained"
    DECOMMISSIONED = "decommissioned"


IN_DRAIN = frozenset({MachineStatus.DRAINING, MachineStatus.DRAINED})


class MachineEvent(StrEnum):
    CONNECT = "connect"
    TIME_OUT = "time_out"
    DRAIN = "drain"
    FINISH_DRAIN = "finish_drain"  # the draining machine has reported that nothing is left
    UNDRAIN = "undrain"
    DECOMMISSION = "decommission"


_S, _E = MachineStatus, MachineEvent
# An event that changes nothing (a second drain) is legal: machines and people repeat themselves.
_TRANSITIONS: dict[tuple[MachineStatus, MachineEvent], MachineStatus] = {
    (_S.OFFLINE, _E.CONNECT): _S.ONLINE,
    (_S.ONLINE, _E.CONNECT): _S.ONLINE,
    (_S.DRAINING, _E.CONNECT): _S.DRAINING,
    (_S.DRAINED, _E.CONNECT): _S.DRAINED,
    (_S.ONLINE, _E.TIME_OUT): _S.OFFLINE,
    (_S.OFFLINE, _E.TIME_OUT): _S.OFFLINE,
    (_S.DRAINING, _E.TIME_OUT): _S.DRAINING,  # the intent survives a disconnect
    (_S.DRAINED, _E.TIME_OUT): _S.DRAINED,
    (_S.ONLINE, _E.DRAIN): _S.DRAINING,
    (_S.OFFLINE, _E.DRAIN): _S.DRAINING,
    (_S.DRAINING, _E.DRAIN): _S.DRAINING,
    (_S.DRAINED, _E.DRAIN): _S.DRAINED,
    (_S.DRAINING, _E.FINISH_DRAIN): _S.DRAINED,
    (_S.DRAINED, _E.FINISH_DRAIN): _S.DRAINED,
    (_S.DRAINING, _E.UNDRAIN): _S.ONLINE,
    (_S.DRAINED, _E.UNDRAIN): _S.ONLINE,
    (_S.ONLINE, _E.UNDRAIN): _S.ONLINE,
    (_S.OFFLINE, _E.UNDRAIN): _S.OFFLINE,
}


def next_status(status: MachineStatus, event: MachineEvent, connected: bool) -> MachineStatus:
    """Return the status after the event. Raises MachineDecommissioned or Conflict.

    An undrained machine becomes online or offline, depending on whether it's `connected`.
    """
    if status is MachineStatus.DECOMMISSIONED:
        raise MachineDecommissioned
    if event is MachineEvent.DECOMMISSION:
        return MachineStatus.DECOMMISSIONED
    target = _TRANSITIONS.get((status, event))
    if target is None:
        raise Conflict(f"A machine that is {status} cannot {event.replace('_', ' ')}.")
    if event is MachineEvent.UNDRAIN and not connected:
        return MachineStatus.OFFLINE
    return target


def is_connected_after(event: MachineEvent, connected: bool) -> bool:
    """Whether the machine counts as connected after the event."""
    match event:
        case MachineEvent.CONNECT:
            return True
        case MachineEvent.TIME_OUT | MachineEvent.DECOMMISSION:
            return False
    return connected


def is_silent(last_seen: datetime | None, now: datetime, limit: timedelta) -> bool:
    """Whether the machine's last heartbeat, at `last_seen`, is older than `limit`."""
    return last_seen is None or now - last_seen > limit


def is_disk_change(status: MachineStatus, percent: float, limit: float, *, accepted: bool) -> bool:
    """Whether a disk that is `percent` full changes something.

    A disk above `limit` drains the machine, unless someone `accepted` that when they undrained it.
    A disk below the limit ends the acceptance.
    """
    if percent <= limit:
        return accepted
    return status is MachineStatus.ONLINE and not accepted


LOAD_THRESHOLDS = {"cpuPercent": 5.0, "memoryPercent": 5.0, "diskPercent": 1.0}


def is_load_change(sent: Mapping[str, float | None], now: Mapping[str, float | None]) -> bool:
    """Whether the machine's load, in percent, has changed enough to update viewers."""
    for name, points in LOAD_THRESHOLDS.items():
        before, after = sent.get(name), now.get(name)
        if (before is None) != (after is None) or abs((after or 0) - (before or 0)) >= points:
            return True
    return False


class HelloState(StrEnum):
    """What a machine's hello reports about an attempt."""

    NOTHING = "nothing"
    AT_WORK = "at_work"  # a stage or the push is running
    RESULT = "result"  # the stage or the push has ended by itself
    IDLE = "idle"  # only the workspace is left: the attempt was stopped, failed, or lost its lease


class AttemptDecision(StrEnum):
    """What happens to an attempt at its machine's hello (the table in machine-protocol.md)."""

    CONTINUE = "continue"
    RESTORE = "restore"  # the task failed because this result was missing
    STOP = "stop"  # the attempt has ended but its process still runs: it keeps its slot until then
    FREE_SLOT = "free_slot"  # the attempt has ended, and none of its processes run
    LOST = "lost"  # the machine had accepted the attempt, and no longer knows it
    GONE_AT_GATE = "gone_at_gate"  # likewise, but only a workspace is lost: the gate stays open


def decide_attempt(
    word: HelloState, *, ended: bool, accepted: bool, at_gate: bool, restorable: bool
) -> AttemptDecision:
    """Decide about one attempt, by the reconciliation table.

    ended: the server has ended the attempt. accepted: the machine has confirmed that it has the
    attempt. at_gate: the attempt waits for a person, so it has no process. restorable: the task
    failed because this attempt, its latest, was lost.
    """
    if ended:
        if word is HelloState.RESULT and restorable:
            return AttemptDecision.RESTORE
        return AttemptDecision.STOP if word is HelloState.AT_WORK else AttemptDecision.FREE_SLOT
    if word is not HelloState.NOTHING:
        return AttemptDecision.CONTINUE
    if not accepted:
        return AttemptDecision.CONTINUE  # its first order may have been lost, and is sent again
    return AttemptDecision.GONE_AT_GATE if at_gate else AttemptDecision.LOST


def could_reach_server(
    heard_at: datetime,
    until: datetime,
    served: Iterable[tuple[datetime, datetime]],
    patience: timedelta,
) -> bool:
    """Whether a machine last seen at `heard_at` could have reached a server before `until`.

    `served` has the time spans in which each server process ran. Spans shorter than `patience`
    don't count: that server may have been stopping or starting.
    """
    return any(min(end, until) - max(begin, heard_at) >= patience for begin, end in served)
