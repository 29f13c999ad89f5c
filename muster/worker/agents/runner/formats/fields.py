"""Read fields of events. A wrong type raises TypeError, so that nothing is overlooked: the complete
event is then passed through.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_MAX_NUMBER = 1 << 53


def require_string(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("not a string")


def optional_string(value: object) -> str:
    """Return a string, or "" for None."""
    return "" if value is None else require_string(value)


def require_mapping(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise TypeError("not an object")


def parse_count(value: object) -> int | None:
    """Return a count, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MAX_NUMBER else None


def parse_amount(value: object) -> float | None:
    """Return an amount of money, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _MAX_NUMBER else None


def sum_known(*counts: int | None) -> int | None:
    """Return the sum; None if no value is known."""
    known = [each for each in counts if each is not None]
    return sum(known) if known else None


def make_usage(
    model: str | None,
    *,
    taken: int | None,
    cached: int | None,
    made: int | None,
    reasoning: int | None,
    cost: float | None,
) -> dict[str, Any]:
    """Return one model's part of the fact `usage`."""
    return {
        "model": model,
        "inputTokens": taken,
        "cachedTokens": cached,
        "outputTokens": made,
        "reasoningTokens": reasoning,
        "cost": cost,
    }
