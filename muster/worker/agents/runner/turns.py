"""The turns of a session: the stage's prompt, then what people want.

The agent reads nothing during a turn: messages wait for its end, or stop it. It confirms no
message, but that a prompt has started to have an effect shows that it has read it.
"""

from __future__ import annotations

from time import monotonic

from muster.worker.agents.runner.steering import STOP_SECONDS, Steering, message_text

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable

    from muster.worker.agents.runner.entries import Update
    from muster.worker.agents.runner.mailbox import Mailbox, Message
    from muster.worker.agents.runner.questions import QuestionQueue

RESTART_PREFIX = (
    "You were stopped in the middle of the following task and can continue now. Your work so far "
    "is still there: continue from where you were, and don't start over.\n\n"
)


class Turns:
    """`prompt` starts a turn with texts, of people's messages up to `max_bytes` if there's a limit;
    `cancel` stops the running one, and `end` ends the session well: nothing more comes.
    """

    def __init__(
        self,
        mailbox: Mailbox | None,
        questions: QuestionQueue | None,
        *,
        prompt: Callable[[list[str]], None],
        cancel: Callable[[], None],
        end: Callable[[], object],
        max_bytes: int | None = None,
    ) -> None:
        self._steering = Steering(mailbox, questions, self._advance)
        self._prompt, self._cancel, self._end = prompt, cancel, end
        self._max_bytes = max_bytes
        self._is_running = self._is_stopping = self._has_started = False
        self._has_to_advance = False
        self._unread: list[Message] = []  # in the last prompt
        self._texts: list[str] = []  # of the last prompt
        self._task = ""
        self._is_after_stop = False  # the last turn before this one was interrupted
        self._notes: list[str] = []  # for the next prompt
        self.has_interrupted = False
        """Whether the running turn may end because of people."""
        self.wakes_at: float | None = None
        """When `process_due` has something to do."""

    def start(self, text: str) -> None:
        """Start the first turn of the session, or of another one after `prepare_restart`."""
        if self._has_started:
            self._start_turn([RESTART_PREFIX + self._task, *self._texts])
            return
        self._has_started, self._task = True, text
        self._start_turn([text])

    def prepare_restart(self) -> bool:
        """Whether to start the last prompt again in another session, once: after an interrupt, the
        agent has refused it. gemini (as of 0.61) leaves a call without a response in its history,
        which its server then rejects. The other session knows nothing of this one's messages.
        """
        is_after_stop, self._is_after_stop = self._is_after_stop, False
        return is_after_stop

    def add_note(self, text: str) -> None:
        """Send the agent a text of ours, with the next prompt."""
        self._notes.append(text)

    def confirm_messages(self) -> list[Update]:
        """The last prompt has an effect: its messages are read."""
        messages, self._unread = self._unread, []
        for message in messages:
            self._steering.confirm_receipt(message)
        return [update for message in messages for update in message.to_updates()]

    def finish_turn(self) -> None:
        """The turn has ended, and not failed."""
        self._is_after_stop = self.has_interrupted
        self._is_running = self._is_stopping = self.has_interrupted = False
        self.wakes_at, self._has_to_advance = None, True

    def process_due(self) -> None:
        """Do what is due, after what was reported until now."""
        if self.wakes_at is not None and monotonic() >= self.wakes_at:
            # The turn continues although it had to stop.
            self._is_stopping, self.wakes_at, self._has_to_advance = False, None, True
            self._steering.give_up_stopping()
        if self._has_to_advance:
            self._has_to_advance = False
            self._advance()

    def _start_turn(self, texts: list[str]) -> None:
        self._is_running, self._texts = True, texts
        self._prompt(texts)

    def _advance(self) -> None:
        """Do what is possible now: stop the turn, ask, hand messages over, or end."""
        if self._steering.is_asking or not self._has_started:
            return
        if self._is_running:
            if self._steering.has_to_stop and not self._is_stopping:
                self._stop_turn()
        elif self._steering.has_pauses:
            self._steering.ask_instead()
        else:
            self._start_next_turn()

    def _stop_turn(self) -> None:
        self._is_stopping = self.has_interrupted = True
        self.wakes_at = monotonic() + STOP_SECONDS
        self._cancel()

    def _start_next_turn(self) -> None:
        texts = [*self._steering.take_instruction(), *self._notes]
        self._notes = []
        taken = sum(len(text.encode()) for text in texts)
        left = None if self._max_bytes is None else self._max_bytes - taken
        self._unread = self._steering.take_messages(left)
        texts += map(message_text, self._unread)
        if texts:
            self._start_turn(texts)
        elif self._steering.can_end():
            self._end()
