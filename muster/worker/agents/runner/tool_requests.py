"""What an agent asks by its tools while it runs, and what comes back."""

from __future__ import annotations

from muster.worker.agents.runner.channel import Refused
from muster.worker.agents.runner.questions import Questions
from muster.worker.agents.runner.tool_socket import Callers

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from muster.worker.agents.runner.channel import Channel
    from muster.worker.agents.runner.entries import Told


class Inquiries:
    """For the narrator's loop, which must call `handles` each time before it waits."""

    def __init__(self, channel: Channel, tell: Callable[[Iterable[Told]], None]) -> None:
        self._channel = channel
        self.questions = Questions(channel, tell)
        self._callers = Callers(self.questions, tell, self._reply)
        if channel.is_open:
            self._callers.open()

    def handles(self) -> list[int]:
        """What there may be to read from."""
        while self.questions.is_due:
            self.questions.settle()
        channel = [self._channel.fileno()] if self._channel.is_open else []
        return [*channel, *self._callers.handles()]

    def serve(self, ready: Iterable[int]) -> None:
        """Takes what there is to read."""
        if self._channel.is_open and self._channel.fileno() in ready:
            self._channel.receive()
        self._callers.serve(ready)

    def _reply(self, thread: int, text: str) -> str | None:
        """Why the shim does not take it; None where it has. The entry is the shim's own."""
        try:
            self._channel.require("reply", {"thread": thread, "text": text})
        except Refused as why:
            return str(why)
        return None

    def close(self) -> None:
        self._callers.close()
