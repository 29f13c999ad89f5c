"""Which hosts a list allows. Pure: nothing is resolved and nothing is asked of the machine.

An entry is a name (`packages.example.com`), all names below one (`*.example.org`, not
`example.org` itself) or an address (`192.0.2.7`, `[2001:db8::7]`); `:port` may follow. Without a
port an entry allows the web's, 80 and 443, and no other: `git.example.org:22` is for ssh.
`@agent` stands for hosts that whoever makes the list puts in its place.
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
    """A list of what is allowed; what is not in it is not."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Raises ValueError, which names the entry."""
        self._rules = [parse_rule(entry) for entry in entries]

    def allows(self, host: Host, port: int) -> bool:
        """Whether one may ask for this host. A name's address is another question: see `names`."""
        return any(rule.allows(host, port) for rule in self._rules)

    def lists_address(self, address: Address, port: int) -> bool:
        """Whether this very address stands in the list."""
        return self.allows(address, port)


def parse_rule(entry: str) -> Rule:
    """The rule that an entry is. Raises ValueError for one that is none, `@agent` among them."""
    try:
        below = entry.startswith("*.")
        text, port = split_port(entry.removeprefix("*."))
        host = parse_host(text)
        if below and isinstance(host, Address):
            raise ValueError("nothing is below an address")
    except ValueError as error:
        raise ValueError(f"no entry of a list of hosts: {entry!r} ({error})") from None
    return Rule(host, WEB_PORTS if port is None else frozenset((port,)), below)
