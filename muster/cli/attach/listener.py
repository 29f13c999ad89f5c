"""The callbacks of a connection."""

from typing import Protocol

from muster.protocol import terminal as wire


class Listener(Protocol):
    """Receives a connection's events as they arrive."""

    def on_ready(self, ready: wire.ViewerReady) -> None:
        """A terminal is ready: the first, another attempt's, or the same with a new screen."""

    def on_output(self, data: bytes) -> None: ...

    def on_screen(self, screen: wire.Screen) -> None: ...

    def on_resized(self) -> None:
        """The terminal's size or the mode may have changed."""

    def on_reconnected(self) -> None:
        """After `on_disconnected`: output continues where it stopped."""

    def on_disconnected(self, why: str) -> None:
        """The connection was lost, or a try to reconnect failed."""

    def on_frame(self, frame: wire.Takeover | wire.Refused | wire.Exit) -> None: ...
