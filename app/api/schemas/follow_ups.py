"""Follow-ups as JSON."""

from marshmallow import fields, validate

from app.api.pagination import cursor_page_schema
from app.api.schemas.base import Id, Integer, Schema, Timestamp
from app.api.schemas.images import image_ids_field
from app.api.schemas.tasks import CreatorSchema
from app.domain.follow_up import MAX_INSTRUCTION, FollowUpState


class NewFollowUp(Schema):
    instruction = fields.String(required=True, validate=validate.Length(1, MAX_INSTRUCTION))
    from_stage = Integer(load_default=0)
    review_id = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "review whose threads, with their code, go to the agents"},
    )
    image_ids = image_ids_field()


class FollowUpSchema(Schema):
    """A person's new instruction for a task that has results."""

    id = Id(required=True)
    number = Integer(
        required=True,
        metadata={"description": "number within the task, from 1; follow-ups start in this order"},
    )
    round = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "round that it started; null: not started"},
    )
    state = fields.Enum(FollowUpState, by_value=True, required=True)
    instruction = fields.String(required=True)
    from_stage = Integer(required=True)
    review_id = Id(required=True, allow_none=True)
    created_by = fields.Nested(CreatorSchema, required=True, attribute="creator")
    created_at = Timestamp(required=True)
    started_at = Timestamp(required=True, allow_none=True)


FollowUpPage = cursor_page_schema(FollowUpSchema)
