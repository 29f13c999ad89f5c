"""Connections that nobody has authenticated yet, counted by where they come from.

What a stranger can do for free is to hold a connection open and say nothing. So where one address
has too many, the one of them that has kept us waiting longest is cut off for the new one: a flood
pushes itself out, and who shares its address and has something to say gets through.
"""

import contextlib
import socket
from collections import defaultdict
from collections.abc import Callable
from typing import Any

MAX_PER_NETWORK = 128
"""How many visits of strangers from one network may be under way, in each server process."""
MAX_TOTAL = 2048
"""And how many from all networks."""

_PEEK = socket.MSG_PEEK | socket.MSG_DONTWAIT


class AnonymousConnection:
    """A stranger's connection or, behind a proxy, request. `sock` is what its bytes come through;
    `is_waiting`: nothing is done for it before more of them come.
    """

    def __init__(self, visits: "AnonymousConnections", network: str, sock: Any) -> None:
        self._connections, self.network, self.sock = visits, network, sock
        self.is_waiting = True

    def mark_authenticated(self) -> None:
        """Its client has authenticated: it is no stranger's any more."""
        self._connections.remove(self)

    def finish(self) -> None:
        """It is over. May be repeated."""
        self._connections.remove(self)

    def abort(self) -> None:
        """Have whoever waits for its bytes find that they have ended."""
        self._connections.remove(self)
        with contextlib.suppress(OSError):
            _system_socket(self.sock).shutdown(socket.SHUT_RDWR)

    def is_idle(self) -> bool:
        """Whether we wait for its client, who has sent nothing that we have not read."""
        if not self.is_waiting:
            return False
        try:
            _system_socket(self.sock).recv(1, _PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass  # it is ending
        return False


def _system_socket(sock: Any) -> Any:
    """The system's socket: gevent's `shutdown` would raise in the greenlet that waits for it, and
    TLS's `recv` would decrypt.
    """
    return getattr(sock, "_sock", sock)


class AnonymousConnections:
    """The visits of strangers that are under way in this process, the oldest first.

    `tell` is called with what has become of one too many: `cut` or `refused`.
    """

    def __init__(self) -> None:
        self.on_rejected: Callable[[str], None] = lambda end: None
        self._all: dict[AnonymousConnection, None] = {}
        self._by_network: defaultdict[str, dict[AnonymousConnection, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._all)

    def admit(self, network: str, sock: Any) -> AnonymousConnection | None:
        """A new visit from there; None where there is no room for it."""
        mine = self._by_network.get(network, {})
        for visits, most in ((mine, MAX_PER_NETWORK), (self._all, MAX_TOTAL)):
            if len(visits) >= most and not self._evict_idle(visits):
                self.on_rejected("limit")
                return None
        visit = AnonymousConnection(self, network, sock)
        self._all[visit] = self._by_network[network][visit] = None
        return visit

    def remove(self, visit: AnonymousConnection) -> None:
        """Count it no more. May be repeated."""
        self._all.pop(visit, None)
        mine = self._by_network.get(visit.network, {})
        mine.pop(visit, None)
        if not mine:
            self._by_network.pop(visit.network, None)

    def _evict_idle(self, visits: dict[AnonymousConnection, None]) -> bool:
        oldest = next((visit for visit in visits if visit.is_idle()), None)
        if oldest is None:
            return False
        oldest.abort()
        self.on_rejected("evicted")
        return True
