"""Recognize a server of plain HTTP behind an https URL."""

import ssl

# What OpenSSL reports if the peer's first bytes are no TLS record.
_REASONS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})


def is_plain_http_error(error: BaseException | None) -> bool:
    """Whether a connection failed because the server doesn't speak TLS at that port."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ssl.SSLError) and error.reason in _REASONS:
            return True
        reason = getattr(error, "reason", None)  # urllib's
        error = reason if isinstance(reason, Exception) else error.__cause__ or error.__context__
    return False


def http_url(server: str) -> str:
    """Return the server's address with http instead of https."""
    return f"http{server.removeprefix('https')}"
