"""People's messages in the shim: each is handed over at most once, whatever dies in between."""

import errno
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.worker.shim import messages as shim_messages
from muster.worker.shim.client import ShimRefused, attach
from muster.worker.shim.messages import FINAL_STATES, MAX_WAITING, ShimMessages, read_mail
from muster.worker.shim.wire import Refusal, StageCommand
from tests.muster.worker.repositories import wait_for
from tests.muster.worker.shim.test_channel import speaking
from tests.muster.worker.shim_stages import Stages

HEAR = "def hear(): return json.loads(answers.readline())\n"


def command(run: int = 0, *, messages: bool = True) -> StageCommand:
    return StageCommand(1, ["agent"], {}, "/", 60.0, run=run, messages=messages)


class Shim:
    """The messages of an attempt, and what its runner got."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.passed_on: list[dict[str, Any]] = []
        self.notices = 0
        self.messages = self._load()

    def _load(self) -> ShimMessages:
        return ShimMessages(self.directory, self._count_notice)

    def _count_notice(self) -> None:
        self.notices += 1

    def die(self) -> None:
        self.messages = self._load()

    def open(self, run: int = 0, *, messages: bool = True) -> None:
        self.messages.open(command(run, messages=messages), self.passed_on.append)

    def accept(self, number: int, text: str = "Do B.", when: str = "next") -> None:
        self.messages.accept(number, text, "Ada", when)

    def request(self, kind: str, number: int) -> int:
        return self.messages.handle_request({kind: {"number": number}})

    @property
    def states(self) -> dict[int, str]:
        mail = read_mail(self.directory)
        return {number: message.state for number, message in mail.messages.items()}


@pytest.fixture
def shim(tmp_path: Path) -> Shim:
    return Shim(tmp_path)


def test_a_message_is_passed_on_once_and_its_steps_are_on_disk(shim: Shim) -> None:
    shim.open()
    shim.accept(4, "Do B.", "now")
    shim.accept(4, "Do B.", "now")
    message = {"number": 4, "text": "Do B.", "author": "Ada", "when": "now"}
    assert shim.passed_on == [{"message": message}]
    assert shim.states == {4: "waiting"}
    shim.request("handed", 4)
    assert shim.states == {4: "handed"}
    shim.request("receipt", 4)
    assert shim.states == {4: "delivered"}
    shim.accept(4)
    assert len(shim.passed_on) == 1
    assert "Do B." not in (shim.directory / shim_messages.FILE_NAME).read_text()


def test_at_the_runs_end_each_message_has_its_outcome(shim: Shim) -> None:
    shim.open()
    for number in (1, 2, 3):
        shim.accept(number)
    shim.request("handed", 1)
    shim.request("handed", 2)
    shim.request("receipt", 1)
    shim.messages.finish_run()
    assert shim.states == {1: "delivered", 2: "unconfirmed", 3: "returned"}


def test_after_its_last_idle_the_runner_gets_no_message(shim: Shim) -> None:
    shim.open()
    shim.accept(1)
    assert shim.messages.handle_request({"idle": {}}) == 1
    shim.request("handed", 1)
    assert shim.messages.handle_request({"idle": {}}) == 0
    shim.accept(2)
    assert len(shim.passed_on) == 1
    assert shim.states == {1: "handed", 2: "returned"}


def test_an_open_interrupt_is_due_until_the_runner_asks(shim: Shim) -> None:
    shim.open()
    shim.messages.interrupt(1, "Ada")
    shim.messages.interrupt(1, "Ada")
    assert shim.passed_on == [{"interrupt": {"number": 1, "author": "Ada"}}]
    assert shim.messages.handle_request({"idle": {}}) == 1
    shim.request("ignored", 1)
    assert shim.messages.handle_request({"idle": {}}) == 1
    shim.messages.mark_asked(1)
    with pytest.raises(ValueError, match="no such interrupt"):
        shim.messages.mark_asked(1)
    assert shim.messages.handle_request({"idle": {}}) == 0


def test_an_agent_that_takes_no_messages_has_them_returned(shim: Shim) -> None:
    shim.open(messages=False)
    shim.accept(1)
    with pytest.raises(Refusal):
        shim.messages.interrupt(1, "Ada")
    assert (shim.states, shim.passed_on) == ({1: "returned"}, [])


def test_only_so_many_wait(shim: Shim) -> None:
    shim.open()
    for number in range(MAX_WAITING):
        shim.accept(number)
    with pytest.raises(Refusal, match="too many"):
        shim.accept(99)
    shim.request("handed", 0)
    shim.accept(99)
    assert len(shim.passed_on) == MAX_WAITING + 1


def test_without_a_stage_there_is_no_recipient(shim: Shim) -> None:
    with pytest.raises(Refusal, match="no stage"):
        shim.accept(1)
    assert shim.states == {}


@pytest.mark.parametrize(
    "request_",
    [
        {"handed": {"number": 9}},
        {"receipt": {"number": 1}},
        {"ignored": {"number": 1}},
        {"handed": {"number": "1"}},
        {"idle": None},
        {"other": {}},
    ],
)
def test_an_invalid_request_changes_nothing(shim: Shim, request_: dict[str, Any]) -> None:
    shim.open()
    shim.accept(1)
    with pytest.raises(ValueError, match=r"."):
        shim.messages.handle_request(request_)
    assert shim.states == {1: "waiting"}


def test_what_cannot_be_stored_is_not_passed_on(
    shim: Shim, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim.open()
    shim.accept(1)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(shim_messages, "replace_file", fail)
    for act in (lambda: shim.accept(2), lambda: shim.request("handed", 1)):
        with pytest.raises(OSError, match="full"):
            act()
    assert len(shim.passed_on) == 1
    shim.messages.finish_run()
    monkeypatch.undo()
    settled = {
        number: each.settled() for number, each in read_mail(shim.directory).messages.items()
    }
    assert [(number, each.state) for number, each in settled.items()] == [(1, "returned")]


NUMBERS = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["accept", "handed", "receipt"]), NUMBERS),
    st.tuples(st.sampled_from(["idle", "finish", "die", "open"]), st.just(0)),
)


@settings(max_examples=100, deadline=None)  # it waits for the disk
@given(st.lists(STEPS, max_size=30))
def test_no_message_is_handed_over_twice_and_no_outcome_changes(
    steps: list[tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        shim, handed, outcomes, runs = Shim(Path(directory)), [], {}, 0
        for act, number in steps:
            with suppress(ValueError, Refusal):
                match act:
                    case "accept":
                        shim.accept(number)
                    case "handed":
                        shim.request("handed", number)
                        handed.append(number)
                    case "receipt":
                        shim.request("receipt", number)
                        assert shim.states[number] == "delivered"
                        assert number in handed
                    case "idle":
                        shim.messages.handle_request({"idle": {}})
                    case "finish":
                        shim.messages.finish_run()
                    case "die":
                        shim.die()
                    case "open":
                        runs += 1
                        shim.messages.finish_run()
                        shim.open(runs)
            for known, state in shim.states.items():
                assert outcomes.get(known, state) == state
                if state in FINAL_STATES:
                    outcomes[known] = state
        assert len(handed) == len({*handed})
        passed = [each["message"]["number"] for each in shim.passed_on]
        assert len(passed) == len({*passed})
        shim.messages.finish_run()
        left = read_mail(shim.directory).messages.values()
        assert {message.settled().state for message in left} <= {*FINAL_STATES}


def test_a_stages_command_gets_messages_and_confirms(stages: Stages) -> None:
    act = """
show("ready ")
first = hear()
number = first["message"]["number"]
assert ask({"idle": {}}) == {"ok": 1}
assert ask({"handed": {"number": number}}) == {"ok": 0}
assert ask({"receipt": {"number": number}}) == {"ok": 0}
show(json.dumps(first))
assert hear() == {"interrupt": {"number": 1, "author": "Ada"}}
assert "error" in ask({"ask": {"question": "Stopped?", "interrupt": 2}})
assert ask({"ask": {"question": "Stopped?", "interrupt": 1}}) == {"ok": 0}
assert hear() == {"answer": {"number": 0, "input": "Go on."}}
assert ask({"idle": {}}) == {"ok": 0}
sys.stdin.readline()
"""
    speaking(stages)(HEAR + act, messages=True)
    stages.wait_for(b"ready")
    stages.shim.send_message(4, "Do\nB.", "Ada", "next")
    message = {"number": 4, "text": "Do\nB.", "author": "Ada", "when": "next"}
    stages.wait_for(json.dumps({"message": message}).encode())
    stages.shim.send_interrupt(1, "Ada")
    wait_for(lambda: stages.shim.question and stages.shim.question.interrupt == 1)
    another = attach(stages.directory)
    assert another is not None
    assert another.question == stages.shim.question
    another.close()
    stages.shim.answer(0, {"input": "Go on."})
    wait_for(lambda: _refuses_interrupt(stages))
    stages.shim.send_message(5, "Late.", "Ada", "next")
    assert stages.shim.mail_changes > 0
    stages.shim.send_input(b"\n")
    assert stages.wait().code == 0, stages.output()
    mail = read_mail(stages.directory)
    assert [(n, m.state) for n, m in mail.messages.items()] == [(4, "delivered"), (5, "returned")]


def _refuses_interrupt(stages: Stages) -> bool:
    try:
        stages.shim.send_interrupt(1, "Ada")
    except ShimRefused:
        return True
    return False


def test_messages_end_with_the_channel(stages: Stages) -> None:
    act = 'ask({"handed": {"number": hear()["message"]["number"]}}); show("handed")\n'
    act += "hear(); channel.close(); answers.close(); sys.stdin.readline()"
    speaking(stages)(HEAR + act, messages=True)
    stages.shim.send_message(4, "Do B.", "Ada", "next")
    stages.wait_for(b"handed")
    stages.shim.send_message(5, "Do C.", "Ada", "next")
    wait_for(lambda: read_mail(stages.directory).messages[5].state == "returned")
    assert read_mail(stages.directory).messages[4].state == "handed"
    stages.shim.stop(grace=0)
    stages.wait()
    assert read_mail(stages.directory).messages[4].state == "unconfirmed"
