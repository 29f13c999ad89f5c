"""What a login's client is called, and for how long a login counts as confirmed."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.login import (
    MAX_CLIENT_NAME,
    REAUTHENTICATION_LIFETIME,
    client_name,
    is_reauthenticated,
)

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
_CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 "


@pytest.mark.parametrize(
    ("given", "user_agent", "name"),
    [
        ("laptop", _CHROME, "laptop"),
        (None, _CHROME + "Safari/537.36", "Chrome on Linux"),
        (None, _CHROME + "Safari/537.36 Edg/140.0", "Edge on Linux"),
        (None, "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Firefox/140.0", "Firefox on Windows"),
        (None, "Mozilla/5.0 (iPhone; CPU OS 18_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        (None, "Mozilla/5.0 (Macintosh; Mac OS X 15_0) Safari/604.1", "Safari on macOS"),
        (None, "curl/8.14.1", "curl/8.14.1"),
        (None, "Mozilla/5.0 (something new)", "Mozilla/5.0 (something new)"),
        ("", "curl/8.14.1", "curl/8.14.1"),
        (" \t\u200b", "curl/8.14.1", "curl/8.14.1"),
        (None, "", ""),
    ],
)
def test_a_client_is_called_as_it_says_or_as_it_looks(
    given: str | None, user_agent: str, name: str
) -> None:
    assert client_name(given, user_agent) == name


UNSEEN = ["\0", "\r\n", "\x1b", "\u202e", "\u2066", "\u200b", "\ud800"]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_nothing_in_a_name_makes_it_look_like_another(unseen: str) -> None:
    assert client_name(f"a{unseen}b", "") == "a b"
    assert client_name(None, f"curl{unseen}x") == "curl x"


def test_a_name_has_an_end() -> None:
    assert client_name("x" * MAX_CLIENT_NAME, "") == "x" * MAX_CLIENT_NAME
    assert client_name(None, "x" * 10_000) == "x" * (MAX_CLIENT_NAME - 1) + "…"


@pytest.mark.parametrize(
    ("ago", "counts"),
    [
        (timedelta(0), True),
        (REAUTHENTICATION_LIFETIME - timedelta(seconds=1), True),
        (REAUTHENTICATION_LIFETIME, False),
    ],
)
def test_a_confirmation_counts_for_ten_minutes(ago: timedelta, counts: bool) -> None:
    assert timedelta(minutes=10) == REAUTHENTICATION_LIFETIME
    assert is_reauthenticated(NOW - ago, NOW) is counts


def test_a_login_that_was_never_confirmed_is_not() -> None:
    assert not is_reauthenticated(None, NOW)
