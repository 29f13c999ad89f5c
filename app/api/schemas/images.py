"""Images of tasks, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Id, Integer, Schema
from app.api.schemas.stored import StoredSchema
from app.domain import image


class ImageQuery(Schema):
    name = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={"description": "file name, for display"},
    )


class ImageSchema(StoredSchema):
    id = Id(required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True, validate=validate.OneOf([*image.EXTENSIONS]))
    size_bytes = Integer(required=True)
    width = Integer(required=True, metadata={"description": "in pixels"})
    height = Integer(required=True, metadata={"description": "in pixels"})


class TaskImageSchema(ImageSchema):
    """An image that was attached to a task."""

    follow_up = Integer(
        required=True,
        allow_none=True,
        metadata={"description": "number of the follow-up it came with; null: the description"},
    )


def image_ids_field() -> fields.List[int]:
    """Return the field with the images for a new task or follow-up."""
    return fields.List(
        Id(),
        validate=validate.Length(max=image.MAX_PER_TASK),
        metadata={"description": "your unused images of this project, each once"},
    )
