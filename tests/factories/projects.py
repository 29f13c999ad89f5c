"""Projects and their members."""

from collections.abc import Iterable
from typing import Any

from app.domain.roles import ProjectRole
from app.models import Developer, Project, ProjectMember
from tests.factories.rows import now, numbers, stored

PIPELINE = [{"name": "develop", "command": "{description}", "kind": "agent", "timeout": 3600}]


def make_project(
    *,
    members: Iterable[Developer] = (),
    maintainers: Iterable[Developer] = (),
    **fields: Any,
) -> Project:
    """A project whose tasks have one stage, with these members and maintainers."""
    key = f"P{next(numbers)}"
    defaults = {
        "key": key,
        "name": f"Project {key}",
        "repo_url": f"https://git.example.org/{key}.git",
        "default_branch": "main",
        "agent_type": "claude",
        "pipeline": PIPELINE,
        "created_at": now(),
    }
    project = stored(Project, defaults, fields)
    for developer in members:
        add_member(project, developer)
    for developer in maintainers:
        add_member(project, developer, ProjectRole.MAINTAINER)
    return project


def add_member(
    project: Project, developer: Developer, role: ProjectRole = ProjectRole.MEMBER
) -> ProjectMember:
    fields = {"project_id": project.id, "developer_id": developer.id, "role": role}
    return stored(ProjectMember, fields, {})
