"""Labels of machines, and selectors, as JSON."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from app.domain import labels

_SELECTOR = (
    "what the labels of its machine have to meet: `gpu=true,zone!=eu`, also `gpu` and `!gpu`"
)


class LabelsField(fields.Dict):
    """A machine's labels: values by name."""

    def __init__(self, **kwargs: Any) -> None:
        names = fields.String(validate=validate.Regexp(rf"^{labels.NAME}\Z"))
        values = fields.String(validate=validate.Regexp(rf"^{labels.VALUE}\Z"))
        most = validate.Length(max=labels.MOST_LABELS)
        super().__init__(keys=names, values=values, validate=most, **kwargs)


class SelectorField(fields.String):
    """A selector, in the form in which it is stored; an empty one is none."""

    def __init__(self, **kwargs: Any) -> None:
        # Not by a validator: those are given what the text has become, and that may be None.
        shape = {"description": _SELECTOR, "maxLength": labels.LONGEST_SELECTOR}
        super().__init__(allow_none=True, metadata=shape, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            return labels.canonical(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None
