"""Reviews, their threads and comments as JSON."""

from typing import Any

from marshmallow import fields, validate

from app.api.pagination import CursorQuery
from app.api.schemas.base import Boolean, Id, Integer, Schema, Timestamp
from app.api.schemas.tasks import CreatorSchema
from app.api.schemas.texts import CommaList
from app.domain import field_errors
from app.domain.review import MAX_COMMENT, ReviewVerdict, Side, ThreadState

MAX_THREADS_PER_PAGE = 100
_COMMIT = validate.Regexp(r"[0-9a-f]{4,64}\Z", error=field_errors.NO_COMMIT)


class ThreadFilter(CursorQuery):
    state = CommaList(ThreadState)
    commit = fields.String(
        load_default=None,
        validate=_COMMIT,
        metadata={"description": "commit for the threads' positions; default: the latest"},
    )


class NewReviewComment(Schema):
    thread_id = Id(load_default=None, allow_none=True)
    path = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 4096),
        metadata={"description": "file; default: the thread is about the change as a whole"},
    )
    side = fields.Enum(
        Side,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "only with a line; default: `new`"},
    )
    line = Integer(
        minimum=1,
        load_default=None,
        allow_none=True,
        metadata={"description": "line; default: the thread is about the file"},
    )
    end_line = Integer(minimum=1, load_default=None, allow_none=True)
    commit = fields.String(
        load_default=None,
        allow_none=True,
        validate=_COMMIT,
        metadata={"description": "default: the latest"},
    )
    blob = fields.String(
        load_default=None,
        allow_none=True,
        validate=_COMMIT,
        metadata={"description": "base of the diff with the line, if it isn't the task's base"},
    )
    body = fields.String(required=True, validate=validate.Length(1, MAX_COMMENT))


class ReviewCommentInput(NewReviewComment):
    publish = Boolean(
        load_default=False,
        metadata={
            "description": "publish immediately, outside a review; default: your draft until "
            "your next review"
        },
    )


class CommentChange(Schema):
    body = fields.String(required=True, validate=validate.Length(1, MAX_COMMENT))


class ReviewCommentSchema(Schema):
    id = Id(required=True)
    thread_id = Id(required=True)
    author = fields.Nested(
        CreatorSchema, required=True, allow_none=True, metadata={"description": "null: an agent"}
    )
    attempt = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "attempt whose agent wrote it; null: a person did"},
    )
    body = fields.String(required=True)
    draft = fields.Function(
        lambda comment: comment.published_at is None,
        required=True,
        metadata={"type": "boolean", "description": "only you can see it"},
    )
    review_id = Id(required=True, allow_none=True)
    created_at = Timestamp(required=True)


class OriginalPositionSchema(Schema):
    path = fields.String(required=True, allow_none=True)
    side = fields.Enum(Side, by_value=True, required=True, allow_none=True)
    line = Integer(required=True, allow_none=True)
    end_line = Integer(required=True, allow_none=True)
    blob = fields.String(required=True, allow_none=True)
    commit = fields.String(required=True, allow_none=True)


class ThreadPositionSchema(Schema):
    path = fields.String(required=True, allow_none=True)
    side = fields.Enum(Side, by_value=True, required=True, allow_none=True)
    line = Integer(required=True, allow_none=True)
    end_line = Integer(required=True, allow_none=True)
    blob = fields.String(required=True, allow_none=True)
    outdated = fields.Boolean(required=True)


class ThreadCodeSchema(Schema):
    first = Integer(required=True, metadata={"description": "the number of the first line"})
    lines = fields.List(fields.String(), required=True)


class ReviewThreadSchema(Schema):
    id = Id(required=True, attribute="thread.id")
    round = Integer(required=True, attribute="thread.round")
    attempt = Integer(required=True, attribute="thread.attempt")
    position = fields.Nested(ThreadPositionSchema, required=True)
    original = fields.Nested(OriginalPositionSchema, required=True, attribute="thread")
    code = fields.Nested(
        ThreadCodeSchema,
        required=True,
        allow_none=True,
        attribute="thread.code",
        metadata={"description": "the original lines, and some lines above"},
    )
    resolved_at = Timestamp(required=True, allow_none=True, attribute="thread.resolved_at")
    resolved_by = fields.Nested(
        CreatorSchema, required=True, allow_none=True, attribute="thread.resolver"
    )
    comments = fields.List(fields.Nested(ReviewCommentSchema), required=True)
    created_at = Timestamp(required=True, attribute="thread.created_at")


class NewReview(Schema):
    verdict = fields.Enum(ReviewVerdict, by_value=True, required=True)
    body = fields.String(load_default="", validate=validate.Length(max=MAX_COMMENT))
    comments = fields.List(
        fields.Nested(NewReviewComment),
        load_default=list[Any],
        validate=validate.Length(max=MAX_THREADS_PER_PAGE),
        metadata={"description": "in addition to your existing drafts"},
    )
    commit = fields.String(
        load_default=None,
        allow_none=True,
        validate=_COMMIT,
        metadata={"description": "the commit that you reviewed; default: the latest"},
    )
    stage_index = Integer(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "ID of the gate to answer; rejected if someone answered it "
            "first. Default: the open one, or none"
        },
    )
    number = Integer(
        load_default=None, allow_none=True, metadata={"description": "the gate's round"}
    )


class ReviewSchema(Schema):
    id = Id(required=True)
    round = Integer(required=True)
    attempt = Integer(required=True)
    commit = fields.String(required=True, allow_none=True)
    author = fields.Nested(CreatorSchema, required=True)
    verdict = fields.Enum(ReviewVerdict, by_value=True, required=True)
    body = fields.String(required=True)
    comments = Integer(required=True, metadata={"description": "their number"})
    stage_index = Integer(
        required=True, allow_none=True, metadata={"description": "of the gate that it answered"}
    )
    submitted_at = Timestamp(required=True)


class SubmittedReviewSchema(Schema):
    review = fields.Nested(ReviewSchema, required=True)
    answered = fields.Boolean(
        required=True, metadata={"description": "whether it answered the open gate"}
    )
    follow_up = Id(
        required=True, allow_none=True, metadata={"description": "the round that it started"}
    )


class ViewedMark(Schema):
    path = fields.String(required=True, validate=validate.Length(1, 4096))
    blob = fields.String(
        required=True,
        allow_none=True,
        validate=_COMMIT,
        metadata={"description": "the version that you viewed; null: it's deleted"},
    )
    viewed = Boolean(required=True)


class ViewedFileSchema(Schema):
    path = fields.String(required=True)
    blob = fields.Function(
        lambda mark: mark.blob or None, required=True, metadata={"type": ["string", "null"]}
    )
    viewed_at = Timestamp(required=True)
