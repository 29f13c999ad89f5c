"""Agents' usage, as JSON."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from app.api.pagination import MAX_LIMIT, CursorQuery, cursor_page_schema
from app.api.schemas.base import INT8, Id, Integer, Schema
from app.domain.usage import Figures, GroupBy


def _tokens(description: str) -> Integer:
    metadata = {"description": description}
    return Integer(maximum=INT8, required=True, allow_none=True, metadata=metadata)


class UsageSchema(Schema):
    """Sums of the known values, of `Figures` and of stored usage; null: nothing is known."""

    input_tokens = _tokens("including cached tokens")
    cached_tokens = _tokens("of the input tokens")
    output_tokens = _tokens("including reasoning tokens")
    reasoning_tokens = _tokens("of the output tokens")
    cost = fields.Float(required=True, allow_none=True, metadata={"minimum": 0})
    is_estimate = fields.Boolean(
        required=True,
        metadata={
            "description": "whether the cost uses the admins' prices, or a part of it is unknown"
        },
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        figures = Figures.from_json(obj) if isinstance(obj, Mapping) else obj
        return super().get_attribute(figures, attr, default)


class UsageQuery(CursorQuery):
    limit = Integer(
        minimum=1,
        maximum=MAX_LIMIT,
        load_default=None,
        strict=False,
        metadata={"description": "default: 50, for CSV 10,000"},
    )
    group_by = fields.Enum(GroupBy, by_value=True, load_default=GroupBy.PROJECT)
    since = fields.Date(
        load_default=None, data_key="from", metadata={"description": "UTC day, inclusive"}
    )
    to_time = fields.Date(
        load_default=None, data_key="to", metadata={"description": "UTC day, inclusive"}
    )
    project = fields.String(load_default=None, validate=validate.Length(max=64))
    task_id = Id(load_default=None, strict=False)


class UsageGroupSchema(Schema):
    key = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "task ID, developer ID, `<task>-<attempt>`, project key, stage "
            "name, agent, model (null: not reported), or day"
        },
    )
    name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "name of the project or developer; the start of a task's text"},
    )
    usage = fields.Nested(UsageSchema, required=True)


UsageGroupPage = cursor_page_schema(UsageGroupSchema)
