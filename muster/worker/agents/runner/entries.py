"""What a narrator tells: an entry of the transcript, how it looks, what is known of the run."""

from __future__ import annotations

import json

from muster.worker.agents.runner import sanitizer

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LONGEST_TITLE = 200  # characters
LONGEST_TEXT = 16 << 10  # bytes of UTF-8
LARGEST_DATA = 16 << 10  # bytes of JSON
_SHORTER = (4096, 1024, 256, 64, 16)  # characters of a string, and elements of a list, in turn


class Told:
    """One thing to tell. Each part may be missing.

    `rendering` makes the terminal's text for a width in columns. `facts` are merged into what is
    known of the run: `session` (to resume by), `turns`, `denied` (how many calls), `usage` (a list
    of {model, inputTokens, cachedTokens, outputTokens, reasoningTokens, cost}: input includes what
    was cached, output includes reasoning, and what the agent does not say is None) and `failure`
    ({kind, message, resetsAt}; None again when it went on).
    """

    __slots__ = ("entry", "facts", "rendering")

    def __init__(
        self,
        rendering: Callable[[int], str] | None = None,
        entry: dict[str, Any] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        self.rendering, self.entry, self.facts = rendering, entry, facts


def entry(kind: str, title: str, text: str = "", **data: Any) -> dict[str, Any]:
    """An entry within its limits; `data.cut` where something did not fit."""
    data = sanitizer.throughout({name: value for name, value in data.items() if value is not None})
    fitting, cut = _fitting(data)
    text = sanitizer.plain(text)
    kept = shortened(text, LONGEST_TEXT)
    if cut or kept != text:
        fitting["cut"] = True
    return {"kind": kind, "title": one_line(title), "text": kept, "data": fitting}


def one_line(text: str, longest: int = LONGEST_TITLE) -> str:
    """The text in one line of at most so many characters."""
    line = " ".join(sanitizer.plain(text[: 4 * longest]).split())
    return line if len(line) <= longest and len(text) <= 4 * longest else line[: longest - 1] + "…"


def shortened(text: str, size: int) -> str:
    """As much of the text's beginning as fits into so many bytes of UTF-8."""
    if len(text) * 4 <= size:
        return text
    return text.encode(errors="replace")[:size].decode(errors="ignore")


def is_cut(told: dict[str, Any]) -> bool:
    """Whether an entry lacks something, which the terminal must then show."""
    return bool(told["data"].get("cut"))


def encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _fitting(data: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The data, its strings and lists shortened as far as they must be; whether they were."""
    kept, cut = data, False
    room = LARGEST_DATA - len(b',"cut":true')
    for longest in _SHORTER:
        if len(encoded(kept)) <= room:
            return kept, cut
        kept, cut = _shorter(data, longest), True
    return (kept if len(encoded(kept)) <= room else {}), True


def _shorter(value: Any, longest: int) -> Any:
    match value:
        case str():
            return value if len(value) <= longest else value[:longest] + "…"
        case list():
            return [_shorter(each, longest) for each in value[:longest]]
        case dict():
            some = list(value.items())[:longest]
            return {_shorter(name, longest): _shorter(each, longest) for name, each in some}
    return value
