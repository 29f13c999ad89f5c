"""What rows make of the domain's table of rights."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.domain.errors import Forbidden, NotFound
from app.domain.roles import Permission, ProjectRole, SystemRole
from app.extensions import db
from app.models import Developer, Project
from app.services import rights
from tests.factories import add_member, make_developer, make_project

A, S, P = Permission, SystemRole, ProjectRole


def outcome(
    act: Permission, developer: Developer, project: Project, creator_id: int | None = None
) -> type[Exception] | None:
    try:
        rights.require(act, developer, project, creator_id=creator_id)
    except (NotFound, Forbidden) as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("system", "role", "is_creator", "act", "expected"),
    [
        pytest.param(S.DEVELOPER, None, False, A.SEE_PROJECT, NotFound, id="a stranger sees none"),
        pytest.param(S.DEVELOPER, None, True, A.CANCEL_TASK, NotFound, id="nor one who has left"),
        pytest.param(S.DEVELOPER, P.MEMBER, False, A.SEE_PROJECT, None, id="a member sees"),
        pytest.param(S.DEVELOPER, P.MEMBER, False, A.CREATE_TASK, None, id="a member creates"),
        pytest.param(S.DEVELOPER, P.MEMBER, False, A.ANSWER_GATE, None, id="a member answers"),
        pytest.param(S.DEVELOPER, P.MEMBER, False, A.CANCEL_TASK, Forbidden, id="not cancels"),
        pytest.param(S.DEVELOPER, P.MEMBER, True, A.CANCEL_TASK, None, id="but their own"),
        pytest.param(S.DEVELOPER, P.MEMBER, True, A.CHANGE_PROJECT, Forbidden, id="not changes"),
        pytest.param(S.DEVELOPER, P.MAINTAINER, False, A.RETRY_TASK, None, id="a maintainer may"),
        pytest.param(S.DEVELOPER, P.MAINTAINER, False, A.CHANGE_PROJECT, None, id="and changes"),
        pytest.param(S.LEAD, None, False, A.SEE_PROJECT, None, id="a lead sees all"),
        pytest.param(S.LEAD, None, False, A.CANCEL_TASK, None, id="a lead cancels all"),
        pytest.param(S.LEAD, None, False, A.CREATE_TASK, Forbidden, id="a lead creates nowhere"),
        pytest.param(S.LEAD, P.MEMBER, False, A.CREATE_TASK, None, id="except as a member"),
        pytest.param(S.ADMIN, None, False, A.CHANGE_PROJECT, None, id="an admin may all"),
    ],
)
def test_rights_come_from_rows(
    app: Flask,
    system: SystemRole,
    role: ProjectRole | None,
    is_creator: bool,
    act: Permission,
    expected: type[Exception] | None,
) -> None:
    developer, project = make_developer(role=system), make_project()
    if role is not None:
        add_member(project, developer, role)
    creator_id = developer.id if is_creator else make_developer().id
    assert outcome(act, developer, project, creator_id) is expected


def test_membership_elsewhere_counts_for_nothing(app: Flask) -> None:
    developer = make_developer()
    make_project(maintainers=[developer])
    assert outcome(Permission.SEE_PROJECT, developer, make_project()) is NotFound


def test_a_deleted_project_is_history_for_admins_alone(app: Flask) -> None:
    maintainer, lead = make_developer(), make_developer(role=SystemRole.LEAD)
    admin = make_developer(role=SystemRole.ADMIN)
    project = make_project(maintainers=[maintainer], deleted_at=datetime.now(UTC))
    assert outcome(Permission.SEE_PROJECT, maintainer, project) is NotFound
    assert outcome(Permission.SEE_PROJECT, lead, project) is NotFound
    assert outcome(Permission.SEE_PROJECT, admin, project) is None
    assert outcome(Permission.CREATE_TASK, admin, project) is Forbidden


@pytest.mark.parametrize("system", list(SystemRole))
def test_rights_take_no_more_than_one_query(app: Flask, system: SystemRole) -> None:
    developer = make_developer(role=system)
    project = make_project(members=[developer])
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    rights.require(Permission.SEE_PROJECT, developer, project)
    assert len([s for s in statements if s.startswith("SELECT")]) <= 1


def test_lists_show_what_may_be_seen(app: Flask) -> None:
    developer, lead = make_developer(), make_developer(role=SystemRole.LEAD)
    admin = make_developer(role=SystemRole.ADMIN)
    mine, other = make_project(members=[developer]), make_project()
    deleted = make_project(members=[developer], deleted_at=datetime.now(UTC))

    def visible(to: Developer) -> set[int]:
        query, shown = select(Project.id), rights.visible_projects(to)
        return set(db.session.scalars(query if shown is None else query.where(shown)))

    assert visible(developer) == {mine.id}
    assert visible(lead) == {mine.id, other.id}
    assert visible(admin) == {mine.id, other.id, deleted.id}
