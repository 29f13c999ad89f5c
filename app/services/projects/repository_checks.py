"""Checking a project before a task fails: its repository, its default branch, its agent.

A machine that could run the project's tasks reads the repository's branches, with the project's
login, or with one that isn't saved yet. The rules for saving it apply.
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from limits import RateLimitItemPerMinute
from sqlalchemy import select

from app.domain import agents, field_errors, labels, project_check, sandbox
from app.domain.errors import InvalidFields, NotFound, TooManyRequests
from app.domain.host_keys import HostKey, read_host_keys
from app.domain.machine import MachineStatus
from app.domain.project_check import Checked, CheckState, MachineAnswer, Step
from app.domain.roles import Permission
from app.domain.sandbox import SandboxLevel
from app.domain.sanitize import make_printable
from app.domain.scheduling import AgentHealth, PlacementConstraints
from app.extensions import db, redis
from app.models import Developer, Machine, Project
from app.services import audit, encryption, rights
from app.services.clock import now
from app.services.projects import check_store, deploy_keys, projects, restrictions
from muster.protocol import frames

MAX_CHECKS_PER_MINUTE = 20  # of a developer
MAX_OFFERS = 5  # machines that are asked; the first one gets the order
SAVED_COLUMNS = (
    *(Project.id, Project.repo_url, Project.default_branch),
    *(Project.git_token, Project.ssh_key, Project.known_hosts),
)


@dataclass(frozen=True)
class CheckResult:
    """A check's state, the machine that has it, and what it found so far."""

    id: str
    state: CheckState
    machine: str | None
    steps: Sequence[Step]
    host_keys: Sequence[HostKey] = ()


def start(actor: Developer, key: str | None, fields: Mapping[str, Any]) -> CheckResult:
    """Start a check of the project with that key, or of a new one, with these fields changed.
    Commits.

    Raises NotFound, Forbidden, InvalidFields, TooManyRequests.
    """
    fields = deploy_keys.replace_id(actor, fields)
    project = _new_project(actor, fields) if key is None else _saved_project(actor, key, fields)
    _count_check(actor)
    about = {**_facts(project, fields), "projectId": project.id}
    checked = _checked(about, "")
    steps = project_check.agent_steps(
        about["agentType"], _agent_counts(), [*project.environment, *project.secrets]
    )
    repo, failure = _build_repo(project, fields)
    machines = _machines(project, about["agentType"]) if repo else []
    if failure is None and not machines:
        failure = "no_machine"
    if failure is not None:
        steps = [project_check.untried(failure, checked), *steps]
    about["steps"] = [step._asdict() for step in steps]
    about["ended"] = failure is not None
    if key is not None and _is_saved(project, fields):
        about["savedAs"] = saved_state(project)
    target = key or "-"
    after = {"repoUrl": about["repoUrl"]}
    audit.record("project.checked", "project", target, actor=actor, after=after)
    db.session.commit()
    return find(actor, key, check_store.add(about, repo, machines))


def start_saved(project_id: int) -> bool:
    """Check the project as it's saved, for nobody in particular. Returns whether a machine can.

    Any machine that is asked could run the project's tasks, with the same login.
    """
    project = db.session.get(Project, project_id)
    if project is None:
        return False
    repo, _ = _build_repo(project, {})
    machines = _machines(project, project.agent_type) if repo else []
    if not machines:
        return False
    about = {**_facts(project, {}), "projectId": project.id, "steps": [], "ended": False}
    check_store.add({**about, "savedAs": saved_state(project)}, repo, machines)
    return True


def find_saved(states: Sequence[str]) -> list[CheckResult | None]:
    """Return the latest check of each project as it's saved, by `saved_state`; None: unknown."""
    found = check_store.find_saved(states)
    return [None if stored is None else _result("", stored) for stored in found]


def saved_state(project: Any) -> str:
    """Identify what a check of the saved project is about, by its columns `SAVED_COLUMNS`: after a
    change, earlier checks no longer count.
    """
    values = [getattr(project, column.key) for column in SAVED_COLUMNS]
    return hashlib.sha256(repr(values).encode()).hexdigest()


def find(actor: Developer, key: str | None, check_id: str) -> CheckResult:
    """Return the project's check; without a key, any check, for admins. Raises NotFound,
    Forbidden.
    """
    project = None if key is None else projects.get(actor, key)
    if project is None:
        rights.require_admin(actor)
    else:
        rights.require(Permission.CHANGE_PROJECT, actor, project)
    stored = check_store.find(check_id)
    if stored is None or (project and stored.facts["projectId"] != project.id):
        raise NotFound("There is no such check, or it is older than ten minutes.")
    return _result(check_id, stored)


def _result(check_id: str, stored: check_store.StoredCheck) -> CheckResult:
    about = stored.facts
    checked = _checked(about, stored.machine)
    steps = [_read_step(step) for step in about["steps"]]
    state, host_keys = CheckState.RUNNING, []
    if stored.answer is not None:
        answer = _read_answer(stored.answer)
        steps = [*project_check.find_steps(checked, answer), *steps]
        host_keys = read_host_keys(about["repoUrl"], answer.host_keys)
    elif not about["ended"] and stored.is_late:
        steps = [project_check.untried("no_answer", checked), *steps]
    if about["ended"] or stored.answer is not None or stored.is_late:
        state = project_check.overall_state(steps)
    return CheckResult(check_id, state, stored.machine or None, steps, host_keys)


# ---- what is checked -----------------------------------------------------------------------------


def _new_project(actor: Developer, fields: Mapping[str, Any]) -> Project:
    """Return a project that isn't saved."""
    rights.require_admin(actor)
    if not fields.get("repo_url"):
        raise InvalidFields({"repoUrl": [field_errors.REQUIRED]})
    return Project(
        repo_url=fields["repo_url"],
        default_branch="main",
        agent_type=projects.DEFAULT_AGENT,
        environment={},
        secrets={},
        protected=False,
        protected_machines=[],
    )


def _saved_project(actor: Developer, key: str, fields: Mapping[str, Any]) -> Project:
    project = projects.get(actor, key)
    rights.require(Permission.CHANGE_PROJECT, actor, project)
    restrictions.require_repo_permission(actor, project, fields)
    restrictions.require_new_login(project, fields)
    return project


def _facts(project: Project, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "repoUrl": fields.get("repo_url", project.repo_url),
        "branch": fields.get("default_branch", project.default_branch),
        "agentType": fields.get("agent_type", project.agent_type),
        "hasToken": bool(fields.get("git_token", project.git_token)),
        "hasKey": bool(fields.get("ssh_key", project.ssh_key)),
    }


def _is_saved(project: Project, fields: Mapping[str, Any]) -> bool:
    """Whether the check is about the project as it's saved."""
    return all(name not in fields for name in restrictions.CREDENTIAL_FIELDS) and all(
        (value or None) == (getattr(project, name) or None) for name, value in fields.items()
    )


def _checked(about: Mapping[str, Any], machine: str) -> Checked:
    return Checked(about["repoUrl"], about["branch"], about["hasToken"], about["hasKey"], machine)


def _build_repo(
    project: Project, fields: Mapping[str, Any]
) -> tuple[frames.Repo | None, str | None]:
    """Return the order's repository, with the login in clear text; or None and a code."""
    try:
        login = {
            name: fields[name] if name in fields else _decrypt(getattr(project, name))
            for name in restrictions.CREDENTIAL_FIELDS
        }
    except encryption.KeyMissing:
        return None, "secrets_unreadable"
    about = _facts(project, fields)
    known_hosts = fields.get("known_hosts", project.known_hosts)
    return frames.Repo(
        url=about["repoUrl"],
        base=about["branch"],
        branch="",
        token=login["git_token"] or None,
        ssh_key=login["ssh_key"] or None,
        known_hosts=known_hosts or None,
    ), None


def _decrypt(token: str | None) -> str | None:
    return encryption.decrypt(token) if token else None


def _count_check(actor: Developer) -> None:
    limit = RateLimitItemPerMinute(MAX_CHECKS_PER_MINUTE, namespace="project_checked")
    if not redis.limiter.hit(limit, str(actor.id)):
        raise TooManyRequests(limit.get_expiry())


# ---- machines ------------------------------------------------------------------------------------


def _machines(project: Project, agent_type: str) -> list[uuid.UUID]:
    """Return the machines that could run the project's tasks, those with its agent first."""
    placement = PlacementConstraints.from_columns(
        project.min_sandbox,
        project.machine_selector,
        protected=project.protected,
        machines=project.protected_machines,
    )
    query = select(Machine).where(Machine.connected, Machine.status == MachineStatus.ONLINE)
    able = [each for each in db.session.scalars(query) if _can_run(each, placement)]
    at = now()
    able.sort(key=lambda each: (not _has_agent(each, agent_type, at), str(each.id)))
    return [machine.id for machine in able[:MAX_OFFERS]]


def _can_run(machine: Machine, placement: PlacementConstraints) -> bool:
    level = SandboxLevel(machine.sandbox["level"]) if machine.sandbox else None
    its = labels.effective_labels(machine.labels, machine.admin_labels)
    has_level = sandbox.is_sufficient(level, placement.min_sandbox)
    return has_level and placement.matches(str(machine.id), its)


def _has_agent(machine: Machine, agent_type: str, at: datetime) -> bool:
    return any(
        capability["agentType"] == agent_type
        and AgentHealth.from_capability(capability).is_usable(at)
        for capability in machine.capabilities
    )


def _agent_counts() -> Mapping[str, int]:
    """Return the number of machines that have each agent type."""
    query = select(Machine.capabilities).where(Machine.status != MachineStatus.DECOMMISSIONED)
    return Counter(
        capability["agentType"]
        for capabilities in db.session.scalars(query)
        for capability in capabilities
        if capability.get("reason") != agents.NOT_INSTALLED
    )


# ---- stored forms --------------------------------------------------------------------------------


def _read_step(step: Mapping[str, Any]) -> Step:
    its = project_check.CheckStep(step["step"]), project_check.StepState(step["state"])
    return Step(*its, step["code"], step["field"], step["params"], step["details"])


def _read_answer(answer: frames.RepositoryChecked) -> MachineAnswer:
    """Return a machine's answer with its texts made printable."""
    lines = (make_printable(line) for line in answer.details.splitlines())
    return MachineAnswer(
        answer.state,
        answer.has_base,
        make_printable(answer.head),
        [make_printable(branch) for branch in answer.branches],
        "\n".join(lines),
        [make_printable(folder) for folder in answer.folders],
        answer.host_keys,
    )
