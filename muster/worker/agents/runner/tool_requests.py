"""The agent's requests through its tools during a run, their answers, and people's messages."""

from __future__ import annotations

from muster.worker.agents.runner.channel import RequestRefused
from muster.worker.agents.runner.mailbox import Mailbox
from muster.worker.agents.runner.questions import QuestionQueue
from muster.worker.agents.runner.tool_socket import ToolSocket

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from muster.worker.agents.runner.channel import Channel
    from muster.worker.agents.runner.entries import Update


class ToolRequests:
    """For the runner's loop, which must call `file_descriptors` before each wait."""

    def __init__(self, channel: Channel, tell: Callable[[Iterable[Update]], None]) -> None:
        self._channel = channel
        self.questions = QuestionQueue(channel, tell)
        self.mailbox = Mailbox(channel)
        self._socket = ToolSocket(self.questions, tell, self._reply)
        if channel.is_open:
            self._socket.open()

    def file_descriptors(self) -> list[int]:
        """Return the descriptors to read from."""
        while self.questions.has_answers or self.mailbox.has_mail:
            self.mailbox.process()
            self.questions.process_answers()
        channel = [self._channel.fileno()] if self._channel.is_open else []
        return [*channel, *self._socket.file_descriptors()]

    def serve(self, ready: Iterable[int]) -> None:
        """Handle all available input."""
        if self._channel.is_open and self._channel.fileno() in ready:
            self._channel.receive()
        self._socket.serve(ready)

    def _reply(self, thread: int, text: str) -> str | None:
        """Return why the shim rejects it; None if it doesn't. The shim creates the entry."""
        try:
            self._channel.request("reply", {"thread": thread, "text": text})
        except RequestRefused as why:
            return str(why)
        return None

    def close(self) -> None:
        self._socket.close()
