"""Opaque secrets: `mst_<kind>_<random><checksum>`.

The checksum (CRC-32, as GitHub's tokens carry one) lets a scanner tell a real token from a typo
without asking the server; it protects nothing.
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


_FORM = re.compile(r"mst_([a-z]+)_([0-9a-f]{48})([0-9a-f]{8})")


def make(kind: TokenKind, random: bytes) -> str:
    """The token of these random bytes (24 of them)."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a token takes {RANDOM_BYTES} random bytes")
    body = f"mst_{kind}_{random.hex()}"
    return body + _checksum(body)


def is_token(text: str, kind: TokenKind) -> bool:
    """Whether the text has the form of such a token and its checksum holds."""
    form = _FORM.fullmatch(text)
    return form is not None and form[1] == kind and text.endswith(_checksum(text[:-8]))


def digest(token: str) -> str:
    """What is stored of a token. It has 192 random bits, so that no slow hash is needed."""
    # Clients may send any text, also a lone surrogate (JSON allows it): unknown, not an error.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
