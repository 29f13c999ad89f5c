"""Format findings for a terminal."""

import json
import textwrap
from collections import Counter
from collections.abc import Sequence

from muster.worker.doctor.finding import Finding, Level

_COLORS: dict[Level, str] = {"ok": "32", "warn": "33", "fail": "31"}
_NAME_WIDTH = 12  # characters; the longest name
_MIN_WIDTH = 60
_MAX_WIDTH = 100


def format_finding(finding: Finding, width: int, colours: bool) -> str:
    """Return a finding's lines of `width` characters. Its command has its own line of any length,
    so that it can be copied.
    """
    level = finding.level.ljust(4)
    if colours:
        level = f"\x1b[{_COLORS[finding.level]}m{level}\x1b[0m"
    margin = " " * (4 + 2 + _NAME_WIDTH + 2)
    room = min(max(width, _MIN_WIDTH), _MAX_WIDTH) - len(margin)
    text, *more = _wrap(finding.text, room)
    more += _with_marker("→ ", _wrap(finding.advice, room - 2))
    more += _with_marker("$ ", [finding.command] if finding.command else [])
    first = f"{level}  {finding.name.ljust(_NAME_WIDTH)}  {text}"
    return "\n".join([first, *(margin + line for line in more)])


def format_summary(found: Sequence[Finding]) -> str:
    """Return a summary of all findings in one line."""
    count = Counter(finding.level for finding in found)
    parts = (_count_text(count["fail"], "failure"), _count_text(count["warn"], "warning"))
    summary = " and ".join(filter(None, parts))
    if count["fail"]:
        return f"{summary}: this machine can't do all of its work."
    return (
        f"{summary}: this machine works, but could work better."
        if summary
        else "No problems found."
    )


def to_json(found: Sequence[Finding]) -> str:
    """Return a list of {name, level, ok, text, advice, command}."""
    rows = [{**each._asdict(), "ok": each.level == "ok"} for each in found]
    return json.dumps(rows, indent=2)


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _with_marker(mark: str, broken: list[str]) -> list[str]:
    return [f"{'  ' if number else mark}{line}" for number, line in enumerate(broken)]


def _count_text(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
