"""Messages to a task's agent, and interrupts."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, url_for

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.openapi.headers import LOCATION
from app.api.pagination import CursorQuery, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.idempotency import IDEMPOTENCY_REPLAYED, IdempotencyHeaders
from app.api.schemas.messages import InterruptOptions, MessagePage, MessageSchema, NewMessage
from app.api.schemas.tasks import TaskSchema
from app.domain.errors import (
    Forbidden,
    IdempotencyKeyReused,
    NoCheckpoint,
    TaskEnded,
    TunnelOpen,
)
from app.domain.follow_up import TooManyFollowUps
from app.domain.task_message import MessageSent, NoMessages, NotWorking, TooManyMessages
from app.models import Task, TaskMessage
from app.services import idempotency
from app.services.tasks import interrupts, messages

blp = Blueprint("messages", __name__, url_prefix="/api/web/tasks", description="Messages")


@blp.post("/<int:task_id>/messages")
@blp.arguments(NewMessage)
@blp.arguments(IdempotencyHeaders, location="headers")
@blp.response(201, MessageSchema, headers=LOCATION | IDEMPOTENCY_REPLAYED)
@problems(
    *(blp, Forbidden, TaskEnded, NoMessages, TooManyMessages),
    *(NoCheckpoint, TunnelOpen, TooManyFollowUps, IdempotencyKeyReused),
)
def send_message(
    body: dict[str, Any], headers: dict[str, Any], task_id: int
) -> tuple[TaskMessage | Response, int, dict[str, str]]:
    """Send a message to the task's agent: to the one that works now, or with the prompt of the
    round's next agent stage.
    """
    key = headers["idempotency_key"]
    if key is not None:
        return _send_once(key, body, task_id)
    made = messages.create(current_developer(), task_id, **body)
    return made, 201, {"Location": _location(task_id, made.id)}


def _send_once(
    key: str, body: dict[str, Any], task_id: int
) -> tuple[Response, int, dict[str, str]]:
    actor = current_developer()

    def make(remember: Callable[[TaskMessage], None]) -> TaskMessage:
        return messages.create(actor, task_id, **body, remember=remember)

    def dump_message(made: TaskMessage) -> dict[str, Any]:
        found: dict[str, Any] = MessageSchema().dump(made)
        return found

    def require_right() -> None:
        messages.require_right(actor, task_id, body["when"])

    request = {**body, "task_id": task_id}
    answer = idempotency.run_once(actor, key, request, make, dump_message, require_right)
    replayed = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    location = {"Location": _location(task_id, answer.body["id"])}
    return jsonify(answer.body), 201, location | replayed


def _location(task_id: int, message_id: int) -> str:
    return url_for("messages.get_message", task_id=task_id, message_id=message_id)


@blp.get("/<int:task_id>/messages")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, MessagePage)
def list_messages(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """List the task's messages, newest first."""
    return paginate_by_cursor(
        messages.listing(current_developer(), task_id), TaskMessage.id, **query
    )


@blp.get("/<int:task_id>/messages/<int:message_id>")
@blp.response(200, MessageSchema)
def get_message(task_id: int, message_id: int) -> TaskMessage:
    """Get a message."""
    return messages.get(current_developer(), task_id, message_id)


@blp.delete("/<int:task_id>/messages/<int:message_id>")
@blp.response(200, Empty)
@problems(blp, Forbidden, MessageSent)
def withdraw_message(task_id: int, message_id: int) -> dict[str, Any]:
    """Withdraw a message that waits and hasn't been sent to an agent. Repeating it does nothing."""
    messages.withdraw(current_developer(), task_id, message_id)
    return {}


@blp.post("/<int:task_id>/interrupt")
@blp.arguments(InterruptOptions, required=False)
@blp.response(202, TaskSchema)
@problems(blp, Forbidden, TaskEnded, NoMessages, NotWorking)
def interrupt_agent(body: dict[str, Any], task_id: int) -> Task:
    """Stop the agent's running step. It then asks what to do instead: the task's gate. Repeating
    it does nothing.
    """
    return interrupts.request(current_developer(), task_id, **body)
