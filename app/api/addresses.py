"""Where a request comes from."""

from flask import current_app, request


def of_client() -> str:
    """The client's IP address: the peer's, or what a proxy of ours says it is.

    The last entry is the one the proxy wrote; those before it are the client's own claims.
    """
    peer = request.remote_addr or ""
    proxies = current_app.config["PROXIES"]
    if "*" not in proxies and peer not in proxies:
        return peer
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return said or peer
