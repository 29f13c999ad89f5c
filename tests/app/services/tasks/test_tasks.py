"""What people do with tasks, who may, and what creating one costs."""

import uuid

import pytest
from flask import Flask

from app.domain.errors import (
    Forbidden,
    InvalidFields,
    NoCheckpoint,
    NotFound,
    TaskEnded,
    TaskNotEnded,
)
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer
from app.services.tasks import queries, tasks
from tests.app.services.fake_machine import events_of
from tests.app.services.statements import counted
from tests.factories import make_developer, make_machine, make_project
from tests.factories import make_task as a_task

GATED = [{"name": "a", "command": "x", "kind": "agent", "timeout": 60, "confirm": True}]


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.mark.parametrize("pipeline", [None, GATED], ids=["queued", "at its first gate"])
def test_creating_a_task_costs_few_statements(
    committed_app: Flask, pipeline: list[dict[str, object]] | None
) -> None:
    member = make_developer()
    given = {"pipeline": pipeline} if pipeline else {}
    key = make_project(members=[member], **given).key
    with counted() as statements:
        tasks.create(member, project_key=key, description="Do it.")
    # project and id, membership, task and event (and the gate, its event, and that people are to be
    # told of it)
    assert len(statements) <= (6 if pipeline else 3), statements


def test_a_task_keeps_the_pipeline_it_was_created_with(admin: Developer) -> None:
    project = make_project()
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    project.pipeline = GATED
    db.session.commit()
    assert queries.get(admin, task.id).pipeline[0]["name"] == "develop"


def test_a_task_asks_only_for_machines_that_there_are(admin: Developer) -> None:
    project = make_project()
    gone = make_machine(status=MachineStatus.DECOMMISSIONED)
    for machine_id in (gone.id, uuid.uuid4()):
        with pytest.raises(InvalidFields):
            tasks.create(
                admin, project_key=project.key, description="Do it.", machine_id=machine_id
            )


def test_who_does_not_see_the_project_creates_nothing_in_it(app: Flask) -> None:
    stranger, lead = make_developer(), make_developer(role=SystemRole.LEAD)
    project = make_project()
    with pytest.raises(NotFound):
        tasks.create(stranger, project_key=project.key, description="Do it.")
    with pytest.raises(Forbidden):
        tasks.create(lead, project_key=project.key, description="Do it.")


def test_a_member_cancels_only_what_is_their_own(app: Flask) -> None:
    creator, member, lead = make_developer(), make_developer(), make_developer(role=SystemRole.LEAD)
    project = make_project(members=[creator, member])
    with pytest.raises(Forbidden):
        tasks.cancel(member, a_task(project=project, creator=creator).id)
    for who in (creator, lead):
        assert tasks.cancel(who, a_task(project=project, creator=creator).id).status == "cancelled"
    with pytest.raises(NotFound):
        tasks.cancel(make_developer(), a_task(project=project).id)


@pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED])
def test_what_has_ended_is_not_cancelled(admin: Developer, status: TaskStatus) -> None:
    task = a_task(status=status)
    with pytest.raises(TaskEnded):
        tasks.cancel(admin, task.id)
    assert events_of(task) == []


@pytest.mark.parametrize("status", [TaskStatus.QUEUED, TaskStatus.RUNNING, TaskStatus.COMPLETED])
def test_only_what_failed_or_was_cancelled_is_retried(admin: Developer, status: TaskStatus) -> None:
    with pytest.raises(TaskNotEnded):
        tasks.retry(admin, a_task(status=status).id)


def test_a_retry_begins_only_where_it_can(admin: Developer) -> None:
    stages = [GATED[0], {**GATED[0], "name": "b"}]
    task = a_task(status=TaskStatus.FAILED, pipeline=stages)
    with pytest.raises(NoCheckpoint):
        tasks.retry(admin, task.id, 1)
    with pytest.raises(InvalidFields):
        tasks.retry(admin, task.id, 2)
    db.session.rollback()
    assert tasks.retry(admin, task.id, 0).status is TaskStatus.SUSPENDED
