"""Credentials for a server, and the renewal of a session by one of several processes."""

import base64
import json
import time
from collections.abc import Callable
from typing import Protocol

from muster.cli import tokens
from muster.cli.errors import ApiError, NotSignedIn
from muster.cli.profiles import Profile
from muster.cli.tokens import Tokens

RENEW_BEFORE_SECONDS = 20.0  # an access token with less time left is renewed before use

Renew = Callable[[str], Tokens]  # returns the new pair for a refresh token; raises ApiError


class Credentials(Protocol):
    def bearer(self, renew: Renew) -> str:
        """Return the bearer token; empty if there's none."""

    def renew_rejected(self, refused: str, renew: Renew) -> str:
        """Return the next token after one was refused; empty if there's none."""


class StaticToken:
    """A given token, or none. It's never renewed."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    def bearer(self, renew: Renew) -> str:
        return self._token

    def renew_rejected(self, refused: str, renew: Renew) -> str:
        return ""


class StoredCredentials:
    """A profile's stored tokens."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._tokens: Tokens | None = None

    @property
    def tokens(self) -> Tokens:
        if self._tokens is None:
            self._tokens = tokens.read_tokens(self._profile)
        return self._tokens

    def bearer(self, renew: Renew) -> str:
        held = self.tokens
        if held.personal or not held.refresh:
            return held.personal or held.access
        if held.access and seconds_until_expiry(held.access) > RENEW_BEFORE_SECONDS:
            return held.access
        return self.renew_rejected(held.access, renew)

    def renew_rejected(self, refused: str, renew: Renew) -> str:
        """Renew under the lock, unless another process has renewed the token by then."""
        if self.tokens.personal or not self.tokens.refresh:
            return ""
        with tokens.lock_tokens():
            self._tokens = tokens.read_tokens(self._profile)
            if self.tokens.access not in ("", refused):
                return self.tokens.access
            if not self.tokens.refresh:
                raise NotSignedIn("You have signed out in the meantime.")
            try:
                self._tokens = renew(self.tokens.refresh)
            except ApiError as refusal:
                if refusal.http_status == 401:
                    raise NotSignedIn(
                        f"Your session at {self._profile.server} has ended."
                    ) from refusal
                raise
            tokens.store_tokens(self._profile, self.tokens)
        return self.tokens.access


def seconds_until_expiry(access: str) -> float:
    """Return the seconds until a JWT's `exp`; infinity if it can't be read."""
    try:
        payload = access.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"]) - time.time()
    except (ValueError, LookupError, TypeError):
        return float("inf")
