"""Task drafts and saved views, as JSON."""

import re
from collections.abc import Callable

from marshmallow import fields, validate

from app.api.schemas.agents import AgentOptionsSchema, AgentType
from app.api.schemas.base import Boolean, Id, Integer, Schema, Timestamp
from app.api.schemas.budget import BudgetSchema
from app.api.schemas.tasks import MAX_PRIORITY
from app.api.schemas.texts import check_single_line
from app.domain import drafts, field_errors, labels

_OPTIONS = "each field overrides the stage's or the project's"
_INCOMPLETE = "as entered so far; may be incomplete"
_QUERY = "the part of the page's address after the `?`"
_POSITION = "sort order, then by age; by default after the others"
_PINNED = "always shown; others appear in a menu"
_key_length = validate.Length(max=64)
_description_length = validate.Length(max=drafts.MAX_DESCRIPTION)
_selector_length = validate.Length(max=labels.MAX_SELECTOR)
_name: list[Callable[[str], object]] = [validate.Length(1, drafts.MAX_VIEW_NAME), check_single_line]
_query: list[Callable[[str], object]] = [
    validate.Length(max=drafts.MAX_QUERY),
    validate.Regexp(re.compile(r"^[!-~]*\Z"), error=field_errors.NO_QUERY),
]


class DraftChanges(Schema):
    """Any fields of a new task; all are optional."""

    project_key = fields.String(allow_none=True, validate=_key_length)
    description = fields.String(validate=_description_length)
    machine_id = fields.UUID(allow_none=True)
    machine_selector = fields.String(
        allow_none=True, validate=_selector_length, metadata={"description": _INCOMPLETE}
    )
    agent_type = AgentType(allow_none=True)
    agent_options = fields.Nested(
        AgentOptionsSchema, allow_none=True, metadata={"description": _OPTIONS}
    )
    priority = Integer(minimum=-MAX_PRIORITY, maximum=MAX_PRIORITY)
    budget = fields.Nested(BudgetSchema, allow_none=True)


class DraftSchema(Schema):
    id = Id(required=True)
    project_key = fields.String(required=True, allow_none=True)
    description = fields.String(required=True)
    machine_id = fields.UUID(required=True, allow_none=True)
    machine_selector = fields.String(required=True, allow_none=True)
    agent_type = fields.String(required=True, allow_none=True)
    agent_options = fields.Nested(AgentOptionsSchema, required=True, allow_none=True)
    priority = Integer(minimum=-MAX_PRIORITY, maximum=MAX_PRIORITY, required=True)
    budget = fields.Nested(BudgetSchema, required=True, allow_none=True)
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)


class NewView(Schema):
    name = fields.String(required=True, validate=_name)
    query = fields.String(required=True, validate=_query, metadata={"description": _QUERY})
    position = Integer(load_default=None, allow_none=True, metadata={"description": _POSITION})
    pinned = Boolean(load_default=True, metadata={"description": _PINNED})


class ViewChanges(Schema):
    """Any fields of a view. Omitted fields don't change."""

    name = fields.String(validate=_name)
    query = fields.String(validate=_query, metadata={"description": _QUERY})
    position = Integer(metadata={"description": _POSITION})
    pinned = Boolean(metadata={"description": _PINNED})


class SavedViewSchema(Schema):
    id = Id(required=True)
    name = fields.String(required=True)
    query = fields.String(required=True, metadata={"description": _QUERY})
    position = Integer(required=True)
    pinned = fields.Boolean(required=True, metadata={"description": _PINNED})
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)
