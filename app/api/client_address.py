"""The address of a request's client, and its transport."""

from flask import current_app, request

from app.domain import addresses

# Headers that proxies add, ours or others.
_FORWARDING_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


def client_ip() -> str:
    """Return the client's IP address.

    That's the peer, or the last X-Forwarded-For entry if the peer is one of our proxies. Earlier
    entries are only the client's claims.
    """
    peer, forwarded = request.remote_addr or "", request.headers.get("X-Forwarded-For", "")
    return addresses.client_address(peer, forwarded, current_app.config["PROXIES"])


def is_encrypted() -> bool:
    """Whether the client uses TLS, to us or to one of our proxies."""
    if request.is_secure:
        return True
    by_proxy = _is_proxy(request.remote_addr or "")
    return by_proxy and _last_value("X-Forwarded-Proto").lower() == "https"


def is_local_client() -> bool:
    """Whether the client certainly runs on this host.

    A loopback peer may be a proxy for any client, even an unknown proxy. A forwarded request counts
    as local only if a proxy in MUSTER_PROXY says so.
    """
    peer, proxies = request.remote_addr or "", current_app.config["PROXIES"]
    if "*" in proxies:
        return False
    if peer in proxies:
        return _is_loopback(_last_value("X-Forwarded-For"))
    return _is_loopback(peer) and not any(name in request.headers for name in _FORWARDING_HEADERS)


def _is_proxy(peer: str) -> bool:
    return addresses.is_proxy(peer, current_app.config["PROXIES"])


def _last_value(header: str) -> str:
    return request.headers.get(header, "").rpartition(",")[2].strip()


def _is_loopback(address: str) -> bool:
    return address != "localhost" and addresses.is_loopback(address)
