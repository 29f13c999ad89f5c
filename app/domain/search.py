"""What somebody searches for, as patterns for the database. Everything in it is literal."""

import re
from dataclasses import dataclass
from functools import cached_property

LARGEST_ID = 2**63 - 1
_TRIGRAM = re.compile(r"[^\W_]{3}")
_NUMBER = re.compile(r"#([0-9]{1,19})")
# A backslash before anything else may mean something of its own.
_SIGN = re.compile(r"[!-/:-@\[-^`{-~]")
# Where a word begins and ends: also beside signs, so that "c++" is one.
_BEFORE, _AFTER = r"(?:^|\W)", r"(?:\W|$)"


@dataclass(frozen=True)
class SearchQuery:
    """`text` is what was typed, not blank."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        """Each once, in any letter case, in the order they were typed."""
        return list({word.lower(): word for word in self.text.split()}.values())

    @property
    def number(self) -> int | None:
        """The id that `#42` or `42` names."""
        return number("#" + self.text.removeprefix("#"))

    @property
    def has_trigrams(self) -> bool:
        return has_trigrams(self.text)

    @property
    def patterns(self) -> list[str]:
        """For LIKE: each word, anywhere."""
        return [containing(word) for word in self.words]

    @property
    def whole(self) -> list[str]:
        """For Postgres's regular expressions: each word, as a word."""
        return [f"{_BEFORE}{regex(word)}{_AFTER}" for word in self.words]

    @property
    def phrase(self) -> str:
        """Likewise: the words as words, one after the other."""
        return _BEFORE + r"\s+".join(regex(word) for word in self.text.split()) + _AFTER


def number(text: str) -> int | None:
    """The id that `#42` names."""
    found = _NUMBER.fullmatch(text)
    value = int(found[1]) if found else 0
    return value if 0 < value <= LARGEST_ID else None


def has_trigrams(text: str) -> bool:
    """Whether an index of trigrams can tell anything about it: not of one or two letters."""
    return _TRIGRAM.search(text) is not None


def like(text: str) -> str:
    """The text as LIKE takes it literally."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def containing(text: str) -> str:
    """For LIKE: the text, anywhere. With ILIKE, a trigram index serves it."""
    return f"%{like(text)}%"


def regex(text: str) -> str:
    """The text as Postgres's regular expressions take it literally."""
    return _SIGN.sub(r"\\\g<0>", text)
