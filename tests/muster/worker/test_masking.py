"""Secrets never reach the log, however the output is cut into reads."""

import re
import time
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.masking import MASK, SHORTEST, Masker

# Few letters, so that secrets overlap, contain and begin one another.
SECRETS = st.lists(st.text("ab", min_size=1, max_size=9).map(str.encode), max_size=4)
OUTPUT = st.text("abc", max_size=60).map(str.encode)
CUTS = st.lists(st.integers(0, 60), max_size=8)


def cut(output: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(min(place, len(output)) for place in cuts), len(output)]
    return [output[start:stop] for start, stop in pairwise(places)]


def mask(secrets: list[bytes], pieces: list[bytes]) -> bytes:
    masker = Masker(secrets)
    return b"".join([masker.feed(piece) for piece in pieces] + [masker.flush()])


def by_regular_expression(secrets: list[bytes], output: bytes) -> bytes:
    long = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
    return re.sub(b"|".join(map(re.escape, long)), MASK, output) if long else output


@given(SECRETS, OUTPUT, CUTS)
def test_masking_does_not_depend_on_how_output_is_cut(
    secrets: list[bytes], output: bytes, cuts: list[int]
) -> None:
    assert mask(secrets, cut(output, cuts)) == by_regular_expression(secrets, output)


@given(SECRETS, OUTPUT, CUTS, st.data())
def test_no_secret_appears_even_when_output_pauses(
    secrets: list[bytes], output: bytes, cuts: list[int], data: st.DataObject
) -> None:
    masker, shown = Masker(secrets), b""
    for piece in cut(output, cuts):
        shown += masker.feed(piece)
        if data.draw(st.booleans()):
            shown += masker.pause()
    shown += masker.flush()
    assert not [secret for secret in secrets if len(secret) >= SHORTEST and secret in shown]


@given(st.binary(min_size=SHORTEST, max_size=30), st.binary(max_size=50), CUTS)
def test_any_bytes_can_be_a_secret(secret: bytes, around: bytes, cuts: list[int]) -> None:
    shown = mask([secret], cut(around + secret + around, cuts))
    assert MASK in shown
    assert secret not in shown.replace(MASK, b"") or secret in MASK + around + MASK


@pytest.mark.parametrize(
    ("secret", "printed"),
    [
        (b"p@ss w/rd", quote("p@ss w/rd", safe="").encode()),
        (b"p@ss w/rd", quote("p@ss w/rd").encode()),
        (b"first\nsecond", b"first\r\nsecond"),
        (b"token\n", b"token"),
    ],
    ids=["in a URL", "in a URL's path", "lines on a terminal", "read from a file"],
)
def test_what_a_secret_looks_like_in_output_is_masked_too(secret: bytes, printed: bytes) -> None:
    assert mask([secret], [b"<" + printed + b">"]) == b"<********>"


def test_of_two_secrets_the_longer_is_masked() -> None:
    assert mask([b"abcd", b"abcdefgh"], [b"abcde", b"fgh abcdefx"]) == b"******** ********efx"


def test_too_short_a_secret_is_ignored() -> None:
    assert mask([b"abc", b""], [b"abcabc"]) == b"abcabc"


def test_a_prompt_that_could_begin_a_secret_is_shown_when_output_pauses() -> None:
    masker = Masker([b"$ecret"])
    assert masker.feed(b"$") == b""
    assert masker.pause() == b"$"
    assert masker.feed(b" ls") == b" ls"


def test_a_longer_beginning_of_a_secret_waits() -> None:
    masker = Masker([b"$ecret"])
    assert masker.feed(b"$ecr") == b""
    assert masker.pause() == b""
    assert masker.flush() == b"$ecr"


def test_a_secret_that_went_on_after_a_pause_is_masked_from_there() -> None:
    masker = Masker([b"$ecret"])
    masker.feed(b"$e")
    assert masker.pause() == b"$e"
    assert masker.feed(b"cret!") == b"********!"


def test_clean_output_is_masked_faster_than_any_terminal_writes() -> None:
    masker = Masker([b"ghp_abcdefghijklmnopqrstuvwx", b"xxhunter2", b"s3cr3t-value"])
    block = (b"x" * 79 + b"\n") * 800
    began = time.process_time()
    for _ in range(400):
        masker.feed(block)
    # 200 MB/s on an idle core; a quarter of that leaves room for a busy one.
    assert 400 * len(block) / (time.process_time() - began) > 50e6
