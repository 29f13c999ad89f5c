"""Permission requests of a stage's agent: bounded, masked, and counted.

Standard library only.
"""

from collections.abc import Callable
from typing import Any

from muster.worker.limits.limits import Breach
from muster.worker.masking.masker import Masker
from muster.worker.masking.values import mask_value

MAX_PER_STAGE = 200
"""Maximum requests of a stage, including those that its runner denies without asking."""

_MAX_CHARS = {"tool": 100, "title": 200, "folder": 4_096, "arguments": 16_000, "diff": 16_000}
_OPTIONAL = "diff", "suggestion"
_MAX_SUGGESTION_CHARS = 199


def parse_permission(raw: Any, masker: Masker) -> dict[str, Any]:
    """Return what an agent wants to do: tool, title, arguments, folder, diff and suggestion. Long
    texts are truncated after masking, and end with an ellipsis; a long suggestion is omitted, since
    its beginning may allow more. Raises ValueError for an invalid request.
    """
    if not isinstance(raw, dict):
        raise ValueError("a permission request must be an object")
    names = [*_MAX_CHARS, "suggestion"]
    texts = [raw.get(name, None if name in _OPTIONAL else "") for name in names]
    for name, text in zip(names, texts, strict=True):
        if not (isinstance(text, str) or (text is None and name in _OPTIONAL)):
            raise ValueError(f"a permission request's {name} must be a string")
    if not texts[0] or not texts[1]:
        raise ValueError("a permission request needs a tool and a title")
    masked = dict(zip(names, mask_value(masker, texts), strict=True))
    suggestion = masked["suggestion"] or ""
    if suggestion != raw.get("suggestion") or len(suggestion) > _MAX_SUGGESTION_CHARS:
        masked["suggestion"] = None
    return {name: _truncate(text, _MAX_CHARS.get(name)) for name, text in masked.items()}


class PermissionCounter:
    """Ends a stage that asks too much."""

    def __init__(self, end: Callable[[Breach], None]) -> None:
        self._end = end
        self._count = 0

    def add(self) -> int:
        """Count a request; return the number so far. Raises ValueError if it's too many."""
        self._count += 1
        if self._count > MAX_PER_STAGE:
            text = f"its agent asked for more than {MAX_PER_STAGE} permissions in one stage"
            self._end(Breach("asks_too_much", text))
            raise ValueError("too many permission requests")
        return self._count


def _truncate(text: str | None, most: int | None) -> str | None:
    if text is None or most is None or len(text) <= most:
        return text
    return text[: most - 1] + "…"
