"""Show invisible characters, so that reviewers see the actual text.

A character that isn't drawn, or that reorders others, becomes a symbol with its code point:
`⟨U+202E⟩`. Emoji that Unicode lists pass, as do joiners that change a word's spelling.
The console has the same rule in `console/src/lib/format/invisibleChars.ts`; both are tested with
the same cases.
"""

import functools
import re
from collections.abc import Callable, Set

from muster.text import invisible_table as table

_ZWNJ, _ZWJ, _EMOJI_STYLE = "\u200c", "\u200d", "\ufe0f"
_ABBREVIATIONS = {"J": _ZWJ, "V": _EMOJI_STYLE}
_TONE = "\U0001f3fb-\U0001f3ff"
_MAX_JOINED = 4  # elements of the longest sequence


def character_class(ranges: str) -> str:
    """Convert ranges such as `8E2 115F-1160` to the inside of a regex character class."""
    points = (span.split("-") for span in ranges.split())
    return "".join("-".join(re.escape(chr(int(end, 16))) for end in span) for span in points)


_HIDDEN = re.compile(f"[{character_class(table.HIDDEN)}]")


def symbol(char: str) -> str:
    return f"⟨U+{ord(char):04X}⟩"


def reveal(text: str, symbol: Callable[[str], str] = symbol) -> str:
    """Replace each invisible character by a symbol."""
    if _HIDDEN.search(text) is None:
        return text
    return _candidates().sub(lambda found: _reveal_candidate(found[0], symbol), text)


def _reveal_each(text: str, symbol: Callable[[str], str]) -> str:
    return _HIDDEN.sub(lambda found: symbol(found[0]), text)


def _reveal_candidate(text: str, symbol: Callable[[str], str]) -> str:
    """Reveal a candidate: emoji with joiners, letters up to a joiner, or an invisible character."""
    if len(text) > 1 and (text[-1] in (_ZWNJ, _ZWJ) or text in _complete_emoji()):
        return text
    if len(text) == 1 or _HIDDEN.search(text) is None:
        return _reveal_each(text, symbol)
    elements, shown, at = text.split(_ZWJ), [], 0
    while at < len(elements):
        longest = elements[at : at + _MAX_JOINED]
        count = next((n for n in range(len(longest), 0, -1) if _is_listed(longest[:n])), 0)
        shown.append(_ZWJ.join(longest[:count]) if count else _reveal_each(longest[0], symbol))
        at += count or 1
    return symbol(_ZWJ).join(shown)


def _is_listed(elements: list[str]) -> bool:
    text = _ZWJ.join(elements)
    return _HIDDEN.search(text) is None or _without_tones(text) in _emoji()


def _without_tones(text: str) -> str:
    """Replace the first skin tone by T, and a second, different one by U."""
    tones = re.findall(f"[{_TONE}]", text)
    for sign, tone in zip("TU", dict.fromkeys(tones), strict=False):
        text = text.replace(tone, sign)
    return text


@functools.cache
def _emoji() -> Set[str]:
    """Return the sequences that Unicode lists, with T and U for skin tones."""
    patterns = table.EMOJI.replace("\n", " ").split(",")
    return frozenset("".join(map(_decode_sign, pattern.split())) for pattern in patterns)


def _decode_sign(sign: str) -> str:
    return _ABBREVIATIONS.get(sign) or (sign if sign in "TU" else chr(int(sign, 16)))


@functools.cache
def _complete_emoji() -> Set[str]:
    """Return keycaps and subdivision flags, which are never part of a joined sequence."""
    return frozenset(e for e in _emoji() if "\u20e3" in e or e[-1] == "\U000e007f")


@functools.cache
def _candidates() -> re.Pattern[str]:
    bases = set("".join(_emoji() - _complete_emoji())) - {*"TU", _ZWJ, _EMOJI_STYLE}
    element = f"[{re.escape(''.join(sorted(bases)))}][{_TONE}]?{_EMOJI_STYLE}?"
    return re.compile(
        "|".join(
            [
                *sorted(map(re.escape, _complete_emoji())),
                f"{element}(?:{_ZWJ}{element})*",
                _arabic_joiner(),
                *_virama_joiners(),
                _HIDDEN.pattern,
            ]
        )
    )


def _arabic_joiner() -> str:
    """Match ZWNJ between two letters that would join (UAX 31, rule A1)."""
    before, after, marks = map(character_class, table.ARABIC.split(","))
    return f"[{before}][{marks}]*{_ZWNJ}(?=[{marks}]*[{after}])"


def _virama_joiners() -> list[str]:
    """Match a joiner after a virama (UAX 31, A2 and B), or ZWJ between a letter and a virama."""
    found = []
    for script in table.VIRAMAS.split(";"):
        letters, marks, viramas = map(character_class, script.split(",")[1:])
        found.append(
            f"[{letters}](?:[{marks}]*(?<=[{viramas}])"
            f"(?:{_ZWNJ}(?=[{letters}])|{_ZWJ}(?![{marks}]))|{_ZWJ}(?=[{viramas}][{letters}]))"
        )
    return found
