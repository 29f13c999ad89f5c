"""Client of the server's HTTP API: requests, lists, streams and errors."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import muster
from muster.cli import sse
from muster.cli.credentials import Credentials
from muster.cli.errors import ApiError, CliError, NotSignedIn, Unreachable
from muster.cli.profiles import LOOPBACK_HOSTS
from muster.cli.sse import Event
from muster.cli.tokens import Tokens
from muster.protocol.plain_http import http_url, is_plain_http_error

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 30.0
SILENCE_TIMEOUT_SECONDS = 45.0  # a stream sends something every 15 s
MAX_TRIES = 4
MAX_WAIT_SECONDS = 20.0  # give up if the server asks for more
UNAVAILABLE_STATUSES = (
    502,
    503,
    504,
)  # also from a proxy while the server is briefly down

Query = Mapping[str, object]


class Api:
    """One server, with one set of credentials. All calls raise CliError."""

    def __init__(
        self,
        server: str,
        credentials: Credentials,
        ca_file: str = "",
        transport: "httpx.BaseTransport | None" = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server = server
        self._credentials, self._ca_file, self._wait = credentials, ca_file, wait
        self._transport = transport
        self._opened_client: httpx.Client | None = None

    # ---- calls -----------------------------------------------------------------------------------

    def get(self, path: str, /, **query: object) -> Any:
        return decode_body(self.send("GET", path, query=query))

    def post(self, path: str, body: object = None, *, key: str = "") -> Any:
        """Post; with an idempotency `key` it's retried if the response is lost."""
        return decode_body(self.send("POST", path, body=body, key=key))

    def put(self, path: str, body: object = None) -> Any:
        return decode_body(self.send("PUT", path, body=body))

    def delete(self, path: str, /, **query: object) -> Any:
        return decode_body(self.send("DELETE", path, query=query))

    def items(self, path: str, most: int = 0, /, **query: object) -> Iterator[dict[str, Any]]:
        """Yield a cursor list's items page by page, at most `most` (0: all)."""
        cursor, count = None, 0
        while True:
            limit = min(most - count, 200) if most else 200
            page = self.get(path, limit=limit, cursor=cursor, **query)
            for item in page.get("items") or []:
                yield item
                count += 1
                if count == most:
                    return
            cursor = page.get("nextCursor")
            if not cursor:
                return

    def events(self, path: str, last: str = "", *, beats: bool = False) -> Iterator[Event]:
        """Yield a stream's events without end; after a disconnect, resume after the last one.

        With `beats`, also yield sse.HEARTBEAT, which the server sends while nothing happens.
        """
        import httpx

        failures = 0
        while True:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
            try:
                with self.open(
                    "GET", path, headers=headers, timeout=SILENCE_TIMEOUT_SECONDS
                ) as answer:
                    for event in sse.parse_events(sse.split_lines(answer.iter_bytes())):
                        if event is sse.HEARTBEAT and not beats:
                            continue
                        failures, last = 0, event.id or last
                        if event.name == "end":
                            break
                        yield event
                pause = _retry_delay(failures)
            except (httpx.TransportError, Unreachable) as error:
                failures += 1
                if failures >= MAX_TRIES:
                    raise Unreachable(f"Lost the stream from {self.server}: {error}") from error
                pause = _retry_delay(failures)
            except ApiError as refusal:
                failures += 1
                pause = refusal.retry_after or _retry_delay(failures)
                if not _is_transient(refusal) or failures >= MAX_TRIES or pause > MAX_WAIT_SECONDS:
                    raise
            self._wait(pause)

    # ---- requests --------------------------------------------------------------------------------

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        key: str = "",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> "httpx.Response":
        """Return a complete response. Safe requests are retried if the server is briefly down."""
        is_safe = method in ("GET", "HEAD", "PUT", "DELETE") or bool(key)
        extra = {**(headers or {}), **({"Idempotency-Key": key} if key else {})}
        for left in reversed(range(MAX_TRIES)):
            try:
                with self.open(method, path, query, body, extra, content=content) as answer:
                    answer.read()
                    return answer
            except ApiError as refusal:
                again = _is_transient(refusal) and (
                    is_safe or refusal.http_status not in UNAVAILABLE_STATUSES
                )
                pause = refusal.retry_after or _retry_delay(MAX_TRIES - left)
                if not (again and left and pause <= MAX_WAIT_SECONDS):
                    raise
                self._wait(pause)
            except Unreachable as trouble:
                if not (left and (is_safe or isinstance(trouble, NotConnected))):
                    raise
                self._wait(_retry_delay(MAX_TRIES - left))
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        content: bytes | None = None,
        timeout: float = TIMEOUT_SECONDS,
        takes: Sequence[int] = (),
    ) -> Iterator["httpx.Response"]:
        """Yield a response with an unread body. An expired session is renewed first.

        `takes` are error statuses to return instead of raising.
        """
        import httpx

        asked = self._client.build_request(
            method,
            path,
            params=_encode_query(query or {}),
            json=body if body is not None else None,
            content=content,
            headers=dict(headers or {}),
            timeout=timeout,
        )
        try:
            answer = self._send_authenticated(asked)
            try:
                if answer.is_error and answer.status_code not in takes:
                    answer.read()
                    raise _error_from(answer)
                if answer.is_redirect:
                    raise Unreachable(f"{self.server} redirects elsewhere. Check the URL.")
                yield answer
            finally:
                answer.close()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if is_plain_http_error(error):
                raise _wrong_scheme_error(self.server) from error
            raise NotConnected(f"Can't reach {self.server}: {_error_text(error)}") from error
        except httpx.TransportError as error:
            raise Unreachable(f"No response from {self.server}: {_error_text(error)}") from error

    def _send_authenticated(self, asked: "httpx.Request") -> "httpx.Response":
        bearer = self._credentials.bearer(self.renew)
        if not bearer:
            return self._client.send(asked, stream=True)
        asked.headers["Authorization"] = f"Bearer {bearer}"
        answer = self._client.send(asked, stream=True)
        if answer.status_code != 401:
            return answer
        answer.read()
        if _error_from(answer).code != "invalid_token":
            return answer
        newer = self._credentials.renew_rejected(bearer, self.renew)
        if not newer:
            return answer
        asked.headers["Authorization"] = f"Bearer {newer}"
        return self._client.send(asked, stream=True)

    def renew(self, refresh: str) -> Tokens:
        """Return the session's next two tokens. Raises ApiError."""
        answer = self._client.post("/api/auth/refresh", json={"refreshToken": refresh})
        if answer.is_error:
            raise _error_from(answer)
        pair = decode_body(answer)
        return Tokens(access=pair["accessToken"], refresh=pair["refreshToken"])

    @property
    def _client(self) -> "httpx.Client":
        if self._opened_client is None:
            import httpx

            if not self.server:
                raise NotSignedIn("No server configured.", "muster login --server https://…")
            self._opened_client = httpx.Client(
                base_url=self.server,
                transport=self._transport,
                verify=create_tls_context(self._ca_file)
                if self.server.startswith("https:")
                else True,
                trust_env=httpx.URL(self.server).host
                not in LOOPBACK_HOSTS,  # no proxy for loopback
                headers={"User-Agent": f"muster/{muster.__version__}"},
                timeout=TIMEOUT_SECONDS,
            )
        return self._opened_client


def _wrong_scheme_error(server: str) -> CliError:
    import httpx

    url = http_url(server)
    is_here = httpx.URL(server).host in LOOPBACK_HOSTS
    more = "" if is_here else ", which works only on the server itself, or its https address"
    return CliError(f"This server speaks http, not https: {server}", advice=f"Use {url}{more}")


class NotConnected(Unreachable):
    """No connection: nothing was sent, so that a retry is safe."""


def _retry_delay(failures: int) -> float:
    """Return the seconds before the next try, after that many failures in a row."""
    return min(0.2 * 4.0**failures, MAX_WAIT_SECONDS)


def _is_transient(refusal: ApiError) -> bool:
    """Whether the same request may succeed a little later."""
    return refusal.http_status in (429, *UNAVAILABLE_STATUSES)


def _encode_query(query: Query) -> dict[str, str]:
    """Encode a query, without empty values; lists are joined with commas."""
    given = {name: value for name, value in query.items() if value not in (None, "", ())}
    return {name: _encode_value(value) for name, value in given.items()}


def _encode_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def decode_body(answer: "httpx.Response") -> Any:
    """Decode a JSON response. Raises Unreachable."""
    try:
        return answer.json()
    except ValueError as error:
        raise Unreachable(f"{answer.url} isn't a Muster server.") from error


def _error_from(answer: "httpx.Response") -> ApiError:
    try:
        body = dict(answer.json())
    except (ValueError, TypeError):
        body = {}  # not Muster's response: a proxy's page
    retry = answer.headers.get("Retry-After", "")
    return ApiError(
        answer.status_code,
        str(body.get("code", "")),
        str(body.get("detail") or body.get("title") or answer.reason_phrase),
        fields=body.get("errors") if isinstance(body.get("errors"), dict) else None,
        request=answer.headers.get("X-Request-ID", ""),
        retry_after=float(retry) if retry.isdecimal() else None,
        path=answer.request.url.raw_path.decode().partition("?")[0],
    )


def create_tls_context(ca_file: str) -> ssl.SSLContext:
    """Trust the system's CAs, or only the file's certificates. Raises CliError.

    As on machines, the file can also be the server's own certificate without its issuer.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise CliError(f"{ca_file} isn't a CA certificate: {error}") from error
    if ca_file:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _error_text(error: Exception) -> str:
    return str(error) or type(error).__name__
