from typing import Any

import pytest

from muster.worker.agents.runner.formats.aider import Aider

LIMITED = [
    "litellm.RateLimitError: RateLimitError: OpenAIException - Number of requests has",
    "exceeded your rate limit. Please try ",
    "again in 3600s.",
    "The API provider has rate limited you. Try again later or check your quotas.",
    "Retrying in 0.2 seconds...",
]


def failures(*lines: str) -> list[dict[str, Any] | None]:
    """Return the reported failures in order."""
    spoken = Aider()
    updates = [each for line in lines for each in spoken.feed_text_line(line)]
    assert all(each.entry is None and each.draw is None for each in updates)
    return [(each.facts or {})["failure"] for each in updates]


def test_an_error_is_reported_with_all_of_its_lines() -> None:
    *_, last = failures(*LIMITED)
    assert last is not None
    assert (last["kind"], last["resetsAt"] is None) == ("rate_limit", False)
    assert "has exceeded" in last["message"]
    assert failures(*LIMITED, "said later")[-1] == last


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("litellm.AuthenticationError: AuthenticationError: no", "auth"),
        ("litellm.RateLimitError: You have reached your usage limit.", "quota"),
        ("litellm.ServiceUnavailableError: Overloaded", "overloaded"),
        ("litellm.InternalServerError: Overloaded", "overloaded"),
        ("litellm.BadRequestError: what?", "unknown"),
    ],
)
def test_an_error_is_known_by_its_name(line: str, kind: str) -> None:
    [failure] = failures(line)
    assert failure is not None
    assert failure["kind"] == kind


def test_where_it_was_answered_nothing_has_failed() -> None:
    assert failures(*LIMITED, "Tokens: 1.2k sent, 60 received.")[-1] is None


def test_what_it_says_otherwise_is_no_failure() -> None:
    assert failures("Tokens: 12 sent, 3 received.", "It said litellm.RateLimitError: no") == []


def test_it_has_no_events() -> None:
    assert Aider().feed({"type": "error"}) is None


def test_an_error_that_never_ends_is_not_kept() -> None:
    *_, last = failures(LIMITED[0], *["more and more"] * 99)
    assert last is not None
    assert len(last["message"]) < 500
