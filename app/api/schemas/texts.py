"""Rules for texts that end up in lists, logs and terminals, and the lists in a query string."""

from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields

# The characters that `str.isprintable` accepts, without the space, for patterns of ECMA 262 (with
# the flag `u`).
VISIBLE = r"\p{L}\p{M}\p{N}\p{P}\p{S}"

SINGLE_LINE = f"^([{VISIBLE}]([{VISIBLE} ]*[{VISIBLE}])?)?$"

# What machines take off a secret, too, before they look for it.
_SPACE = " \t\n\r\v\f"
SHORTEST_SECRET = 8
MASKABLE = r"^[\s\S]*[^ \t\n\r\v\f][\s\S]{6,}[^ \t\n\r\v\f][\s\S]*$"


def single_line(text: str) -> None:
    """Raise ValidationError for control characters, line breaks among them, and surrounding
    space.
    """
    if not text.isprintable() or text != text.strip():
        raise ValidationError("must be one line of text, without space around it")


def maskable(text: str) -> None:
    """Raise ValidationError for what is too short a secret to be masked in a machine's output."""
    if len(text.strip(_SPACE)) < SHORTEST_SECRET:
        raise ValidationError(
            f"must have at least {SHORTEST_SECRET} characters, without space around: a shorter "
            "one, masked in logs, would hide other words, and could be guessed from that"
        )


class CommaList(fields.Field[list[Any]]):
    """A filter of a list: an enum's values, in any letter case, separated by commas."""

    def __init__(self, values: type[StrEnum], **kwargs: Any) -> None:
        self.values = values
        shape = {"description": "some of them, between commas, in any letter case"}
        super().__init__(load_default=[], metadata=shape, **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[Any]:
        try:
            words = str(value).lower().split(",") if value else ()
            return [self.values(word.strip()) for word in words]
        except ValueError:
            known = ", ".join(self.values)
            raise ValidationError(f"must be a comma list of: {known}") from None
