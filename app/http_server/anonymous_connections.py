"""Unauthenticated connections, counted by network.

An anonymous client can cheaply hold a connection open and send nothing. So if one network has too
many, the one that has idled longest is closed for the new one. A flood pushes itself out, and
active clients in the same network get through.
"""

import contextlib
import socket
from collections import defaultdict
from collections.abc import Callable
from typing import Any

MAX_PER_NETWORK = 128
"""Maximum anonymous connections per network and server process."""
MAX_TOTAL = 2048
"""Maximum anonymous connections per server process."""

_PEEK = socket.MSG_PEEK | socket.MSG_DONTWAIT


class AnonymousConnection:
    """An anonymous client's connection or, behind a proxy, request.

    `sock` is the source of its bytes. `is_waiting`: its request needs more bytes before it can be
    handled.
    """

    def __init__(self, visits: "AnonymousConnections", network: str, sock: Any) -> None:
        self._connections, self.network, self.sock = visits, network, sock
        self.is_waiting = True

    def mark_authenticated(self) -> None:
        """Mark the client as authenticated: the connection is no longer anonymous."""
        self._connections.remove(self)

    def finish(self) -> None:
        """Mark it as finished. Can be repeated."""
        self._connections.remove(self)

    def abort(self) -> None:
        """Make readers of its bytes see their end."""
        self._connections.remove(self)
        with contextlib.suppress(OSError):
            _system_socket(self.sock).shutdown(socket.SHUT_RDWR)

    def is_idle(self) -> bool:
        """Whether we wait for its client, who has sent nothing that we haven't read."""
        if not self.is_waiting:
            return False
        try:
            _system_socket(self.sock).recv(1, _PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass  # it's ending
        return False


def _system_socket(sock: Any) -> Any:
    """Return the system's socket.

    gevent's `shutdown` would raise in the greenlet that waits for it, and TLS's `recv` would
    decrypt.
    """
    return getattr(sock, "_sock", sock)


class AnonymousConnections:
    """The anonymous connections of this process, the oldest first.

    `on_rejected` is called with the reason for each one that is closed: `evicted` or `limit`.
    """

    def __init__(self) -> None:
        self.on_rejected: Callable[[str], None] = lambda end: None
        self._all: dict[AnonymousConnection, None] = {}
        self._by_network: defaultdict[str, dict[AnonymousConnection, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._all)

    def admit(self, network: str, sock: Any) -> AnonymousConnection | None:
        """Admit a new connection from that address; None if the limit is reached."""
        mine = self._by_network.get(network, {})
        for visits, most in ((mine, MAX_PER_NETWORK), (self._all, MAX_TOTAL)):
            if len(visits) >= most and not self._evict_idle(visits):
                self.on_rejected("limit")
                return None
        visit = AnonymousConnection(self, network, sock)
        self._all[visit] = self._by_network[network][visit] = None
        return visit

    def remove(self, visit: AnonymousConnection) -> None:
        """Stop counting it. Can be repeated."""
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
