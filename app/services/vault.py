"""Secrets at rest: Fernet, with as many keys as a rotation needs.

ENCRYPTION_KEYS lists them, the newest first: it encrypts, all of them decrypt. Whoever stores what
is encrypted names the place in `reencryption.SEALED`.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


class KeyMissing(Exception):
    """The secret was encrypted with a key that ENCRYPTION_KEYS no longer lists."""


def encrypt(secret: str) -> str:
    """What is stored of it."""
    return _keys().encrypt(secret.encode()).decode()


def decrypt(token: str) -> str:
    """The secret. Raises KeyMissing."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken:
        raise KeyMissing from None


def rotate(token: str) -> str:
    """The same secret under the newest key. Raises KeyMissing."""
    try:
        return _keys().rotate(token.encode()).decode()
    except InvalidToken:
        raise KeyMissing from None


def is_newest(token: str) -> bool:
    """Whether it is under the newest key."""
    try:
        Fernet(current_app.config["ENCRYPTION_KEYS"][0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in current_app.config["ENCRYPTION_KEYS"]])
