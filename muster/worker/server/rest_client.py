"""Requests to the server's HTTP API."""

import contextlib
import ipaddress
import ssl
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

_TIMEOUT_SECONDS = 15.0
_MAX_RESPONSE_BYTES = 1 << 20
_RETRYABLE_STATUSES = frozenset({408, 425, 429})


class ServerRefused(Exception):
    """The server said no, and would say so again."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({status}{' ' + code if code else ''})")
        self.status = status
        self.code = code


class Unreachable(Exception):
    """The server did not answer, or answered that it may do so later."""


class BadServer(Exception):
    """The address is none of a server that a secret may be sent to."""


class Response(NamedTuple):
    """`date` is the server's clock in seconds since the epoch."""

    body: bytes
    date: float


class RestClient:
    """One server's HTTP API. Plain HTTP goes to this machine itself only, unless `insecure`."""

    def __init__(
        self,
        server: str,
        ca_file: str | None = None,
        insecure: bool = False,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        """`timeout` is in seconds, for each answer."""
        self._timeout = timeout
        require_secure(server, insecure)
        self.server = server.rstrip("/")
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if is_loopback(server):
            handlers.append(urllib.request.ProxyHandler({}))
        if server.startswith("https:"):
            handlers.append(urllib.request.HTTPSHandler(context=create_tls_context(ca_file)))
        self._opener = urllib.request.build_opener(*handlers)

    def post(self, path: str, body: Any, bearer: str | None = None) -> Response:
        """Posts a body as JSON. Raises ServerRefused (4xx), Unreachable (whatever may pass)."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        request = urllib.request.Request(
            self.server + path, msgspec.json.encode(body), headers, method="POST"
        )
        return self._send(request, _MAX_RESPONSE_BYTES)

    def get(self, path: str, largest: int = _MAX_RESPONSE_BYTES) -> bytes:
        """A file of the server's, of at most `largest` bytes. Raises ServerRefused, Unreachable."""
        found = self._send(urllib.request.Request(self.server + path), largest + 1).body
        if len(found) > largest:
            raise ServerRefused(200, "", f"{path} is larger than {largest:,} bytes")
        return found

    def _send(self, request: urllib.request.Request, largest: int) -> Response:
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return Response(response.read(largest), _server_time(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                raise _error_from(error) from None
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"{self.server}: {getattr(error, 'reason', error)}") from None


def create_tls_context(ca_file: str | None) -> ssl.SSLContext:
    """The TLS settings that check the server's certificate, by `ca_file` if it has its own CA.

    That file may also have a certificate that another has signed, or the server's own: what is
    named there is trusted, with nothing above it.
    """
    context = ssl.create_default_context(cafile=ca_file)
    if ca_file:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def is_loopback(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def is_plain_http(server: str) -> bool:
    """Whether others on the way could read what goes there, and change what comes from there."""
    return urlsplit(server).scheme == "http" and not is_loopback(server)


def require_secure(server: str, insecure: bool) -> None:
    """Raises BadServer for an address over which others could read secrets."""
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadServer(f"{server!r} is not an http:// or https:// address")
    if not insecure and is_plain_http(server):
        raise BadServer(f"{server} is plain HTTP, which others could read; use https://")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a token goes where it was meant to go."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _error_from(error: urllib.error.HTTPError) -> ServerRefused | Unreachable:
    if error.code >= 500 or error.code in _RETRYABLE_STATUSES:
        return Unreachable(f"the server answers {error.code}")
    problem: dict[str, Any] = {}
    with contextlib.suppress(OSError, HTTPException, msgspec.DecodeError, msgspec.ValidationError):
        problem = msgspec.json.decode(error.read(_MAX_RESPONSE_BYTES), type=dict[str, Any])
    detail = problem.get("detail") or problem.get("title") or error.reason
    return ServerRefused(
        error.code, str(problem.get("code", "")), f"{detail}{_field_errors_text(problem)}"
    )


def _field_errors_text(problem: dict[str, Any]) -> str:
    errors = problem.get("errors")
    return f": {msgspec.json.encode(errors).decode()}" if errors else ""


def _server_time(headers: HTTPMessage) -> float:
    with contextlib.suppress(TypeError, ValueError):
        return parsedate_to_datetime(headers["Date"]).timestamp()
    return time.time()
