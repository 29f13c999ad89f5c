"""Agents as JSON: their types, options and warnings."""

from typing import Any

from marshmallow import fields, validate

from app.api.schemas.base import Integer, Schema
from app.api.schemas.stored import StoredSchema
from app.api.schemas.texts import check_single_line
from app.domain import agents, field_errors
from app.domain.agents import AgentPermissions, Approvals, Interface, WarningCode

MAX_ARGUMENTS = 64
MAX_ARGUMENT_LENGTH = 1000


class AgentType(fields.String):
    """The name of an agent type. Machines report which exist."""

    def __init__(self, **kwargs: Any) -> None:
        shape = validate.Regexp(agents.TYPE.pattern + r"\Z", error=field_errors.NO_AGENT_TYPE)
        super().__init__(validate=shape, **kwargs)


class AgentOptionsSchema(StoredSchema):
    """How an agent runs.

    Null and omitted fields are inherited: by a task from the stage, by a stage from the project.
    The machine decides what nothing sets.
    """

    model = fields.String(allow_none=True, validate=[validate.Length(1, 200), check_single_line])
    permissions = fields.String(
        allow_none=True,
        validate=validate.OneOf([*AgentPermissions]),
        metadata={"description": "what it can do without asking"},
    )
    allowed_tools = fields.List(
        fields.String(validate=[validate.Length(1, MAX_ARGUMENT_LENGTH), check_single_line]),
        allow_none=True,
        validate=validate.Length(max=MAX_ARGUMENTS),
        metadata={"description": "patterns in the agent's own syntax; replaces the inherited list"},
    )
    arguments = fields.List(
        fields.String(validate=validate.Length(max=MAX_ARGUMENT_LENGTH)),
        allow_none=True,
        validate=validate.Length(max=MAX_ARGUMENTS),
        metadata={
            "description": "arguments appended to its command line; replaces the inherited list"
        },
    )
    interface = fields.String(allow_none=True, validate=validate.OneOf([*Interface]))
    approvals = fields.String(
        allow_none=True,
        validate=validate.OneOf([*Approvals]),
        metadata={
            "description": "what happens when it wants to do more than `permissions` allow: "
            "people are asked, or it's denied"
        },
    )


class AgentSchema(Schema):
    """An agent type, and the machines that have it. Decommissioned machines don't count."""

    type = fields.String(required=True)
    machine_count = Integer(required=True)
    healthy_count = Integer(
        required=True, metadata={"description": "number of machines where it's healthy"}
    )
    versions = fields.List(fields.String(), required=True)
    keys = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "variables with its key, one of which is enough"},
    )


class WarningSchema(Schema):
    """A valid setting that may not do what you expect."""

    code = fields.Enum(WarningCode, by_value=True, required=True)
    field = fields.String(required=True)
    message = fields.String(required=True)
    nearest = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "for a value that is probably mistyped: the one that was meant"},
    )
