"""Chat deliveries, as JSON."""

from marshmallow import fields

from app.api.pagination import CursorQuery
from app.api.schemas.base import Id, Integer, Schema, Timestamp
from app.domain.chat import BotPlatform
from app.domain.delivery import DeliveryAction, DeliveryState
from app.domain.notification_rules import NotificationType


class DeliveryFilter(CursorQuery):
    state = fields.Enum(
        DeliveryState, by_value=True, metadata={"description": "`dead`: no longer tried"}
    )
    bot_id = Id(strict=False)


class DeliverySchema(Schema):
    id = Id(required=True)
    state = fields.Enum(DeliveryState, by_value=True, required=True)
    action = fields.Enum(
        DeliveryAction,
        by_value=True,
        required=True,
        metadata={"description": "`edit`: updates a card whose question is no longer open"},
    )
    kind = fields.Enum(NotificationType, by_value=True, required=True, attribute="outbox.kind")
    task_id = Id(required=True)
    bot_id = Id(required=True)
    bot_name = fields.String(required=True, attribute="bot.name")
    platform = fields.Enum(BotPlatform, by_value=True, required=True, attribute="bot.platform")
    chat_id = fields.String(required=True, metadata={"description": "a channel or a person"})
    developer_id = Id(
        required=True, allow_none=True, metadata={"description": "recipient of a direct message"}
    )
    attempts = Integer(required=True)
    error = fields.String(
        required=True, allow_none=True, metadata={"description": "the platform's last response"}
    )
    due_at = Timestamp(required=True)
    created_at = Timestamp(required=True)
    done_at = Timestamp(required=True, allow_none=True)
