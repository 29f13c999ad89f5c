"""Settings as JSON. Their keys are camelCase inside, too."""

from typing import Any, cast

from marshmallow import fields

from app.api.schemas.base import Id, Schema, Timestamp
from app.domain import prices
from app.domain.agents import TYPE
from app.domain.settings import (
    REGISTRY,
    Setting,
    SettingGroup,
    SettingKind,
    SettingWarning,
)

_RATE = {"type": "number", "minimum": 0, "maximum": prices.MAX_RATE}
_OWN_RATE = _RATE | {"type": ["number", "null"]}
_PRICE = {
    "type": "object",
    "required": ["model", "input", "output"],
    "additionalProperties": False,
    "properties": {
        "agent": {"type": ["string", "null"], "pattern": f"^{TYPE.pattern}$"},
        "model": {"type": "string", "minLength": 1, "maxLength": prices.MAX_MODEL_NAME},
        "input": _RATE,
        "cached": _OWN_RATE,
        "output": _RATE,
        "reasoning": _OWN_RATE,
    },
}


def _setting_field(setting: Setting) -> fields.Raw:
    """Return the field of a setting, with its limits for the document; the service checks them."""
    if setting.kind is SettingKind.PRICES:
        listed = {"type": "array", "maxItems": setting.maximum, "items": _PRICE}
        return fields.Raw(allow_none=True, metadata={**listed, "description": setting.help})
    metadata: dict[str, Any] = {
        "type": setting.kind.value,
        "description": f"{setting.help} ({setting.unit})",
    }
    if setting.kind is SettingKind.STRING:
        metadata |= {"minLength": setting.minimum, "maxLength": setting.maximum}
        metadata |= {"pattern": f"^{setting.pattern}$"} if setting.pattern else {}
    else:
        metadata |= {"minimum": setting.minimum, "maximum": setting.maximum}
    return fields.Raw(allow_none=True, metadata=metadata)


SettingChanges = cast(
    "type[Schema]",
    Schema.from_dict(
        {key: _setting_field(setting) for key, setting in REGISTRY.items()}, name="SettingChanges"
    ),
)


class AdminSchema(Schema):
    id = Id(required=True)
    name = fields.String(required=True)


_BOUND = {
    "type": "number",
    "description": "limit of the value; for text, of its length; for prices, of their number",
}
_VALUE = {"type": ["number", "string", "array"], "items": _PRICE}


class SettingSchema(Schema):
    key = fields.String(required=True, attribute="setting.key")
    name = fields.String(required=True, attribute="setting.name")
    group = fields.Enum(SettingGroup, by_value=True, required=True, attribute="setting.group")
    type = fields.Enum(SettingKind, by_value=True, required=True, attribute="setting.kind")
    unit = fields.String(required=True, attribute="setting.unit")
    help = fields.String(required=True, attribute="setting.help")
    minimum = fields.Raw(required=True, attribute="setting.minimum", metadata=_BOUND)
    maximum = fields.Raw(required=True, attribute="setting.maximum", metadata=_BOUND)
    pattern = fields.Raw(
        required=True,
        attribute="setting.pattern",
        metadata={"type": ["string", "null"], "description": "pattern for the complete text"},
    )
    choices = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        attribute="setting.choices",
        metadata={"description": "all values of a text that has only few"},
    )
    default = fields.Raw(required=True, metadata=_VALUE)
    value = fields.Raw(required=True, metadata=_VALUE)
    warning = fields.Enum(
        SettingWarning,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "harm that the value does"},
    )
    updated_at = Timestamp(required=True, allow_none=True)
    updated_by = fields.Nested(AdminSchema, required=True, allow_none=True)


class SettingsSchema(Schema):
    settings = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)
    registry = fields.List(fields.Nested(SettingSchema), required=True)
