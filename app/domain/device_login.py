"""Device sign-in (RFC 8628): the device shows a code, and a signed-in person approves it."""

import hashlib
import hmac
from enum import StrEnum

from app.domain.errors import DomainError

LIFETIME_SECONDS = 600  # lifetime of a code
POLL_INTERVAL_SECONDS = 5  # seconds between two polls of the device
SLOW_DOWN_SECONDS = 5  # seconds added each time it polls too early
MAX_INTERVAL_SECONDS = 60
# No vowels, which form words, and no characters that look alike.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
RANDOM_BYTES = 16


class AuthorizationPending(DomainError):
    """Not approved yet. Poll again after the interval."""

    code = "authorization_pending"


class SlowDown(DomainError):
    """Polled too early. Wait five seconds longer from now on."""

    code = "slow_down"


class AccessDenied(DomainError):
    """The device sign-in was denied."""

    code = "access_denied"


class ExpiredToken(DomainError):
    """This code is invalid or has expired. Start again."""

    code = "expired_token"


class DeviceAnswer(StrEnum):
    APPROVED = "approved"
    DENIED = "denied"


def user_code(random: bytes) -> str:
    """Return a code for people to type, made of `RANDOM_BYTES` random bytes: `BCDF-GHJK`."""
    number, letters = int.from_bytes(random), ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters += ALPHABET[letter]
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


def normalize_user_code(typed: str) -> str | None:
    """Return the code as it was shown, whatever its typed form; None if it isn't a code."""
    letters = "".join(c for c in typed.upper() if c.isalnum())
    if len(letters) != LENGTH or not set(letters) <= set(ALPHABET):
        return None
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


def digest_user_code(code: str, key: str) -> str:
    """Return the stored form of a user code. It's keyed, because short codes could be
    brute-forced.
    """
    return hmac.new(key.encode(), code.encode(), hashlib.sha256).hexdigest()
