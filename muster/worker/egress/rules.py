"""Decide which hosts a list allows. Pure: it resolves nothing and asks nothing of the machine.

An entry is a name (`packages.example.com`), all names below one (`*.example.org`, not `example.org`
itself) or an address (`192.0.2.7`, `[2001:db8::7]`); `:port` may follow. Without a port an entry
allows only the web ports, 80 and 443: `git.example.org:22` is for ssh. `@agent` stands for hosts
that the list's author fills in.
"""

from collections.abc import Iterable
from typing import NamedTuple

from muster.worker.egress.hosts import Address, Host, parse_host, split_port

WEB_PORTS = frozenset((80, 443))


class Rule(NamedTuple):
    """One entry of a list. `below`: it means all names below its host."""

    host: Host
    ports: frozenset[int]
    is_wildcard: bool = False

    def allows(self, host: Host, port: int) -> bool:
        if port not in self.ports:
            return False
        if self.is_wildcard:
            return isinstance(host, str) and host.endswith(f".{self.host}")
        return host == self.host


class Rules:
    """A list of allowed hosts; all others aren't allowed."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Raises ValueError, which names the entry."""
        self._rules = [parse_rule(entry) for entry in entries]

    def allows(self, host: Host, port: int) -> bool:
        """Whether this host may be requested. A name's address is checked separately: see
        `lists_address`."""
        return any(rule.allows(host, port) for rule in self._rules)

    def lists_address(self, address: Address, port: int) -> bool:
        """Whether the list has this exact address."""
        return self.allows(address, port)


def parse_rule(entry: str) -> Rule:
    """Parse an entry. Raises ValueError for an invalid one, including `@agent`."""
    try:
        below = entry.startswith("*.")
        text, port = split_port(entry.removeprefix("*."))
        host = parse_host(text)
        if below and isinstance(host, Address):
            raise ValueError("an address has no names below it")
    except ValueError as error:
        raise ValueError(f"invalid entry in a list of hosts: {entry!r} ({error})") from None
    return Rule(host, WEB_PORTS if port is None else frozenset((port,)), below)
