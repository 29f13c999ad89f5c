"""Findings as people read them in a terminal."""

import json
import textwrap
from collections import Counter
from collections.abc import Sequence

from muster.worker.doctor.finding import Finding, Level

_COLOURS: dict[Level, str] = {"ok": "32", "warn": "33", "fail": "31"}
_NAMES = 12  # characters; the longest name
_NARROWEST = 60
_WIDEST = 100


def lines(finding: Finding, width: int, colours: bool) -> str:
    """A finding on its lines, of `width` characters. Its command has one of its own, however long
    it is, so that it can be copied."""
    level = finding.level.ljust(4)
    if colours:
        level = f"\x1b[{_COLOURS[finding.level]}m{level}\x1b[0m"
    margin = " " * (4 + 2 + _NAMES + 2)
    room = min(max(width, _NARROWEST), _WIDEST) - len(margin)
    text, *more = _broken(finding.text, room)
    more += _marked("→ ", _broken(finding.advice, room - 2))
    more += _marked("$ ", [finding.command] if finding.command else [])
    first = f"{level}  {finding.name.ljust(_NAMES)}  {text}"
    return "\n".join([first, *(margin + line for line in more)])


def summary(found: Sequence[Finding]) -> str:
    """What all of them come to, in a line."""
    count = Counter(finding.level for finding in found)
    parts = (_counted(count["fail"], "failure"), _counted(count["warn"], "warning"))
    said = " and ".join(filter(None, parts))
    if count["fail"]:
        return f"{said}: this machine cannot do all of its work."
    return f"{said}: this machine works, not as well as it could." if said else "All is well."


def as_json(found: Sequence[Finding]) -> str:
    """A list of {name, level, ok, text, advice, command}."""
    rows = [{**each._asdict(), "ok": each.level == "ok"} for each in found]
    return json.dumps(rows, indent=2)


def _broken(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _marked(mark: str, broken: list[str]) -> list[str]:
    return [f"{'  ' if number else mark}{line}" for number, line in enumerate(broken)]


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
