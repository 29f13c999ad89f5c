"""A page of activity is read along the index of each project, however much lies before it."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.roles import SystemRole
from app.domain.task import EventType
from app.extensions import db
from app.models import Developer, Event
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.projects import activity
from app.services.projects.activity import SortKey
from app.services.tasks import history, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import make_driven
from tests.factories import make_developer, make_project
from tests.factories import make_task as a_task


def test_every_event_names_the_project_of_its_task(app: Flask) -> None:
    """Events of all writers: people, the dispatcher, machines."""
    admin, machine = make_developer(role=SystemRole.ADMIN), make_driven()
    task = tasks.create(admin, project_key=make_project().key, description="Do it.")
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_on(task, frames.Note("info", "cloning"))
    machine.report_finished(task)
    machine.report_published(task)
    query = sa.select(Event.project_id, sa.func.count()).group_by(Event.project_id)
    assert [tuple(row) for row in db.session.execute(query)] == [(task.project_id, task.events)]
    assert task.events > 6


@pytest.fixture
def crowd(app: Flask) -> Developer:
    """A member of an old project of 3 events, beside one with 3,000."""
    member = make_developer()
    small, big = a_task(project=make_project(members=[member])), a_task()
    for _ in range(3):
        history.record_event(small, EventType.WARNING, "long ago", now().replace(year=2020))
    rows = sa.text("""
        INSERT INTO task_events (task_id, number, type, attempt, message, data, created_at,
                                 project_id)
        SELECT :task, n, 'warning', 0, 'busy', '{}', now() + n * interval '1 s', :project
        FROM generate_series(1, 3000) AS n
    """)
    db.session.execute(rows, {"task": big.id, "project": big.project_id})
    db.session.commit()
    db.session.execute(sa.text("ANALYZE task_events"))
    return member


def plans(actor: Developer, before: SortKey | None) -> list[dict[str, Any]]:
    """Every node of what Postgres does for a page, with how many rows came out of it."""
    asked: list[Any] = []
    sa.event.listen(db.engine, "before_cursor_execute", note := lambda *a: asked.append(a[2:4]))
    db.session.execute(activity.latest_events(actor, before, 10)).all()
    sa.event.remove(db.engine, "before_cursor_execute", note)
    [(statement, parameters)] = [each for each in asked if "task_events" in each[0]]
    explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
    found = db.session.connection().exec_driver_sql(explained, parameters).scalar_one()
    waiting, nodes = [found[0]["Plan"]], []
    while waiting:
        nodes.append(node := waiting.pop())
        waiting += node.get("Plans", [])
    return nodes


@pytest.mark.parametrize("page", ["first", "second"])
@pytest.mark.parametrize("role", list(SystemRole))
def test_a_page_reads_no_more_than_is_on_it(crowd: Developer, role: SystemRole, page: str) -> None:
    crowd.role = role
    before = None
    if page == "second":
        last = db.session.execute(activity.latest_events(crowd, None, 10)).all()[-1]
        before = [last.Event.created_at, last.Event.task_id, last.Event.number]
    nodes = plans(crowd, before)
    tried = [node for node in nodes if node.get("Relation Name") == "task_events"]
    assert tried
    for node in tried:
        read = node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        assert read <= 20, json.dumps(node, indent=2)
