"""Bots and their bindings, as JSON. Secrets are write-only."""

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app.api.schemas.base import INT8, Boolean, Id, Integer, Schema, Timestamp
from app.api.schemas.texts import check_single_line
from app.domain import field_errors
from app.domain.chat import BotPlatform

_Rules = list[Callable[[Any], Any]]
_NAME: _Rules = [validate.Length(1, 100), check_single_line]
_CHAT_ID: _Rules = [validate.Length(1, 200), check_single_line]
_SECRET: _Rules = [validate.Length(max=2000), check_single_line]


class BotUpdate(Schema):
    """The fields of a bot that you can change: all but its platform. Omitted fields don't
    change.
    """

    name = fields.String(validate=_NAME)
    app_id = fields.String(
        allow_none=True,
        validate=[validate.Length(max=200), check_single_line],
        metadata={"description": "app ID at Slack or Lark"},
    )
    app_secret = fields.String(
        allow_none=True,
        validate=_SECRET,
        metadata={
            "description": "write-only: Slack's bot token, Lark's app secret, or a "
            "webhook's signing key"
        },
    )
    webhook_token = fields.String(
        allow_none=True,
        validate=_SECRET,
        metadata={
            "description": "write-only: Slack's signing secret, Lark's verification token, "
            "the Apprise URL, or the webhook's https URL"
        },
    )
    encrypt_key = fields.String(
        allow_none=True,
        validate=_SECRET,
        metadata={"description": "write-only: Lark's encrypt key, which signs its events"},
    )
    audit_log = Boolean(
        metadata={"description": "whether the webhook also receives the audit log"},
    )


class NewBot(BotUpdate):
    """The document adds what each platform requires (`api/openapi/platforms`)."""

    platform = fields.Enum(BotPlatform, by_value=True, required=True)
    name = fields.String(required=True, validate=_NAME)


class AuditStreamSchema(Schema):
    sent = Integer(
        required=True,
        maximum=INT8,
        metadata={"description": "number of the last delivered entry"},
    )
    failures = Integer(required=True, metadata={"description": "consecutive failed tries"})
    error = fields.String(
        required=True, allow_none=True, metadata={"description": "reason for the last failure"}
    )
    due_at = Timestamp(required=True, metadata={"description": "earliest time of the next try"})


class BotSchema(Schema):
    id = Id(required=True)
    platform = fields.Enum(BotPlatform, by_value=True, required=True)
    name = fields.String(required=True)
    app_id = fields.String(required=True, allow_none=True)
    has_app_secret = fields.Function(
        lambda bot: bot.app_secret is not None, required=True, metadata={"type": "boolean"}
    )
    has_webhook_token = fields.Function(
        lambda bot: bot.webhook_token is not None, required=True, metadata={"type": "boolean"}
    )
    has_encrypt_key = fields.Function(
        lambda bot: bot.encrypt_key is not None, required=True, metadata={"type": "boolean"}
    )
    audit_log = Boolean(required=True)
    audit_stream = fields.Nested(
        AuditStreamSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null for a bot that has never received the audit log"},
    )
    created_at = Timestamp(required=True)


class BotTest(Schema):
    chat_id = fields.String(
        allow_none=True,
        load_default=None,
        validate=_CHAT_ID,
        metadata={
            "description": "chat or account on Slack or Lark; by default your own account "
            "there, else the bot's oldest bound chat"
        },
    )


class BotTestResultSchema(Schema):
    sent = Boolean(required=True, metadata={"description": "whether the platform accepted it"})
    detail = fields.String(
        required=True,
        metadata={"description": "result; for a failure, the platform's own text"},
    )
    advice = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "advice for fixing it, if known"},
    )
    chat_id = fields.String(
        required=True, allow_none=True, metadata={"description": "recipient of the message"}
    )
    milliseconds = Integer(required=True, metadata={"description": "duration"})


class NewBinding(Schema):
    platform_chat_id = fields.String(required=True, validate=_CHAT_ID)
    project_key = fields.String(required=True, validate=validate.Length(1, 64))
    chat_name = fields.String(
        load_default="", validate=[validate.Length(max=200), check_single_line]
    )


class BindingQuery(Schema):
    """Exactly one of the two is required."""

    binding_id = Id(strict=False, metadata={"description": "binding ID, or use platformChatId"})
    platform_chat_id = fields.String(
        validate=validate.Length(1, 200), metadata={"description": "chat ID, or use bindingId"}
    )

    @validates_schema
    def _require_one(self, given: dict[str, Any], **_: Any) -> None:
        if len(given) != 1:
            wrong = [field_errors.NOT_EITHER]
            raise ValidationError({"bindingId": wrong, "platformChatId": wrong})


class BindingSchema(Schema):
    id = Id(required=True, attribute="row.id")
    platform_chat_id = fields.String(required=True, attribute="row.platform_chat_id")
    project_key = fields.String(required=True)
    chat_name = fields.String(required=True, attribute="row.chat_name")
    created_at = Timestamp(required=True, attribute="row.created_at")


class BotBindingSchema(BindingSchema):
    bot_id = Id(required=True, attribute="bot.id")
    bot_name = fields.String(required=True, attribute="bot.name")
    platform = fields.Enum(BotPlatform, by_value=True, required=True, attribute="bot.platform")
