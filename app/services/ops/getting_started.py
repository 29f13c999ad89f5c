"""Getting started: the facts for its steps (`domain.getting_started`), and who dismissed it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert

from app.domain import getting_started as rules
from app.domain.getting_started import Facts, MachineFacts, ProjectFacts, SetupStep, TaskFacts
from app.domain.machine import MachineStatus
from app.domain.project_check import CheckState, find_main_step
from app.domain.roles import Permission, SystemRole
from app.domain.sandbox import SandboxLevel
from app.domain.shown_state import find_shown_state
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import (
    Attempt,
    Developer,
    EnrollmentToken,
    Gate,
    Machine,
    Project,
    ServerIdentity,
    Task,
)
from app.services import audit, rights
from app.services.ops.identity import ID_BYTES
from app.services.projects import repository_checks
from app.services.projects.repository_checks import CheckResult

log = structlog.get_logger(__name__)

# An empty server has few rows; one that was never used for a task may have more.
MAX_MACHINES = 100
MAX_PROJECTS = 20


@dataclass(frozen=True)
class GettingStarted:
    """The steps, and when an admin dismissed them; None: they're shown."""

    steps: list[SetupStep]
    dismissed_at: datetime | None


def get(actor: Developer, now: datetime) -> GettingStarted:
    """Return the steps as the developer sees them, in at most four queries.

    All are done once a task has completed on this server. The newest project that the developer
    can change is checked now, with two more, unless a check of it is known.
    """
    server = db.session.execute(_SERVER).one()
    if server.has_completed:
        return GettingStarted(rules.list_done_steps(), server.dismissed_at)
    machines = _read_machines()
    facts = Facts(
        is_admin=rights.has_role(Permission.ADMINISTER, actor),
        admins=sorted(server.admins or ()),
        has_unused_token=server.has_unused_token,
        people=server.people,
        machines=machines,
        projects=_read_projects(actor, can_check=any(each.is_ready for each in machines)),
        task=_read_newest_task(actor),
    )
    return GettingStarted(rules.list_steps(facts, now), server.dismissed_at)


def set_dismissed(actor: Developer, now: datetime, *, dismissed: bool) -> GettingStarted:
    """Hide the steps from everyone, or show them again. Commits. Raises Forbidden."""
    rights.require_admin(actor)
    identity = ServerIdentity.getting_started_dismissed_at
    before = db.session.scalar(select(identity))
    after = (before or now) if dismissed else None
    # The row may not exist yet: `ops.identity` creates it on first use.
    new = insert(ServerIdentity).values(
        is_only=True, id=secrets.token_hex(ID_BYTES), getting_started_dismissed_at=after
    )
    db.session.execute(
        new.on_conflict_do_update(
            index_elements=[ServerIdentity.is_only], set_={"getting_started_dismissed_at": after}
        )
    )
    audit.record(
        "getting_started.updated",
        "server",
        "",
        actor=actor,
        before={"dismissed": before is not None},
        after={"dismissed": dismissed},
    )
    db.session.commit()
    return get(actor, now)


def _server_facts() -> Any:
    is_active = Developer.disabled_at.is_(None)
    is_valid = EnrollmentToken.used_at.is_(None) & EnrollmentToken.revoked_at.is_(None)
    admins = select(func.array_agg(Developer.name)).where(
        is_active, Developer.role == SystemRole.ADMIN
    )
    return select(
        exists().where(Task.status == TaskStatus.COMPLETED).label("has_completed"),
        select(ServerIdentity.getting_started_dismissed_at).scalar_subquery().label("dismissed_at"),
        admins.scalar_subquery().label("admins"),
        select(func.count())
        .select_from(Developer)
        .where(is_active)
        .scalar_subquery()
        .label("people"),
        exists().where(is_valid, EnrollmentToken.expires_at > func.now()).label("has_unused_token"),
    )


_SERVER = _server_facts()


def _read_machines() -> list[MachineFacts]:
    query = (
        select(
            *(Machine.name, Machine.status, Machine.connected, Machine.sandbox),
            Machine.capabilities,
        )
        .where(Machine.status != MachineStatus.DECOMMISSIONED)
        .order_by(Machine.connected.desc(), Machine.created_at)
        .limit(MAX_MACHINES)
    )
    return [_to_machine(row) for row in db.session.execute(query)]


def _to_machine(row: Any) -> MachineFacts:
    sandbox = row.sandbox or {}
    return MachineFacts(
        row.name,
        row.status,
        row.connected,
        SandboxLevel(sandbox["level"]) if sandbox else None,
        sandbox.get("missing", ()),
        row.capabilities,
    )


def _read_projects(actor: Developer, *, can_check: bool) -> list[ProjectFacts]:
    """Return the projects in which the developer can create tasks."""
    can_change = rights.projects_where(Permission.CHANGE_PROJECT, actor)
    query = (
        select(
            *(Project.key, Project.agent_type, Project.environment),
            Project.names_of_secrets.label("secrets"),
            can_change.label("can_change"),
            *repository_checks.SAVED_COLUMNS,
        )
        .where(rights.projects_where(Permission.CREATE_TASK, actor))
        .order_by(Project.id.desc())
        .limit(MAX_PROJECTS)
    )
    rows = db.session.execute(query).all()
    return [
        ProjectFacts(
            row.key,
            row.agent_type,
            frozenset(row.secrets) | row.environment.keys(),
            row.can_change,
            check is not None and check.state is CheckState.RUNNING,
            find_main_step(check.steps) if check is not None else None,
        )
        for row, check in zip(rows, _read_checks(rows, can_check=can_check), strict=True)
    ]


def _read_checks(rows: Sequence[Any], *, can_check: bool) -> list[CheckResult | None]:
    """Return the latest check of each project. Of those that the developer can change, the newest
    is checked now if it has none.
    """
    states = [repository_checks.saved_state(row) for row in rows]
    try:
        checks = repository_checks.find_saved(states)
        newest = next((n for n, row in enumerate(rows) if row.can_change), None)
        if newest is None or checks[newest] is not None or not can_check:
            return checks
        if repository_checks.start_saved(rows[newest].id):
            checks[newest] = repository_checks.find_saved([states[newest]])[0]
        return checks
    except RedisError as error:  # the steps don't need it
        log.warning("project_not_checked", error=type(error).__name__)
        return [None] * len(rows)


def _read_newest_task(actor: Developer) -> TaskFacts | None:
    is_asking = exists().where(
        Gate.task_id == Task.id, Gate.round == Task.round, Gate.answered_at.is_(None)
    )
    in_terminal = exists().where(Attempt.task_id == Task.id, Attempt.is_at_terminal())
    query = (
        select(Task.id, Task.status, Task.suspend_reason, is_asking | in_terminal)
        .join(Project, Project.id == Task.project_id)
        .where(Project.deleted_at.is_(None))
        .order_by(Task.id.desc())
        .limit(1)
    )
    if (visible := rights.visible_projects(actor)) is not None:
        query = query.where(visible)
    row = db.session.execute(query).one_or_none()
    if row is None:
        return None
    task_id, status, reason, asks = row
    return TaskFacts(task_id, find_shown_state(status, reason, is_asking=asks))
