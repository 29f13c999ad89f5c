"""An agent's usage is reported for each run alone, even if it counts its session."""

from typing import Any

import pytest

from muster.protocol.frames import UsageItem
from muster.worker.agents import usage
from muster.worker.agents.usage import SessionUsage

UNREPORTED = {
    "inputTokens": None,
    "cachedTokens": None,
    "outputTokens": None,
    "reasoningTokens": None,
    "cost": None,
}


def facts(tokens: int | None = None, session: str | None = "s1", **given: Any) -> dict[str, Any]:
    """Codex's fact: the sum of its thread."""
    used = {"model": None, **UNREPORTED, "inputTokens": tokens, **given}
    return {"usage": [used], "session": session, "isOfSession": True}


def usage_items(
    reported_facts: dict[str, Any], last: SessionUsage | None, stage: int = 0, run: int = 0
) -> list[UsageItem]:
    return usage.run_usage(
        reported_facts, usage.update_session_usage(reported_facts, stage, run, last)
    )


def test_an_agent_that_tells_of_its_run_is_taken_at_its_word() -> None:
    reported_facts = {
        "usage": [{"model": "opus", **UNREPORTED, "outputTokens": 0, "cost": 1}],
        "session": "s1",
    }
    assert usage.update_session_usage(reported_facts, 0, 0, None) is None
    assert usage_items(reported_facts, SessionUsage("s1", 0, 0)) == [
        UsageItem("opus", output_tokens=0, cost=1.0)
    ]


def test_of_a_conversation_what_it_had_used_before_is_taken_off() -> None:
    first = usage.update_session_usage(facts(1000), 0, 0, None)
    second = usage.update_session_usage(facts(2500), 1, 0, first)
    third = usage.update_session_usage(facts(2600), 1, 1, second)
    assert [usage.run_usage({}, each)[0].input_tokens for each in (first, second, third)] == [
        1000,
        1500,
        100,
    ]


def test_a_repeated_report_of_a_run_is_no_new_run() -> None:
    first = usage.update_session_usage(facts(1000), 0, 0, None)
    second = usage.update_session_usage(facts(1500), 1, 0, first)
    again = usage.update_session_usage(facts(2500), 1, 0, second)
    assert again is not None
    assert usage_items(facts(2500), again, stage=1) == [UsageItem(input_tokens=1500)]


def test_another_conversation_begins_at_nothing() -> None:
    first = usage.update_session_usage(facts(1000), 0, 0, None)
    assert usage_items(facts(300, session="s2"), first, stage=1) == [UsageItem(input_tokens=300)]


def test_what_was_not_known_before_is_not_known_now_nor_is_what_has_shrunk() -> None:
    first = usage.update_session_usage(facts(1000, cachedTokens=500), 0, 0, None)
    reported_facts = facts(1000, cachedTokens=499, outputTokens=7)
    assert usage_items(reported_facts, first, stage=1) == [UsageItem(input_tokens=0)]


@pytest.mark.parametrize(
    "reported",
    [
        None,
        [],
        "x",
        [1],
        [UNREPORTED],
        [{"model": "x"}],
        [{"inputTokens": -1}],
        [{"inputTokens": 1 << 40}],
        [{"cost": 1e300}],
        [{"inputTokens": "1"}],
    ],
)
def test_what_says_nothing_or_makes_no_sense_is_not_known(reported: Any) -> None:
    assert usage.usage_from_facts({"usage": reported, "isOfSession": True, "session": "s"}) == []
    assert (
        usage.update_session_usage(
            {"usage": reported, "isOfSession": True, "session": "s"}, 0, 0, None
        )
        is None
    )


def test_names_are_short_and_of_letters_that_everybody_can_print() -> None:
    reported_facts = {"usage": [{"model": "o\x00\ud800é" + "x" * 300, "inputTokens": 1}] * 80}
    found = usage.usage_from_facts(reported_facts)
    assert (len(found), found[0].model) == (50, "o???" + "x" * 96)
