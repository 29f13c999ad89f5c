"""Rules for texts in lists, logs and terminals, and for lists in query strings."""

import re
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields

from app.domain import field_errors

# Characters that no line of text may contain: controls, line breaks, spaces except the plain one,
# format characters (including those that reverse text), and private characters. They are spelled
# out because `\p{…}` isn't supported everywhere, such as in Python's `re` and in generated clients.
_INVISIBLE = (
    r"\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680"
    r"\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ue000-\uf8ff\ufeff"
    r"\ufff0-\ufffb\ufffe\uffff"
    # Literal characters, because escapes beyond the first plane differ between languages.
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000f0000-\U0010ffff"
)
# Patterns for ECMA 262 (with the flag `u`), Python's `re`, and Rust's and Java's regular
# expressions.
VISIBLE = f"[^ {_INVISIBLE}]"
SINGLE_LINE = f"^({VISIBLE}([^{_INVISIBLE}]*{VISIBLE})?)?$"

_is_visible = re.compile(f"{VISIBLE}*").fullmatch
_is_line = re.compile(SINGLE_LINE).fullmatch

# Machines strip this from a secret, too, before they search for it.
_SPACE = " \t\n\r\v\f"
MIN_SECRET_LENGTH = 8
MASKABLE = r"^[\s\S]*[^ \t\n\r\v\f][\s\S]{6,}[^ \t\n\r\v\f][\s\S]*$"


def check_single_line(text: str) -> None:
    """Raise ValidationError for invisible characters, including line breaks, and for surrounding
    spaces.
    """
    if not _is_line(text):
        raise ValidationError(field_errors.NOT_ONE_LINE)


def is_visible(text: str) -> bool:
    """Whether all characters are visible; spaces aren't."""
    return _is_visible(text) is not None


def check_maskable(text: str) -> None:
    """Raise ValidationError for a secret that is too short to mask in a machine's output."""
    if len(text.strip(_SPACE)) < MIN_SECRET_LENGTH:
        raise ValidationError(field_errors.SHORT_SECRET(min=MIN_SECRET_LENGTH))


class CommaList(fields.Field[list[Any]]):
    """A list filter: an enum's values, in any letter case, separated by commas."""

    def __init__(self, values: type[StrEnum], **kwargs: Any) -> None:
        self.values = values
        shape = {"description": "comma-separated, case-insensitive"}
        super().__init__(load_default=[], metadata=shape, **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[Any]:
        try:
            words = str(value).lower().split(",") if value else ()
            return [self.values(word.strip()) for word in words]
        except ValueError:
            known = ", ".join(self.values)
            raise ValidationError(field_errors.NO_COMMA_LIST(choices=known)) from None
