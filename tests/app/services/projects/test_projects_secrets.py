"""A project's secrets after its deletion, or after they are destroyed."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain.attempt import AttemptOutcome
from app.domain.errors import Forbidden
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import AuditEntry, Developer, Project
from app.services.clock import now
from app.services.project_deletion import deletion as project_removal
from app.services.projects import projects
from tests.factories import make_attempt, make_developer, make_machine, make_project, make_task


def admin() -> Developer:
    return make_developer(role=SystemRole.ADMIN)


SECRETS = {"secrets": {"A": "sealed"}, "git_token": "sealed", "ssh_key": "sealed"}


def kept_secrets(project: Project) -> list[Any]:
    columns = (Project.secrets, Project.git_token, Project.ssh_key, Project.environment)
    row = db.session.execute(select(*columns).where(Project.id == project.id)).one()
    return list(row)


def test_a_deleted_projects_secrets_are_destroyed_here_and_soon_on_machines(app: Flask) -> None:
    project = make_project(**SECRETS, environment={"B": "told"})
    other = make_project(**SECRETS)
    ended = {"ended_at": now(), "outcome": AttemptOutcome.PUBLISHED, "has_slot": False}
    ended["forget_at"] = now() + timedelta(days=1)
    theirs, another = (
        make_attempt(make_task(project=its, status=TaskStatus.COMPLETED), make_machine(), **ended)
        for its in (project, other)
    )
    project_removal.delete(admin(), project.key)
    assert kept_secrets(project) == [{}, None, None, {}]
    assert kept_secrets(other)[:3] == list(SECRETS.values())
    for attempt in (theirs, another):
        db.session.refresh(attempt)
    moment = now()
    assert [one.forget_at <= moment for one in (theirs, another)] == [True, False]  # type: ignore[operator]


def test_a_kept_projects_secrets_can_be_destroyed(app: Flask) -> None:
    maintainer, member = make_developer(), make_developer()
    project = make_project(
        **SECRETS, environment={"B": "told"}, maintainers=[maintainer], members=[member]
    )
    with pytest.raises(Forbidden):
        projects.destroy_secrets(member, project.key)
    projects.destroy_secrets(maintainer, project.key)
    assert kept_secrets(project) == [{}, None, None, {"B": "told"}]
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.action == "project.secrets_destroyed"
    assert "sealed" not in str(entry.changes)


def test_whoever_may_not_have_machines_use_their_own_key_may_not_take_the_projects(
    app: Flask,
) -> None:
    maintainer = make_developer()
    url = "ssh://git@git.example.org/x.git"
    project = make_project(**SECRETS, repo_url=url, maintainers=[maintainer])
    with pytest.raises(Forbidden):
        projects.destroy_secrets(maintainer, project.key)
    db.session.rollback()
    assert kept_secrets(project)[:3] == list(SECRETS.values())
    projects.destroy_secrets(admin(), project.key)
    assert kept_secrets(project)[:3] == [{}, None, None]
