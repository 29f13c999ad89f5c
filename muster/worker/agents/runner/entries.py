"""The runner's updates: a transcript entry, its rendering, and facts about the run."""

from __future__ import annotations

import json

from muster.worker.agents.runner import sanitizer

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_TITLE_CHARS = 200  # characters
MAX_TEXT_BYTES = 16 << 10  # bytes of UTF-8
MAX_DATA_BYTES = 16 << 10  # bytes of JSON
_TRUNCATE_LENGTHS = (
    4096,
    1024,
    256,
    64,
    16,
)  # characters of a string, and elements of a list, in turn


class Update:
    """One update. Each part may be missing.

    `rendering` returns the terminal's text for a width in columns. `facts` are merged into the
    known facts of the run: `session` (for resuming), `turns`, `denied` (number of calls), `usage`
    (a list of {model, inputTokens, cachedTokens, outputTokens, reasoningTokens, cost}: input
    includes cached tokens, output includes reasoning, and unknown values are None) and `failure`
    ({kind, message, resetsAt}; None again when the run continues).

    `key` identifies an action that takes time: entries with the same one are states of the same
    entry. The drawing of a running one is for actions that take longer than a moment. `delta` is
    more of a text whose entry follows, its kind (message, thought) and the text; or of what the
    action of that `key` prints (output). `is_cut`: some of the output before it is missing.
    """

    __slots__ = ("delta", "draw", "entry", "facts", "is_cut", "key")

    def __init__(
        self,
        rendering: Callable[[int], str] | None = None,
        entry: dict[str, Any] | None = None,
        facts: dict[str, Any] | None = None,
        *,
        key: str | None = None,
        delta: tuple[str, str] | None = None,
        is_cut: bool = False,
    ) -> None:
        self.draw, self.entry, self.facts = rendering, entry, facts
        self.key, self.delta, self.is_cut = key, delta, is_cut

    @property
    def is_running(self) -> bool:
        """Whether it is about an action that has started and continues."""
        return self.entry is not None and self.entry.get("state") == "running"


def make_entry(kind: str, title: str, text: str = "", **data: Any) -> dict[str, Any]:
    """Return an entry within its limits; `data.cut` marks truncated ones."""
    data = sanitizer.sanitize_json(
        {name: value for name, value in data.items() if value is not None}
    )
    fitting, cut = _fit_data(data)
    text = sanitizer.sanitize(text)
    kept = truncate_utf8(text, MAX_TEXT_BYTES)
    if cut or kept != text:
        fitting["cut"] = True
    return {"kind": kind, "title": to_one_line(title), "text": kept, "data": fitting}


def to_one_line(text: str, longest: int = MAX_TITLE_CHARS) -> str:
    """Return the text in one line of at most that many characters."""
    line = " ".join(sanitizer.sanitize(text[: 4 * longest]).split())
    return line if len(line) <= longest and len(text) <= 4 * longest else line[: longest - 1] + "…"


def truncate_utf8(text: str, size: int) -> str:
    """Return as much of the text's start as fits into that many bytes of UTF-8."""
    if len(text) * 4 <= size:
        return text
    return text.encode(errors="replace")[:size].decode(errors="ignore")


def is_truncated(entry: dict[str, Any]) -> bool:
    """Whether an entry is truncated, so that the terminal must show the rest."""
    return bool(entry["data"].get("cut"))


def encode_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _fit_data(data: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the data, with strings and lists shortened as needed; and whether they were."""
    kept, cut = data, False
    room = MAX_DATA_BYTES - len(b',"cut":true')
    for longest in _TRUNCATE_LENGTHS:
        if len(encode_json(kept)) <= room:
            return kept, cut
        kept, cut = _truncate_value(data, longest), True
    return (kept if len(encode_json(kept)) <= room else {}), True


def _truncate_value(value: Any, longest: int) -> Any:
    match value:
        case str():
            return value if len(value) <= longest else value[:longest] + "…"
        case list():
            return [_truncate_value(each, longest) for each in value[:longest]]
        case dict():
            some = list(value.items())[:longest]
            return {
                _truncate_value(name, longest): _truncate_value(each, longest)
                for name, each in some
            }
    return value
