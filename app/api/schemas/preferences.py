"""Notification preferences, as JSON."""

from typing import Any, cast

from marshmallow import fields

from app.api.schemas.base import Boolean, Schema
from app.domain.notification_rules import DEFAULTS, NotificationType, Scope

_DESCRIPTIONS = {
    NotificationType.GATE_OPENED: "a task is waiting for an answer",
    NotificationType.GATE_EXPIRED: "nobody answered in time",
    NotificationType.TASK_COMPLETED: "a task completed",
    NotificationType.TASK_FAILED: "a task failed",
    NotificationType.TASK_CANCELLED: "someone else cancelled a task",
    NotificationType.MACHINE_LOST: "a task failed because its machine is lost",
    NotificationType.EGRESS_REFUSED: "a stage requested a host that its network doesn't allow",
    NotificationType.BUDGET_LOW: "a task's budget is almost used up",
    NotificationType.REVIEWED: "someone reviewed a task, or one whose review you took part in",
    NotificationType.COMMENTED: "someone, or an agent, wrote in a review thread",
    NotificationType.MESSAGE_UNREAD: "an agent hasn't read, or may not have read, a message",
}
_SCOPE = "`own`: tasks that you created; `projects`: all tasks in your projects"


class NotificationChoiceSchema(Schema):
    in_app = Boolean(required=True, metadata={"description": "in your notifications"})
    chat = Boolean(required=True, metadata={"description": "as a message to your own chat account"})
    scope = fields.Enum(Scope, by_value=True, required=True, metadata={"description": _SCOPE})


class NotificationChoiceChanges(Schema):
    in_app = Boolean()
    chat = Boolean()
    scope = fields.Enum(Scope, by_value=True)


def _schema_of_types(choice: type[Schema], name: str, *, required: bool) -> type[Schema]:
    each = {
        kind.value: fields.Nested(
            choice, required=required, metadata={"description": _DESCRIPTIONS[kind]}
        )
        for kind in DEFAULTS
    }
    return cast("type[Schema]", Schema.from_dict(dict[str, Any](each), name=name))


PreferencesSchema = _schema_of_types(NotificationChoiceSchema, "PreferencesSchema", required=True)
PreferenceChanges = _schema_of_types(NotificationChoiceChanges, "PreferenceChanges", required=False)
