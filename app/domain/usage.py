"""What agents have used: tokens and money. What nobody knows is None, and never 0."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self


@dataclass(frozen=True)
class Figures:
    """Tokens, and what they cost, in the currency of those who say it; None: unknown.

    Input includes what was cached, output what was thought (reasoning). `is_estimate`: the cost is
    not, or not in all of its parts, what the agents said: it was computed, or a part is unknown.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    is_estimate: bool = False

    @classmethod
    def from_json(cls, figures: Mapping[str, Any] | None) -> Self:
        """From the JSON in a row, which has the API's names."""
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
        """Input and output together, as far as they are known."""
        known = [n for n in (self.input_tokens, self.output_tokens) if n is not None]
        return sum(known) if known else None


UNKNOWN = Figures()


class GroupBy(StrEnum):
    """What usage is summed up by. A stage is known by its name, whatever task it is of."""

    TASK = "task"
    ATTEMPT = "attempt"
    STAGE = "stage"
    PROJECT = "project"
    DEVELOPER = "developer"
    AGENT = "agent"
    MODEL = "model"
    DAY = "day"
