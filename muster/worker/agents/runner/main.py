"""Run an agent, show its actions readably, and report them to the shim.

`main(["FORMAT", "OPENING", …, "--", "COMMAND", …])` exits like the command: with its status, or
by its signal; with LIMITED_STATUS if it was stopped because it would wait for a limit; and with 1
instead of 0 if an agent with text output has failed, which its status wouldn't show. The openings
are the first updates, as JSON (`updates.opening`). A conversation's command starts with the request
to the agent, as JSON (`conversation`); without more, the conversation starts the agent's processes.
"""

from __future__ import annotations

import json
from time import monotonic, time

from muster.worker.agents.runner import formats, updates, usage_file
from muster.worker.agents.runner.agent_process import STDERR, STDOUT, AgentProcess
from muster.worker.agents.runner.channel import Channel
from muster.worker.agents.runner.conversation import NAMES, create_conversation
from muster.worker.agents.runner.limits import LimitWatchdog
from muster.worker.agents.runner.output_parser import OutputParser, TextParser
from muster.worker.agents.runner.running_entries import RunningEntries
from muster.worker.agents.runner.screen import Screen
from muster.worker.agents.runner.text_deltas import TextDeltas
from muster.worker.agents.runner.tool_requests import ToolRequests

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from muster.worker.agents.runner.conversation import Conversation
    from muster.worker.agents.runner.entries import Update
    from muster.worker.agents.runner.formats import Format
    from muster.worker.agents.runner.usage_file import UsageFile


def main(argv: list[str]) -> NoReturn:
    name, *openings = argv[: argv.index("--")]
    command = argv[argv.index("--") + 1 :]
    channel = Channel.from_environment()
    teller = UpdatePublisher(Screen(1), channel, usage_file.create_usage_file(name))
    inquiries = ToolRequests(channel, teller.publish)
    for opening in openings:
        teller.publish(updates.opening(json.loads(opening)))
    is_conversation, is_plain = name in NAMES, name in formats.TEXT_FORMATS
    request = command.pop(0) if is_conversation else ""
    agent = AgentProcess(spoken_to=is_conversation and bool(command))
    if command:
        agent.start(command)
    status: int | None
    if is_conversation:
        conversation = create_conversation(name, request, inquiries.mailbox, inquiries.questions)
        conversation.send_pending(agent)
        _run_agent(agent, conversation, teller, inquiries, conversation)
        status = conversation.status
    else:
        _run_agent(agent, formats.create_format(name), teller, inquiries, is_plain=is_plain)
        status = int(is_plain and teller.has_failed)
    inquiries.close()
    channel.close()
    agent.exit_like_agent(well=status)


def _run_agent(
    agent: AgentProcess,
    spoken: Format,
    teller: UpdatePublisher,
    inquiries: ToolRequests,
    conversation: Conversation | None = None,
    *,
    is_plain: bool = False,
) -> None:
    """Publish the agent's updates until it exits."""
    output = TextParser(spoken) if is_plain else OutputParser(spoken)
    narrations = {STDOUT: output, STDERR: TextParser(spoken)}

    def due() -> float | None:
        moments = [teller.limits.end_at, teller.usage_file.next_poll_at, teller.next_due_at]
        if conversation is not None:
            moments.append(0.0 if conversation.outgoing else conversation.wakes_at)
        return min((each for each in moments if each is not None), default=None)

    for stream, data in agent.read_output(due, inquiries):
        teller.publish(narrations[stream].feed(data))
        if agent.is_read:
            for narration in narrations.values():
                teller.publish(narration.end_line())
        if conversation is not None:
            conversation.send_pending(agent)
        teller.publish_usage()
        teller.publish_due()
        if teller.is_limit_reached():
            agent.stop()
    for narration in reversed(narrations.values()):
        teller.publish(narration.finish())
    teller.publish_usage(is_last=True)


class UpdatePublisher:
    def __init__(self, screen: Screen, channel: Channel, ledger: UsageFile) -> None:
        self._screen, self._channel, self.usage_file = screen, channel, ledger
        self._entries, self._deltas = RunningEntries(channel), TextDeltas(channel)
        self.limits = LimitWatchdog()
        self.has_failed = False
        """Whether the last update was a failure."""

    def publish(self, new_updates: Iterable[Update]) -> None:
        for update in new_updates:
            self.usage_file.observe(update, monotonic())
            for each in self.limits.observe(update, monotonic(), time()):
                self._publish_one(each)

    def publish_usage(self, *, is_last: bool = False) -> None:
        """Publish the usage from the agent's own file."""
        for update in (
            self.usage_file.final_updates() if is_last else self.usage_file.poll(monotonic())
        ):
            self._publish_one(update)

    @property
    def next_due_at(self) -> float | None:
        """When to call `publish_due` next; None: after the next update."""
        times = (self._entries.draws_at, self._deltas.next_flush_at)
        return min((each for each in times if each is not None), default=None)

    def publish_due(self) -> None:
        """Name actions that have been running for some time; send the texts in progress."""
        now = monotonic()
        for draw in self._entries.pop_undrawn(now):
            self._screen.show(draw, "running")
        self._deltas.flush_due(now)

    def is_limit_reached(self) -> bool:
        """Whether a limit requires that the agent is stopped; publishes that."""
        if self.limits.end_at is None or monotonic() < self.limits.end_at:
            return False
        self._publish_one(self.limits.expire())
        return True

    def _publish_one(self, update: Update) -> None:
        """The shim first: the rendering starts at the log offset that it then returns."""
        number = self._entries.find_number(update.key)
        if update.delta is not None and update.key is None:
            self._deltas.add(*update.delta, monotonic())
        elif update.delta is not None and number is not None:
            _, text = update.delta
            self._deltas.add_output(number, text, monotonic(), is_cut=update.is_cut)
        if update.entry is not None:
            self._deltas.drop(update.entry["kind"])
            if number is not None and not update.is_running:
                self._deltas.drop_output(number)
            self._entries.send(update, monotonic())
        if update.facts is not None:
            self._channel.send("facts", update.facts)
            self.has_failed = bool(update.facts.get("failure", self.has_failed))
        if update.draw is not None and not update.is_running:
            self._screen.show(update.draw, update.entry["kind"] if update.entry else None)
