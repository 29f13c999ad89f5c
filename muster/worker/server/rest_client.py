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

from muster.protocol.plain_http import http_url, is_plain_http_error

_TIMEOUT_SECONDS = 15.0
_MAX_RESPONSE_BYTES = 1 << 20
_RETRYABLE_STATUSES = frozenset({408, 425, 429})


class ServerRefused(Exception):
    """The server rejected the request permanently."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({status}{' ' + code if code else ''})")
        self.status = status
        self.code = code


class Unreachable(Exception):
    """The server didn't respond, or responded that it may later."""


class SpeaksHttp(Unreachable):
    """An https address whose server speaks plain HTTP."""


class BadServer(Exception):
    """The address isn't one of a server that may get a secret."""


class Response(NamedTuple):
    """`date` is the server's clock in seconds since the epoch."""

    body: bytes
    date: float


class RestClient:
    """One server's HTTP API. Plain HTTP is only for this machine itself, unless `insecure`."""

    def __init__(
        self,
        server: str,
        ca_file: str | None = None,
        insecure: bool = False,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        """`timeout` is in seconds, per response."""
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
        """Post a body as JSON. Raises ServerRefused (4xx), Unreachable (temporary errors)."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        request = urllib.request.Request(
            self.server + path, msgspec.json.encode(body), headers, method="POST"
        )
        return self._send(request, _MAX_RESPONSE_BYTES)

    def get(
        self, path: str, largest: int = _MAX_RESPONSE_BYTES, bearer: str | None = None
    ) -> bytes:
        """Return a file of the server, of at most `largest` bytes. Raises ServerRefused,
        Unreachable."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        request = urllib.request.Request(self.server + path, headers=headers)
        found = self._send(request, largest + 1).body
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
            if is_plain_http_error(error):
                raise SpeaksHttp(wrong_scheme_text(self.server)) from None
            raise Unreachable(f"{self.server}: {getattr(error, 'reason', error)}") from None


def create_tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return TLS settings that check the server's certificate, with `ca_file` if it has its own CA.

    That file may also have a certificate that another one has signed, or the server's own: its
    certificates are trusted without their issuers.
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
    """Whether others on the way could read or change the traffic."""
    return urlsplit(server).scheme == "http" and not is_loopback(server)


def wrong_scheme_text(server: str) -> str:
    """Return the error for an https address whose server speaks plain HTTP."""
    url = http_url(server)
    option = "" if is_loopback(server) else " --insecure, or its https address"
    return f"this server speaks http, not https: {server}; use {url}{option}"


def require_secure(server: str, insecure: bool) -> None:
    """Raise BadServer for an address over which others could read secrets."""
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadServer(f"{server!r} isn't an http:// or https:// address")
    if not insecure and is_plain_http(server):
        raise BadServer(f"{server} is plain HTTP, which others could read; use https://")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, so that a token only goes to its server."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _error_from(error: urllib.error.HTTPError) -> ServerRefused | Unreachable:
    if error.code >= 500 or error.code in _RETRYABLE_STATUSES:
        return Unreachable(f"the server responded with {error.code}")
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
