"""Device sign-ins (RFC 8628): requested by a program, approved by a signed-in person.

All of it is in Redis for ten minutes, under digests of the codes. The first of several answers
counts, and only one client gets the tokens for a device code.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from app.domain import device_login as rules
from app.domain.device_login import (
    AccessDenied,
    AuthorizationPending,
    DeviceAnswer,
    ExpiredToken,
    SlowDown,
)
from app.domain.errors import NotFound
from app.domain.login import LoginVia
from app.domain.tokens import TokenKind, digest, is_token
from app.extensions import db, redis
from app.models import Developer
from app.services import audit, clock
from app.services.accounts import developers, logins, one_time_state, tokens
from app.services.accounts.logins import TokenPair

MAX_REQUESTS = 60  # per address in 15 minutes
MAX_LOOKUPS = 30  # per person in 15 minutes, correct and wrong codes


@dataclass(frozen=True)
class DeviceCodes:
    """A device's codes: its secret, and the code that it shows."""

    device_code: str
    user_code: str


@dataclass(frozen=True)
class WaitingDevice:
    """A waiting device: its name and address."""

    client_name: str
    address: str
    requested_at: datetime
    expires_at: datetime


def request_codes(client_name: str, address: str) -> DeviceCodes:
    """Return codes for a device. Raises TooManyAttempts."""
    one_time_state.limit_rate("device_requested", address, MAX_REQUESTS)
    codes = DeviceCodes(tokens.generate(TokenKind.DEVICE), rules.user_code(secrets.token_bytes(16)))
    key = _device_key(digest(codes.device_code))
    of_user = _user_key(codes.user_code)
    kept: dict[Any, Any] = {
        "client": client_name,
        "address": address,
        "at": clock.now().isoformat(),
        "interval": rules.POLL_INTERVAL_SECONDS,
        "user": of_user,
    }
    with redis.client.pipeline() as pipe:
        pipe.hset(key, mapping=kept)
        pipe.expire(key, rules.LIFETIME_SECONDS)
        pipe.set(of_user, digest(codes.device_code), ex=rules.LIFETIME_SECONDS)
        pipe.execute()
    return codes


def redeem(device_code: str, address: str) -> TokenPair:
    """Return the tokens of a new login, once the device is approved. Commits.

    Raises AuthorizationPending, SlowDown, AccessDenied, ExpiredToken.
    """
    if not is_token(device_code, TokenKind.DEVICE):
        raise ExpiredToken
    name = digest(device_code)
    device = _load_device(name)
    if device is None:
        raise ExpiredToken
    _enforce_interval(name, int(device["interval"]))
    answer = redis.client.hget(_device_key(name), "answer")
    if answer is None:
        raise AuthorizationPending
    # The client that removes the code gets the tokens.
    if not redis.client.delete(_device_key(name)):
        raise ExpiredToken
    verdict, developer_id, generation = _decode(answer).split(":")
    if verdict != DeviceAnswer.APPROVED:
        raise AccessDenied
    developer = developers.lock_developer(int(developer_id))
    if developer is None or developer.disabled_at is not None:
        raise AccessDenied
    if developer.token_generation != int(generation):  # the approving session has ended since
        raise AccessDenied
    pair = logins.start(
        *(developer, clock.now()), via=LoginVia.DEVICE, client=device["client"], address=address
    )
    db.session.commit()
    return pair


def find_waiting(actor: Developer, user_code: str) -> WaitingDevice:
    """Return the device that shows the code. Raises NotFound, TooManyAttempts."""
    _, device = _find_by_user_code(actor, user_code)
    at = datetime.fromisoformat(device["at"])
    ends_at = at + timedelta(seconds=rules.LIFETIME_SECONDS)
    return WaitingDevice(device["client"], device["address"], at, ends_at)


def approve(actor: Developer, login_id: uuid.UUID, user_code: str) -> None:
    """Approve the device for the actor's account. Commits.

    Raises ReauthenticationRequired, InvalidToken, NotFound, TooManyAttempts.
    """
    logins.require_recent(actor, login_id, clock.now())
    _answer(actor, user_code, DeviceAnswer.APPROVED)


def deny(actor: Developer, user_code: str) -> None:
    """Deny the device. Commits. Raises NotFound, TooManyAttempts."""
    _answer(actor, user_code, DeviceAnswer.DENIED)


def _answer(actor: Developer, user_code: str, verdict: DeviceAnswer) -> None:
    name, device = _find_by_user_code(actor, user_code)
    answer = f"{verdict}:{actor.id}:{actor.token_generation}"
    if not redis.client.hsetnx(_device_key(name), "answer", answer):
        raise NotFound("Device not found.")
    # Otherwise, fields of a key that has just expired would stay forever.
    redis.client.expire(_device_key(name), rules.LIFETIME_SECONDS, nx=True)
    redis.client.delete(device["user"])
    fields = {"client": device["client"], "address": device["address"]}
    audit.record(f"device.{verdict}", "developer", actor.id, actor=actor, after=fields)
    db.session.commit()


def _find_by_user_code(actor: Developer, user_code: str) -> tuple[str, dict[str, str]]:
    one_time_state.limit_rate("device_lookup", str(actor.id), MAX_LOOKUPS)
    code = rules.normalize_user_code(user_code)
    found = redis.client.get(_user_key(code)) if code else None
    device = _load_device(_decode(found)) if found else None
    if found is None or device is None or "answer" in device:
        raise NotFound("Device not found.")
    return _decode(found), device


def _enforce_interval(name: str, interval: int) -> None:
    """Raise SlowDown if the device polls before its interval is over, and extend the interval."""
    asked = f"device:{name}:polled"
    if redis.client.set(asked, 1, nx=True, px=interval * 1000):
        return
    slower = min(interval + rules.SLOW_DOWN_SECONDS, rules.MAX_INTERVAL_SECONDS)
    redis.client.hset(_device_key(name), "interval", str(slower))
    redis.client.set(asked, 1, px=slower * 1000)
    raise SlowDown


def _load_device(name: str) -> dict[str, str] | None:
    found: Any = redis.client.hgetall(_device_key(name))
    kept = {_decode(key): _decode(value) for key, value in found.items()}
    return kept if "interval" in kept and "at" in kept else None


def _device_key(name: str) -> str:
    return f"device:{name}"


def _user_key(user_code: str) -> str:
    return f"device_user:{rules.digest_user_code(user_code, current_app.config['SECRET_KEY'])}"


def _decode(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
