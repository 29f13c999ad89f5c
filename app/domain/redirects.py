"""Where a browser may be redirected after a sign-in at a provider."""

import re
from urllib.parse import urlencode, urlsplit

MAX_LENGTH = 2000  # characters
# No backslash, which browsers treat as a slash; no second slash, which would name another host.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
# RFC 7636: the S256 code challenge of a verifier.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_LOOPBACK = ("127.0.0.1", "::1")


def is_own_path(text: str) -> bool:
    """Whether it's a path on this server only."""
    return len(text) <= MAX_LENGTH and _OWN_PATH.fullmatch(text) is not None


def is_loopback_redirect(text: str) -> bool:
    """Whether it's the address of a program on the person's own machine (RFC 8252, 7.3)."""
    try:
        url = urlsplit(text)
        has_port = url.port is not None
    except ValueError:
        return False
    is_plain = url.scheme == "http" and url.hostname in _LOOPBACK and has_port
    fits = len(text) <= MAX_LENGTH and text.isascii() and text.isprintable() and " " not in text
    return is_plain and fits and not url.fragment and url.username is None and "\\" not in text


def add_query(url: str, **more: str) -> str:
    """Return the URL with additional query parameters."""
    bare, hash_, fragment = url.partition("#")
    joint = "&" if "?" in bare else "?"
    return f"{bare}{joint}{urlencode(more)}{hash_}{fragment}"
