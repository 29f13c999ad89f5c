"""Counters of rejected anonymous connections, for `/metrics`. Import it after a fork."""

from prometheus_client import Counter

REJECTED_CONNECTIONS = Counter(
    "muster_connections_rejected",
    "Anonymous connections and requests that were rejected, or closed to admit others.",
    labelnames=("reason",),
)


def count_rejection(reason: str) -> None:
    """Count one: `limit` (too many), `evicted` (idle for too long) or `no_proxy`."""
    REJECTED_CONNECTIONS.labels(reason).inc()
