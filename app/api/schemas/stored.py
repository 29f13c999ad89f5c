"""Schemas of JSON that rows store with the API's own names."""

from typing import Any

from marshmallow import fields

from app.api.schemas.base import Schema


class StoredSchema(Schema):
    """camelCase inside, too: the JSON is stored and sent unchanged."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.attribute = field_obj.data_key
