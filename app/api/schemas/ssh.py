"""Fields for a login by ssh: a private key, and the keys by which hosts are known."""

import re
from base64 import b64decode
from binascii import Error
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
from marshmallow import ValidationError, fields

from app.domain import field_errors

# One key and nothing else, which is all that ssh looks for.
_SINGLE_KEY = re.compile(
    r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n((?!-----).)+\n-----END \1-----\n", re.DOTALL
)
_KINDS = (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, rsa.RSAPrivateKey)
# sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; without the kind of line that old programs wrote for SSH 1.
_KNOWN_HOST = re.compile(
    r"(?:@(?:cert-authority|revoked)[ \t]+)?[^\s@#]\S*[ \t]+(?P<kind>[\w.@-]+)[ \t]+"
    r"(?P<key>[A-Za-z0-9+/]+={0,2})(?:[ \t].*)?"
)


class TextLines(fields.String):
    """A text of lines as ssh reads them: each ends with a line feed, also the last one."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(*args, **kwargs)
        lines = text.replace("\r\n", "\n").strip()
        return f"{lines}\n" if lines else ""


def check_private_key(text: str) -> None:
    """Raise ValidationError for a text that is no private key that ssh can use by itself."""
    if not text:
        return
    try:
        # Of what is wrong with a key nothing is told that the key says.
        key = _load_key(text) if _SINGLE_KEY.fullmatch(text) else None
    except TypeError:
        raise ValidationError(field_errors.KEY_WITH_PASSPHRASE) from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, _KINDS):
        raise ValidationError(field_errors.NO_PRIVATE_KEY)


def check_known_hosts(text: str) -> None:
    """Raise ValidationError for a text that is not what a `known_hosts` file holds."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#") and not _is_known_host(stripped):
            raise ValidationError(field_errors.NO_KNOWN_HOST(line=number))


def _load_key(text: str) -> object:
    load = load_ssh_private_key if "BEGIN OPENSSH" in text else load_pem_private_key
    # Whether an RSA key's primes are some takes half a second, and is its owner's business.
    return load(text.encode(), None, unsafe_skip_rsa_key_validation=True)


def _is_known_host(line: str) -> bool:
    found = _KNOWN_HOST.fullmatch(line)
    if found is None or not line.replace("\t", " ").isprintable():
        return False
    kind = found["kind"].encode()
    try:
        return b64decode(found["key"]).startswith(len(kind).to_bytes(4) + kind)
    except Error:
        return False
