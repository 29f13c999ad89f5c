"""An agent that reads no input gets messages through further processes, in the same session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any, cast

import pytest

from muster.worker import processes
from muster.worker.agents.runner.agent_process import AgentProcess
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.mailbox import Message
from muster.worker.agents.runner.output_parser import OutputParser
from muster.worker.agents.runner.resumed_runs import MAX_MESSAGE_BYTES, SESSION, TEXT, ResumedRuns
from muster.worker.agents.runner.turns import RESTART_PREFIX
from tests.muster.worker.agents.runner.fake_people import FakePeople
from tests.muster.worker.agents.runner.fake_shim_channel import FakeShimChannel
from tests.muster.worker.agents.runner.parsed_output import ParsedOutput
from tests.muster.worker.agents.runner.runner_process import TIMEOUT_SECONDS, command

FIRST, FURTHER = ["agent", TEXT], ["agent", f"--in={SESSION}", TEXT]
ASKED = {"format": "opencode", "text": "Do A.", "session": None, "first": FIRST, "further": FURTHER}
BEGIN = {"type": "step_start", "sessionID": "s-1", "part": {"type": "step-start"}}
MESSAGE = "Message from Mei:\n\nDo B."


class Agent:
    """An agent whose processes do what the test wants; `started` has their command lines."""

    def __init__(self, **asked: Any) -> None:
        self.people = FakePeople()
        self.runs = ResumedRuns(ASKED | asked, self.people.questions, self.people.mailbox)
        self.started: list[list[str]] = []
        self.stops = 0
        self.exit_code: int | None = None
        self.exit_status: int | None = None
        self.is_terminated = self.is_followed = self.has_finished = False
        self._parser = OutputParser(self.runs)
        self._updates: list[Update] = []
        self.settle()

    # ---- its process, as the conversation sees it

    @property
    def is_read(self) -> bool:
        return self.exit_code is not None or not self.started

    def start(self, argv: list[str]) -> None:
        assert self.is_read, "one at a time"
        self.started.append(argv)
        self.exit_code = None

    def stop_step(self) -> None:
        self.stops += 1

    def end_input(self) -> None:
        self.has_finished = True

    # ---- what happens

    @property
    def output(self) -> ParsedOutput:
        return ParsedOutput(self._updates)

    def settle(self) -> None:
        self.people.process_answers()
        self.runs.send_pending(cast(AgentProcess, self))

    def report(self, event: dict[str, Any]) -> None:
        self._updates += self._parser.feed(json.dumps(event).encode() + b"\n")
        self.settle()

    def exit(self, code: int = 0) -> None:
        self.exit_code = code
        self.settle()
        self.settle()

    def deliver(self, number: int, text: str = "Do B.", *, now: bool = False) -> None:
        self.people.recipient.deliver(Message(number, text, "Mei", is_urgent=now))
        self.settle()


def working(**asked: Any) -> Agent:
    agent = Agent(**asked)
    agent.report(BEGIN)
    return agent


def test_without_messages_it_is_one_process() -> None:
    agent = working()
    assert (agent.started, agent.is_followed) == ([["agent", "Do A."]], True)
    agent.exit()
    assert (agent.runs.status, agent.has_finished, agent.is_followed) == (0, True, False)


def test_a_message_starts_a_further_process_of_the_session_which_shows_that_it_is_read() -> None:
    agent = working()
    agent.deliver(7)
    assert (len(agent.started), agent.people.log) == (1, [])
    agent.exit()
    assert agent.started[1] == ["agent", "--in=s-1", MESSAGE]
    assert agent.people.log == [("handed", 7)]
    agent.report(BEGIN)
    assert agent.people.log[1:] == [("receipt", 7)]
    agent.exit()
    assert agent.runs.status == 0
    assert [entry["data"].get("number") for entry in agent.output.entries][:1] == [7]


def test_a_session_of_an_earlier_stage_is_resumed_by_the_first_process_too() -> None:
    agent = Agent(session="s-0")
    assert agent.started == [["agent", "--in=s-0", "Do A."]]


def test_an_urgent_message_stops_the_process_first() -> None:
    agent = working()
    agent.deliver(7, now=True)
    assert (agent.stops, len(agent.started)) == (1, 1)
    agent.exit(-signal.SIGINT)
    assert agent.started[1] == ["agent", "--in=s-1", MESSAGE]
    agent.report(BEGIN)
    agent.exit()
    assert (agent.runs.status, agent.stops) == (0, 1)


def test_an_interrupt_asks_what_to_do_without_a_process_and_gives_the_answer() -> None:
    agent = working()
    agent.people.recipient.interrupt(3, "Mei")
    agent.settle()
    agent.exit(-signal.SIGINT)
    assert agent.people.asked[0]["interrupt"] == 3
    assert (len(agent.started), agent.is_followed) == (1, True)
    agent.people.unsolicited.append({"answer": {"number": 1, "input": "Use b."}})
    agent.settle()
    assert agent.started[1][-1] == "You were stopped by a person, who writes:\n\nUse b."


def test_a_process_that_was_stopped_before_it_read_the_task_gets_it_again() -> None:
    agent = Agent()
    agent.deliver(7, now=True)
    agent.exit(-signal.SIGINT)
    assert agent.started[1] == ["agent", f"{RESTART_PREFIX}Do A.\n\n{MESSAGE}"]


def test_a_stop_does_not_reach_the_process_after_the_one_that_it_was_for() -> None:
    agent = working()
    agent.exit_code = 0  # while the message is on its way
    agent.deliver(7, now=True)
    agent.settle()
    assert (len(agent.started), agent.stops) == (2, 0)


@pytest.mark.parametrize("how", ["fails", "reaches a limit", "is terminated"])
def test_a_process_that_ends_otherwise_ends_the_stage_like_itself(how: str) -> None:
    agent = working()
    agent.deliver(7)
    agent.exit_status = 75 if how == "reaches a limit" else None
    agent.is_terminated = how == "is terminated"
    agent.exit(3 if how == "fails" else 0)
    assert (agent.runs.status, agent.is_followed, agent.has_finished) == (None, False, False)
    assert (len(agent.started), agent.people.log) == (1, [])


def test_a_failed_request_is_no_receipt() -> None:
    agent = working()
    agent.deliver(7)
    agent.exit()
    error = {"name": "APIError", "data": {"message": "no", "statusCode": 401}}
    agent.report({"type": "error", "sessionID": "s-1", "error": error})
    agent.exit(1)
    assert agent.people.log == [("handed", 7)]


def test_messages_that_do_not_fit_into_one_argument_wait_for_the_next_process() -> None:
    agent = working()
    agent.people.waiting = 1
    for number in (7, 8):
        agent.deliver(number, "ä" * (MAX_MESSAGE_BYTES // 3))
    agent.exit()
    assert agent.people.log == [("handed", 7)]
    agent.report(BEGIN)
    agent.exit()
    assert agent.people.log[2:] == [("handed", 8)]
    assert max(len(words[-1].encode()) for words in agent.started) < 128 << 10


def test_no_text_changes_the_command_line() -> None:
    agent = working()
    agent.deliver(7, f"{SESSION}{TEXT}{{id}}")
    agent.exit()
    assert agent.started[1] == ["agent", "--in=s-1", "Message from Mei:\n\nsessiontext{id}"]


SCRIPT = """
echo "$@" >> prompts
echo '{"type": "step_start", "sessionID": "s-1", "part": {}}'
if [ $(wc -l < prompts) = 1 ]; then
    setsid sleep %s & touch begun
    printf 'half a line'
    wait
fi
"""
"""An agent that, as opencode, ends at once when it's interrupted, and leaves its command."""


@pytest.mark.parametrize("first", ["", "trap '' INT\n"], ids=["at once", "only by a TERM"])
def test_a_stopped_process_ends_with_what_it_has_started_and_another_follows(
    tmp_path: Path, first: str
) -> None:
    seconds = f"600.{uuid.uuid4().int % 10**9}"
    words = ["sh", "-c", first + SCRIPT % seconds, "sh"]
    asked = ASKED | {"first": [*words, TEXT], "further": [*words, SESSION, TEXT]}
    mail = {"message": {"number": 4, "text": "Do B.", "author": "Ada", "when": "now"}}

    def send_mail() -> None:
        if (tmp_path / "begun").exists() and not shim.mail:
            shim.mail.append(mail)
            shim._answers.append(mail)

    shim = FakeShimChannel(send_mail)
    shim.mail = []  # type: ignore[attr-defined]
    with shim:
        done = subprocess.run(
            command(json.dumps(asked), format_name="resumed-runs"),
            cwd=tmp_path,
            env={**os.environ, **shim.variables},
            pass_fds=[shim.descriptor],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            start_new_session=True,  # it signals its group
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "prompts").read_text() == "Do A.\ns-1 Message from Ada:\n\nDo B.\n"
    assert processes.find_by_arguments("sleep", seconds) == []
    assert "half a line\n" in done.stdout


def test_a_runner_without_a_process_ends_by_a_term(tmp_path: Path) -> None:
    asked = ASKED | {"first": ["sh", "-c", "touch begun; sleep 60", TEXT], "further": ["false"]}

    def send_mail() -> None:
        if (tmp_path / "begun").exists() and not asked_at:
            asked_at.append(time.monotonic())
            shim._answers.append({"interrupt": {"number": 1, "author": "Ada"}})

    asked_at: list[float] = []
    shim = FakeShimChannel(send_mail)
    shim.choices = [""]
    with shim:
        runner = subprocess.Popen(
            command(json.dumps(asked), format_name="resumed-runs"),
            cwd=tmp_path,
            env={**os.environ, **shim.variables},
            pass_fds=[shim.descriptor],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not shim.asked and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [each["question"] for each in shim.asked] == ["Stopped by Ada. What now?"]
        runner.terminate()
        assert runner.wait(TIMEOUT_SECONDS) == -signal.SIGTERM
