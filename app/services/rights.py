"""Rights to projects and tasks: the domain's rule (`domain.access`), applied to rows."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.access import Access, find_refusal
from app.domain.errors import Forbidden
from app.domain.roles import Permission, Person, ProjectRole, SystemRole, is_allowed
from app.extensions import db
from app.models import Developer, Project, ProjectMember


def access(developer: Developer, project: Project, *, creator_id: int | None = None) -> Access:
    """Return the developer's access to the project, and to a task that `creator_id` created.

    One query; none for an admin, who passes every check of a project.
    """
    is_admin = developer.role is SystemRole.ADMIN
    role = None if is_admin else _membership(developer, project)
    return access_with_role(developer, project, role, creator_id=creator_id)


def access_with_role(
    developer: Developer,
    project: Project,
    role: ProjectRole | None,
    *,
    creator_id: int | None = None,
) -> Access:
    """Return the same for a known role in the project, without a query."""
    person = Person(developer.role, role, is_creator=developer.id == creator_id)
    is_deleted = project.deleted_at is not None
    return Access(person, developer.access_scope, project.id, is_deleted=is_deleted)


def require(
    act: Permission, developer: Developer, project: Project, *, creator_id: int | None = None
) -> None:
    """Raise what `Access.find_refusal` finds."""
    if refusal := access(developer, project, creator_id=creator_id).find_refusal(act):
        raise refusal


def acts_by_system_role(developer: Developer, project: Project, *, creator_id: int) -> bool:
    """Whether the developer has rights to the task only by their system role."""
    if developer.role is SystemRole.DEVELOPER or developer.id == creator_id:
        return False
    return _membership(developer, project) is None


def require_admin(developer: Developer) -> None:
    """Raise Forbidden if the developer isn't an admin, or uses a token with less scope."""
    require_role(Permission.ADMINISTER, developer)


def require_role(act: Permission, developer: Developer) -> None:
    """Raise Forbidden if the developer's system role lacks the permission, which is in no
    project; InsufficientScope, if only their token lacks it.
    """
    if refusal := _refusal_by_role(act, developer):
        raise refusal


def has_role(act: Permission, developer: Developer) -> bool:
    """Whether `require_role` raises nothing."""
    return _refusal_by_role(act, developer) is None


def _refusal_by_role(act: Permission, developer: Developer) -> Forbidden | None:
    return find_refusal(act, Person(developer.role), developer.access_scope)


def can_see_without_membership(developer: Developer) -> bool:
    """Whether the developer's role shows them projects without membership."""
    return is_allowed(Permission.SEE_PROJECT, Person(developer.role))


def can_see_all_projects(developer: Developer) -> bool:
    """Whether the developer sees all projects."""
    return can_see_without_membership(developer) and developer.access_scope.projects is None


def visible_projects(developer: Developer) -> ColumnElement[bool] | None:
    """Return a condition on the `Project` rows of a query; None for admins, who see all of them.

    Only admins see deleted projects; a limited token sees only its projects.
    """
    by_role, only = _visible_by_role(developer), developer.access_scope.projects
    if only is None:
        return by_role
    covered = Project.id.in_(only)
    return covered if by_role is None else by_role & covered


def projects_where(act: Permission, developer: Developer) -> ColumnElement[bool]:
    """Return a condition on `Project` rows: those, not deleted, in which the developer has the
    permission, for tasks of any creator, within their credential's scope.
    """
    condition: ColumnElement[bool] = Project.deleted_at.is_(None)
    if (only := developer.access_scope.projects) is not None:
        condition &= Project.id.in_(only)
    if is_allowed(act, Person(developer.role)):
        return condition
    roles = [role for role in ProjectRole if is_allowed(act, Person(developer.role, role))]
    mine = select(ProjectMember.project_id).where(
        ProjectMember.developer_id == developer.id, ProjectMember.role.in_(roles)
    )
    return condition & Project.id.in_(mine)


def roles_of(developer: Developer, projects: Collection[int]) -> dict[int, ProjectRole]:
    """Return the developer's roles in those of the projects that they are a member of; no query
    for an admin, whose role is above them.
    """
    if developer.role is SystemRole.ADMIN:
        return {}
    query = select(ProjectMember.project_id, ProjectMember.role).where(
        ProjectMember.developer_id == developer.id, ProjectMember.project_id.in_(projects)
    )
    return {row.project_id: row.role for row in db.session.execute(query)}


def role_column(
    developer: Developer, project_id: ColumnElement[int] | InstrumentedAttribute[int]
) -> ColumnElement[ProjectRole | None]:
    """Return the developer's role in the project of a query's rows; null if they are no member."""
    query = select(ProjectMember.role).where(
        ProjectMember.project_id == project_id, ProjectMember.developer_id == developer.id
    )
    return query.scalar_subquery()


def _visible_by_role(developer: Developer) -> ColumnElement[bool] | None:
    if developer.role is SystemRole.ADMIN:
        return None
    exists = Project.deleted_at.is_(None)
    if can_see_without_membership(developer):
        return exists
    mine = select(ProjectMember.project_id).where(ProjectMember.developer_id == developer.id)
    return exists & Project.id.in_(mine)


def _membership(developer: Developer, project: Project) -> ProjectRole | None:
    return db.session.scalar(
        select(ProjectMember.role).where(
            ProjectMember.project_id == project.id, ProjectMember.developer_id == developer.id
        )
    )
