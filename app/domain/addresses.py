"""Addresses of clients, as limits count them."""

import ipaddress
from collections.abc import Collection
from functools import lru_cache

NETWORK_BITS = 64  # of an IPv6 address: one client has all the addresses of its network


@lru_cache(4096)  # asked for each connection, also of a flood
def normalize(address: str) -> str:
    """The address in its one spelling; an IPv4 address that IPv6 carries is that address. What is
    no address stays as it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)


@lru_cache(4096)
def client_network(address: str) -> str | None:
    """What all addresses of one client have in common: of IPv6 its /64, else the address itself.
    None: it is no address.
    """
    try:
        found = ipaddress.ip_address(normalize(address))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((int(found), NETWORK_BITS), strict=False))


@lru_cache(4096)
def site_network(address: str) -> str | None:
    """The network of whoever runs many clients: of IPv4 its /24, of IPv6 its /48. None: it is no
    address, nor a network.
    """
    try:
        found = ipaddress.ip_address(normalize(address.partition("/")[0]))
    except ValueError:
        return None
    bits = 24 if isinstance(found, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network((int(found), bits), strict=False))


def is_loopback(host: str) -> bool:
    """Whether it is this machine itself: an address, one in brackets, or `localhost`."""
    try:
        return ipaddress.ip_address(normalize(host.strip("[]"))).is_loopback
    except ValueError:
        return host == "localhost"


def is_proxy(peer: str, proxies: Collection[str]) -> bool:
    """Whether the peer is one of our proxies; of "*" everybody is."""
    return "*" in proxies or normalize(peer) in proxies


def client_address(peer: str, forwarded: str, proxies: Collection[str]) -> str:
    """The client's address: the peer's or, if the peer is one of our proxies, the one that the
    proxy wrote last into X-Forwarded-For. Entries before the last are only the client's claims.
    """
    if not is_proxy(peer, proxies):
        return peer
    return forwarded.rpartition(",")[2].strip() or peer
