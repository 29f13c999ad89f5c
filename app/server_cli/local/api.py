"""A small client of Muster's API that uses only the standard library."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

TIMEOUT_SECONDS = 15.0


class ApiError(Exception):
    """The API responded with a problem: its status, code and detail."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(f"{words} ({status} {code})")
        self.http_status = status
        self.code = code


class ApiClient:
    """A user's session with a stack on this host.

    Renews an expired access token. Every call returns the response's JSON, and raises ApiError, or
    OSError if there is no response.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._access = ""
        self._refresh = ""
        # The server is our child: no proxy leads to it, and its certificate has the host's public
        # name.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    @property
    def token(self) -> str:
        """The access token, for requests without this client."""
        return self._access

    def login(self, name: str, password: str) -> None:
        self._sign_in("login", {"username": name, "password": password})

    def logout(self) -> None:
        """End the session, so that it isn't listed among the user's."""
        self.post("/api/auth/logout", {"refreshToken": self._refresh})
        self._access = self._refresh = ""

    def get(self, path: str, **query: object) -> Any:
        return self._request("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        return self._request("POST", path, body)

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        return self._request("PUT", path, body)

    def _request(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        try:
            return self._send(method, path, body)
        except ApiError as problem:
            if problem.http_status != 401 or not self._refresh:
                raise
        self._sign_in("refresh", {"refreshToken": self._refresh})
        return self._send(method, path, body)

    def _sign_in(self, how: str, body: Mapping[str, object]) -> None:
        pair = self._send("POST", f"/api/auth/{how}", body)
        self._access, self._refresh = pair["accessToken"], pair["refreshToken"]

    def _send(self, method: str, path: str, body: Mapping[str, object] | None) -> Any:
        request = urllib.request.Request(
            self.url + path, None if body is None else json.dumps(body).encode(), method=method
        )
        request.add_header("Content-Type", "application/json")
        if self._access:
            request.add_header("Authorization", f"Bearer {self._access}")
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise _api_error(error) from None
        except HTTPException as error:
            raise OSError(f"{self.url} sent an incomplete response: {error!r}") from None


def _api_error(error: urllib.error.HTTPError) -> ApiError:
    try:
        body = dict(json.load(error))
    except (ValueError, TypeError, OSError, HTTPException):
        body = {}  # not from Muster: a proxy's page, or a truncated response
    words = str(body.get("detail") or body.get("title") or error.reason)
    if fields := body.get("errors"):
        words += f": {json.dumps(fields, ensure_ascii=False)}"
    return ApiError(error.code, str(body.get("code", "")), words)
