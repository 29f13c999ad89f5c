"""Projects with their counts of members and tasks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, true
from sqlalchemy.orm import defer, undefer

from app.domain.agents import AgentWarning
from app.domain.network import NetworkSpec, to_api
from app.domain.roles import ProjectRole
from app.domain.shown_state import ShownState, count_live_states
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Project, ProjectMember
from app.services.counters import task_counts
from app.services.projects import agents

FOR_LISTS = (
    defer(Project.pipeline, raiseload=True),
    undefer(Project.stages),
    defer(Project.secrets, raiseload=True),
    undefer(Project.names_of_secrets),
)
"""The columns that lists show: the others may be large."""


@dataclass(frozen=True)
class ProjectView:
    """A project as people see it. `task_counts` has every status, `task_states` the live tasks by
    what people see of them.

    `last_activity_at` is the time of its latest event that isn't of the type log. `warnings` are
    for the person who just saved it. `my_role` is the viewer's role.
    """

    project: Project
    member_count: int
    task_counts: dict[TaskStatus, int]
    task_states: dict[ShownState, int]
    last_activity_at: datetime | None
    warnings: Sequence[AgentWarning] = ()
    my_role: ProjectRole | None = None

    @property
    def secret_names(self) -> list[str]:
        names = self.project.__dict__.get("names_of_secrets")  # lists have no more
        return sorted(self.project.secrets if names is None else names)

    @property
    def has_ssh_key(self) -> bool:
        return self.project.ssh_key is not None

    @property
    def has_git_token(self) -> bool:
        return self.project.git_token is not None

    @property
    def network(self) -> NetworkSpec:
        return to_api(self.project.network)


def list_views(projects: Sequence[Project], viewer: Developer | None = None) -> list[ProjectView]:
    """Return a view of each project, in the same order, by four queries."""
    ids = [project.id for project in projects]
    members = _members(ids, viewer)
    of_page = select(Project.id).where(Project.id.in_(ids))
    tasks = task_counts.counts_by_project(of_page)
    asking = task_counts.asking_by_project(of_page)
    latest = _latest_events(ids)
    return [
        ProjectView(
            project=project,
            member_count=members[project.id].number,
            my_role=members[project.id].my_role,
            task_counts=dict.fromkeys(TaskStatus, 0) | tasks.get(project.id, {}),
            task_states=count_live_states(tasks.get(project.id, {}), asking.get(project.id, {})),
            last_activity_at=latest.get(project.id),
        )
        for project in projects
    ]


def get_view(project: Project, viewer: Developer | None = None) -> ProjectView:
    return list_views([project], viewer)[0]


def view_with_warnings(project: Project, viewer: Developer | None = None) -> ProjectView:
    """Return a view with warnings, by one more query."""
    return replace(get_view(project, viewer), warnings=agents.project_warnings(project))


class _Members(NamedTuple):
    number: int = 0
    my_role: ProjectRole | None = None


def _members(ids: Sequence[int], viewer: Developer | None) -> Mapping[int, _Members]:
    is_mine = ProjectMember.developer_id == (viewer.id if viewer else None)
    query = (
        select(
            ProjectMember.project_id,
            func.count().label("members"),
            func.max(ProjectMember.role).filter(is_mine).label("my_role"),
        )
        .where(ProjectMember.project_id.in_(ids))
        .group_by(ProjectMember.project_id)
    )
    found: dict[int, _Members] = defaultdict(_Members)
    for row in db.session.execute(query):
        found[row.project_id] = _Members(row.members, row.my_role)
    return found


def _latest_events(ids: Sequence[int]) -> dict[int, datetime]:
    latest = (
        select(Event.created_at)
        .where(Event.project_id == Project.id, Event.type != EventType.LOG)
        .order_by(Event.created_at.desc())
        .limit(1)
        .lateral()
    )
    query = select(Project.id, latest.c.created_at).join(latest, true()).where(Project.id.in_(ids))
    return {row.id: row.created_at for row in db.session.execute(query)}
