"""What has become of strangers' connections, for `/metrics`. To be imported after a fork."""

from prometheus_client import Counter

TURNED_AWAY = Counter(
    "muster_connections_turned_away",
    "Connections and requests of strangers that were not let in, or were cut off for others.",
    labelnames=("end",),
)


def tell(end: str) -> None:
    """Count one: `refused` (no room), `cut` (it has kept us waiting) or `no_proxy`."""
    TURNED_AWAY.labels(end).inc()
