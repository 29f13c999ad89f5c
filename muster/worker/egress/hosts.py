"""Parse hosts: one spelling per name and address, everything else is rejected.

Two spellings of one host would be two hosts to a list. So numbers that resolvers accept as
addresses (`0x7f.1`, `2130706433`), names that aren't ASCII, escapes and scopes aren't hosts here.
"""

import socket
from typing import NamedTuple

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_MAPPED = bytes(10) + b"\xff\xff"
_MAX_NAME_LENGTH = 253  # a name, RFC 1035
_WEB_PORTS = (80, 443)


class Address(NamedTuple):
    """An IP address, as 4 or 16 bytes; IPv4 is never written as IPv6."""

    packed: bytes

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET if len(self.packed) == 4 else socket.AF_INET6

    def __str__(self) -> str:
        return socket.inet_ntop(self.family, self.packed)


Host = str | Address
"""A lowercase name without a trailing dot, or an address."""


def parse_host(text: str) -> Host:
    """Parse a host; IPv6 with or without brackets. Raises ValueError."""
    if text.startswith("[") or ":" in text:
        return _parse_ipv6(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    # The text itself, because some letters outside ASCII become ASCII in lower case.
    if not text.isascii() or len(name) > _MAX_NAME_LENGTH or not all(map(_is_label, labels)):
        raise ValueError(f"invalid host: {text!r}")
    # Every resolver treats a name that ends in a number as an address in one of the old forms.
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return _parse_ipv4(name)
    return name


def address_from_bytes(packed: bytes) -> Address:
    """Return the address of these 4 or 16 bytes. Raises ValueError."""
    if len(packed) not in (4, 16):
        raise ValueError(f"an address has {len(packed)} bytes")
    return Address(packed[12:] if len(packed) == 16 and packed.startswith(_MAPPED) else packed)


def format_host(host: Host, port: int | None = None) -> str:
    """Format a host as a list entry: with the port only if it isn't a web port."""
    text = f"[{host}]" if isinstance(host, Address) and len(host.packed) == 16 else str(host)
    return text if port is None or port in _WEB_PORTS else f"{text}:{port}"


def parse_port(text: str) -> int:
    """Parse a port. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 1 << 16):
        raise ValueError(f"invalid port: {text!r}")
    return int(text)


def split_port(text: str) -> tuple[str, int | None]:
    """Split `host:port`, or a host alone; IPv6 needs brackets before a port. Raises ValueError."""
    if text.startswith("["):
        inside, bracket, rest = text.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"invalid host: {text!r}")
        return inside + bracket, parse_port(rest[1:]) if rest else None
    host, colon, port = text.partition(":")
    if ":" in port:  # IPv6 without brackets
        return text, None
    return host, parse_port(port) if colon else None


def _is_label(label: str) -> bool:
    return 0 < len(label) < 64 and _LETTERS.issuperset(label)


def _parse_ipv4(text: str) -> Address:
    try:
        return Address(socket.inet_pton(socket.AF_INET, text))
    except OSError:
        raise ValueError(f"invalid address: {text!r}") from None


def _parse_ipv6(text: str) -> Address:
    try:
        return address_from_bytes(socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):
        raise ValueError(f"invalid address: {text!r}") from None
