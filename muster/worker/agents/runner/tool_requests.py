"""What an agent asks by its tools while it runs, and what comes back."""

from __future__ import annotations

from muster.worker.agents.runner.channel import RequestRefused
from muster.worker.agents.runner.questions import QuestionQueue
from muster.worker.agents.runner.tool_socket import ToolSocket

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from muster.worker.agents.runner.channel import Channel
    from muster.worker.agents.runner.entries import Update


class ToolRequests:
    """For the narrator's loop, which must call `handles` each time before it waits."""

    def __init__(self, channel: Channel, tell: Callable[[Iterable[Update]], None]) -> None:
        self._channel = channel
        self.questions = QuestionQueue(channel, tell)
        self._socket = ToolSocket(self.questions, tell, self._reply)
        if channel.is_open:
            self._socket.open()

    def file_descriptors(self) -> list[int]:
        """What there may be to read from."""
        while self.questions.has_answers:
            self.questions.process_answers()
        channel = [self._channel.fileno()] if self._channel.is_open else []
        return [*channel, *self._socket.file_descriptors()]

    def serve(self, ready: Iterable[int]) -> None:
        """Takes what there is to read."""
        if self._channel.is_open and self._channel.fileno() in ready:
            self._channel.receive()
        self._socket.serve(ready)

    def _reply(self, thread: int, text: str) -> str | None:
        """Why the shim does not take it; None where it has. The entry is the shim's own."""
        try:
            self._channel.request("reply", {"thread": thread, "text": text})
        except RequestRefused as why:
            return str(why)
        return None

    def close(self) -> None:
        self._socket.close()
