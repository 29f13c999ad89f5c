"""Budgets of tasks, and of a month: what is used of them is looked at while tasks work."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from app import wakeups
from app.domain import notification_rules
from app.domain.attempt import AttemptPhase
from app.domain.budget import BudgetOf, BudgetStanding, as_json, month_of
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Machine, Project, Task
from app.services import locks
from app.services.counters import budgets as counts
from app.services.projects import projects
from app.services.tasks import attempts, history


def look(machine: Machine, task: Task, attempt: Attempt, now: datetime) -> None:
    """Have the attempt's stage stopped in its middle where a budget that its task goes by is used,
    and tell people once before. The caller holds both locks, and commits.
    """
    if attempt.phase is not AttemptPhase.RUN or attempt.suspends:
        return
    standings = counts.of_task(task.id, now)
    if any(standing.spent for standing in standings):
        attempt.suspends = True
        attempts.change_orders(machine)
        return
    for standing in standings:
        if _is_to_be_told(standing) and _tell(standing, task):
            text = f"most is used up: {standing.in_words()}"
            about = {notification_rules.BUDGET: standing.told()}
            index = attempt.stage_index
            history.record(task, EventType.WARNING, text, now, stage_index=index, data=about)


def _is_to_be_told(standing: BudgetStanding) -> bool:
    return standing.is_low and not standing.is_told


def _tell(standing: BudgetStanding, task: Task) -> bool:
    """Note that people are told. Returns whether nobody else has, or is about to."""
    match standing.of:
        case BudgetOf.TASK:
            task.warned_at = task.grants
            return True
        case BudgetOf.PROJECT:
            return _tell_of_month(Project, task.project_id, standing)
    return _tell_of_month(Developer, task.created_by, standing)


def _tell_of_month(
    owner: type[Project] | type[Developer], owner_id: int, standing: BudgetStanding
) -> bool:
    # Not waited for, because tasks are locked here: who holds the row may be waiting for one.
    is_untold = owner.budget_told.is_distinct_from(standing.month)
    mine = select(owner.id).where(owner.id == owner_id, is_untold)
    mine = mine.with_for_update(key_share=True, skip_locked=True)
    told = update(owner).where(owner.id.in_(mine)).values(budget_told=standing.month)
    told = told.returning(owner.id).execution_options(synchronize_session=False)
    return db.session.scalar(told) is not None


def sweep(now: datetime) -> int:
    """Look at the tasks that work and go by a budget: time goes by, and others use it, too. Returns
    how many there are. Commits for each that something is to be done about.
    """
    query = (
        select(Task.id)
        .join(Attempt, (Attempt.task_id == Task.id) & (Attempt.number == Task.attempt))
        .join(Project, Project.id == Task.project_id)
        .join(Developer, Developer.id == Task.created_by)
        .where(Task.status == TaskStatus.RUNNING, ~Attempt.suspends, _goes_by_one())
    )
    working = list(db.session.scalars(query))
    found = counts.of_tasks(working, now) if working else {}
    db.session.rollback()
    for task_id, standings in sorted(found.items()):
        if any(each.spent or _is_to_be_told(each) for each in standings):
            _look_again(task_id, now)
    return len(working)


def _goes_by_one() -> ColumnElement[bool]:
    return or_(*(each.budget.is_not(None) for each in (Task, Project, Developer)))


def _look_again(task_id: int, now: datetime) -> None:
    held = locks.task_with_machine(task_id)
    if held.live and held.machine and held.task.status is TaskStatus.RUNNING:
        look(held.machine, held.task, held.live, now)
        wakeups.wake_machines([held.machine.id] if held.live.suspends else [])
    db.session.commit()


def of_project(actor: Developer, key: str, now: datetime) -> Mapping[str, Any]:
    """The project's budget of this month: {month, budget, used}. Raises NotFound."""
    project = projects.get(actor, key)
    return _shown(BudgetOf.PROJECT, project.id, project.budget, now)


def of_developer(developer: Developer, now: datetime) -> Mapping[str, Any]:
    """Likewise the developer's own."""
    return _shown(BudgetOf.DEVELOPER, developer.id, developer.budget, now)


def _shown(
    of: BudgetOf, owner_id: int, budget: dict[str, Any] | None, now: datetime
) -> Mapping[str, Any]:
    used = as_json(counts.used_in_month(of, owner_id, now))
    return {"month": f"{month_of(now):%Y-%m}", "budget": budget, "used": used}
