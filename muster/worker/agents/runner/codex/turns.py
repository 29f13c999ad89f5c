"""The turns of a thread: the stage's prompt, then what people want.

People's messages are steered into the running turn, or start the next one. They carry our ID: codex
repeats it in an item when it puts the message into the model's next request. That is the receipt.
When a turn has ended, codex has dropped the messages for it that it hasn't read: the next turn gets
them. An interrupted command would continue without the turn: we end it.
"""

from __future__ import annotations

from time import monotonic

from muster.worker.agents.runner.formats.fields import optional_string, require_string
from muster.worker.agents.runner.steering import STOP_SECONDS, Steering, message_text

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.codex.output import ThreadOutput
    from muster.worker.agents.runner.entries import Update
    from muster.worker.agents.runner.jsonrpc import Requests, ResponseHandler
    from muster.worker.agents.runner.mailbox import Mailbox, Message
    from muster.worker.agents.runner.questions import QuestionQueue

_IDLE, _STARTING, _RUNNING, _STOPPING = "idle", "starting", "running", "stopping"
_ENDED = "ended"  # and no further turn follows


class Turns:
    """`end` gets the exit status when nothing more comes."""

    def __init__(
        self,
        rpc: Requests,
        output: ThreadOutput,
        mailbox: Mailbox | None,
        questions: QuestionQueue | None,
        end: Callable[[int], None],
    ) -> None:
        self._rpc, self._output, self._end = rpc, output, end
        self._steering = Steering(mailbox, questions, self.advance)
        self._state = _STARTING
        self._turn_id = ""
        self._on_accepted: ResponseHandler = _ignore_response
        self._unread: dict[str, list[Message]] = {}  # of this turn, by their ID for codex
        self._next: list[Message] = []  # handed over, but for the next turn
        self._notes: list[str] = []  # of ours, for the agent
        self._has_interrupted = False  # the turn may end because of us
        self._has_to_advance = False
        self.is_cancelled = False
        """Whether the session ends with the turn: it was interrupted from the terminal."""
        self.wakes_at: float | None = None
        """When `process_due` has something to do."""

    def start(self, text: str, on_accepted: ResponseHandler) -> None:
        """Start the first turn. The handler gets the responses to all requests for turns."""
        self._on_accepted = on_accepted
        self._start_turn([text], [])

    def add_note(self, text: str) -> None:
        """Send the agent a text of ours."""
        self._notes.append(text)
        self.advance()

    def on_started(self, turn: dict[str, Any]) -> None:
        self._turn_id, self._state = require_string(turn["id"]), _RUNNING
        if self.is_cancelled:
            self._stop_turn()
        self.advance()

    def confirm_messages(self, item: dict[str, Any]) -> list[Update]:
        """The model's next request has the messages of this item."""
        messages = self._unread.pop(optional_string(item.get("clientId")), [])
        for message in messages:
            self._steering.confirm_receipt(message)
        return [update for message in messages for update in message.to_updates()]

    def on_completed(self, turn: dict[str, Any]) -> str | None:
        """Return how it ended: cancelled, failed, interrupted (by codex itself), or well; None for
        another turn."""
        status = require_string(turn["status"])
        if self._turn_id != turn["id"]:
            return None
        if status == "interrupted":
            self._terminate_commands()
        is_ours, self._has_interrupted = self._has_interrupted, False
        self.wakes_at = None
        self._next += [message for messages in self._unread.values() for message in messages]
        self._unread.clear()
        outcome = self._outcome(status, is_ours=is_ours)
        self._has_to_advance = outcome == "well"
        self._state = _IDLE if outcome == "well" else _ENDED
        return outcome

    def _outcome(self, status: str, *, is_ours: bool) -> str:
        if self.is_cancelled:
            return "cancelled"
        if status == "interrupted":
            return "well" if is_ours else "interrupted"
        return "failed" if status == "failed" else "well"

    def cancel(self) -> None:
        self.is_cancelled = True
        if self._state == _RUNNING:
            self._stop_turn()

    def process_due(self) -> None:
        """Do what is due, after what was reported until now."""
        if self.wakes_at is not None and monotonic() >= self.wakes_at:
            # The turn continues although it had to stop.
            self._state, self.wakes_at, self._has_to_advance = _RUNNING, None, True
            self._steering.give_up_stopping()
        if self._has_to_advance:
            self._has_to_advance = False
            self.advance()

    def advance(self) -> None:
        """Do what is possible now: stop the step, ask, hand messages over, or end."""
        if self._steering.is_asking or self.is_cancelled:
            return
        if self._state == _RUNNING and self._steering.has_to_stop:
            self._stop_turn()
        elif self._state == _RUNNING:
            messages, notes = self._pop_messages(), self._pop_notes()
            if messages or notes:
                self._send_input("turn/steer", notes, messages, expectedTurnId=self._turn_id)
        elif self._state == _IDLE and self._steering.has_pauses:
            self._steering.ask_instead()
        elif self._state == _IDLE:
            self._start_next_turn()

    def _start_next_turn(self) -> None:
        texts = [*self._steering.take_instruction(), *self._pop_notes()]
        messages = self._pop_messages()
        if texts or messages:
            self._start_turn(texts, messages)
        elif self._steering.can_end():
            self._end(0)

    def _pop_messages(self) -> list[Message]:
        messages, self._next = [*self._next, *self._steering.take_messages()], []
        return messages

    def _pop_notes(self) -> list[str]:
        notes, self._notes = self._notes, []
        return notes

    def _start_turn(self, texts: list[str], messages: list[Message]) -> None:
        self._state = _STARTING
        self._send_input("turn/start", texts, messages)

    def _send_input(
        self, method: str, texts: list[str], messages: list[Message], **more: Any
    ) -> None:
        if messages:
            input_id = "-".join(["muster", *(str(message.number) for message in messages)])
            self._unread[input_id] = messages
            more["clientUserMessageId"] = input_id
        texts = [*texts, *map(message_text, messages)]
        content = [{"type": "text", "text": text, "text_elements": []} for text in texts]
        # A turn that has just ended rejects what is steered into it: its end decides what follows.
        then = self._on_accepted if method == "turn/start" else _ignore_response
        self._rpc.send(method, then, threadId=self._output.thread_id, input=content, **more)

    def _stop_turn(self) -> None:
        self._state, self._has_interrupted = _STOPPING, True
        self.wakes_at = monotonic() + STOP_SECONDS
        ids = {"threadId": self._output.thread_id, "turnId": self._turn_id}
        self._rpc.send("turn/interrupt", _ignore_response, **ids)

    def _terminate_commands(self) -> None:
        """One that people have allowed has started after its item, which names no process: codex
        lists it.
        """
        running = self._output.running_commands()
        for process in filter(None, running.values()):
            self._terminate(process)
        unnamed = {item for item, process in running.items() if not process}

        def terminate_unnamed(event: dict[str, Any]) -> list[Update]:
            for each in (event.get("result") or {}).get("data") or []:
                if each["itemId"] in unnamed:
                    self._terminate(require_string(each["processId"]))
            return []

        if unnamed:
            thread = self._output.thread_id
            self._rpc.send("thread/backgroundTerminals/list", terminate_unnamed, threadId=thread)

    def _terminate(self, process: str) -> None:
        ids = {"threadId": self._output.thread_id, "processId": process}
        self._rpc.send("thread/backgroundTerminals/terminate", _ignore_response, **ids)


def _ignore_response(_: dict[str, Any]) -> list[Update]:
    """For requests that an agent may refuse, for example because it has been faster."""
    return []
