"""A stage's conversation with an agent that reads no input: each prompt is a process of its own,
which resumes the session of the one before.

A message starts the next process when the last one has ended; `now` stops that first, with all that
it has started. What a process reports shows that it has read its prompt.
"""

from __future__ import annotations

from muster.worker.agents.runner.formats import create_format
from muster.worker.agents.runner.turns import RESTART_PREFIX, Turns

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.agent_process import AgentProcess
    from muster.worker.agents.runner.entries import Update
    from muster.worker.agents.runner.mailbox import Mailbox
    from muster.worker.agents.runner.questions import QuestionQueue

TEXT, SESSION = "\0text", "\0session"
"""Stand for the prompt and the session's ID in words of a command line, which have no NUL."""

MAX_MESSAGE_BYTES = 96 << 10
"""Bytes of people's messages in one prompt: Linux has a limit of 128 KiB for an argument."""


class ResumedRuns:
    """`asked` is {format, text, session, first, further}: the format of the agent's output, the
    stage's prompt, the session to resume or null; the command line of the first process, and of one
    that resumes a session.
    """

    def __init__(self, asked: dict[str, Any], questions: QuestionQueue, mailbox: Mailbox) -> None:
        self.outgoing: list[bytes] = []
        self.status: int | None = None
        self._first: list[str] = asked["first"]
        self._further: list[str] = asked["further"]
        self._task: str = asked["text"]
        self._session: str | None = asked["session"]
        self._format = create_format(asked["format"])
        self._next: list[str] | None = None
        self._is_running = self._has_to_stop = self._has_failed = False
        self._has_read_task = self._has_started = False
        self._turns = Turns(
            mailbox,
            questions,
            prompt=self._set_next,
            cancel=self._request_stop,
            end=lambda: self._set_status(0),
            max_bytes=MAX_MESSAGE_BYTES,
        )
        self._turns.start(self._task)

    # ---- format

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        new_updates = self._format.feed(event)
        if new_updates is None:
            return None
        facts = [update.facts for update in new_updates if update.facts]
        self._session = next(
            (each["session"] for each in facts if "session" in each), self._session
        )
        if any(each.get("failure") for each in facts):
            return new_updates
        self._has_read_task = True
        return [*self._turns.confirm_messages(), *new_updates]

    def feed_text_line(self, line: str) -> list[Update]:
        return self._format.feed_text_line(line)

    def finish(self) -> list[Update]:
        return self._format.finish()

    # ---- processes

    @property
    def wakes_at(self) -> float | None:
        return self._turns.wakes_at

    def send_pending(self, agent: AgentProcess) -> None:
        """Stop the running process, or start the next one, if that is due."""
        if self._is_running and agent.is_read:
            self._on_end(agent)
        self._turns.process_due()
        if self._next is not None:
            command, self._next = self._next, None
            self._is_running = True
            agent.start(command)
        if self._has_to_stop:
            self._has_to_stop = False
            agent.stop_step()
        agent.is_followed = self.status is None and not self._has_failed
        if self.status is not None:
            agent.end_input()

    def _on_end(self, agent: AgentProcess) -> None:
        """One that we haven't stopped, and that has failed, ends the stage like itself."""
        self._is_running = self._has_to_stop = False
        is_well = agent.exit_code == 0 or self._turns.has_interrupted
        if is_well and agent.exit_status is None and not agent.is_terminated:
            self._turns.finish_turn()
        else:
            self._has_failed = True

    def _set_next(self, texts: list[str]) -> None:
        if self._has_started and not self._has_read_task:
            texts = [RESTART_PREFIX + self._task, *texts]
        self._has_started = True
        text = "\n\n".join(texts).replace("\0", "")
        command = self._first if self._session is None else self._further
        words = (word.replace(SESSION, self._session or "") for word in command)
        self._next = [word.replace(TEXT, text) for word in words]

    def _request_stop(self) -> None:
        self._has_to_stop = True

    def _set_status(self, status: int) -> None:
        self.status = status
