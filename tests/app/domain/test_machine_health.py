"""What is said of a machine's agents once it has given an attempt back."""

from datetime import UTC, datetime

import pytest

from app.domain.machine_health import REASON, mark_unhealthy

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)
WELL = {"agentType": "claude", "version": "1", "healthy": True}
GONE = {"agentType": "codex", "healthy": False, "reason": "not installed", "degradedUntil": None}


def test_all_agents_are_unhealthy_for_a_minute_and_say_why() -> None:
    [capability] = mark_unhealthy([WELL], NOON)
    assert capability == {
        **WELL,
        "healthy": False,
        "degradedUntil": "2030-01-31T12:01:00.000Z",
        "reason": REASON,
    }


@pytest.mark.parametrize("until", [None, "2030-01-31T12:01:00.001Z"])
def test_what_the_machine_says_of_an_agent_itself_stays(until: str | None) -> None:
    capability = {**GONE, "degradedUntil": until}
    assert mark_unhealthy([capability], NOON) == [capability]


@pytest.mark.parametrize("until", ["2030-01-31T11:59:00.000Z", "2030-01-31T12:00:30.000Z"])
def test_what_has_ended_or_ends_before_is_said_anew(until: str) -> None:
    [capability] = mark_unhealthy([{**GONE, "degradedUntil": until}], NOON)
    assert (capability["healthy"], capability["degradedUntil"]) == (
        False,
        "2030-01-31T12:01:00.000Z",
    )
    assert capability["reason"] == REASON
