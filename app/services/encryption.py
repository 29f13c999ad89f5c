"""Encryption of stored secrets, with Fernet and any number of keys.

ENCRYPTION_KEYS lists the keys, the newest first: that one encrypts, all of them decrypt. Every
column with an encrypted secret must be listed in `ops.reencryption.ENCRYPTED_COLUMNS`.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


class KeyMissing(Exception):
    """The secret was encrypted with a key that ENCRYPTION_KEYS no longer lists."""


def encrypt(secret: str) -> str:
    """Return the Fernet token to store."""
    return _keys().encrypt(secret.encode()).decode()


def decrypt(token: str) -> str:
    """Return the secret in a Fernet token. Raises KeyMissing."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken:
        raise KeyMissing from None


def rotate(token: str) -> str:
    """Return a Fernet token of the same secret under the newest key. Raises KeyMissing."""
    try:
        return _keys().rotate(token.encode()).decode()
    except InvalidToken:
        raise KeyMissing from None


def is_newest(token: str) -> bool:
    """Whether the Fernet token is encrypted with the newest key."""
    try:
        Fernet(current_app.config["ENCRYPTION_KEYS"][0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in current_app.config["ENCRYPTION_KEYS"]])
