"""Password hashes with Argon2id, computed on a thread if the process runs greenlets."""

from collections.abc import Callable
from typing import Any, TypeVar

import gevent
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import monkey

from app.domain import field_errors
from app.domain.errors import InvalidFields

MIN_LENGTH = 12
MAX_LENGTH = 1024

# OWASP's first choice of parameters for Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# The password of an unknown name is compared with this hash, so that it takes the same time.
UNUSABLE_HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "A" * 22 + "$" + "A" * 43

T = TypeVar("T")


def check_strength(password: str, field: str = "password") -> None:
    """Raise InvalidFields for `field` if the password is too short or too long."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        wrong = field_errors.MUST_HAVE_CHARACTERS(min=MIN_LENGTH, max=MAX_LENGTH)
        raise InvalidFields({field: [wrong]})


def hash_password(password: str) -> str:
    """Return the password's hash for storage."""
    return _run_in_thread(_hasher.hash, password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the hash belongs to this password."""
    return _run_in_thread(_matches, password_hash, password)


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with outdated parameters."""
    return _hasher.check_needs_rehash(password_hash)


def _matches(password_hash: str, password: str) -> bool:
    # Caught here, on the thread: otherwise, gevent prints it.
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _run_in_thread(work: Callable[..., T], *args: Any) -> T:
    """Run `work` on a thread under gevent: a hash takes 20 ms, which would block all greenlets."""
    if not monkey.is_module_patched("threading"):
        return work(*args)
    result: T = gevent.get_hub().threadpool.apply(work, args)
    return result
