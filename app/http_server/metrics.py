"""What has become of strangers' connections, for `/metrics`. To be imported after a fork."""

from prometheus_client import Counter

REJECTED_CONNECTIONS = Counter(
    "muster_connections_turned_away",
    "Connections and requests of strangers that were not let in, or were cut off for others.",
    labelnames=("end",),
)


def count_rejection(end: str) -> None:
    """Count one: `refused` (no room), `cut` (it has kept us waiting) or `no_proxy`."""
    REJECTED_CONNECTIONS.labels(end).inc()
