"""A search query as database patterns. Everything in the query is literal."""

import re
from dataclasses import dataclass
from functools import cached_property

MAX_ID = 2**63 - 1
_TRIGRAM = re.compile(r"[^\W_]{3}")
_NUMBER = re.compile(r"#([0-9]{1,19})")
# A backslash before a letter or a digit may have a special meaning, so only punctuation is escaped.
_SIGN = re.compile(r"[!-/:-@\[-^`{-~]")
# Word boundaries, also next to punctuation, so that "c++" is a word.
_BEFORE, _AFTER = r"(?:^|\W)", r"(?:\W|$)"


@dataclass(frozen=True)
class SearchQuery:
    """A search query. `text` is as typed, and not blank."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        """The words in typed order. Words that differ only by case appear once."""
        return list({word.lower(): word for word in self.text.split()}.values())

    @property
    def number(self) -> int | None:
        """The ID in `#42` or `42`."""
        return parse_id("#" + self.text.removeprefix("#"))

    @property
    def has_trigrams(self) -> bool:
        return has_trigrams(self.text)

    @property
    def patterns(self) -> list[str]:
        """For LIKE: one pattern per word, found anywhere."""
        return [contains_pattern(word) for word in self.words]

    @property
    def whole_word_patterns(self) -> list[str]:
        """Postgres regular expressions: one per word, found as a complete word."""
        return [f"{_BEFORE}{escape_regex(word)}{_AFTER}" for word in self.words]

    @property
    def phrase(self) -> str:
        """A Postgres regular expression: all words as complete words, one after the other."""
        return _BEFORE + r"\s+".join(escape_regex(word) for word in self.text.split()) + _AFTER


def parse_id(text: str) -> int | None:
    """Return the ID in a text such as `#42`; None for other texts."""
    found = _NUMBER.fullmatch(text)
    value = int(found[1]) if found else 0
    return value if 0 < value <= MAX_ID else None


def has_trigrams(text: str) -> bool:
    """Whether a trigram index can find the text: it needs three consecutive letters or digits."""
    return _TRIGRAM.search(text) is not None


def escape_like(text: str) -> str:
    """Escape the text for LIKE."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def contains_pattern(text: str) -> str:
    """Return a LIKE pattern that finds the text anywhere. With ILIKE, a trigram index serves it."""
    return f"%{escape_like(text)}%"


def escape_regex(text: str) -> str:
    """Escape the text for Postgres's regular expressions."""
    return _SIGN.sub(r"\\\g<0>", text)
