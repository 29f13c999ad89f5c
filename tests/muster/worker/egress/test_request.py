"""Requests to a proxy, parsed strictly and rewritten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.egress.bounded_reader import Malformed
from muster.worker.egress.hosts import parse_host
from muster.worker.egress.request import Request, parse_request


def read(*lines: str) -> Request:
    return parse_request("\r\n".join(lines).encode("latin-1"))


def test_a_request_is_written_for_the_host_that_was_asked_for() -> None:
    request = read(
        "GET http://Packages.example.com:8080/a?b=http://c HTTP/1.1",
        "Host: evil.example.net",
        "Accept: */*",
        "Proxy-Authorization: Basic eDp5",
        "Proxy-Connection: keep-alive",
        "Connection: x-mine, keep-alive",
        "X-Mine: 1",
        "host: evil.example.net",
    )
    assert request == (parse_host("packages.example.com"), 8080, request.head, 0)
    assert request.head.split(b"\r\n") == [
        b"GET /a?b=http://c HTTP/1.1",
        b"Host: packages.example.com:8080",
        b"Accept: */*",
        b"Connection: close",
        b"",
        b"",
    ]


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://a.example", "a.example", 80, b"/"),
        ("HTTP://a.example/", "a.example", 80, b"/"),
        ("http://a.example?x=1", "a.example", 80, b"/?x=1"),
        ("http://a.example:443/@b", "a.example", 443, b"/@b"),
        ("http://[2001:db8::7]:81/x", "2001:db8::7", 81, b"/x"),
        ("http://192.0.2.7/%41", "192.0.2.7", 80, b"/%41"),
    ],
)
def test_urls_are_taken_apart(url: str, host: str, port: int, path: bytes) -> None:
    request = read(f"GET {url} HTTP/1.1")
    assert (request.host, request.port) == (parse_host(host), port)
    assert request.head.split(b" ")[1] == path


def test_connect_has_no_head_for_the_server() -> None:
    request = read("CONNECT a.example:443 HTTP/1.1", "Host: b.example")
    assert request == ("a.example", 443, b"", 0)
    assert request.is_tunnel


@pytest.mark.parametrize(
    ("headers", "body", "header"),
    [
        (["Content-Length: 5"], 5, b"Content-Length: 5"),
        (["content-length: 0"], 0, b"Content-Length: 0"),
        (["Transfer-Encoding: Chunked"], -1, b"Transfer-Encoding: chunked"),
        (["Connection: content-length", "Content-Length: 5"], 5, b"Content-Length: 5"),
    ],
)
def test_a_bodys_end_is_marked_in_one_way(headers: list[str], body: int, header: bytes) -> None:
    request = read("POST http://a.example/ HTTP/1.1", *headers)
    assert request.body_length == body
    assert [
        line for line in request.head.split(b"\r\n") if line[:1] in b"TtCc" and b"-" in line[:10]
    ]
    assert header in request.head.split(b"\r\n")


@pytest.mark.parametrize(
    "lines",
    [
        ["GET / HTTP/1.1", "Host: a.example"],
        ["OPTIONS * HTTP/1.1"],
        ["GET https://a.example/ HTTP/1.1"],
        ["GET ftp://a.example/ HTTP/1.1"],
        ["GET http://a.example@evil.example/ HTTP/1.1"],
        ["GET http://a.example:80@evil.example/ HTTP/1.1"],
        ["GET http://evil.example\\@a.example/ HTTP/1.1"],
        ["GET http://evil.example#@a.example/ HTTP/1.1"],
        ["GET http://evil.example%2f.a.example/ HTTP/1.1"],
        ["GET http://evil.example\0.a.example/ HTTP/1.1"],
        ["GET http:///x HTTP/1.1"],
        ["GET http://a.example:x/ HTTP/1.1"],
        ["GET  http://a.example/ HTTP/1.1"],
        ["GET\thttp://a.example/ HTTP/1.1"],
        ["GET http://a.example/"],
        ["GET http://a.example/ HTTP/2"],
        ["GET http://a.example/ HTTP/1.1", " folded: line"],
        ["GET http://a.example/ HTTP/1.1", "A: b", "\tfolded"],
        ["GET http://a.example/ HTTP/1.1", "no colon"],
        ["GET http://a.example/ HTTP/1.1", "Space : b"],
        ["GET http://a.example/ HTTP/1.1", "A: b\nHost: evil.example"],
        ["GET http://a.example/ HTTP/1.1", "A: b\rHost: evil.example"],
        ["GET http://a.example/ HTTP/1.1", *["A: b"] * 201],
        ["POST http://a.example/ HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked"],
        ["POST http://a.example/ HTTP/1.1", "Content-Length: 5", "Content-Length: 6"],
        ["POST http://a.example/ HTTP/1.1", "Content-Length: +5"],
        ["POST http://a.example/ HTTP/1.1", "Transfer-Encoding: gzip, chunked"],
        ["CONNECT a.example HTTP/1.1"],
        ["CONNECT http://a.example:443 HTTP/1.1"],
        ["CONNECT a.example:443@evil.example:443 HTTP/1.1"],
        ["CONNECT a.example:443:443 HTTP/1.1"],
    ],
)
def test_what_two_readers_could_understand_differently_is_no_request(lines: list[str]) -> None:
    with pytest.raises(Malformed):
        read(*lines)


@given(
    st.lists(
        st.sampled_from([b"GET ", b"CONNECT ", b"http://", b"a.example", b":443", b" HTTP/1.1"])
        | st.sampled_from([b"\r\n", b"\n", b"Host: b.example", b"@", b"Connection: ", b"[::1]"])
        | st.binary(max_size=6),
        max_size=14,
    ).map(b"".join)
)
def test_any_head_is_one_request_or_none(head: bytes) -> None:
    try:
        request = parse_request(head)
    except Malformed:
        return
    if not request.is_tunnel:
        again = request.head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        assert sum(line.lower().startswith(b"host:") for line in again) == 1
        assert not any(b"\n" in line or b"\r" in line for line in again)
