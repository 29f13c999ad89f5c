"""The only HTTP client for URLs that people have entered.

It reaches only the public Internet. A name is resolved once, all its addresses are checked, and the
connection uses one of exactly these. So a name that later resolves differently (DNS rebinding) has
no effect. Redirects aren't followed. The time of the complete request and the size of the response
are limited. `allowed_hosts` are hosts that an admin has exempted.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpcore
import httpx

from app.chat.messages import DeliveryRefused, RetryLater
from app.chat.private_addresses import is_allowed, is_private, normalize_host

TIMEOUT_SECONDS = 10.0
MAX_RESPONSE_BYTES = 256 << 10
MAX_RETRY_AFTER_SECONDS = 86_400.0  # seconds; a longer Retry-After is cut to this

_CONNECTION_ERRORS = (
    httpx.HTTPError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    ssl.SSLError,
    OSError,
)


@dataclass(frozen=True)
class Response:
    """The other side's response. `headers` ignore the case of names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes = b"",
    allowed_hosts: frozenset[str] = frozenset(),
    seconds: float = TIMEOUT_SECONDS,
) -> Response:
    """Send a request and return the response, whatever its status.

    Raises DeliveryRefused, RetryLater.
    """
    host = _check_host(url, allowed_hosts)
    backend = _Backend(allowed_hosts, time.monotonic() + seconds)
    given = {"User-Agent": "Muster", "Accept-Encoding": "identity", **headers}
    try:
        with (
            httpx.Client(transport=_Transport(backend), trust_env=False) as client,
            client.stream(method, url, headers=given, content=content) as response,
        ):
            return Response(response.status_code, response.headers, _read_bounded(response, host))
    except (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError):
        raise RetryLater(f"{host} did not answer in {seconds:g} s") from None
    except httpx.InvalidURL:
        raise DeliveryRefused("the address isn't a URL") from None
    except _CONNECTION_ERRORS as error:  # its text may quote the URL, which may be a secret
        raise RetryLater(f"{host} could not be reached ({type(error).__name__})") from None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header; None without one, or if it's invalid."""
    value = headers.get("Retry-After", "").strip()
    try:
        after = float(value) if value.replace(".", "", 1).isdecimal() else _seconds_until(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(after, 0.0), MAX_RETRY_AFTER_SECONDS)


def _seconds_until(moment: str) -> float:
    return parsedate_to_datetime(moment).timestamp() - time.time()


def resolve_public(
    host: str, port: int, allowed_hosts: frozenset[str], seconds: float
) -> list[str]:
    """Return the host's addresses, in canonical form.

    Raises DeliveryRefused if any of them isn't on the public Internet, RetryLater.
    """
    found = [ipaddress.ip_address(text) for text in _resolve_within(host, port, seconds)]
    if not is_allowed(host, allowed_hosts) and any(map(is_private, found)):
        raise DeliveryRefused(
            f"{normalize_host(host)} resolves to an address that is not on the public Internet; "
            "an admin can "
            "allow the host"
        )
    return [str(ip) for ip in found]


def resolve(host: str, port: int) -> list[str]:
    """Return all addresses of the name from the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]).partition("%")[0] for *_, place in found))


def _resolve_within(host: str, port: int, seconds: float) -> list[str]:
    """Return the name's addresses, resolved within `seconds`. Raises RetryLater.

    The system's resolver has no limit that we could set.
    """
    found: list[str] = []
    failed: list[Exception] = []

    def run_resolver() -> None:
        try:
            found.extend(resolve(host, port))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    looking = threading.Thread(target=run_resolver, daemon=True)
    looking.start()
    looking.join(seconds)
    if looking.is_alive():
        raise RetryLater(f"the name {normalize_host(host)} was not resolved in {seconds:.0f} s")
    if failed or not found:
        raise RetryLater(f"the name {normalize_host(host)} could not be resolved")
    return found


def _check_host(url: str, allowed_hosts: frozenset[str]) -> str:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise DeliveryRefused("the address isn't a URL") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise DeliveryRefused("the address must be an http or https URL")
    if parsed.scheme == "http" and not is_allowed(parsed.host, allowed_hosts):
        raise DeliveryRefused("plain http is only for hosts that an admin has allowed")
    return parsed.host


def _read_bounded(response: httpx.Response, host: str) -> bytes:
    body = b""
    for piece in response.iter_raw():
        body += piece
        if len(body) > MAX_RESPONSE_BYTES:
            raise DeliveryRefused(f"{host} answered with more than {MAX_RESPONSE_BYTES >> 10} KiB")
    return body


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class _Transport(httpx.BaseTransport):
    """An httpx transport over our network backend, which httpx's own transport doesn't accept."""

    def __init__(self, backend: "_Backend") -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_ResponseStream(answer))

    def close(self) -> None:
        self._pool.close()


class _ResponseStream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._response = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Backend(httpcore.NetworkBackend):
    """Connects only to addresses that have been checked."""

    def __init__(self, allowed_hosts: frozenset[str], deadline: float) -> None:
        self._allowed, self._deadline = allowed_hosts, deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        found = resolve_public(host, port, self._allowed, _remaining_seconds(self._deadline))
        for address in found[:-1]:
            try:
                return self._connect(address, port)
            except httpcore.ConnectError:
                continue
        return self._connect(found[-1], port)

    def _connect(self, address: str, port: int) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(
            address, port, timeout=_remaining_seconds(self._deadline)
        )
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    """A stream with one deadline for all reads and writes, so that a peer that sends a byte at a
    time gains no time.
    """

    def __init__(self, below: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = below, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=_remaining_seconds(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=_remaining_seconds(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _remaining_seconds(self._deadline)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _remaining_seconds(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
