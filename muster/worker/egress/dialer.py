"""The only place that connects: a host is judged, resolved, its addresses are judged, and dialled.

What is dialled is the address that was judged: a name is never resolved twice.
"""

import errno
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence

from muster.worker.egress.addresses import is_off_limits
from muster.worker.egress.hosts import Address, Host, address_from_bytes, format_host
from muster.worker.egress.rules import Rules

_CONNECT_TIMEOUT_SECONDS = 10.0  # seconds for each address
_MAX_TRIED_ADDRESSES = 4  # addresses of a name


class HostNotAllowed(Exception):
    """The list does not allow it. The sentence says what, and what a person can do about it."""


class Unreachable(Exception):
    """It is allowed, and cannot be reached; `number` is the errno, 0 if the name leads nowhere."""

    def __init__(self, sentence: str, number: int = 0) -> None:
        super().__init__(sentence)
        self.number = number


class Dialer:
    """Dials what a list allows, and tells what it does not."""

    def __init__(
        self,
        rules: Rules,
        tell: Callable[[str], None],
        known: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`tell` takes each refused host, as an entry of a list has it.

        `known` are addresses of names that are not asked for elsewhere: a hosts file, for tests.
        """
        self._rules = rules
        self._report_refused = tell
        self._known_hosts = known or {}

    def dial(self, host: Host, port: int) -> socket.socket:
        """A connection to a host. Raises Refused and Unreachable."""
        name = format_host(host, port)
        if not self._rules.allows(host, port):
            self._report_refused(name)
            raise HostNotAllowed(
                f"The network of this stage does not allow {name}. A maintainer of the project can "
                f"allow it: answer the event egress_refused, or add {name} to the list of the "
                "project's network."
            )
        found = [host] if isinstance(host, Address) else list(self._resolve(host, port))
        allowed = [address for address in found if self._is_allowed(address, port)]
        if not allowed:
            self._report_refused(name)
            raise HostNotAllowed(
                f"{name} leads to {found[0]}, an address of the machine itself or of its "
                "surroundings. It is reached only if the project's list names that address."
            )
        return _connect_any(allowed[:_MAX_TRIED_ADDRESSES], port, name)

    def _is_allowed(self, address: Address, port: int) -> bool:
        return self._rules.lists_address(address, port) or not is_off_limits(address)

    def _resolve(self, host: str, port: int) -> Iterator[Address]:
        """At least one address. Raises Unreachable."""
        try:
            for name in self._known_hosts.get(host, [host]):
                # As bytes: for a string a module would be imported, which lies where the proxy may
                # no longer read.
                found = socket.getaddrinfo(name.encode(), port, type=socket.SOCK_STREAM)
                for family, _, _, _, place in found:
                    yield address_from_bytes(
                        socket.inet_pton(family, str(place[0]).partition("%")[0])
                    )
        except OSError as error:
            raise Unreachable(f"The name {host} leads nowhere: {error.strerror}.") from None


def _connect_any(addresses: list[Address], port: int, name: str) -> socket.socket:
    number, reason = 0, ""
    for address in addresses:
        try:
            return _open_connection(address, port)
        except OSError as error:
            number = errno.ETIMEDOUT if isinstance(error, TimeoutError) else error.errno or 0
            reason = str(error.strerror or error)
    raise Unreachable(f"{name} cannot be reached: {reason}.", number)


def _open_connection(address: Address, port: int) -> socket.socket:
    """Raises OSError, also where the machine has no network of the address's kind."""
    connection = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT_TIMEOUT_SECONDS)
        connection.connect((str(address), port))
    except BaseException:
        connection.close()
        raise
    return connection
