"""The only place that connects: check a host, resolve it, check its addresses, and dial.

The dialed address is the checked one: a name is never resolved twice.
"""

import errno
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence

from muster.worker.egress.addresses import is_off_limits
from muster.worker.egress.hosts import Address, Host, address_from_bytes, format_host
from muster.worker.egress.rules import Rules

_CONNECT_TIMEOUT_SECONDS = 10.0  # seconds per address
_MAX_TRIED_ADDRESSES = 4  # addresses of a name


class HostNotAllowed(Exception):
    """The list doesn't allow it. The message names the host and how a person can allow it."""


class Unreachable(Exception):
    """Allowed, but unreachable; `number` is the errno, 0 if the name doesn't resolve."""

    def __init__(self, sentence: str, number: int = 0) -> None:
        super().__init__(sentence)
        self.number = number


class Dialer:
    """Dials hosts that a list allows, and reports the others."""

    def __init__(
        self,
        rules: Rules,
        tell: Callable[[str], None],
        known: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`tell` reports each refused host, in the form of a list entry.

        `known` has addresses of names that aren't looked up elsewhere: a hosts file, for tests.
        """
        self._rules = rules
        self._report_refused = tell
        self._known_hosts = known or {}

    def dial(self, host: Host, port: int) -> socket.socket:
        """Return a connection to a host. Raises HostNotAllowed and Unreachable."""
        name = format_host(host, port)
        if not self._rules.allows(host, port):
            self._report_refused(name)
            raise HostNotAllowed(
                f"This stage's network does not allow {name}. A maintainer of the project can "
                f"allow it: answer the event egress_refused, or add {name} to the list of hosts in "
                "the project's network settings."
            )
        found = [host] if isinstance(host, Address) else list(self._resolve(host, port))
        allowed = [address for address in found if self._is_allowed(address, port)]
        if not allowed:
            self._report_refused(name)
            raise HostNotAllowed(
                f"{name} resolves to {found[0]}, an address of the machine itself or of its "
                "local network. It is reachable only if the project's list has that address."
            )
        return _connect_any(allowed[:_MAX_TRIED_ADDRESSES], port, name)

    def _is_allowed(self, address: Address, port: int) -> bool:
        return self._rules.lists_address(address, port) or not is_off_limits(address)

    def _resolve(self, host: str, port: int) -> Iterator[Address]:
        """Return at least one address. Raises Unreachable."""
        try:
            for name in self._known_hosts.get(host, [host]):
                # As bytes: a string would import a module from a directory that the proxy may no
                # longer read.
                found = socket.getaddrinfo(name.encode(), port, type=socket.SOCK_STREAM)
                for family, _, _, _, place in found:
                    yield address_from_bytes(
                        socket.inet_pton(family, str(place[0]).partition("%")[0])
                    )
        except OSError as error:
            raise Unreachable(f"The name {host} doesn't resolve: {error.strerror}.") from None


def _connect_any(addresses: list[Address], port: int, name: str) -> socket.socket:
    number, reason = 0, ""
    for address in addresses:
        try:
            return _open_connection(address, port)
        except OSError as error:
            number = errno.ETIMEDOUT if isinstance(error, TimeoutError) else error.errno or 0
            reason = str(error.strerror or error)
    raise Unreachable(f"{name} is unreachable: {reason}.", number)


def _open_connection(address: Address, port: int) -> socket.socket:
    """Connect. Raises OSError, also if the machine has no network of the address's kind."""
    connection = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT_TIMEOUT_SECONDS)
        connection.connect((str(address), port))
    except BaseException:
        connection.close()
        raise
    return connection
