"""Agents' usage: tokens and money. Unknown values are None, never 0."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self


@dataclass(frozen=True)
class Figures:
    """Tokens and their cost, in the agent's currency; None if unknown.

    Input includes cached tokens, output includes reasoning tokens. `is_estimate`: the cost, or a
    part of it, is computed or unknown instead of reported by the agents.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    is_estimate: bool = False

    @classmethod
    def from_json(cls, figures: Mapping[str, Any] | None) -> Self:
        """Create it from a row's JSON, which has the API's names."""
        if figures is None:
            return cls()
        return cls(
            figures["inputTokens"],
            figures["cachedTokens"],
            figures["outputTokens"],
            figures["reasoningTokens"],
            None if figures["cost"] is None else Decimal(str(figures["cost"])),
            figures["isEstimate"],
        )

    @property
    def is_known(self) -> bool:
        return self != UNKNOWN

    @property
    def tokens(self) -> int | None:
        """Input and output tokens together, as far as known."""
        known = [n for n in (self.input_tokens, self.output_tokens) if n is not None]
        return sum(known) if known else None


UNKNOWN = Figures()


class GroupBy(StrEnum):
    """How usage is grouped. A stage is identified by its name across tasks."""

    TASK = "task"
    ATTEMPT = "attempt"
    STAGE = "stage"
    PROJECT = "project"
    DEVELOPER = "developer"
    AGENT = "agent"
    MODEL = "model"
    DAY = "day"
