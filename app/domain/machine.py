"""A machine's states, and what becomes of the attempts that it does or does not name."""

from collections.abc import Iterable
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
    FALL_SILENT = "fall_silent"
    DRAIN = "drain"
    RUN_DRY = "run_dry"  # the machine's own word that nothing is left
    UNDRAIN = "undrain"
    DECOMMISSION = "decommission"


_S, _E = MachineStatus, MachineEvent
# An act that changes nothing (a second drain) is legal: machines and people repeat themselves.
_ARROWS: dict[tuple[MachineStatus, MachineEvent], MachineStatus] = {
    (_S.OFFLINE, _E.CONNECT): _S.ONLINE,
    (_S.ONLINE, _E.CONNECT): _S.ONLINE,
    (_S.DRAINING, _E.CONNECT): _S.DRAINING,
    (_S.DRAINED, _E.CONNECT): _S.DRAINED,
    (_S.ONLINE, _E.FALL_SILENT): _S.OFFLINE,
    (_S.OFFLINE, _E.FALL_SILENT): _S.OFFLINE,
    (_S.DRAINING, _E.FALL_SILENT): _S.DRAINING,  # the intent outlives a disconnect
    (_S.DRAINED, _E.FALL_SILENT): _S.DRAINED,
    (_S.ONLINE, _E.DRAIN): _S.DRAINING,
    (_S.OFFLINE, _E.DRAIN): _S.DRAINING,
    (_S.DRAINING, _E.DRAIN): _S.DRAINING,
    (_S.DRAINED, _E.DRAIN): _S.DRAINED,
    (_S.DRAINING, _E.RUN_DRY): _S.DRAINED,
    (_S.DRAINED, _E.RUN_DRY): _S.DRAINED,
    (_S.DRAINING, _E.UNDRAIN): _S.ONLINE,
    (_S.DRAINED, _E.UNDRAIN): _S.ONLINE,
    (_S.ONLINE, _E.UNDRAIN): _S.ONLINE,
    (_S.OFFLINE, _E.UNDRAIN): _S.OFFLINE,
}


def after(status: MachineStatus, event: MachineEvent, connected: bool) -> MachineStatus:
    """Where the event leads. Raises MachineDecommissioned or Conflict.

    `connected` decides where an undrained machine arrives.
    """
    if status is MachineStatus.DECOMMISSIONED:
        raise MachineDecommissioned
    if event is MachineEvent.DECOMMISSION:
        return MachineStatus.DECOMMISSIONED
    target = _ARROWS.get((status, event))
    if target is None:
        raise Conflict(f"a machine that is {status} cannot {event.replace('_', ' ')}")
    if event is MachineEvent.UNDRAIN and not connected:
        return MachineStatus.OFFLINE
    return target


def is_silent(last_seen: datetime | None, now: datetime, limit: timedelta) -> bool:
    """Whether the machine has not been heard of for longer than `limit`."""
    return last_seen is None or now - last_seen > limit


def disk_is_news(status: MachineStatus, percent: float, limit: float, *, accepted: bool) -> bool:
    """Whether so full a disk is a reason to act: to drain, or to forget that somebody `accepted` a
    disk fuller than the limit when they took the machine back into service.
    """
    if percent <= limit:
        return accepted
    return status is MachineStatus.ONLINE and not accepted


class Word(StrEnum):
    """What a machine's hello says of an attempt."""

    NOTHING = "nothing"
    AT_WORK = "at_work"  # a stage, or the push, is being carried out
    RESULT = "result"  # what was ordered has come to an end of its own
    IDLE = "idle"  # only the workspace is kept: it was stopped, has failed, or outlived its lease


class Fate(StrEnum):
    """What becomes of an attempt when its machine says hello (machine-protocol.md's table)."""

    GO_ON = "go_on"
    RESTORE = "restore"  # the task failed for want of this result
    STOP = "stop"  # it has ended, but something of it runs: until it is gone it has a slot
    FREE_SLOT = "free_slot"  # it has ended, and nothing of it runs any more
    LOST = "lost"  # it was on its way, and is gone
    GONE_AT_GATE = "gone_at_gate"  # only a workspace was lost; the question stays open


def fate(word: Word, *, ended: bool, accepted: bool, at_gate: bool, restorable: bool) -> Fate:
    """The row of the reconciliation table.

    ended: the server has ended it. accepted: the machine once said that it has it. at_gate: it
    waits for a person, so that no process of it lives. restorable: its task failed because this
    attempt, the latest, was lost.
    """
    if ended:
        if word is Word.RESULT and restorable:
            return Fate.RESTORE
        return Fate.STOP if word is Word.AT_WORK else Fate.FREE_SLOT
    if word is not Word.NOTHING:
        return Fate.GO_ON
    if not accepted:
        return Fate.GO_ON  # its first order may still be on the way: it is simply sent again
    return Fate.GONE_AT_GATE if at_gate else Fate.LOST


def had_a_chance(
    heard_at: datetime,
    until: datetime,
    served: Iterable[tuple[datetime, datetime]],
    patience: timedelta,
) -> bool:
    """Whether a machine last heard at `heard_at` could have reached a server before `until`.

    `served`: from when to when each server process was there. A stretch shorter than `patience` is
    no chance: the last server may just have gone, or the first have come.
    """
    return any(min(end, until) - max(begin, heard_at) >= patience for begin, end in served)
