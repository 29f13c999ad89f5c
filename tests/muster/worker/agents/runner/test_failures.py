import time

import pytest

from muster.worker.agents.runner import failures

NOON = time.mktime((2026, 11, 26, 12, 0, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("last status: 429 Too Many Requests", "rate_limit"),
        ("unexpected status 401 Unauthorized", "auth"),
        ('{"error":{"code":403}}', "auth"),
        ('{"type":"overloaded_error"}', "overloaded"),
        ('429: {"code":"insufficient_quota"}', "quota"),
        ("Selected model is at capacity", "overloaded"),
        ("Internal error: invalid API key", "auth"),
        ("port 401 is in use", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_status_tells_failures_apart_or_else_the_words(message: str, kind: str) -> None:
    assert failures.kind_of_message(message) == kind


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Suggested retry after 3600s.", 3600),
        ("Please try again in 20s", 20),
        ("Please retry in 34.07s.", 34),
        ("or try again at 4:22 PM.", 4 * 3600 + 22 * 60),
        ("or try again at 12:30 AM.", 12 * 3600 + 30 * 60),
        ("or try again at 11:59 AM.", 23 * 3600 + 59 * 60),
        ("later", None),
    ],
)
def test_the_end_of_a_limit_is_known_where_it_is_said(message: str, seconds: int | None) -> None:
    expected = None if seconds is None else int(NOON) + seconds
    assert failures.parse_reset_time(message, NOON) == expected


def test_a_message_is_harmless_and_bounded() -> None:
    made = failures.make_failure("unknown", "\x1b" + "x" * 99_999)
    assert made["message"].startswith("␛x")
    assert len(made["message"].encode()) <= failures.MAX_MESSAGE_BYTES
