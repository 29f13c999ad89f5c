"""Open a WebSocket at its address without redirects, because the first message has a token."""

from typing import Any

from websockets.sync.client import reconnect


def connect(url: str, **options: Any) -> Any:
    """Like websockets' `connect`, but a redirect fails: InvalidStatus."""
    return _WithoutRedirects(url, **options).connect()


class _WithoutRedirects(reconnect):
    def process_redirect(self, exc: Exception) -> Exception:
        return exc
