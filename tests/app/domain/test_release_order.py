"""Which release may follow which."""

import pytest

from app.domain.release_order import find_refusal


@pytest.mark.parametrize(
    ("now", "given"),
    [
        ("0.1.0", "0.1.1"),
        ("0.1.5", "0.2.0"),
        ("0.1.0", "0.2.7"),
        ("0.9.3", "0.10.0"),
        ("1.4.2", "2.0.0"),
    ],
)
def test_the_next_may_follow(now: str, given: str) -> None:
    assert find_refusal(now, given) is None


@pytest.mark.parametrize(
    ("now", "given", "why"),
    [
        ("0.1.0", "0.1.0", "is already running here"),
        ("0.2.0", "0.1.9", "is older than 0.2.0"),
        ("0.10.0", "0.9.0", "is older than 0.10.0"),
        ("0.1.0", "0.3.0", "upgrade to the versions in between first"),
        ("1.4.2", "2.1.0", "upgrade to the versions in between first"),
        ("1.4.2", "3.0.0", "upgrade to the versions in between first"),
        ("0.1.0", "0.2", "0.2 isn't a release version"),
        ("0.1.0", "0.2.0rc1", "0.2.0rc1 isn't a release version"),
    ],
)
def test_others_may_not(now: str, given: str, why: str) -> None:
    assert why in (find_refusal(now, given) or "")
