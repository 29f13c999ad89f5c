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
        metadata={"description": "where the threads are in that commit; default: the latest"},
    )


class NewReviewComment(Schema):
    thread_id = Id(load_default=None, allow_none=True)
    path = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 4096),
        metadata={"description": "default: it is about the whole"},
    )
    side = fields.Enum(
        Side,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "with a line; default: `new`"},
    )
    line = Integer(
        minimum=1,
        load_default=None,
        allow_none=True,
        metadata={"description": "default: it is about the file"},
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
        metadata={"description": "of the line, where it is not of the diff from the base"},
    )
    body = fields.String(required=True, validate=validate.Length(1, MAX_COMMENT))


class ReviewCommentInput(NewReviewComment):
    publish = Boolean(
        load_default=False,
        metadata={"description": "at once, in no review; default: it is your draft until one"},
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
        metadata={"description": "whose agent has written it; null: a person has"},
    )
    body = fields.String(required=True)
    draft = fields.Function(
        lambda comment: comment.published_at is None,
        required=True,
        metadata={"type": "boolean", "description": "nobody else sees it"},
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
        metadata={"description": "the lines as they were, and some above them"},
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
        metadata={"description": "beside those that are your drafts already"},
    )
    commit = fields.String(
        load_default=None,
        allow_none=True,
        validate=_COMMIT,
        metadata={"description": "that you have looked at; default: the latest"},
    )
    stage_index = Integer(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "of the gate that it answers, and is refused where somebody was "
            "quicker; default: whichever is open, or none"
        },
    )
    number = Integer(load_default=None, allow_none=True, metadata={"description": "of that gate"})


class ReviewSchema(Schema):
    id = Id(required=True)
    round = Integer(required=True)
    attempt = Integer(required=True)
    commit = fields.String(required=True, allow_none=True)
    author = fields.Nested(CreatorSchema, required=True)
    verdict = fields.Enum(ReviewVerdict, by_value=True, required=True)
    body = fields.String(required=True)
    comments = Integer(required=True, metadata={"description": "how many"})
    stage_index = Integer(
        required=True, allow_none=True, metadata={"description": "of the gate that it answered"}
    )
    submitted_at = Timestamp(required=True)


class SubmittedReviewSchema(Schema):
    review = fields.Nested(ReviewSchema, required=True)
    answered = fields.Boolean(
        required=True, metadata={"description": "whether it has answered the open gate"}
    )
    follow_up = Id(
        required=True, allow_none=True, metadata={"description": "the one that it has begun"}
    )


class ViewedMark(Schema):
    path = fields.String(required=True, validate=validate.Length(1, 4096))
    blob = fields.String(
        required=True,
        allow_none=True,
        validate=_COMMIT,
        metadata={"description": "the version that you have seen; null: it is deleted"},
    )
    viewed = Boolean(required=True)


class ViewedFileSchema(Schema):
    path = fields.String(required=True)
    blob = fields.Function(
        lambda mark: mark.blob or None, required=True, metadata={"type": ["string", "null"]}
    )
    viewed_at = Timestamp(required=True)
