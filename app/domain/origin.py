"""Which web pages can act on this server from a browser."""

from collections.abc import Collection
from urllib.parse import urlsplit


def is_allowed_origin(origin: str, host: str, allowed: Collection[str]) -> bool:
    """Whether a page of that origin belongs to this host (with port, as browsers send it) or to
    those that the deployment allows.
    """
    if origin in allowed:
        return True
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    return page.scheme in ("http", "https") and page.netloc.lower() == host.lower()


def is_loopback(host: str) -> bool:
    """Whether a Host header names the machine itself, so plain HTTP never leaves it."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")
