"""Rights to projects and tasks: the domain's table (`domain.roles`), applied to rows, within the
scope of the request's credential (`domain.token_scope`).
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select

from app.domain.errors import Forbidden, InsufficientScope, NotFound
from app.domain.roles import Permission, Person, ProjectRole, SystemRole, is_allowed
from app.domain.token_scope import REQUIRED_SCOPE
from app.extensions import db
from app.models import Developer, Project, ProjectMember


def person(developer: Developer, project: Project, *, creator_id: int | None = None) -> Person:
    """Return the developer's relation to the project, and to a task that `creator_id` created.

    One query; none for an admin, who passes every check of a project.
    """
    is_admin = developer.role is SystemRole.ADMIN
    return Person(
        system_role=developer.role,
        project_role=None if is_admin else _membership(developer, project),
        is_creator=developer.id == creator_id,
    )


def require(
    act: Permission, developer: Developer, project: Project, *, creator_id: int | None = None
) -> None:
    """Raise Forbidden if the developer lacks the permission (InsufficientScope, if only their token
    lacks it), NotFound if they can't even see the project.

    In a deleted project, admins can read the history and end what still runs, and nothing else.
    """
    asking = person(developer, project, creator_id=creator_id)
    if not is_allowed(Permission.SEE_PROJECT, asking) or not developer.access_scope.covers(
        project.id
    ):
        raise NotFound
    if project.deleted_at is not None:
        _require_in_deleted(act, asking)
    if not is_allowed(act, asking):
        raise Forbidden
    _require_scope(act, developer)


def has_permission(
    act: Permission, developer: Developer, project: Project, *, creator_id: int
) -> bool:
    """Whether the developer has the permission, for a task that `creator_id` created."""
    within = developer.access_scope.permits(act, project.id)
    return within and is_allowed(act, person(developer, project, creator_id=creator_id))


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
    if not is_allowed(act, Person(developer.role)):
        raise Forbidden
    _require_scope(act, developer)


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
    """Return the developer's roles in those of the projects that they are a member of."""
    query = select(ProjectMember.project_id, ProjectMember.role).where(
        ProjectMember.developer_id == developer.id, ProjectMember.project_id.in_(projects)
    )
    return {row.project_id: row.role for row in db.session.execute(query)}


def _visible_by_role(developer: Developer) -> ColumnElement[bool] | None:
    if developer.role is SystemRole.ADMIN:
        return None
    exists = Project.deleted_at.is_(None)
    if can_see_without_membership(developer):
        return exists
    mine = select(ProjectMember.project_id).where(ProjectMember.developer_id == developer.id)
    return exists & Project.id.in_(mine)


def _require_scope(act: Permission, developer: Developer) -> None:
    if not developer.access_scope.allows(scope := REQUIRED_SCOPE[act]):
        raise InsufficientScope(f"This needs a token with the scope `{scope}`.")


def _membership(developer: Developer, project: Project) -> ProjectRole | None:
    return db.session.scalar(
        select(ProjectMember.role).where(
            ProjectMember.project_id == project.id, ProjectMember.developer_id == developer.id
        )
    )


def _require_in_deleted(act: Permission, asking: Person) -> None:
    if asking.system_role is not SystemRole.ADMIN:
        raise NotFound
    if act not in (Permission.SEE_PROJECT, Permission.CANCEL_TASK, Permission.SEE_TERMINAL_INPUTS):
        raise Forbidden("The project has been deleted.")
