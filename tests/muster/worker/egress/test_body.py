"""Bodies of requests on their way to a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.egress.body import ChunkedBody, SizedBody
from muster.worker.egress.bounded_reader import Malformed

NEXT = b"GET http://evil.example/ HTTP/1.1\r\n\r\n"
CUTS = st.lists(st.integers(1, 40), max_size=20)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    cut = []
    for size in sizes:
        cut.append(data[:size])
        data = data[size:]
    return [*cut, data]


@given(st.binary(max_size=200), CUTS)
def test_what_follows_a_sized_body_goes_nowhere(content: bytes, cuts: list[int]) -> None:
    body = SizedBody(len(content))
    assert b"".join(map(body.feed, pieces(content + NEXT, cuts))) == content
    assert body.is_complete


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=5), CUTS, st.booleans())
def test_what_follows_a_body_in_chunks_goes_nowhere(
    chunks: list[bytes], cuts: list[int], trailed: bool
) -> None:
    sent = b"".join(b"%X ;x=y\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    sent += b"000\r\n" + (b"Trailer: x\r\n" if trailed else b"") + b"\r\n"
    body = ChunkedBody()
    got = b"".join(map(body.feed, pieces(sent + NEXT, cuts)))
    plain = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    assert got == plain + b"0\r\n\r\n"
    assert body.is_complete


@pytest.mark.parametrize(
    "data",
    [
        *(b"\r\n", b"x\r\n", b"-1\r\n", b"+1\r\n", b"0x1\r\n", b"1\n1\r\n", b"1\r\nab\r\n"),
        *(b"1_0\r\n", b"11111111111111111\r\n", b"1" * 5000),
    ],
)
def test_what_is_no_chunk_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        ChunkedBody().feed(data)


@given(st.binary(max_size=200) | st.text("01af;\r\n ", max_size=60).map(str.encode), CUTS)
def test_chunks_mean_the_same_however_they_arrive(data: bytes, cuts: list[int]) -> None:
    def fed(parts: list[bytes]) -> bytes | None:
        body = ChunkedBody()
        try:
            return b"".join(map(body.feed, parts))
        except Malformed:
            return None

    assert fed(pieces(data, cuts)) == fed([data])
