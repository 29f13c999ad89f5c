"""What the runner expects of an agent whose input we write.

A conversation is a format (`formats`), too: `feed` takes the agent's messages. Whatever goes to the
agent's input is in `outgoing`, built by a JSON serializer; `send_pending` sends it, after each
event. `wakes_at` is when `send_pending` has something to do anyway, in monotonic seconds. `status`
is the exit status of the stage's process instead of the agent's, once it is known. One whose agent
reads no input starts its processes itself (`resumed_runs`).

One that takes people's messages sets itself as `Mailbox.recipient`, and ends the stage only if its
turn has ended and `Mailbox.has_waiting` is false.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Protocol

    from muster.worker.agents.runner.agent_process import AgentProcess
    from muster.worker.agents.runner.formats import Format
    from muster.worker.agents.runner.mailbox import Mailbox
    from muster.worker.agents.runner.questions import QuestionQueue

    class Conversation(Format, Protocol):
        status: int | None

        @property
        def outgoing(self) -> list[bytes]: ...
        @property
        def wakes_at(self) -> float | None: ...
        def send_pending(self, agent: AgentProcess) -> None: ...


NAMES = ("acp", "claude-conversation", "codex-conversation", "resumed-runs")
"""Runner formats whose command starts with a request to the agent, as JSON."""


def create_conversation(
    name: str, request: str, mailbox: Mailbox, questions: QuestionQueue
) -> Conversation:
    """Create the conversation of that name. Raises ValueError for an unknown one, and for an
    invalid request.
    """
    asked = json.loads(request)
    match name:  # each start imports only its own
        case "acp":
            from muster.worker.agents.runner.acp.session import AcpSession

            return AcpSession(asked, questions, mailbox)
        case "claude-conversation":
            from muster.worker.agents.runner.claude_session import ClaudeSession

            return ClaudeSession(asked, questions, mailbox)
        case "codex-conversation":
            from muster.worker.agents.runner.codex.session import CodexSession

            return CodexSession(asked, questions, mailbox)
        case "resumed-runs":
            from muster.worker.agents.runner.resumed_runs import ResumedRuns

            return ResumedRuns(asked, questions, mailbox)
    raise ValueError(f"no conversation {name!r}; use {', '.join(NAMES)}")
