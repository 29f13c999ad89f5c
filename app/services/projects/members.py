"""Members of projects, and their roles."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from app.domain import field_errors
from app.domain.errors import Conflict, InvalidFields, NotFound
from app.domain.roles import (
    Permission,
    Person,
    ProjectRole,
    own_task_permissions,
    project_permissions,
)
from app.extensions import db
from app.models import Developer, Project, ProjectMember
from app.services import audit, rights
from app.services.projects import projects


class LastMaintainer(Conflict):
    """The project's last maintainer can't be removed."""

    code = "last_maintainer"


@dataclass(frozen=True)
class Member:
    """A member of a project."""

    developer: Developer
    role: ProjectRole

    @property
    def permissions(self) -> list[Permission]:
        return project_permissions(self._person) if self.developer.disabled_at is None else []

    @property
    def own_task_permissions(self) -> list[Permission]:
        return own_task_permissions(self._person) if self.developer.disabled_at is None else []

    @property
    def _person(self) -> Person:
        return Person(self.developer.role, self.role)


def listing(actor: Developer, key: str) -> Select[ProjectMember]:
    """Return the query of a project's memberships. Raises NotFound, Forbidden."""
    project = projects.get(actor, key)
    rights.require(Permission.SEE_MEMBERS, actor, project)
    return select(ProjectMember).where(ProjectMember.project_id == project.id)


def views(memberships: Iterable[ProjectMember]) -> list[Member]:
    """Return the memberships with their developers, in the same order, by one query."""
    wanted = list(memberships)
    ids = [membership.developer_id for membership in wanted]
    found = {d.id: d for d in db.session.scalars(select(Developer).where(Developer.id.in_(ids)))}
    return [Member(found[membership.developer_id], membership.role) for membership in wanted]


def set_member(
    actor: Developer, key: str, developer_id: int, role: ProjectRole
) -> tuple[Member, bool]:
    """Add a member, or change a member's role. Returns the member, and whether they are new.

    Commits. Raises NotFound, Forbidden, InvalidFields, LastMaintainer.
    """
    project = _lock_project(actor, key)
    developer = db.session.get(Developer, developer_id)
    if developer is None:
        raise InvalidFields({"developerId": [field_errors.NO_SUCH_DEVELOPER]})
    member = db.session.get(ProjectMember, (project.id, developer_id))
    is_new, before = member is None, _audited_fields(developer_id, member)
    if member is None:
        member = ProjectMember(project_id=project.id, developer_id=developer_id)
        db.session.add(member)
    elif role is not ProjectRole.MAINTAINER:
        _require_other_maintainer(member)
    member.role, member.by_groups, member.base_role = role, False, None
    after = _audited_fields(developer_id, member)
    audit.record("member.set", "project", project.key, actor=actor, before=before, after=after)
    db.session.commit()
    return Member(developer, role), is_new


def remove(actor: Developer, key: str, developer_id: int) -> None:
    """Remove a member. Commits. Raises NotFound, Forbidden, LastMaintainer."""
    project = _lock_project(actor, key)
    member = db.session.get(ProjectMember, (project.id, developer_id))
    if member is None:
        raise NotFound("That developer isn't a member of the project.")
    _require_other_maintainer(member)
    db.session.delete(member)
    gone = _audited_fields(developer_id, member)
    audit.record("member.removed", "project", project.key, actor=actor, before=gone)
    db.session.commit()


def _audited_fields(developer_id: int, member: ProjectMember | None) -> dict[str, Any]:
    return {"members": {str(developer_id): member.role} if member else {}}


def _managed_project(actor: Developer, key: str) -> Project:
    project = projects.get(actor, key)
    rights.require(Permission.CHANGE_PROJECT, actor, project)
    return project


def _lock_project(actor: Developer, key: str) -> Project:
    """Lock the project, so that two maintainers can't leave it at once."""
    return projects.lock_project(_managed_project(actor, key).key)


def _require_other_maintainer(leaving: ProjectMember) -> None:
    if leaving.role is not ProjectRole.MAINTAINER:
        return
    others = select(ProjectMember.developer_id).where(
        ProjectMember.project_id == leaving.project_id,
        ProjectMember.role == ProjectRole.MAINTAINER,
        ProjectMember.developer_id != leaving.developer_id,
    )
    if db.session.scalar(others.limit(1)) is None:
        raise LastMaintainer
