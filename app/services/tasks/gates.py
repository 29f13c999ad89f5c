"""Questions to people: asked before a stage, answered by exactly one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, literal, select

from app.domain import pipeline
from app.domain import task as rules
from app.domain import tunnel as tunnel_rules
from app.domain.answerers import GateAnswerers
from app.domain.answers import AlreadyAnswered
from app.domain.errors import (
    NoOpenGate,
    NothingPending,
    TunnelOpen,
    WrongRound,
    WrongStage,
)
from app.domain.pipeline import AGENT_GATES, GateKind
from app.domain.roles import Permission
from app.domain.task import EventType, TaskEvent
from app.extensions import db
from app.models import Developer, Gate, Task, Tunnel
from app.services import locks, rights
from app.services.locks import LockedTask
from app.services.tasks import (
    answerers,
    answers,
    diffs,
    history,
    permission_requests,
    queries,
    transitions,
)


@dataclass(frozen=True)
class PendingGate:
    """An open question, as people see it. `diff`: {filesChanged, insertions, deletions, href};
    `budgets`: as in `domain.budget.BudgetStatus.to_json`; `branch`: as in
    `domain.task_branch.to_json`; `permission`: as in `domain.permission_requests`.
    """

    task_id: int
    round: int
    stage_index: int
    number: int
    stage_name: str
    kind: GateKind
    prompt: str
    choices: list[str]
    requested_at: datetime
    expires_at: datetime | None
    diff: dict[str, Any] | None
    budgets: list[dict[str, Any]] | None
    branch: dict[str, Any] | None
    answerers: GateAnswerers | None
    permission: dict[str, Any] | None


def open_first_gate(task: Task, now: datetime) -> bool:
    """Open the gate of a task's first stage, if it has one: before an attempt exists, the task
    itself waits for the answer. Returns whether a gate was opened.
    """
    step = pipeline.next_step(pipeline.parse(task.pipeline), task.stage_index)
    if not isinstance(step, pipeline.Ask):
        return False
    open_before_stage(task, step, now)
    return True


def open_before_stage(task: Task, step: pipeline.Ask, now: datetime) -> None:
    """Open the gate and suspend the task. The caller holds the task's lock."""
    gate = step.gate
    db.session.add(
        Gate(
            task_id=task.id,
            round=task.round,
            stage_index=step.stage_index,
            kind=gate.kind,
            prompt=gate.prompt,
            choices=list(gate.choices),
            requested_at=now,
            expires_at=now + timedelta(seconds=gate.timeout) if gate.timeout else None,
            answerers=gate.answerers,
        )
    )
    transitions.apply_event(task, TaskEvent.ASK, now, stage_index=step.stage_index)
    data = {"reason": "gate", "kind": gate.kind, "choices": list(gate.choices)}
    history.record_event(
        task, EventType.SUSPENDED, gate.prompt, now, stage_index=step.stage_index, data=data
    )


def copy_answers(task: Task, start: int) -> None:
    """Copy the previous round's answers, for stages before `start`, into the task's round: they
    aren't asked again, and later stages use them.
    """
    columns = [column for column in Gate.__table__.columns if column.name != "round"]
    answered = select(literal(task.round), *columns).where(
        Gate.task_id == task.id,
        Gate.round == task.round - 1,
        Gate.stage_index < start,
        Gate.answered_at.is_not(None),
    )
    names = ["round", *(column.name for column in columns)]
    db.session.execute(insert(Gate).from_select(names, answered))


def is_answered(task: Task, stage_index: int) -> bool:
    """Whether the gate before that stage has been answered in the task's round."""
    query = select(Gate.answered_at).where(
        Gate.task_id == task.id,
        Gate.round == task.round,
        Gate.stage_index == stage_index,
        Gate.number == 0,
    )
    return db.session.scalar(query) is not None


def find_open_gate(task: Task) -> Gate | None:
    """Return the open gate of the task's round: there is at most one."""
    query = select(Gate).where(
        Gate.task_id == task.id, Gate.round == task.round, Gate.answered_at.is_(None)
    )
    return db.session.scalar(query)


def variables(task_id: int, round_: int, stage_index: int) -> dict[str, str]:
    """Return `choice` and `input` as last answered in that round, before that stage or an
    earlier one.
    """
    query = (
        select(Gate)
        .where(Gate.task_id == task_id, Gate.round == round_, Gate.answered_at.is_not(None))
        .where(Gate.number == 0)  # answers in the middle of a stage are only for its agent
        .order_by(Gate.stage_index)
    )
    found: dict[str, str] = {}
    for gate in db.session.scalars(query):
        answer = pipeline.judge_answer(gate.kind, gate.choices, gate.result or "")
        if isinstance(answer, pipeline.Approved) and gate.stage_index <= stage_index:
            found.update(answer.variables)
    return found


def get_pending(actor: Developer, task_id: int) -> PendingGate:
    """Return the open gate. Raises NotFound, NothingPending."""
    task = queries.get(actor, task_id)
    gate = find_open_gate(task) if task.status in rules.LIVE else None
    if gate is None:
        raise NothingPending
    return describe_gate(task, gate, answerers.find_answerers(task, gate))


def describe_gate(task: Task, gate: Gate, allowed: GateAnswerers | None) -> PendingGate:
    """Return the task's open gate and who can answer it, as people see them, with the size of the
    changes so far.
    """
    diff = None if gate.kind in AGENT_GATES else diffs.gate_diff(task, gate)
    return to_pending(task, gate, task.pipeline[gate.stage_index]["name"], diff, allowed)


def to_pending(
    task: Task,
    gate: Gate,
    stage_name: str,
    diff: dict[str, Any] | None,
    allowed: GateAnswerers | None,
) -> PendingGate:
    """Return the open gate, as people see it."""
    return PendingGate(
        task_id=task.id,
        round=gate.round,
        stage_index=gate.stage_index,
        number=gate.number,
        stage_name=stage_name,
        kind=gate.kind,
        prompt=gate.prompt,
        choices=gate.choices,
        requested_at=gate.requested_at,
        expires_at=gate.expires_at,
        diff=diff,
        budgets=gate.budgets,
        branch=gate.branch,
        answerers=allowed,
        permission=gate.permission,
    )


def confirm_stage(
    actor: Developer,
    task_id: int,
    stage_index: int,
    result: str,
    comment: str | None = None,
    *,
    number: int | None = None,
    round: int | None = None,
    budget: Mapping[str, Any] | None = None,
    always: bool = False,
) -> Task:
    """Answer a gate. Returns the task. Commits. Of concurrent answers one wins, by the task's lock.

    `number` is that of the stage's question; None: whichever is open. `round` is that of a question
    shown earlier, and may be outdated. `budget` is how much more the task can use, with `continue`;
    None: the budgets' own amounts again. `always`: the project allows what the agent suggests,
    too. Raises NotFound, Forbidden, NoOpenGate, WrongRound, WrongStage, AlreadyAnswered,
    TunnelOpen, InvalidFields.
    """
    seen = queries.get(actor, task_id)
    rights.require(Permission.ANSWER_GATE, actor, seen.project)
    if always:
        permission_requests.lock_project_of(actor, seen)
    locked = locks.lock_loaded_task(seen)
    if round is not None and round != locked.task.round:
        raise WrongRound
    gate = require_open_gate(locked.task, stage_index, number)
    if always:
        permission_requests.allow_always(actor, locked.task.project, gate, result)
    answer_gate(actor, locked, gate, result, comment, budget=budget)
    db.session.commit()
    return locked.task


def answer_gate(
    actor: Developer,
    locked: LockedTask,
    gate: Gate,
    result: str,
    comment: str | None,
    *,
    budget: Mapping[str, Any] | None = None,
) -> None:
    """Answer an open gate of the locked task.

    The caller has checked the right, and commits. Raises NotAnAnswerer, TunnelOpen, InvalidFields.
    """
    answerers.require_answerer(actor, locked.task, gate)
    if gate.kind not in AGENT_GATES:  # which aren't about a checkpoint
        require_no_tunnel(locked)
    answers.apply_answer(actor, locked, gate, result, comment, budget=budget)


def require_open_gate(task: Task, stage_index: int, number: int | None) -> Gate:
    """Return the task's open gate, if it's that question of that stage; number None: whichever is
    open.

    Raises AlreadyAnswered, WrongStage, NoOpenGate.
    """
    gate = find_open_gate(task) if task.status in rules.LIVE else None
    is_there = gate is not None and gate.stage_index == stage_index
    if gate is not None and is_there and number in (None, gate.number):
        return gate
    if (answered_by := answerers.find_answerer(task, stage_index, number)) is not None:
        raise AlreadyAnswered(answered_by)
    if gate is not None and not is_there:
        raise WrongStage(gate.stage_index, stage_index)
    raise NoOpenGate


def require_no_tunnel(locked: LockedTask) -> None:
    """Raise TunnelOpen while the subject of the question can change: an approval covers what the
    checkpoint has.
    """
    if not locked.has_live_attempt:
        return
    place = (locked.task.id, locked.attempt.number)
    tunnel = db.session.get(Tunnel, place, populate_existing=True)
    if tunnel is None:
        return
    lives_on = tunnel.runs and tunnel.accepted_at is not None and locked.machine.connected
    if not tunnel_rules.can_change_workspace(tunnel.state, lives_on=lives_on):
        return
    if tunnel.state in tunnel_rules.OPEN_STATES:
        raise TunnelOpen
    raise TunnelOpen("The tunnel into the task's workspace is closing. Answer when it's closed.")
