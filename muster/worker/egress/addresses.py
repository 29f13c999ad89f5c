"""Addresses that a name must not resolve to: the machine itself, its neighbors, its cloud's
metadata.

A name's owner decides its addresses, and may change them with each lookup (DNS rebinding).
"""

import contextlib
import socket

from muster.worker.egress.hosts import Address

# Metadata and credentials of clouds outside 169.254.0.0/16: AWS (two), Google, Oracle and Scaleway
# on IPv6; Alibaba, Azure and Oracle.
_METADATA = frozenset(
    (
        socket.inet_pton(socket.AF_INET6, "fd00:ec2::254"),
        socket.inet_pton(socket.AF_INET6, "fd00:ec2::23"),
        socket.inet_pton(socket.AF_INET6, "fd20:ce::254"),
        socket.inet_pton(socket.AF_INET6, "fd00:c1::a9fe:a9fe"),
        socket.inet_pton(socket.AF_INET6, "fd00:42::42"),
        socket.inet_aton("100.100.100.200"),
        socket.inet_aton("168.63.129.16"),
        socket.inet_aton("192.0.0.192"),
    )
)
_NAT64 = bytes.fromhex("0064ff9b") + bytes(8)
_LOCAL_NAT64 = bytes.fromhex("0064ff9b0001")  # RFC 8215
# Positions of an IPv4 address behind a prefix of 48, 56 and 64 bits (RFC 6052). Which one a network
# uses within its /48 is unknown outside; behind 96 bits it comes last.
_EMBEDDED_IPV4_POSITIONS = ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12))
_COMPATIBLE = bytes(12)
_ONE = bytes(15) + b"\x01"


def is_off_limits(address: Address) -> bool:
    """Whether the address is this machine's own, or can't belong to a public server."""
    return is_special(address) or _is_own(address)


def is_special(address: Address) -> bool:
    """Whether it is loopback, link-local, unspecified, multicast, broadcast, reserved, or a cloud's
    metadata.

    An IPv6 address that embeds an IPv4 one (NAT64, 6to4, the old compatible form) counts as that.
    """
    packed = address.packed
    if packed in _METADATA:
        return True
    if len(packed) == 4:
        return packed[0] in (0, 127) or packed[:2] == b"\xa9\xfe" or packed[0] >= 224
    if packed == _ONE or packed[0] == 0xFF or (packed[0] == 0xFE and packed[1] & 0xC0 == 0x80):
        return True
    if packed.startswith(_LOCAL_NAT64):
        if any(_embeds_special_ipv4(packed, each) for each in _EMBEDDED_IPV4_POSITIONS):
            return True
        return any(packed[12:]) and is_special(Address(packed[12:]))
    if packed.startswith((_NAT64, _COMPATIBLE)):
        return is_special(Address(packed[12:]))
    return packed[:2] == b"\x20\x02" and is_special(Address(packed[2:6]))


def _embeds_special_ipv4(packed: bytes, positions: tuple[int, ...]) -> bool:
    """Only for addresses in which these bytes are unlikely by chance: they may not be an
    address."""
    carried = bytes(packed[each] for each in positions)
    return carried[0] == 127 or carried[:2] == b"\xa9\xfe" or carried in _METADATA


def _is_own(address: Address) -> bool:
    """Whether the kernel would deliver to this machine: it then answers from the same address."""
    with contextlib.suppress(OSError), socket.socket(address.family, socket.SOCK_DGRAM) as probe:
        probe.connect((str(address), 9))  # sends nothing, only finds the route
        return bool(probe.getsockname()[0] == str(address))
    return False
