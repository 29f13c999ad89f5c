"""The changes that an audit entry records: only differences, and never a secret's value."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.timestamps import to_rfc3339

CHANGED = "(changed)"
MAX_TEXT = 1000  # characters per text

# Texts under a field name with one of these words are replaced by CHANGED. Numbers, booleans and
# null stay: they show that a secret is set, or how long it's valid.
SECRET_WORDS = frozenset(
    {
        "authorization",
        "code",
        "codes",
        "credential",
        "credentials",
        "digest",
        "encrypt",
        "environment",
        "hash",
        "jwt",
        "password",
        "recovery",
        "secret",
        "secrets",
        "ssh",
        "token",
        "tokens",
        "totp",
    }
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Muster's own tokens (`domain.tokens`), in case one was pasted into another field. The prefixes
# that lists show are too short to match.
_TOKEN = re.compile(r"mst_[a-z]+_[0-9a-f]{16,}")


def changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Return {before, after} with the names whose values differ, ready for JSON; None if none
    differ.

    `before` is None for something new, `after` for something deleted. Nested mappings are compared
    in the same way.
    """
    if before is not None and after is not None:
        before, after = _diff(before, after)
        if not before and not after:
            return None
    return {"before": _to_json(before), "after": _to_json(after)}


def _diff(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    was: dict[str, Any] = {}
    became: dict[str, Any] = {}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if (name in before) == (name in after) and old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            old, new = _diff(old, new)
        if name in before:
            was[name] = old
        if name in after:
            became[name] = new
    return was, became


def _to_json(value: Any, *, secret: bool = False) -> Any:
    match value:
        case Mapping():
            return {
                str(n): _to_json(v, secret=secret or _is_secret(str(n))) for n, v in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_to_json(part, secret=secret) for part in value]
        case None | bool() | int() | float():
            return value
        case datetime():
            return to_rfc3339(value)
        case str():
            return CHANGED if secret else _truncate(_TOKEN.sub(CHANGED, value))
    raise TypeError(f"audit entries can't contain {type(value).__name__} values")


def _is_secret(name: str) -> bool:
    return not SECRET_WORDS.isdisjoint(word.lower() for word in _WORD.findall(name))


def _truncate(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
