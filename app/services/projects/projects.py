"""Projects: created, changed and found."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.exc import IntegrityError

from app import wakeups
from app.domain import agents, branch_name, labels, network
from app.domain import budget as budgets
from app.domain.errors import AlreadyExists, NotFound, ProjectArchived
from app.domain.roles import Permission, ProjectRole
from app.domain.timestamps import to_rfc3339
from app.extensions import db
from app.models import Developer, Project, ProjectMember
from app.services import audit, encryption, rights
from app.services.clock import now
from app.services.projects import checks, pipelines, restrictions

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
DEFAULT_AGENT = "claude"


def create(
    actor: Developer, *, key: str, repo_url: str, agent_type: str = DEFAULT_AGENT, **fields: Any
) -> Project:
    """Create a project with the actor as its maintainer; `fields` are those of `update`. Commits.

    Raises Forbidden, InvalidFields, AlreadyExists.
    """
    rights.require_admin(actor)
    project = Project(
        key=key,
        name=key,
        repo_url=repo_url,
        default_branch="main",
        branch_name=branch_name.DEFAULT,
        agent_type=agent_type,
        max_attempts=2,
        environment={},
        secrets={},
        protected=False,
        protected_machines=[],
        templates=[],
        created_at=now(),
    )
    _change(project, {"pipeline": None} | fields)
    db.session.add(project)
    members = {str(actor.id): ProjectRole.MAINTAINER}
    after = _audited_fields(project) | {"members": members}
    audit.record("project.created", "project", key, actor=actor, after=after)
    try:
        db.session.flush()
        db.session.add(
            ProjectMember(project_id=project.id, developer_id=actor.id, role=ProjectRole.MAINTAINER)
        )
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise AlreadyExists(f"A project with the key {key!r} already exists.") from error
    return project


def update(actor: Developer, key: str, **fields: Any) -> Project:
    """Change the given fields (those of `_PLAIN_FIELDS` and `_change`), and return the project.
    Commits. `environment` is replaced as a whole; each of `secrets` is set, or removed by None.

    A time as `archived_at` archives the project, None restores it. Only admins may change
    `protected` and `protected_machines`. Tasks keep the pipeline and the
    budget that they were created with, and their branch. Raises NotFound, Forbidden, InvalidFields.
    """
    rights.require(Permission.CHANGE_PROJECT, actor, get(actor, key))
    project = lock_project(key)
    restrictions.require_repo_permission(actor, project, fields)
    restrictions.require_protection_permission(actor, project, fields)
    before = _audited_fields(project)
    _change(project, fields)
    after = _audited_fields(project)
    audit.record("project.updated", "project", project.key, actor=actor, before=before, after=after)
    if not _PLACEMENT_FIELDS.isdisjoint(fields):
        wakeups.wake_dispatch()
    db.session.commit()
    return project


def destroy_secrets(actor: Developer, key: str) -> None:
    """Destroy all of the project's secrets: its secrets, its Git token and its SSH key. Running
    stages keep them until they end. Commits.

    Raises NotFound, Forbidden.
    """
    rights.require(Permission.CHANGE_PROJECT, actor, get(actor, key))
    project = lock_project(key)
    restrictions.require_repo_permission(actor, project, {"ssh_key": None})
    before = _audited_fields(project)
    delete_secrets(project)
    after = _audited_fields(project)
    what = "project.secrets_destroyed"
    audit.record(what, "project", project.key, actor=actor, before=before, after=after)
    db.session.commit()


def delete_secrets(project: Project) -> None:
    """Delete all of the project's secrets. The caller holds its lock, and commits."""
    project.secrets = {}
    project.git_token = project.ssh_key = None


def get(actor: Developer, key: str, *, hold: bool = False) -> Project:
    """Return the project with that key, in any letter case. Raises NotFound if it isn't visible.

    With `hold`, the row is locked so that the project can't be deleted before the end of the
    transaction: for callers that add something to the project.
    """
    query = listing(actor).where(_has_key(key))
    if hold:
        query = query.with_for_update(read=True, key_share=True)
    project = db.session.scalar(query)
    if project is None:
        raise NotFound(f"Project {key!r} not found.")
    return project


def require_active(project: Project) -> None:
    """Raise ProjectArchived if the project takes no new work."""
    if project.archived_at is not None:
        raise ProjectArchived


def listing(actor: Developer) -> Select[Project]:
    """Return the query of the projects that the developer can see, newest first."""
    query = select(Project).where(Project.deleted_at.is_(None)).order_by(Project.id.desc())
    visible = rights.visible_projects(actor)
    return query if visible is None else query.where(visible)


def visible_ids(actor: Developer) -> Select[int]:
    """Return the query of visible projects' IDs; for admins, also of deleted ones (history)."""
    visible = rights.visible_projects(actor)
    query = select(Project.id)
    return query if visible is None else query.where(visible)


def lock_project(key: str) -> Project:
    """Return the project with that key, its row locked and reread. Raises NotFound.

    Waits for transactions that `hold` the project.
    """
    query = (
        select(Project)
        .where(_has_key(key), Project.deleted_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    project = db.session.scalar(query)
    if project is None:
        raise NotFound(f"Project {key!r} not found.")
    return project


def _has_key(key: str) -> ColumnElement[bool]:
    # An impossible key isn't sent to Postgres, which would reject some of them (NUL).
    return func.lower(Project.key) == key.lower() if KEY.fullmatch(key) else false()


_PLAIN_FIELDS = (
    *("name", "repo_url", "default_branch", "agent_type", "agent_command", "max_attempts"),
    *("known_hosts", "min_sandbox", "require_change", "on_quota", "quota_minutes"),
    *("quota_failover", "branch_name", "protected", "templates"),
)
_PLACEMENT_FIELDS = frozenset(
    {"machine_selector", "protected", "protected_machines", "min_sandbox"}
)


def _change(project: Project, fields: Mapping[str, Any]) -> None:
    restrictions.require_new_login(project, fields)
    for name in _PLAIN_FIELDS:
        if name in fields:
            setattr(project, name, fields[name])
    if "archived_at" in fields:  # the server's time, whatever the client's clock says
        archived_at = project.archived_at or now()
        project.archived_at = archived_at if fields["archived_at"] else None
    if "machine_selector" in fields:
        project.machine_selector = labels.canonicalize(fields["machine_selector"])
    if "protected_machines" in fields:
        project.protected_machines = restrictions.known_machines(fields["protected_machines"])
    if "network" in fields:
        project.network = network.from_api(fields["network"])
    if "agent_options" in fields:
        project.agent_options = agents.exclude_none(fields["agent_options"])
    for name in ("budget", "task_budget"):
        if name in fields:
            setattr(project, name, budgets.exclude_none(fields[name]))
    if "pipeline" in fields:
        project.pipeline = pipelines.normalize_pipeline(fields["pipeline"])
        checks.require_named_people(project.pipeline)
    if "environment" in fields:
        project.environment = dict(fields["environment"])
    if "secrets" in fields:
        project.secrets = _merge_secrets(project.secrets, fields["secrets"])
    for name in restrictions.CREDENTIAL_FIELDS.keys() & fields.keys():
        setattr(project, name, encryption.encrypt(fields[name]) if fields[name] else None)
    checks.require_agent(project)
    if not {"branch_name", "default_branch"}.isdisjoint(fields):
        checks.require_branch_name(project)


def _audited_fields(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "repoUrl": project.repo_url,
        "defaultBranch": project.default_branch,
        "branchName": project.branch_name,
        "agentType": project.agent_type,
        "agentCommand": project.agent_command,
        "agentOptions": project.agent_options,
        "pipeline": project.pipeline,
        "maxAttempts": project.max_attempts,
        "minSandbox": project.min_sandbox,
        "machineSelector": project.machine_selector,
        "protected": project.protected,
        "protectedMachines": project.protected_machines,
        "network": network.to_api(project.network),
        "environment": project.environment,
        "secrets": project.secrets,
        "gitToken": project.git_token,
        "sshKey": project.ssh_key,
        "knownHosts": project.known_hosts,
        "requireChange": project.require_change,
        "onQuota": project.on_quota,
        "quotaMinutes": project.quota_minutes,
        "quotaFailover": project.quota_failover,
        "budget": project.budget,
        "taskBudget": project.task_budget,
        "templates": project.templates,
        "archivedAt": to_rfc3339(project.archived_at) if project.archived_at else None,
    }


def _merge_secrets(stored: Mapping[str, str], given: Mapping[str, str | None]) -> dict[str, str]:
    kept = {name: text for name, text in stored.items() if name not in given}
    return kept | {
        name: encryption.encrypt(text) for name, text in given.items() if text is not None
    }
