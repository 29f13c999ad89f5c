"""What a line tells to whoever has it."""

from typing import Protocol

from muster.protocol import terminal as wire


class Hearer(Protocol):
    """Is called as things come; in between, the line asks for nothing."""

    def began(self, ready: wire.ViewerReady) -> None:
        """Another attempt's terminal, or the first, or the same from its screen on."""

    def came(self, data: bytes) -> None: ...

    def drew(self, screen: wire.Screen) -> None: ...

    def sized(self) -> None:
        """Its terminal may have another size now, or one may do something else with it."""

    def back(self) -> None:
        """After `away`: bytes go on where they were."""

    def away(self, why: str) -> None:
        """The line is cut, or a try to come back has failed."""

    def heard(self, frame: wire.Takeover | wire.Refused | wire.Exit) -> None: ...
