"""What has become of strangers' connections, for `/metrics`. To be imported after a fork."""

from prometheus_client import Counter

REJECTED_CONNECTIONS = Counter(
    "muster_connections_rejected",
    "Connections and requests of strangers that were not let in, or were cut off for others.",
    labelnames=("reason",),
)


def count_rejection(reason: str) -> None:
    """Count one: `limit` (no room), `evicted` (it has kept us waiting) or `no_proxy`."""
    REJECTED_CONNECTIONS.labels(reason).inc()
