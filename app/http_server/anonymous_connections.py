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

PER_NETWORK = 128
"""How many visits of strangers from one network may be under way, in each server process."""
ALTOGETHER = 2048
"""And how many from all networks."""

_PEEK = socket.MSG_PEEK | socket.MSG_DONTWAIT


class Visit:
    """A stranger's connection or, behind a proxy, request. `sock` is what its bytes come through;
    `is_waiting`: nothing is done for it before more of them come.
    """

    def __init__(self, visits: "Visits", network: str, sock: Any) -> None:
        self._visits, self.network, self.sock = visits, network, sock
        self.is_waiting = True

    def know(self) -> None:
        """Its client has authenticated: it is no stranger's any more."""
        self._visits.forget(self)

    def leave(self) -> None:
        """It is over. May be repeated."""
        self._visits.forget(self)

    def cut(self) -> None:
        """Have whoever waits for its bytes find that they have ended."""
        self._visits.forget(self)
        with contextlib.suppress(OSError):
            _plain(self.sock).shutdown(socket.SHUT_RDWR)

    def owes(self) -> bool:
        """Whether we wait for its client, who has sent nothing that we have not read."""
        if not self.is_waiting:
            return False
        try:
            _plain(self.sock).recv(1, _PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass  # it is ending
        return False


def _plain(sock: Any) -> Any:
    """The system's socket: gevent's `shutdown` would raise in the greenlet that waits for it, and
    TLS's `recv` would decrypt.
    """
    return getattr(sock, "_sock", sock)


class Visits:
    """The visits of strangers that are under way in this process, the oldest first.

    `tell` is called with what has become of one too many: `cut` or `refused`.
    """

    def __init__(self) -> None:
        self.tell: Callable[[str], None] = lambda end: None
        self._all: dict[Visit, None] = {}
        self._by_network: defaultdict[str, dict[Visit, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._all)

    def arrive(self, network: str, sock: Any) -> Visit | None:
        """A new visit from there; None where there is no room for it."""
        mine = self._by_network.get(network, {})
        for visits, most in ((mine, PER_NETWORK), (self._all, ALTOGETHER)):
            if len(visits) >= most and not self._make_room(visits):
                self.tell("refused")
                return None
        visit = Visit(self, network, sock)
        self._all[visit] = self._by_network[network][visit] = None
        return visit

    def forget(self, visit: Visit) -> None:
        """Count it no more. May be repeated."""
        self._all.pop(visit, None)
        mine = self._by_network.get(visit.network, {})
        mine.pop(visit, None)
        if not mine:
            self._by_network.pop(visit.network, None)

    def _make_room(self, visits: dict[Visit, None]) -> bool:
        oldest = next((visit for visit in visits if visit.owes()), None)
        if oldest is None:
            return False
        oldest.cut()
        self.tell("cut")
        return True
