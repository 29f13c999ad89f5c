"""Find identifiers with confusable letters: those that mix scripts.

UTS 39 calls an identifier *highly restrictive* if it uses one script, or Latin together with the
scripts of Chinese, Japanese or Korean. The console has the same rule in
`console/src/lib/format/mixedScripts.ts`; both are tested with the same cases.
"""

import bisect
import functools
import re
from typing import NamedTuple

from muster.text.invisible_table import SCRIPTS

_ALLOWED_COMBINATIONS = (
    frozenset({"Latn", "Hani", "Hira", "Kana"}),
    frozenset({"Latn", "Hani", "Bopo"}),
    frozenset({"Latn", "Hani", "Hang"}),
)


class MixedIdentifier(NamedTuple):
    """The start and end of such an identifier, and the short names of its scripts."""

    start: int
    end: int
    scripts: tuple[str, ...]


def find_mixed(text: str) -> list[MixedIdentifier]:
    """Return the identifiers that aren't highly restrictive."""
    if text.isascii():
        return []
    return [
        MixedIdentifier(*found.span(), _identifier_scripts(found[0]))
        for found in _identifier_pattern().finditer(text)
        if _is_mixed(found[0])
    ]


def _is_mixed(identifier: str) -> bool:
    if identifier.isascii():
        return False
    of_letters = [scripts for scripts in map(_character_scripts, identifier) if scripts]
    if not of_letters or frozenset.intersection(*of_letters):
        return False
    return not any(
        all(scripts & group for scripts in of_letters) for group in _ALLOWED_COMBINATIONS
    )


def _identifier_scripts(identifier: str) -> tuple[str, ...]:
    single = [scripts for scripts in map(_character_scripts, identifier) if len(scripts) == 1]
    return tuple(dict.fromkeys(script for scripts in single for script in scripts))


@functools.lru_cache(maxsize=4096)
def _character_scripts(char: str) -> frozenset[str]:
    """Return the scripts of a letter; empty if any text can contain it."""
    point = ord(char)
    found = set()
    for name, begins, ends in _script_ranges():
        place = bisect.bisect_right(begins, point) - 1
        if place >= 0 and point <= ends[place]:
            found.add(name)
    return frozenset(found)


@functools.cache
def _script_ranges() -> list[tuple[str, list[int], list[int]]]:
    """Return each script with the starts and ends of its ranges."""
    table = []
    for row in SCRIPTS.split(","):
        name, *ranges = row.split()
        ends = [[int(end, 16) for end in span.split("-")] for span in ranges]
        table.append((name, [pair[0] for pair in ends], [pair[-1] for pair in ends]))
    return table


@functools.cache
def _identifier_pattern() -> re.Pattern[str]:
    """Match runs of letters, digits and marks. `\\w` alone doesn't match marks."""
    spans = (span.split("-") for row in SCRIPTS.split(",") for span in row.split()[1:])
    letters = "".join("-".join(chr(int(end, 16)) for end in span) for span in spans)
    return re.compile(rf"[\w$\u0300-\u036f\u200c\u200d{letters}]+")
