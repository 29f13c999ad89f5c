"""Secrets never reach the log, however the output is cut into reads."""

import base64
import json
import os
import re
import time
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.masking.masker import MASK, MIN_SECRET_LENGTH, Masker

# Few letters, so that secrets overlap, contain and start one another.
SECRETS = st.lists(st.text("ab", min_size=1, max_size=9).map(str.encode), max_size=4)
OUTPUT = st.text("abc", max_size=60).map(str.encode)
CUTS = st.lists(st.integers(0, 60), max_size=8)
# As many that they are screened, and so alike that they overlap.
MANY = st.lists(st.text("ab", min_size=23, max_size=80).map(str.encode), min_size=8, max_size=20)
LINES = [base64.b64encode(os.urandom(48)) for _ in range(26)]
KEY = b"\n".join([b"-----BEGIN PRIVATE KEY-----", *LINES, b"-----END PRIVATE KEY-----", b""])


def cut(output: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(min(place, len(output)) for place in cuts), len(output)]
    return [output[start:stop] for start, stop in pairwise(places)]


def mask(secrets: list[bytes], pieces: list[bytes]) -> bytes:
    masker = Masker(secrets)
    return b"".join([masker.feed(piece) for piece in pieces] + [masker.flush()])


def by_regular_expression(secrets: list[bytes], output: bytes) -> bytes:
    long = sorted(
        {secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH}, key=len, reverse=True
    )
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
            shown += masker.release()
    shown += masker.flush()
    assert not [
        secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH and secret in shown
    ]


@given(st.binary(min_size=MIN_SECRET_LENGTH, max_size=30), st.binary(max_size=50), CUTS)
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
        (KEY, LINES[0]),
        (KEY, LINES[-1]),
        (b"first line\n  second line \n", b"second line"),
        (b'"first"\nsecond\\', json.dumps('"first"\nsecond\\')[1:-1].encode()),
        (b'password="1"\nuser=me', json.dumps('password="1"')[1:-1].encode()),
        ("schlüssel😀".encode(), json.dumps("schlüssel😀")[1:-1].encode()),
        (b"a\tsecret", json.dumps("a\tsecret")[1:-1].encode()),
        (b"user<&>secret", b"user\\u003c\\u0026\\u003esecret"),
        (b"p@ss w/rd", base64.b64encode(b"p@ss w/rd")),
        (b"p@ss w/rd\n", base64.b64encode(b"p@ss w/rd")),
        (b"p@ss w/rd", base64.b64encode(b"p@ss w/rd\n")),
        (b"p@ss w/rd1", base64.b64encode(b"p@ss w/rd1").rstrip(b"=")),
        (b"???>>>???>>>?", base64.urlsafe_b64encode(b"???>>>???>>>?")),
        (b"???>>>???>>>?", base64.urlsafe_b64encode(b"???>>>???>>>?").rstrip(b"=")),
        (KEY, base64.b64encode(KEY)),
        (KEY, base64.encodebytes(KEY).split(b"\n")[0]),
        (KEY, base64.encodebytes(KEY).split(b"\n")[3]),
        (KEY, base64.b64encode(KEY)[64:128]),
    ],
    ids=[
        *("in a URL", "in a URL's path", "lines on a terminal", "read from a file"),
        *("a key's line", "a key's last line", "an indented line"),
        *("in JSON", "a line in JSON", "in ASCII in JSON", "a tab in JSON", "in JSON of Go"),
        *("base64", "base64, read from a file", "base64 of a line", "base64 without its end"),
        *("base64 for URLs", "base64 for URLs without its end", "base64 of a key"),
        *("base64 in lines", "a later line of base64", "a line of base64 as openssl has it"),
    ],
)
def test_what_a_secret_looks_like_in_output_is_masked_too(secret: bytes, printed: bytes) -> None:
    assert mask([secret], [b"<" + printed + b">"]) == b"<********>"


def test_the_frame_of_a_key_is_shown() -> None:
    shown = mask([KEY], [KEY.replace(b"\n", b"\n  ")]).split()
    assert shown[:3] == [b"-----BEGIN", b"PRIVATE", b"KEY-----"]
    assert shown[3:-3] == [MASK] * len(LINES)


def test_short_lines_are_shown() -> None:
    assert mask([b"{\n a: 1\n}\nlong enough\n"], [b"{ a: 1 }"]) == b"{ a: 1 }"


@given(st.binary(min_size=8, max_size=60), st.binary(max_size=7), st.binary(max_size=7), CUTS)
def test_base64_of_a_secret_is_masked_whatever_stands_around_it(
    secret: bytes, before: bytes, after: bytes, cuts: list[int]
) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        around = ((fill * len(before), fill * 3) for fill in (b"\0", b"\xff"))
        one, other = (encode(left + secret + right).rstrip(b"=") for left, right in around)
        certain = bytes(letter for letter, same in zip(one, other, strict=True) if letter == same)
        output = encode(before + secret + after)
        assert certain in output
        assert certain not in mask([secret], [output])
        assert certain not in mask([secret], cut(output, cuts))


@given(MANY, st.lists(st.tuples(st.integers(0, 19), st.integers(0, 80)), max_size=6), CUTS)
def test_of_many_secrets_each_is_masked_wherever_it_is(
    secrets: list[bytes], shown: list[tuple[int, int]], cuts: list[int]
) -> None:
    output = b"c" * 4096
    for number, filled in shown:
        output += b"c" * filled + secrets[number % len(secrets)]
    assert mask(secrets, [output]) == by_regular_expression(secrets, output)
    pieces = [output[:4096], *cut(output[4096:], cuts)]
    assert mask(secrets, pieces) == by_regular_expression(secrets, output)


def test_of_two_secrets_the_longer_is_masked() -> None:
    assert mask([b"abcd", b"abcdefgh"], [b"abcde", b"fgh abcdefx"]) == b"******** ********efx"


def test_too_short_a_secret_is_ignored() -> None:
    assert mask([b"abc", b""], [b"abcabc"]) == b"abcabc"


def test_a_prompt_that_could_begin_a_secret_is_shown_when_output_pauses() -> None:
    masker = Masker([b"$ecret"])
    assert masker.feed(b"$") == b""
    assert masker.release() == b"$"
    assert masker.feed(b" ls") == b" ls"


def test_who_types_waits_for_no_form_that_is_derived_from_a_secret() -> None:
    masker = Masker([KEY])
    line = LINES[0]
    for at in range(MIN_SECRET_LENGTH - 1):
        assert masker.feed(line[at : at + 1]) == line[at : at + 1]
        assert not masker.can_release
    assert masker.feed(line[MIN_SECRET_LENGTH - 1 :]) == MASK


def test_a_longer_beginning_of_a_secret_waits() -> None:
    masker = Masker([b"$ecret"])
    assert masker.feed(b"$ecr") == b""
    assert masker.release() == b""
    assert masker.flush() == b"$ecr"


def test_a_secret_that_went_on_after_a_pause_is_masked_from_there() -> None:
    masker = Masker([b"$ecret"])
    masker.feed(b"$e")
    assert masker.release() == b"$e"
    assert masker.feed(b"cret!") == b"********!"


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param([b"ghp_abcdefghijklmnopqrstuvwx", b"xxhunter2", b"s3cr3t-value"], id="words"),
        pytest.param([KEY], id="a key"),
        pytest.param([base64.b64encode(os.urandom(21)) for _ in range(20)], id="twenty tokens"),
    ],
)
def test_clean_output_is_masked_faster_than_any_terminal_writes(secrets: list[bytes]) -> None:
    masker = Masker(secrets)
    block = (b"x" * 79 + b"\n") * 800
    began = time.process_time()
    for _ in range(400):
        masker.feed(block)
    # 200 MB/s on an idle core; a quarter of that allows for a busy one.
    assert 400 * len(block) / (time.process_time() - began) > 50e6


@given(SECRETS, OUTPUT, OUTPUT, CUTS)
def test_what_stands_by_itself_is_masked_whole_and_the_stream_does_not_notice(
    secrets: list[bytes], output: bytes, text: bytes, cuts: list[int]
) -> None:
    masker, shown = Masker(secrets), b""
    for piece in cut(output, cuts):
        shown += masker.feed(piece)
        assert masker.mask_text(text) == by_regular_expression(secrets, text)
    assert shown + masker.flush() == mask(secrets, cut(output, cuts))


@given(SECRETS, OUTPUT, CUTS, st.data())
def test_how_much_is_pending_is_what_a_flush_would_show(
    secrets: list[bytes], output: bytes, cuts: list[int], data: st.DataObject
) -> None:
    masker = Masker(secrets)
    for piece in cut(output, cuts):
        masker.feed(piece)
        if data.draw(st.booleans()):
            masker.release()
    pending = masker.pending_bytes
    assert pending == masker.pending_bytes == len(masker.flush())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"key=topse", b"key=********"),
        (b"key=topsecret", b"key=********"),
        (b"key=top", b"key=top"),
        (b"key=topsy", b"key=topsy"),
    ],
    ids=["a beginning", "all of it", "too little to tell", "another word"],
)
def test_text_that_is_cut_ends_with_no_beginning_of_a_secret(text: bytes, shown: bytes) -> None:
    masker = Masker([b"topsecret"])
    assert masker.mask_text(text, is_cut=True) == shown
    assert masker.mask_text(b"key=topse") == b"key=topse"
