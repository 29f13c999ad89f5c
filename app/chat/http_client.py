"""The one HTTP client for requests to URLs that people have typed in.

It reaches only the public Internet. A name is resolved once, all of its addresses are checked, and
the connection is made to one of these very addresses, so that a name which resolves differently a
moment later (DNS rebinding) gains nothing. Redirects are not followed. The time of the whole
request and the size of the answer are limited. `allowed_hosts` are hosts that an admin has
exempted.
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

from app.chat.messages import DeliveryRefused, TryAgain
from app.chat.private_addresses import is_allowed, is_inside, plain

SECONDS = 10.0
MOST_BYTES = 256 << 10
LONGEST_WAIT = 86_400.0  # seconds: a Retry-After that asks for more is cut to this

_BROKEN = (
    httpx.HTTPError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    ssl.SSLError,
    OSError,
)


@dataclass(frozen=True)
class Response:
    """The response of the other side. `headers` ignore the case of names."""

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
    seconds: float = SECONDS,
) -> Response:
    """Send a request and return the response, whatever its status.

    Raises DeliveryRefused, TryAgain.
    """
    host = _checked_host(url, allowed_hosts)
    backend = _Backend(allowed_hosts, time.monotonic() + seconds)
    given = {"User-Agent": "Muster", "Accept-Encoding": "identity", **headers}
    try:
        with (
            httpx.Client(transport=_Transport(backend), trust_env=False) as client,
            client.stream(method, url, headers=given, content=content) as response,
        ):
            return Response(response.status_code, response.headers, _bounded(response, host))
    except (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError):
        raise TryAgain(f"{host} did not answer in {seconds:g} s") from None
    except httpx.InvalidURL:
        raise DeliveryRefused("the address is no URL") from None
    except _BROKEN as error:  # its text may quote the URL, which may be a secret
        raise TryAgain(f"{host} could not be reached ({type(error).__name__})") from None


def wait_of(headers: Mapping[str, str]) -> float | None:
    """The seconds that a Retry-After header asks for; None without one, or if it is not valid."""
    value = headers.get("Retry-After", "").strip()
    try:
        after = float(value) if value.replace(".", "", 1).isdecimal() else _until(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(after, 0.0), LONGEST_WAIT)


def _until(moment: str) -> float:
    return parsedate_to_datetime(moment).timestamp() - time.time()


def addresses_of(host: str, port: int, allowed_hosts: frozenset[str], seconds: float) -> list[str]:
    """The addresses of the host, in canonical form.

    Raises DeliveryRefused if any of them is not on the public Internet, TryAgain.
    """
    found = [ipaddress.ip_address(text) for text in _resolved(host, port, seconds)]
    if not is_allowed(host, allowed_hosts) and any(map(is_inside, found)):
        raise DeliveryRefused(
            f"{plain(host)} leads to an address that is not on the public Internet; an admin can "
            "allow the host"
        )
    return [str(ip) for ip in found]


def resolve(host: str, port: int) -> list[str]:
    """All addresses of the name, as the system's resolver has them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]).partition("%")[0] for *_, place in found))


def _resolved(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of the name, resolved within `seconds`: the system's resolver has no limit that
    we could set. Raises TryAgain.
    """
    found: list[str] = []
    failed: list[Exception] = []

    def look() -> None:
        try:
            found.extend(resolve(host, port))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(seconds)
    if looking.is_alive():
        raise TryAgain(f"the name {plain(host)} was not resolved in {seconds:.0f} s")
    if failed or not found:
        raise TryAgain(f"the name {plain(host)} could not be resolved")
    return found


def _checked_host(url: str, allowed_hosts: frozenset[str]) -> str:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise DeliveryRefused("the address is no URL") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise DeliveryRefused("the address must be an http or https URL")
    if parsed.scheme == "http" and not is_allowed(parsed.host, allowed_hosts):
        raise DeliveryRefused("plain http is for hosts only that an admin has allowed")
    return parsed.host


def _bounded(response: httpx.Response, host: str) -> bytes:
    body = b""
    for piece in response.iter_raw():
        body += piece
        if len(body) > MOST_BYTES:
            raise DeliveryRefused(f"{host} answered more than {MOST_BYTES >> 10} KiB")
    return body


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class _Transport(httpx.BaseTransport):
    """An httpx transport over our network backend, which httpx's own transport cannot be given."""

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
        return httpx.Response(answer.status, headers=answer.headers, stream=_Pieces(answer))

    def close(self) -> None:
        self._pool.close()


class _Pieces(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    """Connects only to addresses that have been checked."""

    def __init__(self, allowed_hosts: frozenset[str], deadline: float) -> None:
        self._allowed, self._deadline = allowed_hosts, deadline
        self._below = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        found = addresses_of(host, port, self._allowed, _left(self._deadline))
        for address in found[:-1]:
            try:
                return self._connect(address, port)
            except httpcore.ConnectError:
                continue
        return self._connect(found[-1], port)

    def _connect(self, address: str, port: int) -> httpcore.NetworkStream:
        stream = self._below.connect_tcp(address, port, timeout=_left(self._deadline))
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    """A stream with one deadline for all reads and writes, so that a peer which sends a byte at a
    time gains no time.
    """

    def __init__(self, below: httpcore.NetworkStream, deadline: float) -> None:
        self._below, self._deadline = below, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._below.read(max_bytes, timeout=_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._below.write(buffer, timeout=_left(self._deadline))

    def close(self) -> None:
        self._below.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline)
        return _Stream(self._below.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._below.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
