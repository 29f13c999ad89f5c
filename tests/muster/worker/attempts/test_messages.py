"""People's messages reach the agent once, and the server learns once what became of each."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    AgentMessage,
    Answer,
    Interrupt,
    InterruptIgnored,
    Lost,
    MessageOutcome,
    PromptMessage,
    QuestionOpened,
    Report,
    StageFinished,
    Stop,
    Stopped,
    Transcript,
)
from muster.worker.attempts.attempt_shim import AttemptShim
from muster.worker.attempts.context import AttemptContext, Reporter
from muster.worker.attempts.messages import AttemptMessages
from muster.worker.journal.journal import Journal
from muster.worker.shim import client as shim_client
from muster.worker.shim.client import ShimRefused
from muster.worker.shim.messages import ShimMessages
from muster.worker.shim.wire import StageCommand
from tests.muster.worker.attempts.attempt_world import milestones
from tests.muster.worker.attempts.listening_claude import install, message, outcomes, states
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

KEY = AttemptKey(7, 1)


@pytest.fixture
def working(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> WorkerHome:
    """A worker whose claude reads messages."""
    install(worker, monkeypatch)
    return worker


def run(worker: WorkerHome, text: str, **more: Any) -> None:
    worker.run(text, kind="agent", **{"agent": "claude", **more})


def reading(worker: WorkerHome) -> None:
    """Wait until it has read its prompt."""
    worker.server.wait_for(lambda: b"read: WORK" in worker.server.log())


def test_a_message_is_read_once_and_reported_before_the_stages_end(working: WorkerHome) -> None:
    server = working.start().server
    run(working, "WORK")
    reading(working)
    for _ in range(2):
        server.send(message(4, "Do B."))
    server.wait_for_report(MessageOutcome)
    server.send(message(4, "Do B."))
    server.send(message(5, "END"))
    server.wait_for_report(StageFinished)
    assert outcomes(working) == [(4, "delivered"), (5, "delivered")]
    assert milestones(working)[-1] == "StageFinished"
    assert server.log().count(b"read: B.") == 1
    entries = [entry for each in server.bodies(Transcript) for entry in each.entries]  # type: ignore[union-attr]
    assert [each.data for each in entries if "author" in each.data] == [
        {"author": "Ada", "number": 4},
        {"author": "Ada", "number": 5},
    ]


def test_an_interrupt_becomes_a_question_and_its_answer_continues(working: WorkerHome) -> None:
    server = working.start().server
    run(working, "WORK")
    reading(working)
    server.send(Interrupt(7, 1, 3, "Ada"))
    asked = server.wait_for_report(QuestionOpened)
    assert (asked.number, asked.interrupt) == (0, 3)
    server.send(Interrupt(7, 1, 3, "Ada"))
    server.send(Answer(7, 1, 0, input="END"))
    assert server.wait_for_report(StageFinished).code == 0
    assert len(server.bodies(QuestionOpened)) == 1


def test_a_message_without_a_receipt_is_unconfirmed_at_the_stop(working: WorkerHome) -> None:
    server = working.start().server
    run(working, "WORK")
    reading(working)
    server.send(message(4, "IGNORE"))
    wait_for(lambda: states(working) == {4: "handed"})
    assert outcomes(working) == []
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Stopped)
    assert outcomes(working) == [(4, "unconfirmed")]
    assert milestones(working)[-1] == "Stopped"


def test_of_a_lost_attempt_only_what_was_read_is_reported(working: WorkerHome) -> None:
    server = working.start().server
    run(working, "WORK")
    reading(working)
    server.send(message(4, "Do B."))
    server.send(message(5, "IGNORE"))
    wait_for(lambda: states(working) == {4: "delivered", 5: "handed"})
    shim = shim_client.attach(working.layout.attempt(KEY))
    assert shim is not None
    os.kill(shim.fetch_state().pid, signal.SIGKILL)
    shim.close()
    server.wait_for_report(Lost)
    assert outcomes(working) == [(4, "delivered")], "the next attempt gets the other one"


def test_a_daemon_that_is_killed_in_between_repeats_nothing(working: WorkerHome) -> None:
    working.spawn()
    server = working.server
    run(working, "WORK")
    reading(working)
    for number in range(2):
        server.send(message(number, f"m{number}."))
        if number == 1:
            wait_for(lambda number=number: number in states(working))
        working.kill()
        working.spawn()
        server.send(message(number, f"m{number}."))
    server.wait_for(lambda: len(outcomes(working)) == 2)
    server.send(message(9, "END"))
    server.wait_for_report(StageFinished)
    assert outcomes(working) == [(0, "delivered"), (1, "delivered"), (9, "delivered")]
    for number in range(2):
        assert server.log().count(f"read: m{number}.".encode()) == 1


def test_at_the_stages_end_each_message_is_read_or_returned(working: WorkerHome) -> None:
    server = working.start().server
    run(working, "at once")
    for number in range(12):
        server.send(message(number, f"m{number}."))
        if number == 6:
            server.wait_for_report(StageFinished)
    server.wait_for(lambda: len(outcomes(working)) == 12)
    reported = dict(outcomes(working))
    assert {*reported.values()} <= {"delivered", "returned"}
    server.wait_for(lambda: len(server.log()) == server.bodies(StageFinished)[0].log_end)  # type: ignore[union-attr]
    for number, state in reported.items():
        assert server.log().count(f"read: m{number}.".encode()) == (state == "delivered")
    assert reported[11] == "returned"


def test_a_command_that_reads_no_messages_has_them_returned(working: WorkerHome) -> None:
    server = working.start().server
    run(working, "go", agent="custom", agent_command="sh -c 'echo up; read line'")
    server.wait_for(lambda: b"up" in server.log())
    server.send(message(4, "Do B."))
    server.wait_for_report(MessageOutcome)
    assert outcomes(working) == [(4, "returned")]


def test_a_prompt_ends_with_the_messages_that_waited(working: WorkerHome) -> None:
    server = working.start().server
    waited = [PromptMessage(4, "Mei", "WORK"), PromptMessage(5, "Ada", "Do B.")]
    run(working, "Do A.", messages=waited)
    server.send(message(5, "Do B."))
    server.wait_for(lambda: b"read: B." in server.log())
    server.send(message(5, "Do B."))
    server.send(message(6, "END"))
    server.wait_for_report(StageFinished)
    assert outcomes(working) == [(6, "delivered")], "the others are in the prompt"
    entries = [entry for each in server.bodies(Transcript) for entry in each.entries]  # type: ignore[union-attr]
    assert [entry.data.get("number") for entry in entries if entry.kind == "message"] == [4, 5, 6]


def test_the_server_knows_which_agents_take_messages(working: WorkerHome) -> None:
    server = working.start().server
    assert server.hellos[-1].takes_messages

    def capabilities() -> dict[str, bool]:
        beats = [beat.capabilities for _, beat in server.heartbeats if beat.capabilities]
        known = [*server.hellos[-1].capabilities, *(beats[-1] if beats else [])]
        return {each.agent_type: each.takes_messages for each in known}

    server.wait_for(lambda: capabilities()["claude"])
    assert not capabilities()["custom"]


# With a shim that is not there


class Link:
    def __init__(self) -> None:
        self.mail_changes = 0
        self.sent: list[Any] = []
        self.refusals: list[str] = []

    def send_message(self, *fields: Any) -> None:
        self._send(*fields)

    def send_interrupt(self, *fields: Any) -> None:
        self._send(*fields)

    def _send(self, *fields: Any) -> None:
        self.sent.append(fields)
        if self.refusals:
            raise ShimRefused(self.refusals.pop(), "no")


class Attempt:
    def __init__(self, journal: Journal, directory: Path) -> None:
        self.link, self.directory, self.journal = Link(), directory, journal
        self.jobs: list[Any] = []
        shim = SimpleNamespace(link=self.link, directory=directory, wake=lambda: None)
        context = cast(AttemptContext, SimpleNamespace(journal=journal))
        parts = (Reporter(context, KEY), cast(AttemptShim, shim))
        self.messages = AttemptMessages(*parts, lambda: True, self.jobs.append)

    def bodies(self) -> list[Any]:
        assert self.journal.flush(10)
        reports: list[Report] = self.journal.reports_after(0)
        return [report.body for report in reports]


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[Attempt]:
    journal, directory = Journal(tmp_path, lambda: None), tmp_path / "attempt"
    directory.mkdir()
    yield Attempt(journal, directory)
    journal.close()


def test_an_ignored_interrupt_is_reported_once(attempt: Attempt) -> None:
    shim = ShimMessages(attempt.directory, lambda: None)
    shim.open(StageCommand(1, [], {}, "/", 1.0, run=2, messages=True), lambda _: None)
    shim.interrupt(3, "Ada")
    shim.handle_request({"ignored": {"number": 3}})
    for _ in range(2):
        attempt.link.mail_changes += 1
        attempt.messages.poll()
    assert attempt.bodies() == [InterruptIgnored(3, 1, 2)]


def test_a_message_for_which_the_shim_has_no_space_waits(attempt: Attempt) -> None:
    attempt.link.refusals = ["full"]
    attempt.messages.accept(message(4, "Do B."))
    attempt.messages.poll()
    assert attempt.bodies() == []
    attempt.messages.poll()
    attempt.messages.poll()
    assert len(attempt.link.sent) == 2


def test_an_earlier_releases_shim_has_messages_returned(attempt: Attempt) -> None:
    attempt.link.refusals = ["unknown", "unknown"]
    attempt.messages.accept(message(4, "Do B."))
    attempt.messages.accept(Interrupt(7, 1, 1, "Ada"))
    attempt.messages.poll()
    attempt.messages.poll()
    assert attempt.bodies() == [MessageOutcome(4, "returned", 0)]
    assert len(attempt.link.sent) == 2


def test_what_no_stage_takes_is_returned_once(attempt: Attempt) -> None:
    for order in (message(4, "Do B."), message(4, "Do B."), message(5, "Do C.")):
        attempt.messages.accept(order)
    assert len(attempt.jobs) == 1
    attempt.jobs.pop()()
    assert attempt.bodies() == [MessageOutcome(4, "returned", 0), MessageOutcome(5, "returned", 0)]
    attempt.messages.accept(cast(AgentMessage, message(5, "Do C.")))
    assert attempt.jobs == []


def test_an_order_that_no_thread_can_handle_is_not_accepted(attempt: Attempt) -> None:
    def refuse(_: Any) -> None:
        raise RuntimeError("no thread")

    attempt.messages._add_job = refuse
    with pytest.raises(RuntimeError):
        attempt.messages.accept(message(4, "Do B."))
    attempt.messages.poll()
    assert attempt.link.sent == []
