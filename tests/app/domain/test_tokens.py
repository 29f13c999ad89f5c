"""Opaque tokens: their form, their checksum, and that no kind passes for another."""

import hashlib

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.domain import tokens
from app.domain.tokens import TokenKind

KINDS = st.sampled_from(TokenKind)
RANDOM = st.binary(min_size=24, max_size=24)
GOLDEN = "mst_pat_000102030405060708090a0b0c0d0e0f101112131415161733a23cb4"


def test_the_form_does_not_change():
    """Tokens in people's hands must go on working."""
    assert tokens.make(TokenKind.PERSONAL, bytes(range(24))) == GOLDEN
    assert set(TokenKind) == {
        "pat",
        "enroll",
        "chan",
        "rec",
        "refresh",
        "chat",
        "sso",
        "device",
        "invite",
    }


@pytest.mark.parametrize("size", [0, 23, 25, 48])
def test_too_little_or_too_much_randomness_is_refused(size: int):
    with pytest.raises(ValueError, match="24 random bytes"):
        tokens.make(TokenKind.PERSONAL, bytes(size))


@given(kind=KINDS, random=RANDOM)
def test_a_token_is_of_its_own_kind_and_of_no_other(kind: TokenKind, random: bytes):
    token = tokens.make(kind, random)
    assert [other for other in TokenKind if tokens.is_token(token, other)] == [kind]


@given(kind=KINDS, random=RANDOM, at=st.integers(0, 200), wrong=st.characters())
def test_any_single_wrong_character_is_seen(kind: TokenKind, random: bytes, at: int, wrong: str):
    token = tokens.make(kind, random)
    at %= len(token)
    assume(token[at] != wrong)
    assert not _is_any(token[:at] + wrong + token[at + 1 :])


@pytest.mark.parametrize("kind", TokenKind)
def test_every_single_wrong_hex_digit_is_seen(kind: TokenKind):
    token = tokens.make(kind, bytes(range(100, 124)))
    for at in range(len(token) - 56, len(token)):
        for digit in set("0123456789abcdef") - {token[at]}:
            assert not _is_any(token[:at] + digit + token[at + 1 :])


@given(kind=KINDS, random=RANDOM, at=st.integers(0, 200))
def test_two_neighbours_exchanged_are_seen(kind: TokenKind, random: bytes, at: int):
    token = tokens.make(kind, random)
    at %= len(token) - 1
    assume(token[at] != token[at + 1])
    assert not _is_any(token[:at] + token[at + 1] + token[at] + token[at + 2 :])


@given(text=st.text() | st.text().map("mst_pat_".__add__))
def test_other_text_is_no_token_and_raises_nothing(text: str):
    assert not _is_any(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOLDEN.upper(),
        GOLDEN + "\n",
        " " + GOLDEN,
        GOLDEN[:-1],
        GOLDEN + "0",
        GOLDEN.replace("mst_pat_", "mst_rec_"),
        GOLDEN.replace("mst_pat_", ""),
        GOLDEN.replace("0", "\u0660"),
        "\ud800",
    ],
    ids=ascii,
)
def test_what_almost_looks_like_a_token_is_none(text: str):
    assert not _is_any(text)


def test_a_digest_is_sha_256_and_says_nothing_of_the_token():
    assert tokens.digest(GOLDEN) == hashlib.sha256(GOLDEN.encode()).hexdigest()


@given(text=st.text(st.characters(exclude_categories=())))
@example(text="\ud800")
def test_any_text_that_json_can_carry_has_a_digest(text: str):
    assert len(tokens.digest(text)) == 64


def _is_any(text: str) -> bool:
    return any(tokens.is_token(text, kind) for kind in TokenKind)
