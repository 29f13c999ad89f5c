"""What providers publish: their endpoints and their keys. Read when it is needed, and kept a while.

The issuer is named by an admin, so that its host may be a private one; whatever it sends us to
besides has to be on the public Internet. All of it is https, but for a provider on this machine.
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
from app.chat.messages import DeliveryRefused, TryAgain
from app.domain import origin
from app.domain.errors import Unavailable

FRESH_SECONDS = 3600.0
# An unknown key has the keys read anew, but not more often than this.
PATIENCE_SECONDS = 30.0
SECONDS = 5.0  # for one request
KEPT = "muster_oidc"  # in app.extensions
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_MORE_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")

log = structlog.get_logger(__name__)


@dataclass
class Published:
    """What a provider publishes of itself, its keys, and when they were read."""

    endpoints: dict[str, Any]
    read_at: float
    keys: KeySet | None = None
    reread_at: float = field(default=float("-inf"))


def of(issuer: str) -> Published:
    """What the issuer publishes, at most an hour old. Raises Unavailable."""
    kept: dict[str, Published] = current_app.extensions.setdefault(KEPT, {})
    found = kept.get(issuer)
    if found is None or time.monotonic() - found.read_at > FRESH_SECONDS:
        found = kept[issuer] = _discovered(issuer)
    return found


def forget(issuer: str) -> None:
    """Have this process read anew what the issuer publishes."""
    current_app.extensions.get(KEPT, {}).pop(issuer, None)


def keys_of(issuer: str, *, anew: bool = False) -> KeySet | None:
    """The issuer's keys; with `anew` as they are now, and None if they were read anew just before.

    Raises Unavailable.
    """
    published, now = of(issuer), time.monotonic()
    if anew:
        if now - published.reread_at < PATIENCE_SECONDS:
            return None
        published.reread_at = now
    if anew or published.keys is None:
        told = read(issuer, published.endpoints["jwks_uri"])
        try:
            published.keys = KeySet.import_key_set(told)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _unavailable(issuer, f"its keys are none ({type(error).__name__})") from None
    return published.keys


def read(issuer: str, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON object at a URL of the issuer's. Raises Unavailable."""
    answer = request(issuer, "GET", url, {"Accept": "application/json", **(headers or {})})
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    if answer.status != 200 or not isinstance(told, dict):
        raise _unavailable(issuer, f"HTTP {answer.status}, or no JSON")
    return told


def request(
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
            seconds=SECONDS,
        )
    except (DeliveryRefused, TryAgain) as error:
        raise _unavailable(issuer, str(error)) from None


def is_secure(url: object) -> bool:
    """Whether it is an https URL, or one of this machine."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_local = parts.scheme == "http" and origin.is_loopback(parts.netloc)
    return bool(parts.netloc) and (parts.scheme == "https" or is_local)


def _discovered(issuer: str) -> Published:
    told = read(issuer, get_well_known_url(issuer, external=True))
    if told.get("issuer") != issuer:
        raise _unavailable(issuer, "it says that it is another issuer")
    given = [name for name in _MORE_ENDPOINTS if told.get(name) is not None]
    for name in (*_ENDPOINTS, *given):
        if not is_secure(told.get(name)):
            raise _unavailable(issuer, f"its {name} is no https URL")
    return Published(told, time.monotonic())


def _unavailable(issuer: str, why: str) -> Unavailable:
    log.warning("provider_unavailable", issuer=issuer, reason=why)
    return Unavailable(
        "the provider cannot be reached, or is not set up; the server's log has more"
    )
