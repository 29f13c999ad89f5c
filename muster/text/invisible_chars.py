"""Show invisible characters, so that what people review is what is there.

A character that is not drawn, or that changes the order of others, becomes a symbol with its
number: `⟨U+202E⟩`. Emoji that Unicode lists pass, and joiners that change how a word is written.
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
_MAX_JOINED = 4  # the elements of the longest sequence


def character_class(ranges: str) -> str:
    """The inside of a character class: `8E2 115F-1160`, as a regular expression has it."""
    points = (span.split("-") for span in ranges.split())
    return "".join("-".join(re.escape(chr(int(end, 16))) for end in span) for span in points)


_HIDDEN = re.compile(f"[{character_class(table.HIDDEN)}]")


def symbol(char: str) -> str:
    return f"⟨U+{ord(char):04X}⟩"


def reveal(text: str, symbol: Callable[[str], str] = symbol) -> str:
    """The text with a symbol in place of each invisible character."""
    if _HIDDEN.search(text) is None:
        return text
    return _candidates().sub(lambda found: _reveal_candidate(found[0], symbol), text)


def _reveal_each(text: str, symbol: Callable[[str], str]) -> str:
    return _HIDDEN.sub(lambda found: symbol(found[0]), text)


def _reveal_candidate(text: str, symbol: Callable[[str], str]) -> str:
    """Of a candidate: emoji with joiners, letters up to a joiner, or one invisible character."""
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
    """The text with T for its first skin tone, and U for a second one that differs."""
    tones = re.findall(f"[{_TONE}]", text)
    for sign, tone in zip("TU", dict.fromkeys(tones), strict=False):
        text = text.replace(tone, sign)
    return text


@functools.cache
def _emoji() -> Set[str]:
    """The sequences that Unicode lists, with T and U for skin tones."""
    patterns = table.EMOJI.replace("\n", " ").split(",")
    return frozenset("".join(map(_decode_sign, pattern.split())) for pattern in patterns)


def _decode_sign(sign: str) -> str:
    return _ABBREVIATIONS.get(sign) or (sign if sign in "TU" else chr(int(sign, 16)))


@functools.cache
def _complete_emoji() -> Set[str]:
    """Keycaps and flags of regions, which are no emoji with something after it."""
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
    """ZWNJ between two letters that would join (UAX 31, rule A1)."""
    before, after, marks = map(character_class, table.ARABIC.split(","))
    return f"[{before}][{marks}]*{_ZWNJ}(?=[{marks}]*[{after}])"


def _virama_joiners() -> list[str]:
    """A joiner after a virama (UAX 31, rules A2 and B), or ZWJ between a letter and a virama."""
    found = []
    for script in table.VIRAMAS.split(";"):
        letters, marks, viramas = map(character_class, script.split(",")[1:])
        found.append(
            f"[{letters}](?:[{marks}]*(?<=[{viramas}])"
            f"(?:{_ZWNJ}(?=[{letters}])|{_ZWJ}(?![{marks}]))|{_ZWJ}(?=[{viramas}][{letters}]))"
        )
    return found
