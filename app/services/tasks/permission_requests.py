"""Permission requests: what agents in the middle of a stage may not do without asking people.

Each is a question of the agent, unless people have already allowed the same for the whole task. In
all functions the caller holds the locks of the machine and the task, and commits.
"""

from typing import Any

from sqlalchemy import func, select

from app.domain import field_errors
from app.domain import permission_requests as rules
from app.domain.errors import InvalidFields
from app.domain.permission_requests import PermissionResult
from app.domain.pipeline import GateKind
from app.domain.roles import Permission
from app.domain.task import FailureCode
from app.extensions import db
from app.models import Developer, Gate, Project, Task
from app.services import audit, rights
from app.services.locks import LockedTask
from app.services.projects import projects
from app.services.tasks import attempts, questions
from muster.protocol import frames


def handle_request(
    locked: LockedTask, asked: frames.QuestionOpened, given: frames.PermissionRequest
) -> None:
    """Ask people, or allow at once what they have allowed for the task. Fails the task if its agent
    asks too often. Raises IllegalTransition, LimitExceeded.
    """
    request = rules.build_request(
        tool=given.tool,
        title=given.title,
        arguments=given.arguments,
        folder=given.folder,
        diff=given.diff,
        suggestion=given.suggestion,
    )
    if rules.is_allowed(request, locked.task.allowed_actions):
        questions.withdraw(locked, "the agent asks another")
        allowed = {"permission": PermissionResult.ALLOW_FOR_TASK.value}
        locked.attempt.question = {"number": asked.number, "answer": allowed}
        attempts.bump_orders_version(locked.machine)
        locked.wake_machine()
    elif _count_requests(locked) >= rules.MAX_PER_STAGE:
        questions.withdraw(locked, "its agent asks too much")
        text = f"its agent asked for more than {rules.MAX_PER_STAGE} permissions in one stage"
        attempts.fail(locked, FailureCode.ASKS_TOO_MUCH, text, gone=False)
    else:
        questions.open_question(locked, asked, request)


def answer_request(locked: LockedTask, gate: Gate) -> dict[str, Any]:
    """Return an answered request's answer for the agent; store what is allowed for the task."""
    if gate.result == PermissionResult.ALLOW_FOR_TASK and gate.permission is not None:
        task = locked.task
        task.allowed_actions = rules.add_rule(task.allowed_actions, gate.permission)
    return {"permission": gate.result, "comment": gate.comment}


def lock_project_of(actor: Developer, task: Task) -> None:
    """Lock the project whose settings an answer will change, before its tasks are locked. Raises
    Forbidden.
    """
    rights.require(Permission.CHANGE_PROJECT, actor, task.project)
    projects.lock_project(task.project.key)


def allow_always(actor: Developer, project: Project, gate: Gate, result: str) -> None:
    """Add the agent's suggestion to the tools that the project allows without asking. The project
    is locked. Raises InvalidFields.
    """
    suggestion = (gate.permission or {}).get("suggestion")
    if suggestion is None or result != PermissionResult.ALLOW_FOR_TASK:
        raise InvalidFields({"always": [field_errors.NOTHING_SUGGESTED]})
    before = project.agent_options
    project.agent_options = rules.add_allowed_tool(before, suggestion)
    if project.agent_options != before:
        audit.record(
            "project.updated",
            "project",
            project.key,
            actor=actor,
            before={"agentOptions": before},
            after={"agentOptions": project.agent_options},
        )


def _count_requests(locked: LockedTask) -> int:
    db.session.flush()  # some may be as new as this batch of reports
    query = select(func.count()).where(
        Gate.task_id == locked.task.id,
        Gate.round == locked.task.round,
        Gate.stage_index == locked.attempt.stage_index,
        Gate.kind == GateKind.PERMISSION,
    )
    return db.session.scalar(query) or 0
