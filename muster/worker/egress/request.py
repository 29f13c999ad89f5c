"""Parse an HTTP request to a proxy strictly, and rewrite it.

Anything that two readers could understand differently is rejected or dropped: the server gets the
checked host, one marker of the body's end, and one request per connection.
"""

from typing import NamedTuple

from muster.worker.egress.bounded_reader import Malformed
from muster.worker.egress.hosts import Host, format_host, parse_host, parse_port, split_port

_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_MAX_HEADERS = 200
_HTTP_PORT = 80

# For this proxy, or rewritten. A client can name more of the first kind (Connection).
_HOP_BY_HOP = frozenset(
    b"connection host content-length transfer-encoding keep-alive te trailer upgrade".split()
)


class Request(NamedTuple):
    """A parsed request. `head` is the rewritten head for the server; CONNECT has none.

    `body` is the body's length, -1 for chunks.
    """

    host: Host
    port: int
    head: bytes = b""
    body_length: int = 0

    @property
    def is_tunnel(self) -> bool:
        return not self.head


def parse_request(head: bytes) -> Request:
    """Parse a head, given without the empty line. Raises Malformed."""
    line, *lines = head.split(b"\r\n")
    words = line.split(b" ")
    if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0") or not _is_token(words[0]):
        raise Malformed("this isn't an HTTP/1 request")
    method, target, _ = words
    if not all(0x20 < byte < 0x7F for byte in target):
        raise Malformed("the target has invalid bytes")
    fields = _parse_headers(lines)
    if method == b"CONNECT":
        host, port = _parse_authority(target, None)
        return Request(host, port)
    host, port, path = _parse_absolute_url(target)
    body = _body_length(fields)
    named = {name.strip().lower() for name in _header_value(fields, b"connection").split(b",")}
    sent = [method + b" " + path + b" HTTP/1.1", b"Host: " + _host_header(host, port)]
    for name, value in fields:
        lower = name.lower()
        if lower not in _HOP_BY_HOP | named and not lower.startswith(b"proxy-"):
            sent.append(name + b": " + value)
    if body < 0:
        sent.append(b"Transfer-Encoding: chunked")
    elif body or _header_value(fields, b"content-length"):
        sent.append(b"Content-Length: %d" % body)
    sent += [b"Connection: close", b"", b""]
    return Request(host, port, b"\r\n".join(sent), body)


def _parse_headers(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    if len(lines) > _MAX_HEADERS:
        raise Malformed(f"more than {_MAX_HEADERS} headers")
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _is_token(name) or any(byte in b"\0\r\n" for byte in value):
            raise Malformed("a header is invalid")
        fields.append((name, value.strip(b" \t")))
    return fields


def _parse_absolute_url(target: bytes) -> tuple[Host, int, bytes]:
    scheme, mark, rest = target.partition(b"://")
    if not mark or scheme.lower() != b"http":
        raise Malformed("this is a proxy: it accepts http:// URLs, and CONNECT for everything else")
    end = min(at for at in (rest.find(b"/"), rest.find(b"?"), len(rest)) if at >= 0)
    if b"#" in rest or b"\\" in rest[:end]:
        raise Malformed("the URL is ambiguous")
    path = rest[end:]
    return *_parse_authority(rest[:end], _HTTP_PORT), path if path.startswith(b"/") else b"/" + path


def _parse_authority(text: bytes, default: int | None) -> tuple[Host, int]:
    if b"@" in text:
        raise Malformed("the URL has a user")
    try:
        host, port = split_port(text.decode("ascii"))
        if port is None:
            port = parse_port("") if default is None else default
        return parse_host(host), port
    except ValueError as error:
        raise Malformed(str(error)) from None


def _body_length(fields: list[tuple[bytes, bytes]]) -> int:
    length, coding = (
        _header_value(fields, b"content-length"),
        _header_value(fields, b"transfer-encoding"),
    )
    if coding:
        if length or coding.lower() != b"chunked":
            raise Malformed("the body's end is ambiguous")
        return -1
    if length and not (length.isdigit() and len(length) < 19):
        raise Malformed("the length isn't a number")
    return int(length or 0)


def _header_value(fields: list[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    return b",".join(value for name, value in fields if name.lower() == wanted)


def _host_header(host: Host, port: int) -> bytes:
    return (
        f"{format_host(host)}:{port}".encode() if port != _HTTP_PORT else format_host(host).encode()
    )


def _is_token(word: bytes) -> bool:
    return bool(word) and _TOKEN.issuperset(word)
