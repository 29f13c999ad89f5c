"""Logins of devices (RFC 8628): one shows a code, and somebody who is signed in lets it in."""

import hashlib
import hmac
from enum import StrEnum

from app.domain.errors import DomainError

LIFETIME_SECONDS = 600  # how long a code is good for
POLL_INTERVAL_SECONDS = 5  # seconds between two questions of the device
SLOW_DOWN_SECONDS = 5  # seconds more, each time that it asks too early
MAX_INTERVAL_SECONDS = 60
# Neither vowels, which make words, nor what is mistaken for something else.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
RANDOM_BYTES = 16


class AuthorizationPending(DomainError):
    """Nobody has let the device in yet; ask again after the interval."""

    code = "authorization_pending"


class SlowDown(DomainError):
    """Asked too early; wait five seconds longer from now on."""

    code = "slow_down"


class AccessDenied(DomainError):
    """The device was not let in."""

    code = "access_denied"


class ExpiredToken(DomainError):
    """That code is not, or no longer, good; begin again."""

    code = "expired_token"


class DeviceAnswer(StrEnum):
    APPROVED = "approved"
    DENIED = "denied"


def user_code(random: bytes) -> str:
    """A code for people to type, made of `BYTES` random bytes: `BCDF-GHJK`."""
    number, letters = int.from_bytes(random), ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters += ALPHABET[letter]
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


def normalize_user_code(typed: str) -> str | None:
    """The code as it was shown, however it was typed; None for what is none."""
    letters = "".join(c for c in typed.upper() if c.isalnum())
    if len(letters) != LENGTH or not set(letters) <= set(ALPHABET):
        return None
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


def digest_user_code(code: str, key: str) -> str:
    """What a user code is stored as: it is short, so that without the key it could be tried out."""
    return hmac.new(key.encode(), code.encode(), hashlib.sha256).hexdigest()
