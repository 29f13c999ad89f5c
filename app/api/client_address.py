"""The address that a request comes from, and how it came."""

from flask import current_app, request

from app.domain import addresses

# What proxies add, whose or not.
_FORWARDING_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


def client_ip() -> str:
    """The client's IP address: the peer's or, if the peer is one of our proxies, the one that the
    proxy wrote last into X-Forwarded-For. Entries before the last are only the client's claims.
    """
    peer, forwarded = request.remote_addr or "", request.headers.get("X-Forwarded-For", "")
    return addresses.client_address(peer, forwarded, current_app.config["PROXIES"])


def is_encrypted() -> bool:
    """Whether the client speaks TLS: with us, or with one of our proxies."""
    if request.is_secure:
        return True
    by_proxy = _is_proxy(request.remote_addr or "")
    return by_proxy and _last_value("X-Forwarded-Proto").lower() == "https"


def is_local_client() -> bool:
    """Whether the client certainly runs on this host.

    A peer on the loopback may be a proxy for the whole world, also one that we do not know of: what
    was passed on is this host's only if a proxy says so that MUSTER_PROXY names by its address.
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
