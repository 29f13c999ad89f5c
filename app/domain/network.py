"""A stage's network access: everything, nothing, or a list of hosts.

The API has `open`, `none` or {"allow": [host, …]}. Rows and machines store only the hosts: None for
open, an empty list for none. A host has one spelling (`canonicalize`), so lists have no duplicates.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.domain import field_errors
from app.domain.field_errors import InvalidValue

OPEN, NONE, ALLOW = "open", "none", "allow"
AGENT = "@agent"  # the hosts that the agent itself needs, as its machine knows them
MAX_HOSTS = 100
MAX_HOST_LENGTH = 253  # characters per entry

NetworkSpec = str | Mapping[str, Any]
"""`open`, `none` or {"allow": [host, …]}."""
Hosts = list[str] | None

_LABEL = "[A-Za-z0-9_-]{1,63}"
# Resolvers treat text that ends in a number as an address, in obscure notations.
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
"""The ECMA 262 pattern of a list entry."""

_HOST = re.compile(HOST.removesuffix("$") + r"\Z")
_IPV6_ALONE = re.compile(rf"{_IPV6}\Z")


def canonicalize(entry: str) -> str:
    """Return the one spelling of a list entry. Raises InvalidValue if it isn't one."""
    if len(entry) > MAX_HOST_LENGTH or not _HOST.match(entry):
        raise InvalidValue(field_errors.NO_HOST)
    if _IPV6_ALONE.match(entry):
        return _format_ipv6(entry)
    if entry.startswith("["):
        address, _, port = entry[1:].partition("]")
        return _format_ipv6(address) + port
    return entry.lower()


def is_host(text: str) -> bool:
    """Whether the text is a valid list entry."""
    try:
        canonicalize(text)
    except InvalidValue:
        return False
    return True


def _format_ipv6(address: str) -> str:
    """Return an IPv6 address in brackets; one that maps IPv4 as IPv4."""
    read = ipaddress.IPv6Address(address)
    return str(read.ipv4_mapped) if read.ipv4_mapped else f"[{read}]"


def from_api(spec: NetworkSpec) -> Hosts:
    """Convert the API's form to the stored form. Raises InvalidValue."""
    if spec == OPEN:
        return None
    if isinstance(spec, str):
        return []
    return list(dict.fromkeys(canonicalize(entry) for entry in spec[ALLOW]))


def to_api(allowed: Sequence[str] | None) -> NetworkSpec:
    """Convert the stored form to the API's form."""
    if allowed is None:
        return OPEN
    return {ALLOW: list(allowed)} if allowed else NONE


def is_open(pipeline: Iterable[Mapping[str, Any]], projects: Hosts) -> bool:
    """Whether every stage may reach every host."""
    return all(hosts_of_stage(stage.get("network"), projects) is None for stage in pipeline)


def hosts_of_stage(own: NetworkSpec | None, projects: Hosts) -> Hosts:
    """Return the hosts that a stage may reach. `own` is the stage's own setting, or None."""
    return projects if own is None else from_api(own)
