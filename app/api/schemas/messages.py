"""Messages to agents as JSON."""

from marshmallow import fields, validate

from app.api.pagination import cursor_page_schema
from app.api.schemas.base import Boolean, Id, Integer, Schema, Timestamp
from app.api.schemas.tasks import CreatorSchema
from app.domain.interrupt import InterruptState
from app.domain.task_message import (
    MAX_TEXT,
    MessageState,
    MessageTiming,
    NoRecipient,
    RecipientState,
    TooLate,
)


class NewMessage(Schema):
    text = fields.String(required=True, validate=validate.Length(1, MAX_TEXT))
    when = fields.Enum(
        MessageTiming,
        by_value=True,
        load_default=MessageTiming.NEXT,
        metadata={
            "description": "`next`: the agent reads it at its next step; `now`: its running step "
            "is stopped first, which needs permission to type into its terminal"
        },
    )
    if_too_late = fields.Enum(
        TooLate,
        by_value=True,
        load_default=TooLate.RETURN,
        metadata={"description": "what happens to it if no agent stage of the round is left"},
    )


class MessageSchema(Schema):
    """A person's message to a task's agent."""

    id = Id(required=True)
    number = Integer(required=True, metadata={"description": "number within the task, from 1"})
    text = fields.String(required=True)
    when = fields.Enum(MessageTiming, by_value=True, required=True, attribute="timing")
    state = fields.Enum(
        MessageState,
        by_value=True,
        required=True,
        metadata={
            "description": "`unconfirmed`: perhaps not read; `returned`: not read, as no agent of "
            "its round was left"
        },
    )
    created_by = fields.Nested(CreatorSchema, required=True, attribute="creator")
    created_at = Timestamp(required=True)
    delivered_at = Timestamp(required=True, allow_none=True)
    stage_index = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "stage whose agent gets it; null: not known yet, or none"},
    )
    run = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "process of that stage, from 0"},
    )
    follow_up_id = Id(required=True, allow_none=True)


MessagePage = cursor_page_schema(MessageSchema)


class InterruptOptions(Schema):
    stop_stage = Boolean(
        load_default=False,
        metadata={"description": "also end the agent's process; the answer continues the stage"},
    )


class RecipientsSchema(Schema):
    """Who gets a message now."""

    state = fields.Enum(
        RecipientState,
        by_value=True,
        required=True,
        metadata={
            "description": "`open`: the agent that works now; `next_stage`: the round's next agent "
            "stage"
        },
    )
    reason = fields.Enum(
        NoRecipient,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "why nobody gets it"},
    )


class InterruptSchema(Schema):
    """An interrupt under way."""

    state = fields.Enum(InterruptState, by_value=True, required=True)
    by = fields.String(required=True, attribute="author")
    since = Timestamp(required=True, metadata={"description": "of the state"})
