"""Providers' published metadata: their endpoints and keys, read on demand and cached.

An admin enters the issuer, so its host may be private; every other URL from it must be on the
public Internet. All URLs are https, except those of a provider on this machine.
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import structlog
from authlib.oidc.discovery import get_well_known_url
from flask import current_app
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.chat import http_client
from app.chat.messages import DeliveryRefused, RetryLater
from app.domain import origin
from app.domain.errors import Unavailable

CACHE_SECONDS = 3600.0
# An unknown key triggers a reread of the keys, but not more often than this.
MIN_REFRESH_SECONDS = 30.0
REQUEST_TIMEOUT_SECONDS = 5.0  # per request
CACHE_KEY = "muster_oidc"  # in app.extensions
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_MORE_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")

log = structlog.get_logger(__name__)


@dataclass
class ProviderMetadata:
    """A provider's published metadata, its keys, and the time of reading them."""

    endpoints: dict[str, Any]
    read_at: float
    keys: KeySet | None = None
    reread_at: float = field(default=float("-inf"))


def get(issuer: str) -> ProviderMetadata:
    """Return the issuer's metadata, at most an hour old. Raises Unavailable."""
    kept: dict[str, ProviderMetadata] = current_app.extensions.setdefault(CACHE_KEY, {})
    found = kept.get(issuer)
    if found is None or time.monotonic() - found.read_at > CACHE_SECONDS:
        found = kept[issuer] = _discover(issuer)
    return found


def clear_cache(issuer: str) -> None:
    """Make this process reread all metadata."""
    current_app.extensions.get(CACHE_KEY, {}).pop(issuer, None)


def get_keys(issuer: str, *, anew: bool = False) -> KeySet | None:
    """Return the issuer's keys; with `anew` the current ones, and None if they were just reread.

    Raises Unavailable.
    """
    published, now = get(issuer), time.monotonic()
    if anew:
        if now - published.reread_at < MIN_REFRESH_SECONDS:
            return None
        published.reread_at = now
    if anew or published.keys is None:
        key_set = get_json(issuer, published.endpoints["jwks_uri"])
        try:
            published.keys = KeySet.import_key_set(key_set)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _unavailable(issuer, f"its keys are invalid ({type(error).__name__})") from None
    return published.keys


def get_json(issuer: str, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at a URL of the issuer's. Raises Unavailable."""
    answer = send_request(issuer, "GET", url, {"Accept": "application/json", **(headers or {})})
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if answer.status != 200 or not isinstance(body, dict):
        raise _unavailable(issuer, f"HTTP {answer.status}, or not JSON")
    return body


def send_request(
    issuer: str, method: str, url: str, headers: dict[str, str], content: bytes = b""
) -> http_client.Response:
    """Send a request to one of the issuer's endpoints. Raises Unavailable."""
    host = urlsplit(issuer).hostname or ""
    try:
        return http_client.request(
            method,
            url,
            headers=headers,
            content=content,
            allowed_hosts=frozenset({host}),
            seconds=REQUEST_TIMEOUT_SECONDS,
        )
    except (DeliveryRefused, RetryLater) as error:
        raise _unavailable(issuer, str(error)) from None


def is_secure(url: object) -> bool:
    """Whether it's an https URL, or one of this machine."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_local = parts.scheme == "http" and origin.is_loopback(parts.netloc)
    return bool(parts.netloc) and (parts.scheme == "https" or is_local)


def _discover(issuer: str) -> ProviderMetadata:
    document = get_json(issuer, get_well_known_url(issuer, external=True))
    if document.get("issuer") != issuer:
        raise _unavailable(issuer, "it claims to be another issuer")
    optional_endpoints = [name for name in _MORE_ENDPOINTS if document.get(name) is not None]
    for name in (*_ENDPOINTS, *optional_endpoints):
        if not is_secure(document.get(name)):
            raise _unavailable(issuer, f"its {name} isn't an https URL")
    return ProviderMetadata(document, time.monotonic())


def _unavailable(issuer: str, why: str) -> Unavailable:
    log.warning("provider_unavailable", issuer=issuer, reason=why)
    return Unavailable("The provider can't be reached or isn't set up. See the server's log.")
