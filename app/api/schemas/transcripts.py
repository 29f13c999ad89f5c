"""Agents' transcripts as JSON."""

from marshmallow import fields, validate

from app.api.pagination import CursorQuery
from app.api.schemas.base import INT8, Integer, Schema, Timestamp
from app.api.schemas.tasks import AttemptQuery
from app.api.schemas.texts import CommaList
from app.domain.transcript import EntryKind, EntryState


class TranscriptFilter(CursorQuery, AttemptQuery):
    kind = CommaList(EntryKind)
    stage_index = Integer(load_default=None, strict=False)
    q = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={
            "description": "text in title or text, ignoring case. For rare matches, a page "
            "may have fewer than `limit` items, or none, and a `nextCursor` "
            "that continues after it"
        },
    )


class TranscriptEntrySchema(Schema):
    number = Integer(
        maximum=INT8, required=True, metadata={"description": "number within the attempt, from 0"}
    )
    at = Timestamp(required=True)
    state = fields.Enum(
        EntryState,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={
            "description": "of an action; a `running` one changes later and keeps its number. "
            "`stopped`: it was interrupted, or its result is unknown"
        },
    )
    started_at = Timestamp(required=True, metadata={"description": "same as `at`"})
    finished_at = Timestamp(required=True, allow_none=True)
    attempt = Integer(required=True)
    stage_index = Integer(required=True)
    run = Integer(
        required=True, metadata={"description": "number of the stage's process in the attempt"}
    )
    kind = fields.Enum(EntryKind, by_value=True, required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    data = fields.Dict(
        required=True, metadata={"description": "`cut` is true if something was left out"}
    )
    log_offset = Integer(
        maximum=INT8, required=True, metadata={"description": "position in the log, in bytes"}
    )
