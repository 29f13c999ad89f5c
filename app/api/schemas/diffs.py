"""Task changes, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import INT8, Integer, Schema
from app.domain.diff import DiffBase, FileStatus
from app.domain.patch import LineType

PATH = validate.Length(min=1, max=4096)
_ID = {"pattern": "^[0-9a-f]*$"}


class DiffFilter(Schema):
    stage = Integer(
        minimum=0,
        load_default=None,
        strict=False,
        metadata={"description": "changes of the stage, since the stage before it"},
    )
    attempt = Integer(
        minimum=1,
        load_default=None,
        strict=False,
        metadata={"description": "all changes since the base"},
    )
    round = Integer(
        minimum=1,
        load_default=None,
        strict=False,
        metadata={"description": "changes since the previous round"},
    )
    path = fields.String(load_default=None, validate=PATH)
    ignore_whitespace = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    offset = Integer(minimum=0, load_default=0, strict=False)


class FileFilter(Schema):
    path = fields.String(required=True, validate=PATH)
    commit = fields.String(
        required=True, validate=validate.Regexp(r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
    )


class DiffLineSchema(Schema):
    type = fields.Enum(LineType, by_value=True, required=True)
    old_line = Integer(required=True, allow_none=True)
    new_line = Integer(required=True, allow_none=True)
    text = fields.String(required=True)
    no_newline = fields.Boolean(
        metadata={"description": "true: the file has no line end at its end"}
    )


class HunkSchema(Schema):
    old_start = Integer(required=True)
    old_lines = Integer(required=True)
    new_start = Integer(required=True)
    new_lines = Integer(required=True)
    section = fields.String(required=True)
    lines = fields.List(fields.Nested(DiffLineSchema), required=True)


class DiffFileSchema(Schema):
    path = fields.String(required=True)
    old_path = fields.String(required=True, allow_none=True)
    status = fields.Enum(FileStatus, by_value=True, required=True)
    insertions = Integer(required=True)
    deletions = Integer(required=True)
    binary = fields.Boolean(required=True)
    generated = fields.Boolean(required=True)
    blob = fields.String(required=True, allow_none=True)
    old_blob = fields.String(required=True, allow_none=True)
    mode = fields.String(required=True, allow_none=True)
    old_mode = fields.String(required=True, allow_none=True)
    left_out = fields.String(
        required=True, metadata={"description": "reason for missing hunks; empty: all are present"}
    )
    hunks = fields.List(fields.Nested(HunkSchema), required=True)


class TaskDiffSchema(Schema):
    task_id = Integer(maximum=INT8, required=True)
    base = fields.String(required=True)
    commit = fields.String(required=True)
    since = fields.Enum(DiffBase, by_value=True, required=True)
    round = Integer(required=True)
    attempt = Integer(required=True)
    stage_index = Integer(required=True)
    is_partial = fields.Boolean(data_key="partial", required=True)  # marshmallow has a `partial`
    left_out = fields.String(
        required=True, metadata={"description": "reason for a missing patch; empty: it's present"}
    )
    files_changed = Integer(required=True)
    insertions = Integer(maximum=INT8, required=True)
    deletions = Integer(maximum=INT8, required=True)
    next_offset = Integer(required=True, allow_none=True)
    files = fields.List(fields.Nested(DiffFileSchema), required=True)
