"""The codes of devices."""

import pytest

from app.domain import device_login


@pytest.mark.parametrize("random", [b"\0" * 16, b"\xff" * 16, bytes(range(16))])
def test_a_code_is_two_times_four_letters_that_nobody_mistakes(random: bytes) -> None:
    code = device_login.user_code(random)
    assert len(code) == 9
    assert code[4] == "-"
    assert set(code) - {"-"} <= set(device_login.ALPHABET)
    assert not set(device_login.ALPHABET) & set("AEIOUY0123456789")


@pytest.mark.parametrize("typed", ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "b-c-d-f-g-h-j-k"])
def test_a_code_is_known_however_it_is_typed(typed: str) -> None:
    assert device_login.normalize_user_code(typed) == "BCDF-GHJK"


@pytest.mark.parametrize("typed", ["", "BCDF", "BCDF-GHJK-L", "ABCD-EFGH", "\uff22CDF-GHJK"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert device_login.normalize_user_code(typed) is None


def test_a_digest_needs_the_key() -> None:
    assert device_login.digest_user_code("BCDF-GHJK", "a") != device_login.digest_user_code(
        "BCDF-GHJK", "b"
    )
