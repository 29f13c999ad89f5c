"""Follow-ups: new instructions for a task's existing work."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, url_for

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.openapi.headers import LOCATION
from app.api.pagination import CursorQuery, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.follow_ups import FollowUpPage, FollowUpSchema, NewFollowUp
from app.api.schemas.idempotency import IDEMPOTENCY_REPLAYED, IdempotencyHeaders
from app.domain.errors import (
    Forbidden,
    IdempotencyKeyReused,
    NoCheckpoint,
    ProjectArchived,
    TunnelOpen,
)
from app.domain.follow_up import FollowUpStarted, TooManyFollowUps
from app.domain.send_back import NoFailedCheck
from app.models import FollowUp
from app.services import idempotency
from app.services.tasks import follow_ups, send_backs

blp = Blueprint("follow_ups", __name__, url_prefix="/api/web/tasks", description="Follow-ups")


@blp.post("/<int:task_id>/follow-ups")
@blp.arguments(NewFollowUp)
@blp.arguments(IdempotencyHeaders, location="headers")
@blp.response(201, FollowUpSchema, headers=LOCATION | IDEMPOTENCY_REPLAYED)
@problems(
    blp,
    Forbidden,
    NoCheckpoint,
    ProjectArchived,
    TunnelOpen,
    TooManyFollowUps,
    IdempotencyKeyReused,
)
def create_follow_up(
    body: dict[str, Any], headers: dict[str, Any], task_id: int
) -> tuple[FollowUp | Response, int, dict[str, str]]:
    """Follow up on a task. Starts a new round now if the task has ended or waits at a gate,
    otherwise as soon as it does.
    """
    key = headers["idempotency_key"]
    if key is not None:
        return _create_once(key, body, task_id)
    made = follow_ups.create(current_developer(), task_id, **body)
    return made, 201, {"Location": _location(task_id, made.id)}


def _create_once(
    key: str, body: dict[str, Any], task_id: int
) -> tuple[Response, int, dict[str, str]]:
    actor = current_developer()

    def make(remember: Callable[[FollowUp], None]) -> FollowUp:
        return follow_ups.create(actor, task_id, **body, remember=remember)

    def dump_follow_up(made: FollowUp) -> dict[str, Any]:
        found: dict[str, Any] = FollowUpSchema().dump(made)
        return found

    def require_right() -> None:
        follow_ups.require_right(actor, task_id)

    request = {**body, "task_id": task_id}
    answer = idempotency.run_once(actor, key, request, make, dump_follow_up, require_right)
    replayed = {"Idempotency-Replayed": "true"} if answer.replayed else {}
    location = {"Location": _location(task_id, answer.body["id"])}
    return jsonify(answer.body), 201, location | replayed


def _location(task_id: int, follow_up_id: int) -> str:
    return url_for("follow_ups.get_follow_up", task_id=task_id, follow_up_id=follow_up_id)


@blp.post("/<int:task_id>/send-back")
@blp.response(201, FollowUpSchema, headers=LOCATION)
@problems(blp, Forbidden, NoCheckpoint, NoFailedCheck, ProjectArchived, TunnelOpen)
def send_check_back(task_id: int) -> tuple[FollowUp, int, dict[str, str]]:
    """Send a task's failed check back to the agent before it: a follow-up with the failure."""
    made = send_backs.create(current_developer(), task_id)
    return made, 201, {"Location": _location(task_id, made.id)}


@blp.get("/<int:task_id>/follow-ups")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, FollowUpPage)
def list_follow_ups(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """List the task's follow-ups, newest first, both started and queued."""
    return paginate_by_cursor(
        follow_ups.listing(current_developer(), task_id), FollowUp.id, **query
    )


@blp.get("/<int:task_id>/follow-ups/<int:follow_up_id>")
@blp.response(200, FollowUpSchema)
def get_follow_up(task_id: int, follow_up_id: int) -> FollowUp:
    """Get a follow-up."""
    return follow_ups.get(current_developer(), task_id, follow_up_id)


@blp.delete("/<int:task_id>/follow-ups/<int:follow_up_id>")
@blp.response(200, Empty)
@problems(blp, Forbidden, FollowUpStarted)
def withdraw_follow_up(task_id: int, follow_up_id: int) -> dict[str, Any]:
    """Withdraw a queued follow-up. Repeating it does nothing."""
    follow_ups.withdraw(current_developer(), task_id, follow_up_id)
    return {}
