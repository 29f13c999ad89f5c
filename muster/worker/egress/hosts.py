"""What a host is called: one way of writing each name and address, everything else is refused.

Two ways to write one host would be two hosts to a list. So numbers that resolvers take for
addresses (`0x7f.1`, `2130706433`), names that are not ASCII, escapes and scopes are no hosts here.
"""

import socket
from typing import NamedTuple

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_MAPPED = bytes(10) + b"\xff\xff"
_MAX_NAME_LENGTH = 253  # a name, RFC 1035
_WEB_PORTS = (80, 443)


class Address(NamedTuple):
    """An IP address, as 4 or 16 bytes; one of IPv4 is never written as one of IPv6."""

    packed: bytes

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET if len(self.packed) == 4 else socket.AF_INET6

    def __str__(self) -> str:
        return socket.inet_ntop(self.family, self.packed)


Host = str | Address
"""A name in lower case without a dot at its end, or an address."""


def parse_host(text: str) -> Host:
    """The host that is written so; IPv6 with or without brackets. Raises ValueError."""
    if text.startswith("[") or ":" in text:
        return _parse_ipv6(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    # The text, for there are letters outside of ASCII whose lower case is in it.
    if not text.isascii() or len(name) > _MAX_NAME_LENGTH or not all(map(_is_label, labels)):
        raise ValueError(f"no host: {text!r}")
    # What ends in a number is an address to every resolver, in whichever of the old forms.
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return _parse_ipv4(name)
    return name


def address_from_bytes(packed: bytes) -> Address:
    """The address of these 4 or 16 bytes. Raises ValueError."""
    if len(packed) not in (4, 16):
        raise ValueError(f"an address of {len(packed)} bytes")
    return Address(packed[12:] if len(packed) == 16 and packed.startswith(_MAPPED) else packed)


def format_host(host: Host, port: int | None = None) -> str:
    """As an entry of a list has it: the port only where it is none of the web's."""
    text = f"[{host}]" if isinstance(host, Address) and len(host.packed) == 16 else str(host)
    return text if port is None or port in _WEB_PORTS else f"{text}:{port}"


def parse_port(text: str) -> int:
    """Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 1 << 16):
        raise ValueError(f"no port: {text!r}")
    return int(text)


def split_port(text: str) -> tuple[str, int | None]:
    """`host:port`, or a host alone; IPv6 has brackets when a port follows. Raises ValueError."""
    if text.startswith("["):
        inside, bracket, rest = text.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"no host: {text!r}")
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
        raise ValueError(f"no address: {text!r}") from None


def _parse_ipv6(text: str) -> Address:
    try:
        return address_from_bytes(socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):
        raise ValueError(f"no address: {text!r}") from None
