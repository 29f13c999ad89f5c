"""Limits on failed logins, in a time window: for each name, and for each address.

Only failures count. The limit is checked before a login and again after it has failed: many guesses
at the same time all pass the first check, but get no more answers than if they had come one by one.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from limits import RateLimitItemPerMinute
from sqlalchemy import func, select

from app.domain import addresses
from app.domain.errors import (
    DomainError,
    InvalidCredentials,
    InvalidFields,
    PasswordLoginOff,
    TooManyAttempts,
    TotpInvalid,
    TotpRequired,
)
from app.domain.tokens import digest
from app.extensions import db, redis
from app.models import Developer
from app.services import audit, settings
from app.services.people import developers

WINDOW_MINUTES = 15


def window(most: int, kind: str) -> RateLimitItemPerMinute:
    """A limit of so many of a kind in the time window."""
    return RateLimitItemPerMinute(most, WINDOW_MINUTES, namespace=kind)


# How many failures the audit log tells in a window: of accounts, and of unknown names.
_TOLD = (window(300, "login_told"), "accounts")
_TOLD_OF_STRANGERS = (window(60, "login_told"), "strangers")
_UNTOLD = "login_untold"  # in Redis: that there were more has been told


class LimitState(NamedTuple):
    """A limit, how many failures are left of it, and in how many seconds there will be one more."""

    limit: int
    remaining: int
    reset_seconds: int


class LoginLimit:
    """The limits of logins with a name (known or not, in any letter case) and from an address.

    `standing` is the state of the limit with fewer failures left, once it has been checked.
    """

    def __init__(self, name: str, address: str) -> None:
        # Postgres lowers the name, as it does for accounts. People mistype passwords as names, so
        # Redis gets a hash.
        lowered = db.session.scalar(select(func.lower(name))) or ""
        failures = settings.value("loginFailures")
        from_address = settings.value("loginFailuresPerAddress")
        self._name = (window(failures, "login_name"), digest(lowered))
        self._address = (window(from_address, "login_address"), network_of(address))
        self.standing: LimitState | None = None
        self._login_name = name

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A context around a login or another check of a password, and nothing else: failures in it
        are counted.

        Raises TooManyAttempts; redis.RedisError when Redis is away.
        """
        self._require_room()
        try:
            yield
        except (InvalidCredentials, TotpInvalid, InvalidFields) as error:
            self._count(error)
            raise
        except (TotpRequired, PasswordLoginOff):
            self._require_room()
            raise
        self._require_room()
        # The address's count stays: logins to one's own account must not allow more guesses at the
        # accounts of others.
        redis.limiter.clear(*self._name)
        self._look()

    def _count(self, error: DomainError) -> None:
        counted = [redis.limiter.hit(*bound) for bound in (self._name, self._address)]
        state = self._look()
        db.session.rollback()  # the login has failed
        developer = developers.named(self._login_name)
        if all(counted):
            self._tell_failure(developer, error)
        if state.remaining <= 0:
            self._tell_limit(developer)
        db.session.commit()
        if not all(counted):
            raise TooManyAttempts(state.reset_seconds)

    def _require_room(self) -> None:
        state = self._look()
        if state.remaining <= 0:
            raise TooManyAttempts(state.reset_seconds)

    def _look(self) -> LimitState:
        both = [standing(*bound) for bound in (self._name, self._address)]
        self.standing = min(both, key=lambda each: (each.remaining, -each.reset_seconds))
        return self.standing

    def _tell_failure(self, developer: Developer | None, error: DomainError) -> None:
        """Record a failure in the audit log, up to a bound: strangers decide how many there are,
        and audit entries stay for ever. Of names only those of accounts: others may be mistyped
        passwords.
        """
        is_told = redis.limiter.hit(*(_TOLD if developer else _TOLD_OF_STRANGERS))
        if is_told:
            about = ("developer", developer.id) if developer else ("address", self._address[1])
            why = {"reason": error.code}
            audit.record("login.failed", *about, actor=None, after=why)
        elif redis.client.set(_UNTOLD, 1, nx=True, ex=_TOLD[0].get_expiry()):
            audit.record("login.flooded", "server", "", actor=None)

    def _tell_limit(self, developer: Developer | None) -> None:
        """Record that a limit is reached, once in a window for each. That of an address within the
        bound of strangers, who may have any number of them.
        """
        if developer and _is_news(self._name):
            audit.record("login.limited", "developer", developer.id, actor=None)
        if _is_news(self._address) and redis.limiter.hit(*_TOLD_OF_STRANGERS):
            audit.record("login.limited", "address", self._address[1], actor=None)


def tell_refused(provider: str, why: dict[str, str | None]) -> None:
    """Record, within the bound of strangers, that a sign-in by a provider failed. Commits."""
    if redis.limiter.hit(*_TOLD_OF_STRANGERS):
        audit.record("login.failed", "identity_provider", provider, actor=None, after=why)
    db.session.commit()


def _is_news(bound: tuple[RateLimitItemPerMinute, str]) -> bool:
    """Whether the limit is reached, for the first time in a window."""
    limit, key = bound
    if standing(*bound).remaining > 0:
        return False
    told = f"{limit.namespace}_told:{key}"
    return bool(redis.client.set(told, 1, nx=True, ex=limit.get_expiry()))


def standing(limit: RateLimitItemPerMinute, key: str) -> LimitState:
    """The state of a limit for whom the key stands."""
    stats = redis.limiter.get_window_stats(limit, key)
    seconds = max(1, math.ceil(stats.reset_time - time.time()))
    return LimitState(limit.amount, max(0, stats.remaining), seconds)


def network_of(address: str) -> str:
    """The client's network; a hash of what is no address."""
    return addresses.network(address) or digest(address)
