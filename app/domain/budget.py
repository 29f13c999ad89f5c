"""Budgets: what a task may use before a person is asked whether it may go on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.task import EventType
from app.domain.usage import Figures

WARN_AT = 0.8  # of any of the figures
CHOICES = ("continue", "stop")

_BEGINS = frozenset(
    {EventType.STAGE_STARTED, EventType.RESUMED, EventType.MACHINE_BACK, EventType.RESTORED}
)
CLOCKED = _BEGINS | {
    EventType.STAGE_FINISHED,
    EventType.SUSPENDED,
    EventType.MACHINE_LOST,
    EventType.REQUEUED,
    EventType.FAILED,
    EventType.CANCELLED,
}
"""The events between which a task works, or does not."""


@dataclass(frozen=True)
class Used:
    """What a task has used; None: unknown, which is never too much."""

    minutes: float | None = None
    tokens: int | None = None
    cost: float | None = None

    @classmethod
    def of(cls, figures: Figures, minutes: float | None) -> "Used":
        return cls(minutes, figures.tokens, None if figures.cost is None else float(figures.cost))


def said(budget: Mapping[str, Any] | None) -> dict[str, float] | None:
    """The budget's figures {minutes?, tokens?, cost?} that are given; None where none is."""
    given = {name: value for name, value in (budget or {}).items() if value is not None}
    return given or None


def share(budget: Mapping[str, float] | None, grants: int, used: Used) -> float:
    """The largest share of a figure that is used: 1.0 is all of it. `grants` is how often the
    same was granted once more.
    """
    whole = {name: value * (1 + grants) for name, value in (budget or {}).items()}
    shares = ((getattr(used, name) or 0) / value for name, value in whole.items())
    return max(shares, default=0.0)


def in_words(budget: Mapping[str, float] | None, grants: int, used: Used) -> str:
    """What was used of each figure, for people."""
    parts = []
    for name, value in (budget or {}).items():
        so_far = getattr(used, name)
        shown = "unknown" if so_far is None else f"{round(so_far, 2):,g}"
        unit = "" if name == "cost" else f" {name}"
        label = "a cost of " if name == "cost" else ""
        parts.append(f"{label}{shown} of {value * (1 + grants):,g}{unit}")
    return ", ".join(parts)


def worked(events: Iterable[tuple[EventType, datetime]], now: datetime) -> timedelta:
    """How long a task has worked by its events in CLOCKED, in order: not while it waited."""
    total, since = timedelta(), None
    for type_, at in events:
        if type_ in _BEGINS:
            since = since or at
        elif since is not None:
            total, since = total + (at - since), None
    return total + (now - since if since else timedelta())
