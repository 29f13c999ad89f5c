"""What a line tells to whoever has it."""

from typing import Protocol

from muster.protocol import terminal as wire


class Listener(Protocol):
    """Is called as things come; in between, the line asks for nothing."""

    def on_ready(self, ready: wire.ViewerReady) -> None:
        """Another attempt's terminal, or the first, or the same from its screen on."""

    def on_output(self, data: bytes) -> None: ...

    def on_screen(self, screen: wire.Screen) -> None: ...

    def on_resized(self) -> None:
        """Its terminal may have another size now, or one may do something else with it."""

    def on_reconnected(self) -> None:
        """After `away`: bytes go on where they were."""

    def on_disconnected(self, why: str) -> None:
        """The line is cut, or a try to come back has failed."""

    def on_frame(self, frame: wire.Takeover | wire.Refused | wire.Exit) -> None: ...
