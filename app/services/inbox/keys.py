"""Inbox items as queries, each served by an index.

An item is identified by its position in the list: {rank, since, id}, where `id` is its task's or
machine's (a task is in the list once per rank).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.domain.agents import NOT_INSTALLED
from app.domain.inbox import MAX_AGE, QUESTION_KINDS, RANKS, InboxKind, gates_of_kind
from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.roles import Permission, Person, is_allowed
from app.domain.task import LIVE, TaskStatus
from app.domain.timestamps import to_rfc3339
from app.extensions import db
from app.models import (
    Attempt,
    Developer,
    Gate,
    Machine,
    MachineHeartbeat,
    Project,
    Review,
    Task,
)
from app.services import rights
from app.services.inbox import refused_hosts
from app.services.tasks import answerers, terminal_waits

MAX_COUNT = 1000
"""Counting stops here: larger counts aren't useful."""

Keys = Select[int, datetime, str]
ORDER = (column("rank", Integer), column("since", DateTime(timezone=True)), column("id", String))
"""The descending sort order of the list."""


class Key(NamedTuple):
    """An item's position in the list."""

    rank: int
    since: datetime
    id: str


def page_query(
    actor: Developer,
    kinds: Collection[InboxKind],
    before: Sequence[Any] | None,
    limit: int,
    now: datetime,
) -> Keys:
    """Return the query of a page's keys, after the key `before` (None: from the start)."""
    of_each = []
    for rank, rows in sources(actor, kinds, now).items():
        if before is not None and rank > before[0]:
            continue
        if before is not None and rank == before[0]:
            there = tuple_(*before[1:], types=[each.type for each in ORDER[1:]])
            rows = rows.where(tuple_(*_sort_columns(rows)) < there)
        newest = rows.order_by(*(column.desc() for column in _sort_columns(rows))).limit(limit)
        of_each.append(select(newest.subquery()))
    if not of_each:
        return _empty()
    every = union_all(*of_each).subquery("inbox")
    return select(every.c.rank, every.c.since, every.c.id)


def counts(actor: Developer, now: datetime) -> dict[InboxKind, int]:
    """Return the number of items of each kind, each counted up to MAX_COUNT."""
    queries = {}
    for kind in InboxKind:
        for rows in sources(actor, [kind], now).values():
            some = rows.limit(MAX_COUNT).subquery()
            queries[kind] = select(func.count()).select_from(some).scalar_subquery()
    row = db.session.execute(select(*(each.label(kind) for kind, each in queries.items()))).one()
    found = dict(zip(queries, row, strict=True))
    return {kind: found.get(kind, 0) for kind in InboxKind}


def sources(actor: Developer, kinds: Collection[InboxKind], now: datetime) -> dict[int, Keys]:
    """Return the queries of the keys of these kinds, by rank, from the first to the last."""
    found: dict[int, Keys] = {}
    if asked := [kind for kind in QUESTION_KINDS if kind in kinds]:
        of = [gate for kind in asked for gate in gates_of_kind(kind)]
        found[RANKS[InboxKind.GATE]] = _open_gates(actor, of)
    if InboxKind.HOST in kinds:
        found[RANKS[InboxKind.HOST]] = _refused_hosts(actor)
    if InboxKind.TERMINAL in kinds:
        found[RANKS[InboxKind.TERMINAL]] = _waiting_terminals(actor)
    if InboxKind.FAILURE in kinds:
        found[RANKS[InboxKind.FAILURE]] = _ended_tasks(actor, InboxKind.FAILURE, now)
    if InboxKind.RESULT in kinds:
        results = _ended_tasks(actor, InboxKind.RESULT, now).where(_has_changed(), ~_is_reviewed())
        found[RANKS[InboxKind.RESULT]] = results
    if InboxKind.MACHINE in kinds and is_allowed(Permission.DRAIN_MACHINE, Person(actor.role)):
        found[RANKS[InboxKind.MACHINE]] = _unhealthy_machines(now)
    return found


def _sort_columns(rows: Keys) -> tuple[ColumnElement[Any], ...]:
    """Return a source's sort columns: `since` and `id`, without their labels."""
    labels: list[Any] = list(rows.inner_columns)
    return tuple(label.element for label in labels[1:])


def _keys(kind: InboxKind, since: Any, id_: Any) -> Keys:
    rank = literal(RANKS[kind], Integer).label("rank")
    return select(rank, since.label("since"), cast(id_, String).label("id"))


def _empty() -> Keys:
    return _keys(InboxKind.GATE, Task.created_at, Task.id).where(literal(False))


def _open_gates(actor: Developer, kinds: Sequence[GateKind]) -> Keys:
    """Return those that the actor can answer."""
    is_of_round = (Task.id == Gate.task_id) & (Task.round == Gate.round)
    return (
        _keys(InboxKind.GATE, Gate.requested_at, Task.id)
        .select_from(Gate)
        .join(Task, is_of_round)
        .join(Project, Project.id == Task.project_id)
        .where(
            Gate.answered_at.is_(None),
            Gate.kind.in_(kinds),
            Task.status.in_(LIVE),
            rights.projects_where(Permission.ANSWER_GATE, actor),
            answerers.gates_where(actor),
        )
    )


def _refused_hosts(actor: Developer) -> Keys:
    """Return running tasks that were denied hosts: the actor's own, and those whose project's
    network the actor can change.
    """
    since = refused_hosts.first_refusal()
    return (
        _keys(InboxKind.HOST, since, Task.id)
        .select_from(Task)
        .join(Project, Project.id == Task.project_id)
        .where(
            Task.status == TaskStatus.RUNNING,
            since.is_not(None),
            or_(_is_own(actor), rights.projects_where(Permission.CHANGE_PROJECT, actor)),
        )
    )


def _is_own(actor: Developer) -> ColumnElement[bool]:
    return (Task.created_by == actor.id) & rights.projects_where(Permission.SEE_PROJECT, actor)


def _waiting_terminals(actor: Developer) -> Keys:
    """Return tasks whose agent waits at a terminal that the actor can control."""
    return (
        _keys(InboxKind.TERMINAL, terminal_waits.SINCE, Task.id)
        .select_from(Attempt)
        .join(Task, and_(Task.id == Attempt.task_id, Task.attempt == Attempt.number))
        .join(Project, Project.id == Task.project_id)
        .where(
            Attempt.is_at_terminal(),
            Task.status == TaskStatus.RUNNING,
            or_(_is_own(actor), rights.projects_where(Permission.CONTROL_TERMINAL, actor)),
        )
    )


_END_STATUSES = {InboxKind.FAILURE: TaskStatus.FAILED, InboxKind.RESULT: TaskStatus.COMPLETED}


def _ended_tasks(actor: Developer, kind: InboxKind, now: datetime) -> Keys:
    """Return the actor's own tasks with that end, not too long ago and not dismissed."""
    return (
        _keys(kind, Task.finished_at, Task.id)
        .select_from(Task)
        .join(Project, Project.id == Task.project_id)
        .where(
            Task.created_by == actor.id,
            Task.status == _END_STATUSES[kind],
            Task.dismissed_at.is_(None),
            Task.finished_at > now - MAX_AGE,
            rights.projects_where(Permission.SEE_PROJECT, actor),
        )
    )


def _has_changed() -> ColumnElement[bool]:
    """Whether there is anything to review."""
    return func.coalesce(Task.result["filesChanged"].as_integer(), 0) > 0


def _is_reviewed() -> ColumnElement[bool]:
    """Whether someone has reviewed the task's round, or approved it at a gate."""
    reviewed = select(Review.id).where(Review.task_id == Task.id, Review.round == Task.round)
    confirmed = select(Gate.task_id).where(
        Gate.task_id == Task.id,
        Gate.round == Task.round,
        Gate.stage_index > 0,  # there is no work before that
        Gate.kind == GateKind.CONFIRM,
        Gate.answered_at.is_not(None),
    )
    return or_(reviewed.exists(), confirmed.exists())


def _unhealthy_machines(now: datetime) -> Keys:
    """Return machines with problems (`domain.inbox.find_problems`).

    It's unknown since when an agent is unusable: such a machine is sorted by its first connection.
    """
    offline = or_(
        Machine.status == MachineStatus.OFFLINE,
        and_(Machine.status == MachineStatus.DRAINING, ~Machine.connected),
    )
    by_us = Machine.drain_started_at.is_not(None) & Machine.drain_by.is_(None)
    since = case(
        (offline, MachineHeartbeat.received_at), (by_us, Machine.drain_started_at), else_=None
    )
    return (
        _keys(InboxKind.MACHINE, func.coalesce(since, Machine.connected_at), Machine.id)
        .select_from(Machine)
        .outerjoin(MachineHeartbeat, MachineHeartbeat.machine_id == Machine.id)
        .where(
            Machine.connected_at.is_not(None),
            Machine.status != MachineStatus.DECOMMISSIONED,
            Machine.uninstalled_at.is_(None),
            or_(offline, by_us, _has_unhealthy_agent(now)),
        )
    )


def _has_unhealthy_agent(now: datetime) -> ColumnElement[bool]:
    each = func.jsonb_array_elements(Machine.capabilities).table_valued(
        column("value", JSONB), name="capability"
    )
    capability = each.c.value
    # Stored by `timestamps.to_rfc3339`.
    until = func.coalesce(capability["degradedUntil"].as_string(), "9")
    is_there = capability["reason"].as_string().is_distinct_from(NOT_INSTALLED)
    is_ill = ~func.coalesce(capability["healthy"].as_boolean(), True) & (until > to_rfc3339(now))
    return select(literal(1)).select_from(each).where(is_there, is_ill).exists()
