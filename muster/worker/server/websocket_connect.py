"""Opening a WebSocket at its address, and nowhere else: what is said there first is a token."""

from typing import Any

from websockets.sync.client import reconnect


def connect(url: str, **options: Any) -> Any:
    """As websockets' `connect`, but a redirect is a refusal: InvalidStatus."""
    return _WithoutRedirects(url, **options).connect()


class _WithoutRedirects(reconnect):
    def process_redirect(self, exc: Exception) -> Exception:
        return exc
