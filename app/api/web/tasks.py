"""Tasks: create, watch, answer and end them."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, url_for

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.openapi.headers import LOCATION
from app.api.pagination import CursorQuery, paginate_by_cursor, paginate_by_offset
from app.api.problems import problems
from app.api.schemas.gates import GateAnswer, PendingGateSchema
from app.api.schemas.idempotency import IDEMPOTENCY_REPLAYED, IdempotencyHeaders
from app.api.schemas.task_details import TaskDetail, TaskDetailSchema
from app.api.schemas.task_lists import TaskFilter, TaskListItem, TaskListItemPage
from app.api.schemas.tasks import (
    AttemptQuery,
    CreatedTask,
    CreatedTaskSchema,
    EventFilter,
    EventPage,
    LogFilter,
    LogLinePage,
    NewTask,
    Retry,
    TaskSchema,
    TerminalChannelSchema,
    TerminalInputPage,
    TerminalOptions,
)
from app.api.web import log_page, raw_log
from app.domain import task_actions
from app.domain.agents import AgentWarning
from app.domain.answerers import NotAnAnswerer
from app.domain.answers import AlreadyAnswered
from app.domain.errors import (
    Forbidden,
    IdempotencyKeyReused,
    NoCheckpoint,
    NoOpenGate,
    NoTerminal,
    NotFound,
    NothingPending,
    ProjectArchived,
    TaskEnded,
    TaskNotEnded,
    TunnelOpen,
    WrongRound,
    WrongStage,
)
from app.domain.terminal import NoShell
from app.models import Task, TerminalInput
from app.services import idempotency, rights
from app.services.clock import now
from app.services.dispatch import blockers, list_summaries, wait_reasons
from app.services.logs import logs
from app.services.projects import agents
from app.services.tasks import (
    actions,
    activities,
    answerers,
    gates,
    history,
    last_answers,
    queries,
    tasks,
)
from app.services.tasks.gates import PendingGate
from app.services.terminals import terminals
from app.services.usage import budgets

blp = Blueprint("tasks", __name__, url_prefix="/api/web/tasks", description="Tasks")


@blp.get("")
@blp.arguments(TaskFilter, location="query")
@blp.response(200, TaskListItemPage)
def list_tasks(query: dict[str, Any]) -> dict[str, Any]:
    """List the tasks that you can see, newest first, with why each waits and your actions for
    it.
    """
    actor = current_developer()
    page = {name: query.pop(name) for name in ("limit", "cursor")}
    keys = query.pop("project"), query.pop("project_key")
    found = queries.listing(
        actor,
        statuses=query.pop("status"),
        project_keys=next((some.split(",") for some in keys if some), ()),
        ids=[int(word) for word in query.pop("ids").split(",") if word],
        **query,
    )
    answer = paginate_by_cursor(found, Task.id, **page)
    summaries = list_summaries.summarize_tasks(actor, answer["items"])
    return {**answer, "items": [TaskListItem(task, summaries[task.id]) for task in answer["items"]]}


@blp.post("")
@blp.arguments(NewTask)
@blp.arguments(IdempotencyHeaders, location="headers")
@blp.response(201, CreatedTaskSchema, headers=LOCATION | IDEMPOTENCY_REPLAYED)
@problems(blp, NotFound, Forbidden, ProjectArchived, IdempotencyKeyReused)
def create_task(
    body: dict[str, Any], headers: dict[str, Any]
) -> tuple[CreatedTask | Response, int, dict[str, str]]:
    """Create a task: a description of work, which an agent does on one of the machines."""
    key = headers["idempotency_key"]
    if key is not None:
        return _create_once(key, body)
    warnings: list[AgentWarning] = []
    task = tasks.create(current_developer(), **body, warn=warnings.extend)
    return CreatedTask(task, warnings), 201, {"Location": _location(task.id)}


def _create_once(key: str, body: dict[str, Any]) -> tuple[Response, int, dict[str, str]]:
    actor = current_developer()
    warnings: list[AgentWarning] = []

    def make(remember: Callable[[Task], None]) -> Task:
        warnings.clear()  # a race may create it a second time
        return tasks.create(actor, **body, warn=warnings.extend, remember=remember)

    def dump_task(task: Task) -> dict[str, Any]:
        found: dict[str, Any] = CreatedTaskSchema().dump(CreatedTask(task, warnings))
        return found

    def require_right() -> None:
        tasks.require_creator(actor, body["project_key"])

    answer = idempotency.run_once(actor, key, body, make, dump_task, require_right)
    replayed = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    return jsonify(answer.body), 201, {"Location": _location(answer.body["id"])} | replayed


def _location(task_id: int) -> str:
    return url_for("tasks.get_task", task_id=task_id)


@blp.get("/<int:task_id>")
@blp.response(200, TaskDetailSchema)
def get_task(task_id: int) -> TaskDetail:
    """Get a task, with the reasons why it waits.

    While it's queued, `queue` has the reason why each machine can't take it; `waitingFor` has what
    else it waits for. While its machine doesn't respond, `relocation` has where it can continue.
    """
    actor = current_developer()
    task, role = queries.get_with_role(actor, task_id)
    asking = wait_reasons.open_gates([task])
    gate = asking.get(task_id)
    answering = answerers.find_answerers(task, gate)
    is_answerer = answerers.is_answerer(answering, actor)
    state = actions.read_state(task, gate, is_answerer=is_answerer)
    access = rights.access_with_role(actor, task.project, role, creator_id=task.created_by)
    wait = wait_reasons.find_waits([task], asking).get(task_id)
    return TaskDetail(
        task,
        blockers.queue_info(task),
        wait,
        activities.find_activities([task]).get(task_id),
        blockers.find_relocation(task, wait),
        gates.describe_gate(task, gate, answering) if gate else None,
        last_answers.find_last_answers([task]).get(task_id),
        state.has_terminal,
        agents.reads_terminal(task),
        task_actions.allowed_actions(access, state),
        budgets.task_budgets(actor, task, now()),
        state.recipients,
        state.interrupt,
    )


@blp.post("/<int:task_id>/cancel")
@blp.response(200, TaskSchema)
@problems(blp, Forbidden, TaskEnded)
def cancel_task(task_id: int) -> Task:
    """Cancel an unfinished task. It ends immediately."""
    return tasks.cancel(current_developer(), task_id)


@blp.post("/<int:task_id>/retry")
@blp.arguments(Retry, required=False)
@blp.response(200, TaskSchema)
@problems(blp, Forbidden, ProjectArchived, TaskNotEnded, NoCheckpoint)
def retry_task(body: dict[str, Any], task_id: int) -> Task:
    """Queue a failed or cancelled task again, from the start or from a stage."""
    return tasks.retry(current_developer(), task_id, **body)


@blp.post("/<int:task_id>/confirm-stage")
@blp.arguments(GateAnswer)
@blp.response(200, TaskSchema)
@problems(
    *(blp, Forbidden, NotAnAnswerer, NoOpenGate, WrongRound, WrongStage),
    *(AlreadyAnswered, TunnelOpen),
)
def confirm_stage(body: dict[str, Any], task_id: int) -> Task:
    """Answer the gate of a waiting stage. Only the first answer counts."""
    return gates.confirm_stage(current_developer(), task_id, **body)


@blp.get("/<int:task_id>/pending-confirm")
@blp.response(200, PendingGateSchema)
@problems(blp, NothingPending)
def get_pending_gate(task_id: int) -> PendingGate:
    """Get the task's open gate: the question that waits for an answer."""
    return gates.get_pending(current_developer(), task_id)


@blp.post("/<int:task_id>/pty-token")
@blp.arguments(TerminalOptions, required=False)
@blp.response(200, TerminalChannelSchema)
@problems(blp, Forbidden, NoTerminal, NoShell)
def create_pty_token(body: dict[str, Any], task_id: int) -> terminals.TerminalChannel:
    """Create a token that opens one terminal socket of the task, once, within a minute."""
    return terminals.issue_token(current_developer(), task_id, **body)


@blp.get("/<int:task_id>/terminal-inputs")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, TerminalInputPage)
@problems(blp, Forbidden)
def list_terminal_inputs(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """List who typed into the task's terminals, when, and how many bytes, newest first."""
    found = terminals.list_inputs(current_developer(), task_id)
    return paginate_by_cursor(found, TerminalInput.id, **query)


@blp.get("/<int:task_id>/events")
@blp.arguments(EventFilter, location="query")
@blp.response(200, EventPage)
def list_events(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """List the task's events, in order."""
    types = query.pop("type")
    found = history.read_events(current_developer(), task_id, types=types, **query)
    page = paginate_by_offset(
        found.items, found.total, limit=query["limit"], offset=query["offset"]
    )
    return page | {"searched_from": found.searched_from}


@blp.get("/<int:task_id>/logs")
@blp.arguments(LogFilter, location="query")
@blp.response(200, LogLinePage)
def list_log_lines(query: dict[str, Any], task_id: int) -> Response:
    """List lines of an attempt's log, with escape sequences.

    A page ends early if it would exceed 4 MiB.
    """
    return log_page.page_response(logs.read_page(current_developer(), task_id, **query))


@blp.get("/<int:task_id>/logs/raw", parameters=raw_log.PARAMETERS)
@blp.arguments(AttemptQuery, location="query")
@blp.response(200, raw_log.BINARY, content_type=raw_log.CONTENT_TYPE, headers=raw_log.HEADERS)
@blp.alt_response(
    206,
    schema=raw_log.BINARY,
    content_type=raw_log.CONTENT_TYPE,
    headers=raw_log.PART_HEADERS,
    description="The requested range",
    success=True,
)
@blp.alt_response(304, description="Matches If-None-Match", success=True)
@problems(blp, 416)
def get_raw_log(query: dict[str, Any], task_id: int) -> Response:
    """Get the exact bytes of an attempt's log."""
    return raw_log.log_response(logs.raw_log(current_developer(), task_id, **query))
