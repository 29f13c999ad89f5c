"""Projects and their members."""

from collections.abc import Iterable
from typing import Any

from app.domain.roles import ProjectRole
from app.models import Developer, Project, ProjectMember
from sample_data import rows
from tests.factories.rows import now, numbers, stored


def make_project(
    *,
    members: Iterable[Developer] = (),
    maintainers: Iterable[Developer] = (),
    **fields: Any,
) -> Project:
    """A project whose tasks have one stage, with these members and maintainers."""
    project = stored(Project, rows.project(f"P{next(numbers)}", now()), fields)
    for developer in members:
        add_member(project, developer)
    for developer in maintainers:
        add_member(project, developer, ProjectRole.MAINTAINER)
    return project


def add_member(
    project: Project, developer: Developer, role: ProjectRole = ProjectRole.MEMBER
) -> ProjectMember:
    return stored(ProjectMember, rows.member(project.id, developer.id, role), {})
