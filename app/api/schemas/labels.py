"""Machine labels and selectors, as JSON."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from app.domain import field_errors, labels
from app.domain.field_errors import InvalidValue

_SELECTOR = "required machine labels: `gpu=true,zone!=eu`, also `gpu` and `!gpu`"


def _matches(pattern: str) -> validate.Regexp:
    return validate.Regexp(rf"^{pattern}\Z", error=field_errors.NO_LABEL)


class LabelsField(fields.Dict):
    """A machine's labels: values by name."""

    def __init__(self, **kwargs: Any) -> None:
        names = fields.String(validate=_matches(labels.NAME))
        values = fields.String(validate=_matches(labels.VALUE))
        most = validate.Length(max=labels.MAX_LABELS)
        super().__init__(keys=names, values=values, validate=most, **kwargs)


def check_selector(text: str) -> None:
    """Raise ValidationError if the text isn't a selector."""
    try:
        labels.parse(text)
    except InvalidValue as error:
        raise ValidationError(error.error) from None


class SelectorField(fields.String):
    """A selector; an empty one counts as none."""

    def __init__(self, **kwargs: Any) -> None:
        longest = validate.Length(max=labels.MAX_SELECTOR)
        shape = {"description": _SELECTOR}
        super().__init__(validate=[longest, check_selector], metadata=shape, **kwargs)
