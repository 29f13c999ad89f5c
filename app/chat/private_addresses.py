"""Addresses that aren't on the public Internet: messages must not be sent to them."""

import ipaddress
from collections.abc import Iterable

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# Python calls these global, but clouds serve their machines there, or they are IPv6 relays.
_BLOCKED = tuple(
    ipaddress.ip_network(text) for text in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")
_SPECIAL = tuple(
    ipaddress.ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


def is_private(ip: Ip) -> bool:
    """Whether the address isn't that of a host on the public Internet."""
    if isinstance(ip, ipaddress.IPv6Address):
        if (mapped := ip.ipv4_mapped) is not None:
            return is_private(mapped)
        if ip in _NAT64:
            return is_private(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip not in _UNICAST or any(ip in network for network in _SPECIAL):
            return True
    elif any(ip in network for network in _BLOCKED):
        return True
    return not ip.is_global or ip.is_multicast or ip.is_reserved


def is_allowed(host: str, allowed_hosts: Iterable[str]) -> bool:
    """Whether an admin has exempted the host. Names are compared as in the URL, unresolved."""
    return normalize_host(host) in {normalize_host(allowed) for allowed in allowed_hosts}


def normalize_host(host: str) -> str:
    """Return the host's name in the form in which names are compared."""
    return host.strip("[]").rstrip(".").lower()
