"""The address that a request comes from."""

from flask import current_app, request


def of_client() -> str:
    """The client's IP address: the peer's or, if the peer is one of our proxies, the one that the
    proxy wrote last into X-Forwarded-For. Entries before the last are only the client's claims.
    """
    peer = request.remote_addr or ""
    proxies = current_app.config["PROXIES"]
    if "*" not in proxies and peer not in proxies:
        return peer
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded or peer
