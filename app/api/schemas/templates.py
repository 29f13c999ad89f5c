"""Description templates, as JSON."""

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.api.schemas.stored import StoredSchema
from app.api.schemas.texts import check_single_line
from app.domain import drafts, field_errors


class TemplateSchema(StoredSchema):
    """A start for task descriptions, in Markdown."""

    name = fields.String(required=True, validate=[validate.Length(1, 100), check_single_line])
    text = fields.String(required=True, validate=validate.Length(1, drafts.MAX_DESCRIPTION))


def _check_unique_names(templates: Sequence[dict[str, Any]]) -> None:
    names = [template["name"].lower() for template in templates]
    if len(set(names)) < len(names):
        raise ValidationError(field_errors.TEMPLATE_NAME_TWICE)


class TemplatesField(fields.List[dict[str, str]]):
    """The templates of a project."""

    def __init__(self, **kwargs: Any) -> None:
        few = validate.Length(max=drafts.MAX_TEMPLATES)
        super().__init__(
            fields.Nested(TemplateSchema), validate=[few, _check_unique_names], **kwargs
        )
