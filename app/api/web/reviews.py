"""Reviews of a task's changes: threads, drafts, verdicts."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from marshmallow import Schema

from app.api import pagination
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.idempotency import IDEMPOTENCY_REPLAYED, IdempotencyHeaders
from app.api.schemas.reviews import (
    CommentChange,
    NewReview,
    ReviewCommentInput,
    ReviewCommentSchema,
    ReviewSchema,
    ReviewThreadSchema,
    SubmittedReviewSchema,
    ThreadFilter,
    ViewedFileSchema,
    ViewedMark,
)
from app.domain.answerers import NotAnAnswerer
from app.domain.answers import AlreadyAnswered
from app.domain.errors import (
    CommentPublished,
    Forbidden,
    HeadChanged,
    IdempotencyKeyReused,
    NoOpenGate,
    ProjectArchived,
    TooManyComments,
    TunnelOpen,
    WrongStage,
)
from app.models import Review, ReviewComment, ViewedFile
from app.services import idempotency
from app.services.reviews import drafts, resolution, submission, thread_queries, viewed_files
from app.services.reviews.submission import SubmittedReview
from app.services.reviews.thread_queries import ThreadView

blp = Blueprint("reviews", __name__, url_prefix="/api/web/tasks", description="Reviews")


@blp.get("/<int:task_id>/comments")
@blp.arguments(ThreadFilter, location="query")
@blp.response(200, pagination.cursor_page_schema(ReviewThreadSchema))
def list_comments(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """List the threads of a task with their comments, oldest first, and their current positions."""
    cursor, order = query.pop("cursor"), f"threads of task {task_id}"
    after = 0 if cursor is None else int(pagination.decode_cursor(cursor, order)[0])
    states = query.pop("state")
    page = thread_queries.read_page(
        current_developer(), task_id, states=states, after=after, **query
    )

    def cursor_behind(number: int) -> str:
        return pagination.encode_cursor([page.items[number].thread.id], order)

    following = pagination.encode_cursor([page.following], order) if page.following else None
    return {"items": page.items, "next_cursor": following, "cursor_behind": cursor_behind}


@blp.post("/<int:task_id>/comments")
@blp.arguments(ReviewCommentInput)
@blp.arguments(IdempotencyHeaders, location="headers")
@blp.response(201, ReviewCommentSchema, headers=IDEMPOTENCY_REPLAYED)
@problems(blp, Forbidden, TooManyComments, IdempotencyKeyReused)
def create_comment(
    body: dict[str, Any], headers: dict[str, Any], task_id: int
) -> tuple[Any, int, dict[str, str]]:
    """Write a comment: a draft until your next review, or published immediately."""
    actor, key = current_developer(), headers["idempotency_key"]

    def make(remember: Callable[[ReviewComment], None] | None) -> ReviewComment:
        return drafts.add_comment(actor, task_id, **body, remember=remember)

    if key is None:
        return make(None), 201, {}
    request = {"act": "comment", "task": task_id, **body}

    def require_right() -> None:
        drafts.require_right(actor, task_id)

    shown = ReviewCommentSchema()
    return _stored_response(
        idempotency.run_once(actor, key, request, make, _dumper(shown), require_right)
    )


@blp.put("/<int:task_id>/comments/<int:comment_id>")
@blp.arguments(CommentChange)
@blp.response(200, ReviewCommentSchema)
@problems(blp, Forbidden, CommentPublished, TooManyComments)
def update_comment(body: dict[str, Any], task_id: int, comment_id: int) -> ReviewComment:
    """Edit your draft. Published comments don't change."""
    return drafts.update_comment(current_developer(), task_id, comment_id, **body)


@blp.delete("/<int:task_id>/comments/<int:comment_id>")
@blp.response(200, Empty)
@problems(blp, Forbidden, CommentPublished)
def delete_comment(task_id: int, comment_id: int) -> dict[str, Any]:
    """Delete your draft, and its thread if it has no other comment."""
    drafts.discard(current_developer(), task_id, comment_id)
    return {}


@blp.post("/<int:task_id>/threads/<int:thread_id>/resolve")
@blp.response(200, ReviewThreadSchema)
@problems(blp, Forbidden)
def resolve_thread(task_id: int, thread_id: int) -> ThreadView:
    """Resolve a thread. Can be repeated."""
    return resolution.resolve(current_developer(), task_id, thread_id)


@blp.post("/<int:task_id>/threads/<int:thread_id>/reopen")
@blp.response(200, ReviewThreadSchema)
@problems(blp, Forbidden)
def reopen_thread(task_id: int, thread_id: int) -> ThreadView:
    """Reopen a thread. Can be repeated."""
    return resolution.reopen(current_developer(), task_id, thread_id)


@blp.get("/<int:task_id>/reviews")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, pagination.cursor_page_schema(ReviewSchema))
def list_reviews(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """List the reviews of a task, newest first."""
    return paginate_by_cursor(
        thread_queries.list_reviews(current_developer(), task_id), Review.id, **query
    )


@blp.post("/<int:task_id>/reviews")
@blp.arguments(NewReview)
@blp.arguments(IdempotencyHeaders, location="headers")
@blp.response(201, SubmittedReviewSchema, headers=IDEMPOTENCY_REPLAYED)
@problems(
    blp,
    Forbidden,
    ProjectArchived,
    NotAnAnswerer,
    AlreadyAnswered,
    NoOpenGate,
    WrongStage,
    TunnelOpen,
    HeadChanged,
    TooManyComments,
    IdempotencyKeyReused,
)
def create_review(
    body: dict[str, Any], headers: dict[str, Any], task_id: int
) -> tuple[Any, int, dict[str, str]]:
    """Submit a review with all your drafts. At an open confirm gate, approval is the answer."""
    actor, key = current_developer(), headers["idempotency_key"]

    def make(remember: Callable[[SubmittedReview], None] | None) -> SubmittedReview:
        return submission.submit(actor, task_id, **body, remember=remember)

    if key is None:
        return make(None), 201, {}
    request = {"act": "review", "task": task_id, **body}

    def require_right() -> None:
        submission.require_right(actor, task_id, body["verdict"])

    shown = SubmittedReviewSchema()
    return _stored_response(
        idempotency.run_once(actor, key, request, make, _dumper(shown), require_right)
    )


@blp.get("/<int:task_id>/viewed")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, pagination.cursor_page_schema(ViewedFileSchema))
def list_viewed_files(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """List the files that you marked as viewed and that haven't changed since."""
    return paginate_by_cursor(
        viewed_files.listing(current_developer(), task_id), ViewedFile.id, **query
    )


@blp.put("/<int:task_id>/viewed")
@blp.arguments(ViewedMark)
@blp.response(200, Empty)
@problems(blp, Forbidden, HeadChanged)
def set_file_viewed(body: dict[str, Any], task_id: int) -> dict[str, Any]:
    """Mark a file as viewed, in the version that you viewed, or remove the mark."""
    viewed_files.set_viewed(current_developer(), task_id, **body)
    return {}


def _dumper(schema: Schema) -> Callable[[Any], dict[str, Any]]:
    def dump(made: Any) -> dict[str, Any]:
        found: dict[str, Any] = schema.dump(made)
        return found

    return dump


def _stored_response(stored: idempotency.StoredResponse) -> tuple[Response, int, dict[str, str]]:
    replayed = {"Idempotency-Replayed": "true"} if stored.replayed else {}
    return jsonify(stored.body), 201, replayed
