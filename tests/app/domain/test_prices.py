"""What a million tokens cost."""

from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import InvalidFields
from app.domain.prices import MAX_PRICES, add_cost, parse
from app.domain.settings import check_value
from app.domain.usage import Figures

MILLION = Figures(1_000_000, 400_000, 100_000, 50_000)
ANY = {"model": "*", "input": 1, "output": 1}


def cost(table: list[dict[str, Any]], used: Figures = MILLION, **of: str) -> Decimal | None:
    return add_cost(parse(table), of.get("agent", "claude"), of.get("model", "opus"), used).cost


@pytest.mark.parametrize(
    ("rates", "used", "expected"),
    [
        pytest.param({"input": 5, "output": 20}, MILLION, "7", id="all input, all output"),
        pytest.param({"input": 5, "output": 20, "cached": 0.5}, MILLION, "5.2", id="cached"),
        pytest.param({"input": 0, "output": 20, "reasoning": 0}, MILLION, "1", id="reasoning"),
        pytest.param(
            {"input": 0.1, "output": 0}, Figures(1, output_tokens=0), "0.0000001", id="one token"
        ),
        pytest.param(
            {"input": 9, "output": 9}, Figures(0, output_tokens=0), "0", id="nothing used is known"
        ),
        pytest.param(
            {"input": 1, "cached": 0, "output": 1},
            Figures(1_000_000, 9_000_000, 0, 5),
            "0",
            id="more cached than all is no less than nothing",
        ),
        pytest.param({"input": 1, "output": 1}, Figures(7), None, id="output unknown"),
        pytest.param({"input": 1, "output": 1}, Figures(output_tokens=7), None, id="input unknown"),
    ],
)
def test_each_kind_of_token_has_its_price(
    rates: dict[str, float], used: Figures, expected: str | None
) -> None:
    found = cost([{"model": "*", **rates}], used)
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("price", "agent", "model", "fits"),
    [
        ({"model": "opus"}, "claude", "opus", True),
        ({"model": "opus"}, "claude", "opus-4", False),
        ({"model": "opus*"}, "claude", "opus-4", True),
        ({"model": "OPUS-?"}, "claude", "opus-4", True),
        ({"model": "opus[1m]"}, "claude", "opus[1m]", True),
        ({"model": "opus[1m]"}, "claude", "opus1", False),
        ({"model": "*", "agent": "codex"}, "codex", "opus", True),
        ({"model": "*", "agent": "codex"}, "claude", "opus", False),
        ({"model": "*"}, "codex", "", True),
        ({"model": "gpt*"}, "codex", "", False),
    ],
)
def test_a_price_is_of_models_and_perhaps_of_an_agent(
    price: dict[str, Any], agent: str, model: str, fits: bool
) -> None:
    found = cost([{**ANY, **price}], agent=agent, model=model)
    assert (found is not None) == fits


def test_the_first_that_fits_counts() -> None:
    assert cost([{**ANY, "model": "haiku"}, {**ANY, "input": 2}, ANY]) == Decimal("2.1")


def test_an_agents_own_figure_is_left_alone() -> None:
    own = Figures(1, 0, 1, 0, Decimal("0.5"))
    assert add_cost(parse([ANY]), "claude", "opus", own) == own


def test_what_is_computed_is_an_estimate_and_what_is_not_stays_unknown() -> None:
    assert add_cost(parse([ANY]), "claude", "opus", MILLION).is_estimate
    assert add_cost([], "claude", "opus", MILLION) == MILLION


@pytest.mark.parametrize(
    "table",
    [
        None,
        {},
        "x",
        [1],
        [{}],
        [{"model": "x", "input": 1}],
        [{**ANY, "model": ""}],
        [{**ANY, "model": "x" * 201}],
        [{**ANY, "agent": "=cmd"}],
        [{**ANY, "input": "1"}],
        [{**ANY, "input": True}],
        [{**ANY, "input": -1}],
        [{**ANY, "output": float("nan")}],
        [{**ANY, "cached": float("inf")}],
        [{**ANY, "reasoning": 10_001}],
        [{**ANY, "color": 1}],
        [ANY] * (MAX_PRICES + 1),
    ],
    ids=lambda table: repr(table)[:40],
)
def test_an_invalid_table_is_refused(table: object) -> None:
    with pytest.raises(InvalidFields) as refused:
        check_value("prices", table)
    assert list(refused.value.errors) == ["prices"]


def test_a_table_without_one_is_kept_as_it_is() -> None:
    table = [{**ANY, "agent": None, "cached": None, "reasoning": 0.5}] * MAX_PRICES
    assert check_value("prices", table) == table
    assert check_value("prices", []) == []
