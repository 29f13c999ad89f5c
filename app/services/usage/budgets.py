"""Budgets of tasks, and of a month: their use is checked while tasks run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from app.domain import notification_rules
from app.domain.attempt import AttemptPhase
from app.domain.budget import BudgetOwner, BudgetState, BudgetStatus, month_start, used_to_json
from app.domain.roles import SystemRole
from app.domain.task import EventType, TaskStatus
from app.domain.token_scope import TokenScope
from app.extensions import db
from app.models import Attempt, Developer, Project, Task
from app.services import locks
from app.services.counters import budgets as counts
from app.services.locks import LockedTask
from app.services.projects import projects
from app.services.tasks import attempts, history


def check_budgets(locked: LockedTask) -> None:
    """Stop the attempt's stage in its middle if one of its task's budgets is used up, and notify
    people once before.

    The caller commits.
    """
    task, attempt = locked.task, locked.attempt
    if attempt.phase is not AttemptPhase.RUN or attempt.suspends:
        return
    standings = counts.statuses_of_task(task.id, locked.now)
    if any(standing.exceeded_figures for standing in standings):
        attempt.suspends = True
        attempts.bump_orders_version(locked.machine)
        return
    for standing in standings:
        if _needs_notification(standing) and _mark_notified(standing, task):
            text = f"almost used up: {standing.describe()}"
            about = {notification_rules.BUDGET: standing.to_json()}
            history.record_attempt_event(locked, EventType.WARNING, text, **about)


def _needs_notification(standing: BudgetStatus) -> bool:
    return standing.is_low and not standing.is_notified


def _mark_notified(standing: BudgetStatus, task: Task) -> bool:
    """Record that people are notified. Returns whether nobody else has done so, or is about to."""
    match standing.owner:
        case BudgetOwner.TASK:
            task.warned_grants = task.grants
            return True
        case BudgetOwner.PROJECT:
            return _mark_month_notified(Project, task.project_id, standing)
    return _mark_month_notified(Developer, task.created_by, standing)


def _mark_month_notified(
    owner: type[Project] | type[Developer], owner_id: int, standing: BudgetStatus
) -> bool:
    # It doesn't wait, because tasks are locked here: the holder of the row may be waiting for one.
    is_untold = owner.budget_notified_month.is_distinct_from(standing.month)
    mine = select(owner.id).where(owner.id == owner_id, is_untold)
    mine = mine.with_for_update(key_share=True, skip_locked=True)
    statement = update(owner).where(owner.id.in_(mine)).values(budget_notified_month=standing.month)
    statement = statement.returning(owner.id).execution_options(synchronize_session=False)
    return db.session.scalar(statement) is not None


def sweep(now: datetime) -> int:
    """Check the running tasks with a budget: time passes, and other tasks share budgets.

    Returns their number. Commits for each that needs action.
    """
    query = (
        select(Task.id)
        .join(Attempt, (Attempt.task_id == Task.id) & (Attempt.number == Task.attempt))
        .join(Project, Project.id == Task.project_id)
        .join(Developer, Developer.id == Task.created_by)
        .where(Task.status == TaskStatus.RUNNING, ~Attempt.suspends, _has_budget())
    )
    working = list(db.session.scalars(query))
    found = counts.statuses_of_tasks(working, now) if working else {}
    db.session.rollback()
    for task_id, standings in sorted(found.items()):
        if any(each.exceeded_figures or _needs_notification(each) for each in standings):
            _check_task(task_id, now)
    return len(working)


def _has_budget() -> ColumnElement[bool]:
    return or_(*(each.budget.is_not(None) for each in (Task, Project, Developer)))


def _check_task(task_id: int, now: datetime) -> None:
    locked = locks.lock_task(task_id, now)
    if locked.has_live_attempt and locked.task.status is TaskStatus.RUNNING:
        check_budgets(locked)
        if locked.attempt.suspends:
            locked.wake_machine()
    db.session.commit()


def task_budgets(actor: Developer, task: Task, now: datetime) -> list[dict[str, Any]]:
    """Return the budgets that apply to the task, as in `BudgetStatus.to_json`, with their `state`.

    Its creator's is theirs and the admins' to see; others see it once the task's history shows it,
    when it's low. One statement; none if there are no budgets.
    """
    if all(owner.budget is None for owner in (task, task.project, task.creator)):
        return []
    is_own = actor.id == task.created_by or actor.role is SystemRole.ADMIN
    sees_creators = is_own and actor.access_scope.allows(TokenScope.ADMIN)
    return [
        {**status.to_json(), "state": status.state}
        for status in counts.statuses_of_task(task.id, now)
        if sees_creators
        or status.owner is not BudgetOwner.DEVELOPER
        or status.state is not BudgetState.AVAILABLE
    ]


def project_budget(actor: Developer, key: str, now: datetime) -> Mapping[str, Any]:
    """Return the project's budget of this month: {month, budget, used}. Raises NotFound."""
    project = projects.get(actor, key)
    return _month_budget(BudgetOwner.PROJECT, project.id, project.budget, now)


def developer_budget(developer: Developer, now: datetime) -> Mapping[str, Any]:
    """Return the developer's own in the same form."""
    return _month_budget(BudgetOwner.DEVELOPER, developer.id, developer.budget, now)


def _month_budget(
    of: BudgetOwner, owner_id: int, budget: dict[str, Any] | None, now: datetime
) -> Mapping[str, Any]:
    used = used_to_json(counts.month_usage(of, owner_id, now))
    return {"month": f"{month_start(now):%Y-%m}", "budget": budget, "used": used}
