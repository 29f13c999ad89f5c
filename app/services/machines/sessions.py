"""A machine's connection in the rows: its hello, the effects on its tasks, its end."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import and_, or_, select, text, tuple_, update

from app import wakeups
from app.domain.attempt import AttemptPhase
from app.domain.errors import InvalidToken, MachineDecommissioned
from app.domain.machine import (
    AttemptDecision,
    HelloState,
    MachineEvent,
    MachineStatus,
    decide_attempt,
)
from app.domain.sanitize import make_printable
from app.domain.timestamps import normalize_rfc3339
from app.extensions import db
from app.models import Attempt, Machine
from app.services import locks
from app.services.accounts import tokens
from app.services.locks import LockedTask
from app.services.machines import (
    after_restore,
    enrollment,
    liveness,
    misbehavior,
    server_processes,
    transitions,
    upgrades,
)
from app.services.tasks import attempts, stages
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey

# A machine's own lease ends before the server's record of it, by at most this much.
_EARLIER = timedelta(seconds=5)
_MAX_MISSING, _MAX_MISSING_LENGTH = 20, 500  # of a machine's list of missing sandbox features


@dataclass(frozen=True)
class MachineSession:
    """A connection's right to report for a machine, and how far its reports and logs have been
    stored.

    `wakeups`: those that its hello causes, for `send_wakeups`.
    """

    machine_id: uuid.UUID
    name: str
    generation: int
    acked_seq: int
    logs: dict[AttemptKey, int]
    wakeups: Sequence[wakeups.Wakeup]


def handle_hello(frame: frames.Hello, now: datetime) -> MachineSession:
    """Admit a machine, in place of any older connection, and reconcile its attempts. Returns the
    connection's session. Commits.

    `send_wakeups` wakes others after the machine has been welcomed: it waits for the response, and
    when many machines return, sending wakeups first would delay them. Raises InvalidToken, and
    MachineDecommissioned for a machine that doesn't know of its end.
    """
    claims = tokens.read_worker_jwt(frame.worker_jwt)
    machine = locks.lock_machine(claims.machine_id)
    if machine is None or str(machine.id) != frame.machine_id:
        db.session.rollback()
        raise InvalidToken
    if machine.status is MachineStatus.DECOMMISSIONED:
        # Its token is good for nothing else, but it must stop what it may still be running.
        db.session.rollback()
        raise MachineDecommissioned
    if machine.jwt_version != claims.version:
        db.session.rollback()
        raise InvalidToken
    if machine.is_expected:
        after_restore.readmit_machine(machine, frame, now)
        db.session.commit()  # tasks are locked once per transaction
        locks.lock_machine(machine.id)
    enrollment.confirm_credentials(machine)
    machine.generation += 1
    if machine.connected_at is None:
        machine.slots_total = misbehavior.cap_slots(machine, frame.slots)  # later for admins
    transitions.apply_event(machine, MachineEvent.CONNECT, now)
    upgrades.handle_hello(machine, frame.version, frame.upgrade)
    machine.capabilities = capability_rows(frame.capabilities)
    machine.repositories = frame.repositories
    machine.sandbox = sandbox_row(frame.sandbox)
    machine.labels = frame.labels
    machine.fetches_images = frame.fetches_images
    machine.takes_messages = frame.takes_messages
    machine.opens_shells = frame.opens_shells
    machine.repeats_stages = frame.repeats_stages
    if machine.journal_id != frame.journal_id:
        machine.journal_id, machine.journal_seq = frame.journal_id, 0
    _store_hello(machine, now)
    offsets = _reconcile(machine, frame.attempts, now)
    wakeups.publish_replaced(machine.id, machine.generation)
    wakeups.publish_machine_status(machine.id)
    wakeups.wake_dispatch()
    wishes = wakeups.pop_wakeups()
    db.session.commit()
    return MachineSession(
        machine_id=machine.id,
        name=machine.name,
        generation=machine.generation,
        acked_seq=machine.journal_seq,
        logs=offsets,
        wakeups=wishes,
    )


def send_wakeups(session: MachineSession) -> None:
    """After a hello, wake the machine's older connections and the dispatcher, and update its tasks'
    viewers.

    Commits nothing: wakeups of the hello's transaction are sent immediately.
    """
    wakeups.send_wakeups(session.wakeups)


def capability_rows(capabilities: Sequence[frames.Capability]) -> list[dict[str, Any]]:
    """Return capabilities in the stored form, which the API shows."""
    return [
        {
            "agentType": c.agent_type,
            "version": c.version,
            "healthy": c.healthy,
            "degradedUntil": _normalize_timestamp(c.degraded_until),
            "reason": None if c.reason is None else make_printable(c.reason),
            "takesMessages": c.takes_messages,
        }
        for c in capabilities
    ]


def sandbox_row(room: frames.SandboxFacts | None) -> dict[str, Any] | None:
    """Return a machine's sandbox in the stored form, which the API shows."""
    if room is None:
        return None
    missing = [
        make_printable(text[:_MAX_MISSING_LENGTH])[:_MAX_MISSING_LENGTH]
        for text in room.missing[:_MAX_MISSING]
    ]
    return {"level": room.level, "missing": missing}


def _normalize_timestamp(timestamp: str | None) -> str | None:
    """Return a timestamp in the API's form. Invalid text means "until the machine reports
    otherwise".
    """
    return normalize_rfc3339(timestamp) if timestamp else None


# A longer lease that was promised to the machine stays: its shims use it in any case. Returns the
# previous heartbeat: a statement reads the state before it.
_STORE_HELLO = text("""
    INSERT INTO machine_heartbeats AS h (machine_id, received_at, lease_until)
    VALUES (:machine_id, :now, :lease_until)
    ON CONFLICT (machine_id) DO UPDATE
    SET received_at = excluded.received_at,
        lease_until = greatest(h.lease_until, excluded.lease_until)
    RETURNING (SELECT b.received_at FROM machine_heartbeats b WHERE b.machine_id = h.machine_id),
              (SELECT b.lease_until FROM machine_heartbeats b WHERE b.machine_id = h.machine_id)
""")


def _store_hello(machine: Machine, now: datetime) -> None:
    """Store the hello as a heartbeat.

    If the machine's lease expired because no server could be reached, its live attempts are
    uncounted: losing them doesn't count.
    """
    lease_until = now + timedelta(seconds=current_app.config["LEASE_SECONDS"])
    heartbeat = {"machine_id": machine.id, "now": now, "lease_until": lease_until}
    heard_at, leased_until = db.session.execute(_STORE_HELLO, heartbeat).one()
    if heard_at is None or now < leased_until - _EARLIER:
        return
    if server_processes.was_server_reachable(heard_at, leased_until):
        return
    for attempt in locks.live_attempts_on(machine.id):
        attempt.uncounted = True


def _reconcile(
    machine: Machine, hello_attempts: Sequence[frames.TrackedAttempt], now: datetime
) -> dict[AttemptKey, int]:
    """Compare the attempts that the machine names with the rows. Returns the log length of each
    named one.
    """
    named = {AttemptKey.from_object(h): h for h in hello_attempts}
    mine = Attempt.task_id.in_([task_id for task_id, _ in named])
    query = select(Attempt).where(
        Attempt.machine_id == machine.id,
        or_(Attempt.ended_at.is_(None), Attempt.has_slot, mine),
    )
    found = list(db.session.scalars(query.execution_options(populate_existing=True)))
    may_move = [a for a in found if a.ended_at is None or attempts.is_lost(a)]
    tasks = {each.attempt: each for each in locks.lock_attempts(machine, may_move, now)}
    for attempt in sorted(found, key=lambda a: a.task_id):
        tracked = named.get(AttemptKey(attempt.task_id, attempt.number))
        _reconcile_attempt(machine, attempt, tasks.get(attempt), tracked)
    return {key: a.log_bytes for a in found if (key := AttemptKey(a.task_id, a.number)) in named}


def _reconcile_attempt(
    machine: Machine,
    attempt: Attempt,
    locked: LockedTask | None,
    tracked: frames.TrackedAttempt | None,
) -> None:
    """Act on what the machine has of the attempt, whose task is locked if it may change."""
    decided = decide_attempt(
        _hello_state(tracked),
        ended=attempt.ended_at is not None,
        accepted=attempt.accepted_at is not None,
        at_gate=attempt.phase is AttemptPhase.GATE,
        restorable=locked is not None and attempts.is_restorable(locked),
    )
    match decided:
        case AttemptDecision.STOP:
            attempts.occupy_slot(machine, attempt)  # until it has been ordered to stop, and has
        case AttemptDecision.FREE_SLOT:
            attempts.free_slot(machine, attempt)
        case AttemptDecision.LOST | AttemptDecision.GONE_AT_GATE if locked:
            why = f"{machine.name} no longer has the attempt"
            attempts.mark_lost(locked, why, gone=True)
        case AttemptDecision.RESTORE if locked:
            stages.restore(locked)
        case AttemptDecision.CONTINUE if locked:
            liveness.recover_task(locked)


def _hello_state(tracked: frames.TrackedAttempt | None) -> HelloState:
    if tracked is None:
        return HelloState.NOTHING
    if tracked.state in ("working", "publishing"):
        return HelloState.AT_WORK
    ended_by_itself = tracked.ended_by in ("exit", "signal", "timeout")
    is_result = tracked.state == "published" or (tracked.state == "waiting" and ended_by_itself)
    return HelloState.RESULT if is_result else HelloState.IDLE


def end_session(machine_id: uuid.UUID, generation: int) -> None:
    """Record the connection's end. Commits.

    The status doesn't change (`transitions`): only its silence shows whether the machine is gone.
    """
    mine = and_(Machine.id == machine_id, Machine.generation == generation)
    db.session.execute(update(Machine).where(mine).values(connected=False))
    wakeups.publish_machine_status(machine_id)
    db.session.commit()


def changed_facts(frame: frames.Heartbeat) -> dict[str, Any]:
    """Return the changes in a heartbeat, for `store_facts`."""
    changed: dict[str, Any] = {}
    if frame.capabilities is not None:
        changed["capabilities"] = capability_rows(frame.capabilities)
    if frame.repositories is not None:
        changed["repositories"] = frame.repositories
    if frame.sandbox is not None:
        changed["sandbox"] = sandbox_row(frame.sandbox)
    if frame.upgrade is not None:
        changed["upgrade"] = upgrades.to_row(frame.upgrade)
    return changed


def store_facts(machine_id: uuid.UUID, generation: int, **facts: Any) -> None:
    """Store the changes in a heartbeat (capabilities, repositories, sandbox, upgrade), and wake
    the dispatcher. Commits.
    """
    if "upgrade" in facts:
        machine = locks.lock_machine(machine_id)
        if machine is not None and machine.generation == generation:
            upgrades.record_state(machine, facts["upgrade"])
    mine = and_(Machine.id == machine_id, Machine.generation == generation)
    db.session.execute(update(Machine).where(mine).values(**facts))
    wakeups.wake_dispatch()
    db.session.commit()


def live_attempts(session: MachineSession, keys: Collection[AttemptKey]) -> set[AttemptKey]:
    """Return those of the attempts that are the machine's and live, unless the session was
    replaced.
    """
    query = (
        select(Attempt.task_id, Attempt.number)
        .join(Machine, Machine.id == Attempt.machine_id)
        .where(
            Machine.id == session.machine_id,
            Machine.generation == session.generation,
            tuple_(Attempt.task_id, Attempt.number).in_(keys),
            Attempt.ended_at.is_(None),
        )
    )
    return {AttemptKey(row.task_id, row.number) for row in db.session.execute(query)}
