"""Rules for texts that end up in lists, logs and terminals, and the lists in a query string."""

import re
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields

from app.domain import field_errors

# What no line of text holds: controls, line breaks, spaces but the plain one, marks of format
# (those that turn words around among them), and private characters. Written out: `\p{…}` is not
# known everywhere, not to Python's `re`, and so not to clients that are generated for it.
_INVISIBLE = (
    r"\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680"
    r"\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ue000-\uf8ff\ufeff"
    r"\ufff0-\ufffb\ufffe\uffff"
    # As they are, for beyond the first plane escapes are written differently everywhere.
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000f0000-\U0010ffff"
)
# Patterns of ECMA 262 (with the flag `u`), Python's `re` and Rust's and Java's regular expressions.
VISIBLE = f"[^ {_INVISIBLE}]"
SINGLE_LINE = f"^({VISIBLE}([^{_INVISIBLE}]*{VISIBLE})?)?$"

_is_visible = re.compile(f"{VISIBLE}*").fullmatch
_is_line = re.compile(SINGLE_LINE).fullmatch

# What machines take off a secret, too, before they look for it.
_SPACE = " \t\n\r\v\f"
MIN_SECRET_LENGTH = 8
MASKABLE = r"^[\s\S]*[^ \t\n\r\v\f][\s\S]{6,}[^ \t\n\r\v\f][\s\S]*$"


def check_single_line(text: str) -> None:
    """Raise ValidationError for what nobody sees, line breaks among it, and surrounding space."""
    if not _is_line(text):
        raise ValidationError(field_errors.NOT_ONE_LINE)


def is_visible(text: str) -> bool:
    """Whether all of the text is seen: there is no space in it, either."""
    return _is_visible(text) is not None


def check_maskable(text: str) -> None:
    """Raise ValidationError for what is too short a secret to be masked in a machine's output."""
    if len(text.strip(_SPACE)) < MIN_SECRET_LENGTH:
        raise ValidationError(field_errors.SHORT_SECRET(min=MIN_SECRET_LENGTH))


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
            raise ValidationError(field_errors.NO_COMMA_LIST(choices=known)) from None
