"""Limits on failed logins and reauthentications, in a time window.

A login counts for its address, for its name in its network, and for its name in all networks. A
device that has signed in to the account before (`known_devices`) counts only for itself, so that
others' guesses don't lock its owner out; a reauthentication counts only for its session.

Only failures count. The limits are checked before and after: many concurrent guesses all pass the
first check, but get no more answers than sequential ones.
"""

import math
import time
import uuid
from collections.abc import Iterator, Sequence
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
from app.domain.invitation import InvitationNotFound
from app.domain.tokens import digest
from app.extensions import db, redis
from app.models import Developer
from app.services import audit, settings
from app.services.accounts import developers, login_alerts
from app.services.accounts.login_alerts import LimitKind

WINDOW_MINUTES = 15


def window_limit(most: int, kind: str) -> RateLimitItemPerMinute:
    """Return a limit of that many of a kind in the time window."""
    return RateLimitItemPerMinute(most, WINDOW_MINUTES, namespace=kind)


# Failures recorded in the audit log per window: of accounts, and of unknown names.
_AUDIT_LIMIT = (window_limit(300, "login_audited"), "accounts")
_ANONYMOUS_AUDIT_LIMIT = (window_limit(60, "login_audited"), "anonymous")
_UNAUDITED = "login_unaudited"  # in Redis: the excess has been recorded


class LimitState(NamedTuple):
    """A limit, its remaining failures, and the seconds until there is one more."""

    limit: int
    remaining: int
    reset_seconds: int


class BoundLimit(NamedTuple):
    """A limit of one kind, and the key that it counts."""

    kind: LimitKind
    limit: RateLimitItemPerMinute
    key: tuple[str, ...]

    @property
    def state(self) -> LimitState:
        return read_state(self.limit, *self.key)


class FailureLimit:
    """The failure limits of one name's logins or reauthentications, from the narrowest to the
    widest.

    `state` is the state of the limit with the fewest remaining failures, once it has been
    checked.
    """

    def __init__(self, name: str, bounds: Sequence[BoundLimit], address: str) -> None:
        self.state: LimitState | None = None
        self._name, self._bounds, self._address = name, bounds, address

    @contextmanager
    def count_failures(self) -> Iterator[None]:
        """Count failures within this context, which wraps only a login or another password check.

        Raises TooManyAttempts; redis.RedisError if Redis is down.
        """
        self._require_remaining()
        try:
            yield
        except (InvalidCredentials, TotpInvalid, InvalidFields, InvitationNotFound) as error:
            self._count(error)
            raise
        except (TotpRequired, PasswordLoginOff):
            self._require_remaining()
            raise
        self._require_remaining()
        for bound in self._bounds:
            if bound.kind.is_reset_by_success:
                redis.limiter.clear(bound.limit, *bound.key)
        self._read_state()

    def _count(self, error: DomainError) -> None:
        # From the narrowest to the first full one: of many concurrent guesses, rejected ones must
        # not use up other networks' failures.
        is_answered = all(redis.limiter.hit(bound.limit, *bound.key) for bound in self._bounds)
        state = self._read_state()
        db.session.rollback()  # the login has failed
        developer = developers.find_by_name(self._name)
        if is_answered:
            self._audit_failure(developer, error)
        if state.remaining <= 0:
            self._audit_limits(developer)
        db.session.commit()
        if not is_answered:
            raise TooManyAttempts(state.reset_seconds)

    def _require_remaining(self) -> None:
        state = self._read_state()
        if state.remaining <= 0:
            raise TooManyAttempts(state.reset_seconds)

    def _read_state(self) -> LimitState:
        states = [bound.state for bound in self._bounds]
        self.state = min(states, key=lambda each: (each.remaining, -each.reset_seconds))
        return self.state

    def _audit_failure(self, developer: Developer | None, error: DomainError) -> None:
        """Record a failure in the audit log, up to a maximum: attackers choose their number, and
        audit entries stay forever.

        Only names of accounts are recorded: others may be mistyped passwords.
        """
        is_told = redis.limiter.hit(*(_AUDIT_LIMIT if developer else _ANONYMOUS_AUDIT_LIMIT))
        if is_told:
            about = ("developer", developer.id) if developer else ("address", self._address)
            why = {"reason": error.code}
            audit.record("login.failed", *about, actor=None, after=why)
        elif redis.client.set(_UNAUDITED, 1, nx=True, ex=_AUDIT_LIMIT[0].get_expiry()):
            audit.record("login.flooded", "server", "", actor=None)

    def _audit_limits(self, developer: Developer | None) -> None:
        """Record newly reached limits, once per window each, and alert the account's owner.

        An address's limit counts against the maximum of unknown names: attackers may have many
        addresses.
        """
        for bound in self._bounds:
            if bound.kind is LimitKind.ADDRESS:
                if _is_newly_reached(bound) and redis.limiter.hit(*_ANONYMOUS_AUDIT_LIMIT):
                    audit.record("login.limited", "address", self._address, actor=None)
            elif developer and _is_newly_reached(bound):
                about = {"limit": bound.kind, "failures": bound.limit.amount}
                audit.record("login.limited", "developer", developer.id, actor=None, after=about)
                login_alerts.notify_owner(developer, bound.kind, bound.limit.amount, self._address)


class LoginLimit(FailureLimit):
    """The limits of logins with a name (known or not, in any letter case) from an address, by a
    `device` that has signed in to that account before, if any.
    """

    def __init__(self, name: str, address: str, device: uuid.UUID | None = None) -> None:
        who, failures = _name_key(name), settings.value("loginFailures")
        if device is not None:
            bounds = [_bind_limit(LimitKind.DEVICE, failures, who, str(device))]
        else:
            per_address = settings.value("loginFailuresPerAddress")
            per_name = settings.value("loginFailuresPerName")
            site = addresses.site_network(address) or digest(address)
            bounds = [
                _bind_limit(LimitKind.ADDRESS, per_address, network_of(address)),
                _bind_limit(LimitKind.NETWORK, failures, who, site),
                _bind_limit(LimitKind.NAME, per_name, who),
            ]
        super().__init__(name, bounds, network_of(address))


class InvitationLimit(FailureLimit):
    """The limit of wrong invitations from an address: it shares the failures of logins from
    there.
    """

    def __init__(self, address: str) -> None:
        most, network = settings.value("loginFailuresPerAddress"), network_of(address)
        super().__init__("", [_bind_limit(LimitKind.ADDRESS, most, network)], network)


class ReauthenticationLimit(FailureLimit):
    """The limit of wrong passwords and codes within a session. It doesn't affect logins."""

    def __init__(self, developer: Developer, login_id: uuid.UUID, address: str) -> None:
        failures, who = settings.value("loginFailures"), _name_key(developer.name)
        bound = _bind_limit(LimitKind.SESSION, failures, who, str(login_id))
        super().__init__(developer.name, [bound], network_of(address))


def unlock(name: str) -> bool:
    """Reset all failures of that name, for an operator on the server; return whether the account
    exists. Commits.
    """
    developer = developers.find_by_name(name)
    if developer is None:
        return False
    for key in redis.client.scan_iter(match=f"*login_*/{_name_key(name)}/*", count=1000):
        redis.client.delete(key)
    audit.record("login.unlocked", "developer", developer.id, actor=None)
    db.session.commit()
    return True


def audit_refusal(provider: str, why: dict[str, str | None]) -> None:
    """Record, within the maximum of unknown names, that a sign-in at a provider failed. Commits."""
    if redis.limiter.hit(*_ANONYMOUS_AUDIT_LIMIT):
        audit.record("login.failed", "identity_provider", provider, actor=None, after=why)
    db.session.commit()


def _bind_limit(kind: LimitKind, most: int, *key: str) -> BoundLimit:
    return BoundLimit(kind, window_limit(most, f"login_{kind}"), key)


def _name_key(name: str) -> str:
    """Return the key for the name.

    Postgres lowers it, as it does for accounts. People mistype passwords as names, so Redis gets a
    hash.
    """
    return digest(db.session.scalar(select(func.lower(name))) or "")


def _is_newly_reached(bound: BoundLimit) -> bool:
    """Whether the limit is reached, for the first time in a window."""
    if bound.state.remaining > 0:
        return False
    key = f"limit_reached:{bound.limit.key_for(*bound.key)}"
    return bool(redis.client.set(key, 1, nx=True, ex=bound.limit.get_expiry()))


def read_state(limit: RateLimitItemPerMinute, *key: str) -> LimitState:
    """Return the state of the key's limit."""
    stats = redis.limiter.get_window_stats(limit, *key)
    seconds = max(1, math.ceil(stats.reset_time - time.time()))
    return LimitState(limit.amount, max(0, stats.remaining), seconds)


def network_of(address: str) -> str:
    """Return the client's network; a hash if the text isn't an address."""
    return addresses.client_network(address) or digest(address)
