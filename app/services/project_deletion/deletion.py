"""Deleting a project. Its history stays, and admins can read it; its secrets are destroyed."""

from sqlalchemy import select

from app.domain.errors import Conflict, TaskEnded
from app.domain.task import LIVE
from app.extensions import db
from app.models import Developer, Project, Task
from app.services import audit, rights
from app.services.clock import now
from app.services.notify import bindings
from app.services.projects import projects
from app.services.tasks import images, queries, tasks, workspace_cleanup


class ProjectInUse(Conflict):
    """The project has live tasks."""

    code = "project_in_use"


def delete(actor: Developer, key: str, *, force: bool = False) -> None:
    """Delete a project without live tasks; with `force`, cancel them first. Commits.

    Its secrets are destroyed, and its environment, which may contain some. Machines keep what they
    have besides its workspaces, which the next sweep deletes. Raises Forbidden, NotFound, and
    ProjectInUse (with `force` too, if tasks are created as fast as they are cancelled).
    """
    rights.require_admin(actor)
    project = projects.get(actor, key)
    if force:
        _cancel_all(actor, project)
    project = projects.lock_project(key)
    if _live_tasks(project):
        raise ProjectInUse
    bindings.remove_all(project)
    projects.delete_secrets(project)
    project.environment = {}
    images.delete_of_project(project.id)
    project.deleted_at = now()
    gone = {"name": project.name, "repoUrl": project.repo_url}
    audit.record("project.deleted", "project", project.key, actor=actor, before=gone)
    project_id = project.id
    db.session.commit()
    workspace_cleanup.expire_project(project_id, now())


def _cancel_all(actor: Developer, project: Project) -> None:
    for task_id in _live_tasks(project):
        try:
            tasks.cancel_unchecked(actor, queries.get(actor, task_id))
        except TaskEnded:  # it ended by itself meanwhile
            db.session.rollback()


def _live_tasks(project: Project) -> list[int]:
    query = select(Task.id).where(Task.project_id == project.id, Task.status.in_(LIVE))
    return list(db.session.scalars(query))
