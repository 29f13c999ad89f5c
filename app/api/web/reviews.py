"""Reviews of what a task has changed: threads, drafts, verdicts."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from marshmallow import Schema

from app.api import pagination
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.idempotency import IDEMPOTENCY_REPLAYED, MaybeOnce
from app.api.schemas.reviews import (
    CommentChange,
    NewReview,
    ReviewCommentSchema,
    ReviewSchema,
    ReviewThreadSchema,
    SubmittedReviewSchema,
    ThreadFilter,
    ViewedFileSchema,
    ViewedMark,
    WrittenComment,
)
from app.domain.errors import (
    AlreadyAnswered,
    CommentPublished,
    Forbidden,
    IdempotencyKeyReused,
    NoOpenGate,
    TooManyComments,
    TunnelOpen,
    WorkMoved,
    WrongStage,
)
from app.models import Review, ReviewComment, ViewedFile
from app.services import idempotency
from app.services.reviews import drafts, resolution, submission, thread_queries, viewed_files
from app.services.reviews.submission import SubmittedReview
from app.services.reviews.thread_queries import ShownThread

blp = Blueprint("reviews", __name__, url_prefix="/api/web/tasks", description="Reviews")


@blp.get("/<int:task_id>/comments")
@blp.arguments(ThreadFilter, location="query")
@blp.response(200, pagination.cursor_page_of(ReviewThreadSchema))
def list_comments(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """The threads of a task with their comments, as they began, and where they are now."""
    cursor, order = query.pop("cursor"), f"threads of task {task_id}"
    after = 0 if cursor is None else int(pagination.opened(cursor, order)[0])
    states = query.pop("state")
    page = thread_queries.page(current_developer(), task_id, states=states, after=after, **query)

    def cursor_behind(number: int) -> str:
        return pagination.sealed([page.items[number].thread.id], order)

    following = pagination.sealed([page.following], order) if page.following else None
    return {"items": page.items, "next_cursor": following, "cursor_behind": cursor_behind}


@blp.post("/<int:task_id>/comments")
@blp.arguments(WrittenComment)
@blp.arguments(MaybeOnce, location="headers")
@blp.response(201, ReviewCommentSchema, headers=IDEMPOTENCY_REPLAYED)
@problems(blp, Forbidden, TooManyComments, IdempotencyKeyReused)
def create_comment(
    body: dict[str, Any], headers: dict[str, Any], task_id: int
) -> tuple[Any, int, dict[str, str]]:
    """Write a comment: a draft of yours, until your next review, or published at once."""
    actor, key = current_developer(), headers["idempotency_key"]

    def make(remember: Callable[[ReviewComment], None] | None) -> ReviewComment:
        return drafts.add(actor, task_id, **body, remember=remember)

    if key is None:
        return make(None), 201, {}
    request = {"act": "comment", "task": task_id, **body}

    def require_right() -> None:
        drafts.require_right(actor, task_id)

    shown = ReviewCommentSchema()
    return _answer(idempotency.once(actor, key, request, make, _dumped(shown), require_right))


@blp.put("/<int:task_id>/comments/<int:comment_id>")
@blp.arguments(CommentChange)
@blp.response(200, ReviewCommentSchema)
@problems(blp, Forbidden, CommentPublished, TooManyComments)
def update_comment(body: dict[str, Any], task_id: int, comment_id: int) -> ReviewComment:
    """Write a draft of yours anew. What others see stays as it is."""
    return drafts.change(current_developer(), task_id, comment_id, **body)


@blp.delete("/<int:task_id>/comments/<int:comment_id>")
@blp.response(200, Empty)
@problems(blp, Forbidden, CommentPublished)
def delete_comment(task_id: int, comment_id: int) -> dict[str, Any]:
    """Discard a draft of yours, and with the last one its thread."""
    drafts.discard(current_developer(), task_id, comment_id)
    return {}


@blp.post("/<int:task_id>/threads/<int:thread_id>/resolve")
@blp.response(200, ReviewThreadSchema)
@problems(blp, Forbidden)
def resolve_thread(task_id: int, thread_id: int) -> ShownThread:
    """Say that a thread is done with. May be repeated."""
    return resolution.resolve(current_developer(), task_id, thread_id)


@blp.post("/<int:task_id>/threads/<int:thread_id>/reopen")
@blp.response(200, ReviewThreadSchema)
@problems(blp, Forbidden)
def reopen_thread(task_id: int, thread_id: int) -> ShownThread:
    """Take a resolved thread up again. May be repeated."""
    return resolution.reopen(current_developer(), task_id, thread_id)


@blp.get("/<int:task_id>/reviews")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, pagination.cursor_page_of(ReviewSchema))
def list_reviews(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """The reviews of a task, newest first."""
    return by_cursor(thread_queries.reviews(current_developer(), task_id), Review.id, **query)


@blp.post("/<int:task_id>/reviews")
@blp.arguments(NewReview)
@blp.arguments(MaybeOnce, location="headers")
@blp.response(201, SubmittedReviewSchema, headers=IDEMPOTENCY_REPLAYED)
@problems(
    blp,
    Forbidden,
    AlreadyAnswered,
    NoOpenGate,
    WrongStage,
    TunnelOpen,
    WorkMoved,
    TooManyComments,
    IdempotencyKeyReused,
)
def create_review(
    body: dict[str, Any], headers: dict[str, Any], task_id: int
) -> tuple[Any, int, dict[str, str]]:
    """Submit a review with all your drafts. At an open confirm gate, to approve is the answer."""
    actor, key = current_developer(), headers["idempotency_key"]

    def make(remember: Callable[[SubmittedReview], None] | None) -> SubmittedReview:
        return submission.submit(actor, task_id, **body, remember=remember)

    if key is None:
        return make(None), 201, {}
    request = {"act": "review", "task": task_id, **body}

    def require_right() -> None:
        submission.require_right(actor, task_id, body["verdict"])

    shown = SubmittedReviewSchema()
    return _answer(idempotency.once(actor, key, request, make, _dumped(shown), require_right))


@blp.get("/<int:task_id>/viewed")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, pagination.cursor_page_of(ViewedFileSchema))
def list_viewed(query: dict[str, Any], task_id: int) -> dict[str, Any]:
    """The files that you have marked as viewed, and that are still as you have seen them."""
    return by_cursor(viewed_files.listing(current_developer(), task_id), ViewedFile.id, **query)


@blp.put("/<int:task_id>/viewed")
@blp.arguments(ViewedMark)
@blp.response(200, Empty)
@problems(blp, Forbidden, WorkMoved)
def put_viewed(body: dict[str, Any], task_id: int) -> dict[str, Any]:
    """Mark a file as viewed, in the version that you have seen, or take the mark away."""
    viewed_files.mark(current_developer(), task_id, **body)
    return {}


def _dumped(schema: Schema) -> Callable[[Any], dict[str, Any]]:
    def dump(made: Any) -> dict[str, Any]:
        found: dict[str, Any] = schema.dump(made)
        return found

    return dump


def _answer(stored: idempotency.StoredResponse) -> tuple[Response, int, dict[str, str]]:
    replayed = {"Idempotency-Replayed": "true"} if stored.replayed else {}
    return jsonify(stored.body), 201, replayed
