"""Preferences for notifications, as JSON."""

from typing import Any, cast

from marshmallow import fields

from app.api.schemas.base import Boolean, Schema
from app.domain.notification_rules import DEFAULTS, NotificationType, Scope

_DESCRIPTIONS = {
    NotificationType.GATE_OPENED: "a task waits for an answer",
    NotificationType.GATE_EXPIRED: "nobody answered in time",
    NotificationType.TASK_COMPLETED: "a task is done",
    NotificationType.TASK_FAILED: "a task failed",
    NotificationType.TASK_CANCELLED: "somebody else cancelled a task",
    NotificationType.MACHINE_LOST: "a task failed because its machine is lost",
    NotificationType.EGRESS_REFUSED: "a stage was refused a host that its network does not allow",
    NotificationType.BUDGET_LOW: "most is used of a budget that a task goes by",
    NotificationType.REVIEWED: "somebody reviewed a task, or one whose review you took part in",
    NotificationType.COMMENTED: "somebody, or an agent, wrote in a thread of a review",
}
_SCOPE = "`own`: of tasks that you made; `projects`: of all in the projects you are a member of"


class NotificationChoiceSchema(Schema):
    in_app = Boolean(required=True, metadata={"description": "among your notifications"})
    chat = Boolean(
        required=True, metadata={"description": "a message to the chat account that is yours"}
    )
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
