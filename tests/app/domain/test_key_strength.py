"""Keys that could be guessed are told from those that could not."""

import base64
import secrets

import pytest

from app.domain import key_strength

GOOD = "Zk0bV8m1yY3eJq7uTg5xWc2nRa9sLd4fHh6pBvEoQiM="
RANDOM = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"
READABLE = base64.urlsafe_b64encode(b"tests only: this is not a secret").decode()
ZEROES = base64.urlsafe_b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("short", "has 5 bytes; at least 32 are required"),
        (RANDOM[:31], "has 31 bytes"),
        ("x" * 64, "isn't random"),
        ("hunter2" * 8, "isn't random"),
        ("ab" * 31 + "a", "isn't random"),
        ("django-insecure-" + RANDOM, "words of an example"),
        ("ChangeMe-" + RANDOM, "words of an example"),
    ],
)
def test_a_weak_key_is_named_and_not_quoted(key: str, fault: str) -> None:
    (problem,) = key_strength.find_problems({"SECRET_KEY": key}, [GOOD])
    assert problem.startswith("SECRET_KEY ")
    assert fault in problem
    assert key not in problem


@pytest.mark.parametrize(
    "make", [lambda: secrets.token_hex(16), lambda: secrets.token_urlsafe(32)], ids=["hex", "url"]
)
def test_what_is_random_and_long_enough_is_taken(make: object) -> None:
    for _ in range(200):
        assert key_strength.find_problems({"SECRET_KEY": make()}, [GOOD]) == []  # type: ignore[operator]


@pytest.mark.parametrize("key", ["", "no key", GOOD[:-2], "AAAA" + GOOD, "é"])
def test_what_is_no_fernet_key_is_told_by_its_place(key: str) -> None:
    problems = key_strength.find_problems({}, [GOOD, key])
    assert problems == ["number 2 of ENCRYPTION_KEYS isn't a Fernet key"]


@pytest.mark.parametrize("key", [READABLE, ZEROES], ids=["text", "zeroes"])
def test_a_key_that_somebody_has_typed_may_not_write_but_still_read(key: str) -> None:
    assert key_strength.find_problems({}, [key]) == ["number 1 of ENCRYPTION_KEYS isn't random"]
    assert key_strength.find_problems({}, [GOOD, key]) == []


def test_no_two_keys_are_the_same() -> None:
    problems = key_strength.find_problems({"A": GOOD, "B": GOOD}, [GOOD])
    assert problems == ["A and B and ENCRYPTION_KEYS are the same"]
