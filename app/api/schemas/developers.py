"""Accounts, as admins see them."""

import re
from collections.abc import Callable
from typing import Any

from marshmallow import fields, validate

from app.api.schemas.base import Boolean, Id, Schema, Timestamp
from app.api.schemas.budget import BudgetSchema
from app.api.schemas.texts import check_single_line
from app.domain import field_errors
from app.domain.roles import SystemRole
from app.services.accounts import passwords

# `<` and `>` delimit the address in a commit's header.
_Rules = list[Callable[[str], Any]]
GIT_NAME: _Rules = [
    validate.Length(1, 200),
    check_single_line,
    validate.ContainsNoneOf("<>", error=field_errors.ANGLE_BRACKETS),
]
GIT_EMAIL: _Rules = [
    validate.Length(1, 200),
    validate.Regexp(re.compile(r"[^\s<>@]+@[^\s<>@]+\Z"), error=field_errors.NO_EMAIL),
    check_single_line,
]

NEW_PASSWORD = validate.Length(passwords.MIN_LENGTH, passwords.MAX_LENGTH)


class Email(fields.String):
    """The address by which providers know an account; in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            "description": "address that matches a provider's verified email to the account"
        }
        super().__init__(allow_none=True, validate=GIT_EMAIL, metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        return text if text is None else text.lower()


class NewDeveloper(Schema):
    name = fields.String(required=True, validate=[validate.Length(1, 100), check_single_line])
    password = fields.String(required=True, validate=NEW_PASSWORD)
    role = fields.Enum(SystemRole, by_value=True, required=True)
    git_name = fields.String(required=True, validate=GIT_NAME)
    git_email = fields.String(required=True, validate=GIT_EMAIL)
    email = Email(load_default=None)


class DeveloperChanges(Schema):
    role = fields.Enum(SystemRole, by_value=True)
    git_name = fields.String(validate=GIT_NAME)
    git_email = fields.String(validate=GIT_EMAIL)
    email = Email()
    password = fields.String(validate=NEW_PASSWORD)
    disabled = Boolean()
    platform_uid = fields.String(
        allow_none=True,
        validate=[
            validate.Length(1, 200),
            validate.Regexp(
                re.compile(r"(?:slack|lark):[!-9;-~]+\Z"),
                error=field_errors.NO_PLATFORM_UID,
            ),
        ],
        metadata={
            "description": "account on a chat platform, with its ID there: "
            "slack:U024BE7LH, lark:ou_…; null removes it"
        },
    )
    budget = fields.Nested(
        BudgetSchema,
        allow_none=True,
        metadata={"description": "per calendar month (UTC), for the tasks that they create"},
    )


class DeveloperSchema(Schema):
    id = Id(required=True)
    name = fields.String(required=True)
    role = fields.Enum(SystemRole, by_value=True, required=True)
    git_name = fields.String(required=True)
    git_email = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    budget = fields.Nested(BudgetSchema, required=True, allow_none=True)
    totp_enabled = fields.Boolean(required=True)
    platform_uid = fields.String(required=True, allow_none=True)
    disabled = fields.Function(
        lambda developer: developer.disabled_at is not None,
        required=True,
        metadata={"type": "boolean"},
    )
    created_at = Timestamp(required=True)
