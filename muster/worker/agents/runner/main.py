"""Runs an agent, shows readably what it does, and tells the shim of it.

`main(["FORMAT", "OPENING", "--", "COMMAND", …])` ends as the command ended: with its status, or by
its signal; where it was ended because it would wait for a limit, with LIMITED; and with 1 instead
of 0 where one that is plain has failed, which its status would not say. The opening, which may be
left out, is the title of what is told first. Of the format ACP the first of the command's words is
what is asked of the agent (`Conversation`), as JSON.
"""

from __future__ import annotations

import json
from time import monotonic, time

from muster.worker.agents.runner import formats, updates, usage_file
from muster.worker.agents.runner.agent_process import ERRORS, OUTPUT, Agent
from muster.worker.agents.runner.channel import Channel
from muster.worker.agents.runner.limits import Limits
from muster.worker.agents.runner.output_parser import Aside, Narration
from muster.worker.agents.runner.screen import Screen
from muster.worker.agents.runner.tool_requests import Inquiries

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from muster.worker.agents.runner.acp.session import Conversation
    from muster.worker.agents.runner.entries import Told
    from muster.worker.agents.runner.formats import Format
    from muster.worker.agents.runner.usage_file import Ledger

ACP = "acp"


def main(argv: list[str]) -> NoReturn:
    name, *opening = argv[: argv.index("--")]
    command = argv[argv.index("--") + 1 :]
    channel = Channel.inherited()
    teller = Teller(Screen(1), channel, usage_file.of_name(name))
    inquiries = Inquiries(channel, teller.tell)
    teller.tell(map(updates.followed_up, opening))
    if name == ACP:
        from muster.worker.agents.runner.acp.session import Conversation

        conversation = Conversation(json.loads(command.pop(0)), inquiries.questions)
        agent = Agent(command, spoken_to=True)
        _listen(agent, conversation, teller, inquiries, conversation)
        status = conversation.status
    else:
        agent, is_plain = Agent(command), name in formats.PLAIN
        _listen(agent, formats.of_name(name), teller, inquiries, is_plain=is_plain)
        status = int(is_plain and teller.has_failed)
    inquiries.close()
    channel.close()
    agent.end_alike(well=status)


def _listen(
    agent: Agent,
    spoken: Format,
    teller: Teller,
    inquiries: Inquiries,
    conversation: Conversation | None = None,
    *,
    is_plain: bool = False,
) -> None:
    """Tells of all that the agent says, until its end."""
    output = Aside(spoken) if is_plain else Narration(spoken)
    narrations = {OUTPUT: output, ERRORS: Aside(spoken)}

    def due() -> float | None:
        moments = (teller.limits.due, teller.ledger.due)
        first = min((each for each in moments if each is not None), default=None)
        return 0.0 if conversation and conversation.outgoing else first

    for stream, data in agent.heard(due, inquiries):
        teller.tell(narrations[stream].heard(data))
        if conversation is not None:
            conversation.go_on(agent)
        teller.look()
        if teller.must_end():
            agent.stop()
    for narration in reversed(narrations.values()):
        teller.tell(narration.end())
    teller.look(is_last=True)


class Teller:
    def __init__(self, screen: Screen, channel: Channel, ledger: Ledger) -> None:
        self._screen, self._channel, self.ledger = screen, channel, ledger
        self.limits = Limits()
        self.has_failed = False
        """Whether a failure was told of last, after which nothing went on."""

    def tell(self, told: Iterable[Told]) -> None:
        for one in told:
            self.ledger.heard(one, monotonic())
            for each in self.limits.heard(one, monotonic(), time()):
                self._tell(each)

    def look(self, *, is_last: bool = False) -> None:
        """Tells what the agent has used by its own account."""
        for told in self.ledger.last() if is_last else self.ledger.look(monotonic()):
            self._tell(told)

    def must_end(self) -> bool:
        """Whether a limit has come to where its agent has to be ended; says so."""
        if self.limits.due is None or monotonic() < self.limits.due:
            return False
        self._tell(self.limits.end())
        return True

    def _tell(self, told: Told) -> None:
        """The shim first: where it then says that the log is, the rendering begins."""
        if told.entry is not None:
            self._channel.tell("entry", told.entry)
        if told.facts is not None:
            self._channel.tell("facts", told.facts)
            self.has_failed = bool(told.facts.get("failure", self.has_failed))
        if told.rendering is not None:
            self._screen.show(told.rendering, told.entry["kind"] if told.entry else None)
