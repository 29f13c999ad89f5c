"""Search results, as JSON."""

from typing import Any

from marshmallow import ValidationError, fields, post_dump, validate

from app.api.pagination import MAX_LIMIT, PAGE_BYTES, count_fitting
from app.api.schemas.base import Integer, Schema, Timestamp
from app.api.schemas.task_lists import FoundTaskSchema
from app.domain import field_errors
from app.domain.machine import MachineStatus

DEFAULT_LIMIT = 20


def _not_blank(text: str) -> None:
    if not text.strip():
        raise ValidationError(field_errors.BLANK)


class SearchQuery(Schema):
    q = fields.String(
        required=True,
        validate=[validate.Length(1, 200), _not_blank],
        metadata={"description": "words, or the start of a name, or `#42`, or a machine ID"},
    )
    limit = Integer(
        minimum=1,
        maximum=MAX_LIMIT,
        load_default=DEFAULT_LIMIT,
        strict=False,
        metadata={"description": "maximum per kind"},
    )


class MachineResultSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    status = fields.Enum(MachineStatus, by_value=True, required=True)
    connected = fields.Boolean(required=True)


class ProjectResultSchema(Schema):
    key = fields.String(required=True)
    name = fields.String(required=True)
    created_at = Timestamp(required=True)


class SearchResultsSchema(Schema):
    """Each list has the best matches first."""

    query = fields.String(required=True)
    tasks = fields.List(fields.Nested(FoundTaskSchema), required=True)
    machines = fields.List(fields.Nested(MachineResultSchema), required=True)
    projects = fields.List(fields.Nested(ProjectResultSchema), required=True)
    complete = fields.Boolean(
        required=True,
        metadata={
            "description": "false: the search skipped old tasks to save time, or the "
            "response would be too large"
        },
    )

    @post_dump
    def _truncate(self, found: dict[str, Any], **_: Any) -> dict[str, Any]:
        fit = count_fitting(found["tasks"], PAGE_BYTES // 2)
        if fit < len(found["tasks"]):
            found |= {"tasks": found["tasks"][:fit], "complete": False}
        return found
