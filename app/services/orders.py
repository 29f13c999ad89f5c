"""What a machine should be doing, computed from rows. `app.machines.difference` compares."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import joinedload

from app import bus
from app.domain import pipeline
from app.domain.attempt import AttemptOutcome, AttemptPhase, branch_of
from app.domain.machine import IN_DRAIN, MachineStatus
from app.domain.task import ENDED, FailureCode
from app.extensions import db
from app.models import Attempt, Machine, Task, Terminal
from app.services import attempts, gates, locks, outbox, tunnel_orders, vault
from app.services.clock import now as clock_now
from app.services.tunnel_orders import WantedTunnel
from protocol import codec, frames

Key = tuple[int, int]  # task id, attempt


class Want(StrEnum):
    RUN = "run"
    PUBLISH = "publish"
    HOLD = "hold"  # keep the workspace, run nothing
    STOP = "stop"
    FORGET = "forget"
    TERMINAL = "terminal"  # dial its terminal channel


@dataclass(frozen=True)
class Wanted:
    """What a machine should be doing about one attempt."""

    task_id: int
    attempt: int
    want: Want
    stage_index: int = 0
    reason: str = ""
    keep_checkpoints: bool = False
    asked: int = 0  # how often its terminal has been asked for


@dataclass(frozen=True)
class Orders:
    """All that one machine should be doing, as of `version`. Attempts not listed stay as they are.

    `generation` is that of the connection which may speak for the machine.
    """

    version: int
    generation: int
    status: MachineStatus
    attempts: list[Wanted]
    tunnels: list[WantedTunnel] = field(default_factory=list)
    # The session forgets rows that nobody holds, and orders are made of these: without them each
    # order would ask for its own once more.
    rows: list[Attempt] = field(default_factory=list, repr=False)


def of_machine(machine_id: uuid.UUID, now: datetime, named: Collection[Key] = ()) -> Orders:
    """One query, whatever the number of attempts, and one more where `named` holds some that are
    not at work: attempts which the machine has, and which may be strangers here. A machine that is
    drained costs one more.
    """
    rows = db.session.execute(_AT_WORK, {"machine": machine_id, "now": now}).all()
    first = rows[0]
    at_work = [row.Attempt for row in rows if row.Attempt is not None]
    wanted = [_wanted(attempt) for attempt in at_work]
    wanted += [
        Wanted(row.Attempt.task_id, row.Attempt.number, Want.TERMINAL, asked=row.asked)
        for row in rows
        if row.asked is not None
    ]
    if first.status in IN_DRAIN:
        listed = {(w.task_id, w.attempt) for w in wanted if w.want is not Want.HOLD}
        wanted += [over for over in _over(machine_id) if (over.task_id, over.attempt) not in listed]
    others = set(named) - {(w.task_id, w.attempt) for w in wanted}
    strangers = sorted(_strangers(machine_id, others))
    wanted += [Wanted(*key, Want.FORGET, keep_checkpoints=True) for key in strangers]
    tunnels = tunnel_orders.read(first.tunnels, now)
    return Orders(first.orders_version, first.generation, first.status, wanted, tunnels, at_work)


# With all that an order is made of: a second query would be a second round trip.
_WHOLE = joinedload(Attempt.task).options(
    joinedload(Task.project, innerjoin=True), joinedload(Task.creator, innerjoin=True)
)

# Attempts that live, that may still run, or whose workspace may go; the rest is history.
_AT_WORK = (
    select(
        Machine.orders_version,
        Machine.generation,
        Machine.status,
        Attempt,
        Terminal.asked,
        tunnel_orders.RUNNING,
    )
    .select_from(Machine)
    .outerjoin(
        Attempt,
        (Attempt.machine_id == Machine.id)
        & Attempt.forgotten_at.is_(None)
        & (
            Attempt.forget_at.is_(None)
            # Later attempts of a live task may begin from this one's checkpoints.
            | ((Attempt.forget_at < bindparam("now")) & Attempt.task.has(Task.status.in_(ENDED)))
            | Attempt.holds_slot
        ),
    )
    .outerjoin(
        Terminal,
        (Terminal.task_id == Attempt.task_id)
        & (Terminal.attempt == Attempt.number)
        & (Terminal.wanted_until > bindparam("now"))
        & Attempt.ended_at.is_(None)
        & (Attempt.phase == AttemptPhase.RUN),
    )
    .where(Machine.id == bindparam("machine"))
    .order_by(Attempt.task_id)
    .options(_WHOLE)
    .execution_options(populate_existing=True, prepared="orders_at_work", alone=True)
)


def _over(machine_id: uuid.UUID) -> list[Wanted]:
    """To be stopped although nothing of them runs.

    A machine does not know by itself that what it keeps for a gate will not go on there, and would
    never be drained. Their workspaces and checkpoints stay.
    """
    query = select(Attempt.task_id, Attempt.number, Attempt.outcome).where(
        Attempt.machine_id == machine_id,
        Attempt.forgotten_at.is_(None),
        Attempt.outcome != AttemptOutcome.PUBLISHED,  # not ended: null, which is not unequal either
    )
    rows = db.session.execute(query.order_by(Attempt.task_id))
    return [Wanted(row.task_id, row.number, Want.STOP, reason=row.outcome) for row in rows]


def _strangers(machine_id: uuid.UUID, named: Collection[Key]) -> set[Key]:
    """Which of these are none of the machine's attempts, or should be forgotten by now."""
    if not named:
        return set()
    query = select(Attempt.task_id, Attempt.number).where(
        tuple_(Attempt.task_id, Attempt.number).in_(named),
        Attempt.machine_id == machine_id,
        Attempt.forgotten_at.is_(None),
    )
    return set(named) - {(row.task_id, row.number) for row in db.session.execute(query)}


def _wanted(attempt: Attempt) -> Wanted:
    key = (attempt.task_id, attempt.number)
    if attempt.ended_at is not None:
        if attempt.holds_slot:
            return Wanted(*key, Want.STOP, reason=attempt.outcome or "")
        # Until they are given up somebody may still retry from them.
        kept = attempts.has_checkpoints(attempt.task, attempt.number)
        return Wanted(*key, Want.HOLD if kept else Want.FORGET)
    if attempt.phase is AttemptPhase.PUBLISH:
        return Wanted(*key, Want.PUBLISH)
    if attempt.phase is AttemptPhase.RUN and attempt.holds_slot and attempt.pending_end is None:
        return Wanted(*key, Want.RUN, attempt.stage_index)
    return Wanted(*key, Want.HOLD)


def work_or_fail(wanted: Wanted) -> frames.RunStage | frames.Publish | None:
    """The order to run a stage, or to publish; None where it cannot be made, and then its task has
    failed: no other waits.
    """
    try:
        order = run_stage(wanted) if wanted.want is Want.RUN else publish(wanted)
        if len(codec.encode(order).encode()) <= codec.MAX_TEXT:
            return order
        why = "the stage's order, with its text and environment, is larger than a machine takes"
        _fail(wanted, FailureCode.ORDER_TOO_LARGE, why)
        return None
    except vault.KeyMissing:
        why = "the project's secrets cannot be read: the key they were written with is gone"
        _fail(wanted, FailureCode.KEY_MISSING, why)
        return None


def publish(wanted: Wanted) -> frames.Publish:
    """The order, with the token in clear where the attempt begins with it.

    Raises vault.KeyMissing.
    """
    attempt = db.session.get_one(Attempt, (wanted.task_id, wanted.attempt), options=[_WHOLE])
    order = frames.Publish(task_id=wanted.task_id, attempt=wanted.attempt)
    if attempt.started_at is None:
        order.repo, order.author = _repo(attempt), _author(attempt.task)
    return order


def _repo(attempt: Attempt) -> frames.Repo:
    project = attempt.task.project
    return frames.Repo(
        url=project.repo_url,
        base=project.default_branch,
        branch=branch_of(attempt.task_id, attempt.number),
        resume_from=attempt.resume_from,
        token=vault.decrypt(project.git_token) if project.git_token else None,
    )


def _author(task: Task) -> frames.Author:
    return frames.Author(name=task.creator.git_name, email=task.creator.git_email)


def _fail(wanted: Wanted, code: FailureCode, why: str) -> None:
    held = locks.task_with_machine(wanted.task_id)
    if held.live and held.live.number == wanted.attempt:
        # Between two stages nothing of it runs.
        attempts.fail(held.machine, held.task, held.live, code, why, clock_now(), gone=True)
    db.session.commit()
    bus.wake_dispatch()
    outbox.wake()


def run_stage(wanted: Wanted) -> frames.RunStage:
    """The whole order, with secrets in clear: it goes to the machine and nowhere else.

    Raises vault.KeyMissing.
    """
    attempt = db.session.get_one(Attempt, (wanted.task_id, wanted.attempt), options=[_WHOLE])
    task = attempt.task
    project, stage = task.project, pipeline.parse(task.pipeline)[wanted.stage_index]
    variables = {
        "description": task.description,
        "branch": branch_of(task.id, attempt.number),
        "project": project.key,
        "choice": "",
        "input": "",
    }
    if any(pipeline_stage.gate for pipeline_stage in pipeline.parse(task.pipeline)):
        variables |= gates.variables(task)
    return frames.RunStage(
        task_id=task.id,
        attempt=attempt.number,
        stage_index=wanted.stage_index,
        stage_name=stage.name,
        kind=stage.kind.value,
        text=pipeline.instruction(stage, variables),
        variables=variables,
        agent=task.agent_type,
        agent_command=project.agent_command,
        env=project.environment,
        secrets={name: vault.decrypt(sealed) for name, sealed in project.secrets.items()},
        timeout=stage.timeout,
        repo=_repo(attempt),
        project=project.key,
        author=_author(task),
    )
