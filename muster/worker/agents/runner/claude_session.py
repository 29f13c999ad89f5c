"""A stage's conversation with claude: one process, whose input gets JSON, one object per line (as
of 2.1, `--input-format stream-json --replay-user-messages`).

A message is a user frame with our ID. claude repeats the frame when the model gets it, which is the
receipt: in the middle of a turn with its next request, else at the start of a turn of its own. To
interrupt is a control request; the turn then ends with an error that is none. The stage ends when
the turn has ended and no message waits.
"""

from __future__ import annotations

import os
from time import monotonic

from muster.worker.agents.runner.claude_permissions import ClaudePermissions
from muster.worker.agents.runner.entries import encode_json
from muster.worker.agents.runner.formats.claude import Claude
from muster.worker.agents.runner.steering import STOP_SECONDS, Steering, message_text

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.agent_process import AgentProcess
    from muster.worker.agents.runner.entries import Update
    from muster.worker.agents.runner.mailbox import Mailbox, Message
    from muster.worker.agents.runner.questions import QuestionQueue

START_SECONDS = 60.0
"""Seconds in which a further turn must have started; else the messages for it are given up."""

_EXIT_SECONDS = 10.0  # seconds to exit once its input is closed: it stores its session
_INTERRUPTED = "error_during_execution"
_IDLE, _STARTING, _RUNNING = "idle", "starting", "running"  # turns


class ClaudeSession:
    """`asked` is {text}: the prompt."""

    def __init__(self, asked: dict[str, Any], questions: QuestionQueue, mailbox: Mailbox) -> None:
        self.outgoing: list[bytes] = []
        self.status: int | None = None
        self.wakes_at: float | None = None
        self._format = Claude()
        self._permissions = ClaudePermissions(questions, self._send_frame, self._format.mark_denied)
        self._steering = Steering(mailbox, questions, self._advance)
        self._turn = _IDLE
        self._has_finished_turn = False
        self._unread: dict[str, Message | None] = {}  # handed over, by frame; None: ours
        self._request_id: str | None = None  # of the interrupt that isn't answered yet
        self._is_stopping = False  # the running turn
        self._has_interrupted = False  # the turn may end because of us
        self._request_count = 0
        self._send_text(asked["text"], None)

    # ---- format

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        match event.get("type"):
            case "control_request":
                self._permissions.handle_request(event)
                return []
            case "control_cancel_request":
                self._permissions.cancel(event)
                return []
            case "control_response":
                self._on_control_response(event["response"])
                return []
            case "user" if event.get("isReplay"):
                return self._on_replay(event)
            case "result":
                return self._on_result(event)
            case "assistant" | "user" | "stream_event":
                self._on_turn_running()
            case "system" if event.get("subtype") == "init":  # the model is still to respond
                self._on_turn_running()
        return self._format.feed(event)

    def feed_text_line(self, line: str) -> list[Update]:
        return self._format.feed_text_line(line)

    def finish(self) -> list[Update]:
        return self._format.finish()

    def send_pending(self, agent: AgentProcess) -> None:
        """Send the pending frames, and do what is due."""
        if self.wakes_at is not None and monotonic() >= self.wakes_at:
            self.wakes_at = None
            self._on_deadline()
        if agent.is_interrupted:  # someone typed it
            agent.is_interrupted = False
            agent.schedule_end(0.0)
        agent.write(b"".join(self.outgoing))
        self.outgoing.clear()
        if self.status is not None:
            agent.end_input(_EXIT_SECONDS)

    # ---- turns

    def _on_turn_running(self) -> None:
        if self._turn == _STARTING:
            self._turn, self.wakes_at = _RUNNING, None
            self._advance()

    def _on_replay(self, event: dict[str, Any]) -> list[Update]:
        """The model gets the frame, or a resumed session repeats its history."""
        if event.get("uuid") not in self._unread:
            return []
        message = self._unread.pop(event["uuid"])
        self._on_turn_running()
        if message is None:
            return []
        self._steering.confirm_receipt(message)
        return message.to_updates()

    def _on_result(self, event: dict[str, Any]) -> list[Update] | None:
        is_interrupted = self._has_interrupted and event.get("subtype") == _INTERRUPTED
        if is_interrupted:
            event = {**event, "is_error": False, "result": "", "errors": []}
        new_updates = self._format.feed(event)
        if self._request_id is None:  # else the next turn may be the one that it stops
            self._has_interrupted, self.wakes_at = False, None
        self._turn, self._is_stopping = _IDLE, False
        self._steering.mark_stopped()
        # Our own texts start turns, so the model has got them.
        self._unread = {key: each for key, each in self._unread.items() if each is not None}
        self._has_finished_turn = True
        if event["is_error"]:
            self.status = 1
        elif self.status is not None:
            self.status = 0  # it has read a last message after its failure
        else:
            if self._unread:
                self._start_turn()
            self._advance()
        return new_updates

    def _start_turn(self) -> None:
        self._turn = _STARTING
        if self._has_finished_turn:  # the first one starts with the program
            self.wakes_at = monotonic() + START_SECONDS

    def _advance(self) -> None:
        """Do what is possible now: stop the step, ask, hand messages over, or end."""
        if self._steering.is_asking or self.status is not None:
            return
        if self._is_stopping or self._request_id is not None:
            return
        if self._turn == _RUNNING and self._steering.has_to_stop:
            self._send_interrupt()
        elif self._turn == _IDLE and self._steering.has_pauses:
            self._steering.ask_instead()
        elif self._turn == _IDLE or not self._steering.has_to_stop:
            self._hand_over()
            if self._turn == _IDLE and self._steering.can_end():
                self.status = 0

    def _hand_over(self) -> None:
        for text in self._steering.take_instruction():
            self._send_text(text, None)
        for message in self._steering.take_messages():
            # It starts with our words: text that starts with a slash would be a command to
            # claude's program.
            self._send_text(message_text(message), message)

    def _send_text(self, text: str, message: Message | None) -> None:
        frame_id = _random_id()
        self._unread[frame_id] = message
        content = [{"type": "text", "text": text}]
        self._send_frame(
            type="user",
            message={"role": "user", "content": content},
            uuid=frame_id,
            parent_tool_use_id=None,
            session_id="",
        )
        if self._turn == _IDLE:
            self._start_turn()

    # ---- interrupts

    def _send_interrupt(self) -> None:
        self._request_count += 1
        self._request_id = f"interrupt-{self._request_count}"
        self._is_stopping = self._has_interrupted = True
        self.wakes_at = monotonic() + STOP_SECONDS
        self._send_frame(
            type="control_request",
            request_id=self._request_id,
            request={"subtype": "interrupt"},
        )

    def _on_control_response(self, response: dict[str, Any]) -> None:
        if response.get("request_id") != self._request_id:
            return
        self._request_id = None
        if self._turn == _IDLE:  # it had already ended by itself
            self._has_interrupted, self.wakes_at = False, None
        self._advance()

    def _on_deadline(self) -> None:
        if self._turn == _STARTING and self._request_id is None:
            self.status = 0
            return
        self._request_id, self._is_stopping = None, False
        self._steering.give_up_stopping()
        self._advance()

    def _send_frame(self, **frame: Any) -> None:
        """The serializer escapes line ends: no text can start a frame of its own."""
        self.outgoing.append(encode_json(frame) + b"\n")


def _random_id() -> str:
    """A random UUID, version 4; the module `uuid` takes long to import."""
    digits = os.urandom(16).hex()
    fields = digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:]
    return "-".join(fields)
