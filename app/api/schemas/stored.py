"""JSON that rows hold in the contract's own names."""

from typing import Any

from marshmallow import fields

from app.api.schemas.base import Schema


class StoredSchema(Schema):
    """camelCase on both sides: what comes in is stored as it is, what is stored goes out so."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.attribute = field_obj.data_key
