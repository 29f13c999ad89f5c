"""Tunnel orders, minus those already sent on this connection. Pure."""

from collections.abc import Iterable

from app.services.tunnels.orders import WantedTunnel
from muster.protocol import frames


class TunnelOrders:
    """One connection's orders. A machine answers a repeated order with what it has already
    reported.
    """

    def __init__(self) -> None:
        self._sent: set[tuple[int, int, int, bool]] = set()

    def pop_due(self, wanted: Iterable[WantedTunnel]) -> list[frames.Tunnel]:
        """Return what to send now, and count it as sent."""
        listed = {(one.task_id, one.attempt, one.number, one.is_open): one for one in wanted}
        new = [tunnel_frame(one) for key, one in listed.items() if key not in self._sent]
        self._sent = set(listed)
        return new


def tunnel_frame(wanted: WantedTunnel) -> frames.Tunnel:
    return frames.Tunnel(
        task_id=wanted.task_id,
        attempt=wanted.attempt,
        number=wanted.number,
        desired_state="open" if wanted.is_open else "closed",
        ttl=wanted.seconds if wanted.is_open else 0.0,
        opened_by=frames.Author(*wanted.opened_by),
    )
