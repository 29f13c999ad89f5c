"""What a stage may reach over the network: everything, nothing, or the hosts of a list.

People say `open`, `none` or {"allow": [host, …]}; rows and machines have the hosts alone, None for
open and an empty list for none. A host is written in one way only (`canonical`), so that a list
has it once.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain import field_errors
from app.domain.field_errors import InvalidValue

OPEN, NONE, ALLOW = "open", "none", "allow"
AGENT = "@agent"  # the hosts that the agent itself needs, as its machine knows them
MAX_HOSTS = 100
MAX_HOST_LENGTH = 253  # characters of an entry

NetworkSpec = str | Mapping[str, Any]
"""`open`, `none` or {"allow": [host, …]}."""
Hosts = list[str] | None

_LABEL = "[A-Za-z0-9_-]{1,63}"
# What ends in a number is an address to every resolver, in forms that nobody reads.
_NAME = rf"(?:{_LABEL}\.)*(?!0[xX]|[0-9]+(?::|$)){_LABEL}"
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
_H = "[0-9A-Fa-f]{1,4}"
_SHORTENED = "|".join(rf"(?:{_H}:){{1,{7 - n}}}(?::{_H}){{1,{n}}}" for n in range(1, 7))
_IPV6 = rf"(?:(?:{_H}:){{7}}{_H}|(?:{_H}:){{1,7}}:|{_SHORTENED}|:(?:(?::{_H}){{1,7}}|:))"
_PORT = (
    r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9][0-9]|655[0-2][0-9]|6553[0-5])"
)
HOST = rf"^(?:{AGENT}|{_IPV6}|(?:(?:\*\.)?{_NAME}|{_IPV4}|\[{_IPV6}\])(?::{_PORT})?)$"
"""An entry of a list, as a pattern of ECMA 262."""

_HOST = re.compile(HOST.removesuffix("$") + r"\Z")
_IPV6_ALONE = re.compile(rf"{_IPV6}\Z")


def canonicalize(entry: str) -> str:
    """The one way to write this entry of a list. Raises Faulty for what is none."""
    if len(entry) > MAX_HOST_LENGTH or not _HOST.match(entry):
        raise InvalidValue(field_errors.NO_HOST)
    if _IPV6_ALONE.match(entry):
        return _format_ipv6(entry)
    if entry.startswith("["):
        address, _, port = entry[1:].partition("]")
        return _format_ipv6(address) + port
    return entry.lower()


def is_host(text: str) -> bool:
    """Whether a list may have the text as an entry."""
    try:
        canonicalize(text)
    except InvalidValue:
        return False
    return True


def _format_ipv6(address: str) -> str:
    """An address of IPv6 with its brackets; one that stands for IPv4 as such."""
    read = ipaddress.IPv6Address(address)
    return str(read.ipv4_mapped) if read.ipv4_mapped else f"[{read}]"


def from_api(spec: NetworkSpec) -> Hosts:
    """What people say, as rows have it. Raises Faulty."""
    if spec == OPEN:
        return None
    if isinstance(spec, str):
        return []
    return list(dict.fromkeys(canonicalize(entry) for entry in spec[ALLOW]))


def to_api(allowed: Sequence[str] | None) -> NetworkSpec:
    """What rows have, as people say it."""
    if allowed is None:
        return OPEN
    return {ALLOW: list(allowed)} if allowed else NONE


def hosts_of_stage(own: NetworkSpec | None, projects: Hosts) -> Hosts:
    """What a stage may reach that says `own` of itself, None where it says nothing."""
    return projects if own is None else from_api(own)
