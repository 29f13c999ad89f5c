"""Opaque secrets: `mst_<kind>_<random><checksum>`.

The checksum (CRC-32, as in GitHub's tokens) lets a scanner recognize a real token without asking
the server. It isn't a protection.
"""

import hashlib
import re
import zlib
from enum import StrEnum

RANDOM_BYTES = 24  # 192 bits


class TokenKind(StrEnum):
    PERSONAL = "pat"
    ENROLLMENT = "enroll"
    CHANNEL = "chan"
    RECOVERY = "rec"
    REFRESH = "refresh"
    CHAT = "chat"
    SIGN_IN = "sso"
    DEVICE = "device"
    INVITATION = "invite"


_FORM = re.compile(r"mst_([a-z]+)_([0-9a-f]{48})([0-9a-f]{8})")


def make(kind: TokenKind, random: bytes) -> str:
    """Create a token of this kind from `RANDOM_BYTES` random bytes. Raises ValueError."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a token needs {RANDOM_BYTES} random bytes")
    body = f"mst_{kind}_{random.hex()}"
    return body + _checksum(body)


def is_token(text: str, kind: TokenKind) -> bool:
    """Whether the text has the format of a token of this kind and the right checksum."""
    form = _FORM.fullmatch(text)
    return form is not None and form[1] == kind and text.endswith(_checksum(text[:-8]))


def digest(token: str) -> str:
    """Return the SHA-256 digest under which a token is stored.

    With 192 random bits, no slow hash is needed.
    """
    # Clients may send any text, even a lone surrogate (valid in JSON): no match, not an error.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
