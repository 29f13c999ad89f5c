"""What is said of a machine's agents once it has given an attempt back."""

from datetime import UTC, datetime

import pytest

from app.domain.machine_health import WHY, unwell

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)
WELL = {"agentType": "claude", "version": "1", "healthy": True}
GONE = {"agentType": "codex", "healthy": False, "reason": "not installed", "degradedUntil": None}


def test_all_agents_are_unwell_for_a_minute_and_say_why() -> None:
    [told] = unwell([WELL], NOON)
    assert told == {
        **WELL,
        "healthy": False,
        "degradedUntil": "2030-01-31T12:01:00.000Z",
        "reason": WHY,
    }


@pytest.mark.parametrize("until", [None, "2030-01-31T12:01:00.001Z"])
def test_what_the_machine_says_of_an_agent_itself_stays(until: str | None) -> None:
    said = {**GONE, "degradedUntil": until}
    assert unwell([said], NOON) == [said]


@pytest.mark.parametrize("until", ["2030-01-31T11:59:00.000Z", "2030-01-31T12:00:30.000Z"])
def test_what_has_ended_or_ends_before_is_said_anew(until: str) -> None:
    [told] = unwell([{**GONE, "degradedUntil": until}], NOON)
    assert (told["healthy"], told["degradedUntil"]) == (False, "2030-01-31T12:01:00.000Z")
    assert told["reason"] == WHY
