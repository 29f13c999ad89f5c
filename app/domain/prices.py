"""The admin's price table, used when agents don't report their cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from app.domain import field_errors
from app.domain.agents import TYPE
from app.domain.field_errors import FieldError
from app.domain.usage import Figures

MAX_PRICES = 1000
"""Maximum prices in the table."""
MAX_RATE = 10_000
"""Maximum cost per million tokens. Multiplied by one report's tokens, it fits its column."""
MAX_MODEL_NAME = 200

_PRECISION = Decimal("0.000000001")
_MILLION = 1_000_000
_RATES = ("input", "cached", "output", "reasoning")


@dataclass(frozen=True)
class Price:
    """The cost of a million tokens for models that match `model` (`*` and `?` are wildcards), and
    for the agent, if set.

    Only `*` matches a model without a name.
    """

    model: str
    input: Decimal
    cached: Decimal
    output: Decimal
    reasoning: Decimal
    agent: str | None = None

    def matches(self, agent: str, model: str) -> bool:
        if self.agent not in (None, agent):
            return False
        # Model names contain brackets: `claude-opus-4-8[1m]`.
        pattern = self.model.lower().replace("[", "[[]")
        return fnmatchcase(model.lower(), pattern)


def add_cost(table: Iterable[Price], agent: str, model: str, used: Figures) -> Figures:
    """Return the figures with a cost by the first matching price, if the agent reported none.

    Without token counts, the cost stays unknown.
    """
    if used.cost is not None or used.input_tokens is None or used.output_tokens is None:
        return used
    price = next((price for price in table if price.matches(agent, model)), None)
    if price is None:
        return used
    cached = min(used.cached_tokens or 0, used.input_tokens)
    reasoning = min(used.reasoning_tokens or 0, used.output_tokens)
    cost = (
        (used.input_tokens - cached) * price.input
        + cached * price.cached
        + (used.output_tokens - reasoning) * price.output
        + reasoning * price.reasoning
    ) / _MILLION
    return replace(used, cost=cost.quantize(_PRECISION), is_estimate=True)


def parse(table: Sequence[Mapping[str, Any]]) -> list[Price]:
    """Return the prices of a valid table.

    Cached tokens default to the input price, reasoning tokens to the output price.
    """
    return [_parse_price(row) for row in table]


def _parse_price(row: Mapping[str, Any]) -> Price:
    rates = {name: Decimal(str(row[name])) for name in _RATES if row.get(name) is not None}
    rates.setdefault("cached", rates["input"])
    rates.setdefault("reasoning", rates["output"])
    return Price(model=row["model"], agent=row.get("agent"), **rates)


def find_error(table: object) -> FieldError | None:
    """Return the error in a table; None if it's valid."""
    if not isinstance(table, list):
        return field_errors.MUST_BE_LIST
    if len(table) > MAX_PRICES:
        return field_errors.TOO_MANY_PRICES(max=MAX_PRICES)
    found = (wrong for n, row in enumerate(table) if (wrong := _find_row_error(n, row)))
    return next(found, None)


def _find_row_error(n: int, row: object) -> FieldError | None:
    if not isinstance(row, dict):
        return field_errors.PRICE_NO_OBJECT(row=n)
    if unknown := row.keys() - {"agent", "model", *_RATES}:
        return field_errors.PRICE_FIELD(row=n, field=min(unknown))
    agent, model = row.get("agent"), row.get("model")
    if agent is not None and not (isinstance(agent, str) and TYPE.fullmatch(agent)):
        return field_errors.PRICE_AGENT(row=n)
    if not isinstance(model, str) or not 1 <= len(model) <= MAX_MODEL_NAME:
        return field_errors.PRICE_MODEL(row=n, max=MAX_MODEL_NAME)
    for name in _RATES:
        rate = row.get(name)
        if rate is None and name in ("cached", "reasoning"):
            continue
        if isinstance(rate, bool) or not isinstance(rate, int | float):
            return field_errors.PRICE_NO_NUMBER(row=n, field=name)
        if not 0 <= rate <= MAX_RATE:  # NaN isn't, either
            return field_errors.PRICE_RANGE(row=n, field=name, max=MAX_RATE)
    return None
