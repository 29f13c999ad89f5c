"""The maintained task counts always equal the counted rows, whatever writes."""

import random
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.errors import DomainError
from app.domain.roles import SystemRole
from app.domain.task import ENDED, EventType, TaskStatus
from app.extensions import db
from app.models import Developer, Project, Task, TaskCount, TaskEnd, TaskStatusChange
from app.services.clock import now
from app.services.counters import rollup, task_counts
from app.services.project_deletion import deletion
from app.services.projects import views as project_views
from app.services.tasks import history, tasks
from tests.app.services.walks import Walk
from tests.factories import make_developer, make_project
from tests.factories import make_task as a_task

EVERY = sa.select(Project.id)
Counts = dict[tuple[int, TaskStatus], int]


def counted() -> Counts:
    query = sa.select(Task.project_id, Task.status, sa.func.count())
    rows = db.session.execute(query.group_by(Task.project_id, Task.status))
    return {(project_id, status): number for project_id, status, number in rows}


def stored_counts() -> Counts:
    return {
        (project_id, status): number
        for project_id, counts in task_counts.counts_by_project(EVERY).items()
        for status, number in counts.items()
        if number != 0
    }


def check() -> None:
    assert stored_counts() == counted()
    assert sum(task_counts.counts_by_status(EVERY).values()) == sum(counted().values())


# ---- one after the other -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_kept_numbers_are_those_of_the_rows(app: Flask, seed: int) -> None:
    walk = Walk(seed)
    for _ in range(100):
        walk.step()
        check()
    assert sum(walk.ends.values()) > 0
    for _ in range(2):
        assert task_counts.ends_on(now().date(), EVERY) == walk.ends
        task_counts.roll_up(now())
    check()


def test_what_is_rolled_back_is_not_counted(app: Flask) -> None:
    task = a_task()
    task.status = TaskStatus.CANCELLED
    db.session.flush()
    db.session.rollback()
    check()
    assert task_counts.counts_by_status(EVERY)[TaskStatus.QUEUED] == 1


def test_only_changes_of_a_status_are_noted(app: Flask) -> None:
    task = a_task()
    before = moves()
    task.priority = 5
    db.session.commit()
    db.session.execute(sa.update(Task).values(status=Task.status))
    assert moves() == before == 1


def test_an_end_counts_on_the_utc_day_of_its_timestamp(app: Flask) -> None:
    today = now().date()
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    db.session.execute(sa.text("SET LOCAL timezone = 'Pacific/Auckland'"))
    for at in (midnight, midnight - timedelta(microseconds=1)):
        a_task(status=TaskStatus.COMPLETED, finished_at=at)
    for _ in range(2):
        for day in (today, today - timedelta(days=1)):
            assert task_counts.ends_on(day, EVERY)[TaskStatus.COMPLETED] == 1
        task_counts.roll_up(now())


# ---- folding -----------------------------------------------------------------------------------


def moves() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(TaskStatusChange)) or 0


def test_folding_leaves_one_row_for_what_is_counted(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "BATCH", 3)
    project = make_project()
    for status in ("queued", "queued", "failed", "failed", "failed"):
        a_task(project=project, status=TaskStatus(status))
    assert [task_counts.roll_up(now()) for _ in range(2)] == [5, 0]
    assert moves() == 0
    counts = db.session.scalars(sa.select(TaskCount).order_by(TaskCount.status))
    assert [(row.status, row.tasks) for row in counts] == [("queued", 2), ("failed", 3)]
    [end] = db.session.scalars(sa.select(TaskEnd))
    assert (end.day, end.status, end.tasks) == (now().date(), "failed", 3)


def test_days_before_yesterday_are_forgotten(app: Flask) -> None:
    for days in range(4):
        a_task(status=TaskStatus.COMPLETED, finished_at=now() - timedelta(days=days))
    task_counts.roll_up(now())
    today = now().date()
    days = set(db.session.scalars(sa.select(TaskEnd.day)))
    assert days == {today, today - timedelta(days=1)}
    task_counts.roll_up(now() + timedelta(days=1))
    assert set(db.session.scalars(sa.select(TaskEnd.day))) == {today}
    check()


def test_a_deleted_project_keeps_its_numbers_for_admins(app: Flask) -> None:
    admin, project = make_developer(role=SystemRole.ADMIN), make_project()
    a_task(project=project)
    deletion.delete(admin, project.key, force=True)
    check()
    assert project_views.get_view(project).task_counts[TaskStatus.CANCELLED] == 1


@pytest.mark.parametrize("folded", [False, True], ids=["not yet folded", "folded"])
def test_a_project_that_is_really_gone_leaves_no_number(app: Flask, folded: bool) -> None:
    project = make_project()
    a_task(project=project, status=TaskStatus.FAILED)
    if folded:
        task_counts.roll_up(now())
    db.session.execute(sa.delete(Task))
    db.session.execute(sa.delete(Project))
    db.session.commit()
    assert (stored_counts(), task_counts.ends_on(now().date(), EVERY)[TaskStatus.FAILED]) == ({}, 0)
    task_counts.roll_up(now())
    for table in (TaskStatusChange, TaskCount, TaskEnd):
        assert db.session.scalars(sa.select(table)).all() == []


# ---- all at once -------------------------------------------------------------------------------


def at_once(app: Flask, acts: Iterable[Callable[[], object]]) -> None:
    """Each in a thread, a context and on a connection of its own."""
    problems: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            try:
                act()
            except BaseException as problem:
                problems.append(problem)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems


def write(admin_id: int, key: str, turns: int, seed: int) -> None:
    """Create, cancel, retry and delete, what others are at as well."""
    chance = random.Random(seed)
    admin = db.session.get_one(Developer, admin_id)
    for _ in range(turns):
        with suppress(DomainError):
            tasks.create(admin, project_key=key, description="Do it.")
        for act in (tasks.cancel, tasks.retry, delete):
            ids = db.session.scalars(sa.select(Task.id)).all()
            if ids:
                with suppress(DomainError):
                    act(admin, chance.choice(ids))
            db.session.rollback()


def delete(_: Developer, task_id: int) -> None:
    db.session.execute(sa.delete(Task).where(Task.id == task_id, Task.status.in_(ENDED)))
    db.session.commit()


def test_counters_are_exact_at_all_times_while_many_write_and_two_fold(
    committed_app: Flask,
) -> None:
    admin, project = make_developer(role=SystemRole.ADMIN), make_project()
    done = threading.Event()
    looks: list[int] = []

    def fold() -> None:
        while not done.is_set():
            task_counts.roll_up(now())

    def check_repeatedly() -> None:
        while not done.is_set():
            # One snapshot for both, or they would speak of different moments.
            db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            check()
            looks.append(sum(counted().values()))
            db.session.rollback()

    def write_all() -> None:
        try:
            writers = [partial(write, admin.id, project.key, 25, seed) for seed in range(4)]
            at_once(committed_app, writers)
        finally:
            done.set()

    at_once(committed_app, [fold, fold, check_repeatedly, write_all])
    assert len(set(looks)) > 1
    db.session.rollback()
    check()
    task_counts.roll_up(now())
    check()
    assert moves() == 0


def test_who_counts_waits_for_nobody_who_counts_too(committed_app: Flask) -> None:
    """Two open transactions change tasks of one project while a third folds."""
    project = make_project()
    ids = [a_task(project=project).id for _ in range(3)]
    change = sa.text("UPDATE tasks SET status = 'cancelled' WHERE id = :id")
    with db.engine.connect() as one, db.engine.connect() as two:
        for connection, task_id in zip((one, two), ids, strict=False):
            connection.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
            connection.execute(change, {"id": task_id})
        assert task_counts.roll_up(now()) == 3  # what is committed
        one.commit()
        two.commit()
    check()
    assert task_counts.counts_by_status(EVERY)[TaskStatus.CANCELLED] == 2


# ---- what projects show ------------------------------------------------------------------------


def test_a_projects_last_activity_is_its_latest_event_but_for_machines_notes(app: Flask) -> None:
    task, idle = a_task(), make_project()
    moment = now()
    for type_, minutes in ((EventType.CREATED, 9), (EventType.WARNING, 5), (EventType.LOG, 1)):
        history.record_event(task, type_, "it happened", moment - timedelta(minutes=minutes))
    db.session.commit()
    views = project_views.list_views([db.session.get_one(Project, task.project_id), idle])
    assert [view.last_activity_at for view in views] == [moment - timedelta(minutes=5), None]
