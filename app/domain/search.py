"""A search query as patterns for the database. Everything in the query is taken literally."""

import re
from dataclasses import dataclass
from functools import cached_property

MAX_ID = 2**63 - 1
_TRIGRAM = re.compile(r"[^\W_]{3}")
_NUMBER = re.compile(r"#([0-9]{1,19})")
# A backslash before a letter or a digit may have a meaning of its own, so only signs are escaped.
_SIGN = re.compile(r"[!-/:-@\[-^`{-~]")
# Where a word begins and ends: also beside signs, so that "c++" is a word.
_BEFORE, _AFTER = r"(?:^|\W)", r"(?:\W|$)"


@dataclass(frozen=True)
class SearchQuery:
    """A search query. `text` is as it was typed, and not blank."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        """The words, in the order they were typed. One that differs by letter case only comes
        once.
        """
        return list({word.lower(): word for word in self.text.split()}.values())

    @property
    def number(self) -> int | None:
        """The id that `#42` or `42` names."""
        return parse_id("#" + self.text.removeprefix("#"))

    @property
    def has_trigrams(self) -> bool:
        return has_trigrams(self.text)

    @property
    def patterns(self) -> list[str]:
        """For LIKE: one pattern for each word, found anywhere."""
        return [contains_pattern(word) for word in self.words]

    @property
    def whole_word_patterns(self) -> list[str]:
        """For Postgres's regular expressions: one pattern for each word, found as a whole word."""
        return [f"{_BEFORE}{escape_regex(word)}{_AFTER}" for word in self.words]

    @property
    def phrase(self) -> str:
        """For Postgres's regular expressions: all words as whole words, one after the other."""
        return _BEFORE + r"\s+".join(escape_regex(word) for word in self.text.split()) + _AFTER


def parse_id(text: str) -> int | None:
    """The id in a text such as `#42`; None for any other text."""
    found = _NUMBER.fullmatch(text)
    value = int(found[1]) if found else 0
    return value if 0 < value <= MAX_ID else None


def has_trigrams(text: str) -> bool:
    """Whether a trigram index can find the text: it needs three letters or digits in a row."""
    return _TRIGRAM.search(text) is not None


def escape_like(text: str) -> str:
    """The text escaped for LIKE, so that it is taken literally."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def contains_pattern(text: str) -> str:
    """For LIKE: the text, found anywhere. With ILIKE, a trigram index serves the pattern."""
    return f"%{escape_like(text)}%"


def escape_regex(text: str) -> str:
    """The text escaped for Postgres's regular expressions, so that it is taken literally."""
    return _SIGN.sub(r"\\\g<0>", text)
