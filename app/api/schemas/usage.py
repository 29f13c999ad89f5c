"""What agents have used, as JSON."""

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
    """Sums of what is known; null: nothing is. Of figures, and of what a row stores."""

    input_tokens = _tokens("also what was cached")
    cached_tokens = _tokens("of those")
    output_tokens = _tokens("also what was thought")
    reasoning_tokens = _tokens("of those")
    cost = fields.Float(required=True, allow_none=True, metadata={"minimum": 0})
    is_estimate = fields.Boolean(
        required=True,
        metadata={"description": "the cost is by the admins' prices, or that of a part is unknown"},
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
        metadata={"description": "default: 50, of CSV 10,000"},
    )
    group_by = fields.Enum(GroupBy, by_value=True, load_default=GroupBy.PROJECT)
    since = fields.Date(
        load_default=None, data_key="from", metadata={"description": "a day (UTC), included"}
    )
    to_time = fields.Date(
        load_default=None, data_key="to", metadata={"description": "a day (UTC), included"}
    )
    project = fields.String(load_default=None, validate=validate.Length(max=64))
    task_id = Id(load_default=None, strict=False)


class UsageGroupSchema(Schema):
    key = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "an id of a task or a developer, `<task>-<attempt>`, a project's key, a "
            "stage's name, an agent, a model (null: agents named none), a day"
        },
    )
    name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "of a project or a developer; the beginning of a task's text"},
    )
    usage = fields.Nested(UsageSchema, required=True)


UsageGroupPage = cursor_page_schema(UsageGroupSchema)
