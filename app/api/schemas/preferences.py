"""Preferences for notifications, as JSON."""

from typing import Any, cast

from marshmallow import fields

from app.api.schemas.base import Flag, Schema
from app.domain.notification_rules import DEFAULTS, NewsKind, Scope

_TOLD = {
    NewsKind.GATE_OPENED: "a task waits for an answer",
    NewsKind.GATE_EXPIRED: "nobody answered in time",
    NewsKind.TASK_COMPLETED: "a task is done",
    NewsKind.TASK_FAILED: "a task failed",
    NewsKind.TASK_CANCELLED: "somebody else cancelled a task",
    NewsKind.MACHINE_LOST: "a task failed because its machine is lost",
    NewsKind.EGRESS_REFUSED: "a stage was refused a host that its network does not allow",
    NewsKind.BUDGET_LOW: "most is used of a budget that a task goes by",
    NewsKind.REVIEWED: "somebody reviewed a task, or one whose review you took part in",
    NewsKind.COMMENTED: "somebody, or an agent, wrote in a thread of a review",
}
_SCOPE = "`own`: of tasks that you made; `projects`: of all in the projects you are a member of"


class NewsChoiceSchema(Schema):
    in_app = Flag(required=True, metadata={"description": "among your notifications"})
    chat = Flag(
        required=True, metadata={"description": "a message to the chat account that is yours"}
    )
    scope = fields.Enum(Scope, by_value=True, required=True, metadata={"description": _SCOPE})


class NewsChoiceChanges(Schema):
    in_app = Flag()
    chat = Flag()
    scope = fields.Enum(Scope, by_value=True)


def _of_each(choice: type[Schema], name: str, *, required: bool) -> type[Schema]:
    each = {
        kind.value: fields.Nested(choice, required=required, metadata={"description": _TOLD[kind]})
        for kind in DEFAULTS
    }
    return cast("type[Schema]", Schema.from_dict(dict[str, Any](each), name=name))


PreferencesSchema = _of_each(NewsChoiceSchema, "PreferencesSchema", required=True)
PreferenceChanges = _of_each(NewsChoiceChanges, "PreferenceChanges", required=False)
