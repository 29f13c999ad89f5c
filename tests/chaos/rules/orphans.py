"""No process of a stage outlives it: neither its command by more than it is left, nor its room, nor
the word of its end.

What a stage left notes each tenth of a second that it lives. Where there are no rooms (`none`) a
shim that is stopped or dead may leave processes for a while; but nobody says that they have ended.
"""

from collections.abc import Iterator
from datetime import datetime
from math import inf
from typing import Any

from muster.worker.sandbox.init import ORPHAN_GRACE_SECONDS
from tests.chaos.history import History, Run
from tests.chaos.rules.overlap import TOLERANCE_SECONDS, is_thaw, stops
from tests.chaos.rules.violation import Violation

KILL_FIRST, KILL_MAKER = "kill room's first process", "kill room's maker"
SANDBOX_KILLERS = frozenset({KILL_FIRST, KILL_MAKER})
# Seconds by which a stage is gone. The kernel ends a room with what held it, before the shim, which
# would take LEFTOVERS; a power cut is dealt to one process after the other.
_GONE_IN = {
    **dict.fromkeys((*SANDBOX_KILLERS, "kill shim"), 0.5),
    "attempt lost its power": TOLERANCE_SECONDS,
}
_CLOCKS = 0.05  # seconds by which the times of events may be off


def check(history: History) -> Iterator[Violation]:
    with_rooms = tuple(f"{m.home}/" for m in history.machines.values() if m.sandbox != "none")
    for run in history.runs:
        yield from _outlived_its_end(history, run)
        if run.place.startswith(with_rooms):
            yield from _outlived_its_command(history, run)
            yield from _outlived_its_sandbox(history, run)
    for one in history.survivors:
        text = f"attempt {one.attempt}: {one.pid} ({one.command_line}) lived when all had ended"
        yield Violation("outlived everything", one.task_id, text)


def _outlived_its_command(history: History, run: Run) -> Iterator[Violation]:
    """What a command left has TERM and a second, by the clock of its room's first process."""
    limit = ORPHAN_GRACE_SECONDS + TOLERANCE_SECONDS
    late = [beat for beat in run.left if beat > run.led_until + limit]
    if late := [beat for beat in late if not is_thaw(history, run, beat, limit)]:
        text = f"{run}: a process that it left was alive {late[-1] - run.led_until:.1f} s after it"
        yield Violation("outlived its stage", run.task_id, text)


def _outlived_its_sandbox(history: History, run: Run) -> Iterator[Violation]:
    """Its shim, what made the room and the room's first process each take all others along."""
    whose = (run.task_id, run.attempt)
    for fault in history.disruptions:
        if fault.name not in _GONE_IN or (fault.task_id, fault.attempt) != whose:
            continue
        late = [beat for beat in run.beats if beat > fault.at + _GONE_IN[fault.name]]
        if late and run.began <= fault.at:
            text = f"{run} was alive {late[-1] - fault.at:.1f} s after: {fault.name}"
            yield Violation("outlived its room", run.task_id, text)


def _outlived_its_end(history: History, run: Run) -> Iterator[Violation]:
    """Of its end a machine tells when nothing of it lives any more, without any grace."""
    for event in _ends(history, run):
        over = _boot_seconds_of(history, event) + _CLOCKS
        late = [beat for beat in run.beats if beat > over and run.began < over]
        if late := [beat for beat in late if not _may_thaw(history, run, event["type"], beat)]:
            text = f"{run} was alive {late[-1] - over:.1f} s after event {event['id']}"
            yield Violation("outlived the word of its end", run.task_id, text)


def _boot_seconds_of(history: History, event: dict[str, Any]) -> float:
    """In boot-time seconds, and rather late than early; never, where the clocks were not noted."""
    wall = datetime.fromisoformat(event["createdAt"]).timestamp()
    return wall - min((clocks.wall - clocks.boot for clocks in history.clocks), default=-inf)


def _ends(history: History, run: Run) -> Iterator[dict[str, Any]]:
    """The events by which this run is over, or its attempt, by the machine's word or its lease."""
    seen = history.tasks.get(run.task_id)
    mine = [event for event in seen.events if event["attempt"] == run.attempt] if seen else []
    # What a silent machine is not known to have begun is given up before its lease is over.
    was_begun = any(event["type"] == "started" for event in mine)
    yield from stops(history, run.task_id, run.attempt, run.stage)
    for event in mine:
        is_lost = event["type"] == "machine_lost" and "uncounted" in event["data"] and was_begun
        is_mine = event["type"] == "stage_finished" and event["stageIndex"] == run.stage
        if is_lost or is_mine or event["type"] == "published":
            yield event


def _may_thaw(history: History, run: Run, type_: str, beat: float) -> bool:
    """A lease ends also for what is frozen."""
    return type_ == "machine_lost" and is_thaw(history, run, beat)
