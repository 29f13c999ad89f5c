"""Fields for ssh access: a private key, and the known hosts' keys."""

import re
from base64 import b64decode
from binascii import Error
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from marshmallow import ValidationError, fields

from app.domain import field_errors
from app.services.projects.deploy_keys import load_private_key

# Exactly one key, which is all that ssh reads.
_SINGLE_KEY = re.compile(
    r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n((?!-----).)+\n-----END \1-----\n", re.DOTALL
)
_KINDS = (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, rsa.RSAPrivateKey)
# sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; without the obsolete SSH 1 lines.
_KNOWN_HOST = re.compile(
    r"(?:@(?:cert-authority|revoked)[ \t]+)?[^\s@#]\S*[ \t]+(?P<kind>[\w.@-]+)[ \t]+"
    r"(?P<key>[A-Za-z0-9+/]+={0,2})(?:[ \t].*)?"
)


class TextLines(fields.String):
    """Text lines for ssh: each ends with a line feed, including the last."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(*args, **kwargs)
        lines = text.replace("\r\n", "\n").strip()
        return f"{lines}\n" if lines else ""


def check_private_key(text: str) -> None:
    """Raise ValidationError if ssh can't use the private key on its own."""
    if not text:
        return
    try:
        # Errors never quote the key's contents.
        key = load_private_key(text) if _SINGLE_KEY.fullmatch(text) else None
    except TypeError:
        raise ValidationError(field_errors.KEY_WITH_PASSPHRASE) from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, _KINDS):
        raise ValidationError(field_errors.NO_PRIVATE_KEY)


def check_known_hosts(text: str) -> None:
    """Raise ValidationError if the text isn't a valid `known_hosts` file."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#") and not _is_known_host(stripped):
            raise ValidationError(field_errors.NO_KNOWN_HOST(line=number))


def _is_known_host(line: str) -> bool:
    found = _KNOWN_HOST.fullmatch(line)
    if found is None or not line.replace("\t", " ").isprintable():
        return False
    kind = found["kind"].encode()
    try:
        return b64decode(found["key"]).startswith(len(kind).to_bytes(4) + kind)
    except Error:
        return False
