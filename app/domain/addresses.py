"""Client addresses, normalized for rate limits."""

import ipaddress
from collections.abc import Collection
from functools import lru_cache

NETWORK_BITS = 64  # an IPv6 client owns every address of its network


@lru_cache(4096)  # called for every connection, also during a flood
def normalize(address: str) -> str:
    """Return the canonical spelling of an address; IPv4 mapped to IPv6 becomes IPv4.

    Text that isn't an address is returned unchanged.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)


@lru_cache(4096)
def client_network(address: str) -> str | None:
    """Return what all addresses of one client share: the /64 for IPv6, else the address itself.

    None if the text isn't an address.
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
    """Return the network of an operator with many clients: the /24 for IPv4, the /48 for IPv6.

    None if the text is neither an address nor a network.
    """
    try:
        found = ipaddress.ip_address(normalize(address.partition("/")[0]))
    except ValueError:
        return None
    bits = 24 if isinstance(found, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network((int(found), bits), strict=False))


def is_loopback(host: str) -> bool:
    """Whether it's this machine: a loopback address, one in brackets, or `localhost`."""
    try:
        return ipaddress.ip_address(normalize(host.strip("[]"))).is_loopback
    except ValueError:
        return host == "localhost"


def is_proxy(peer: str, proxies: Collection[str]) -> bool:
    """Whether the peer is one of our proxies; "*" matches every peer."""
    return "*" in proxies or normalize(peer) in proxies


def client_address(peer: str, forwarded: str, proxies: Collection[str]) -> str:
    """Return the client's address.

    That's the peer, or the last X-Forwarded-For entry if the peer is one of our proxies. Earlier
    entries are only the client's claims.
    """
    if not is_proxy(peer, proxies):
        return peer
    return forwarded.rpartition(",")[2].strip() or peer
