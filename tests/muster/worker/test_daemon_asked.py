"""An agent asks in the middle of its stage, from its tools to the server and back."""

from collections.abc import Callable

import pytest

from muster.protocol.frames import (
    Answer,
    QuestionOpened,
    QuestionWithdrawn,
    StageFinished,
    Stop,
    Stopped,
    Transcript,
)
from muster.worker.sandbox.detection import detect
from tests.muster.worker import question_agent
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

Run = Callable[..., WorkerHome]

ASK = 'print("answer:", tools.call("ask_human", question="Which?", choices=["red", "blue"]))'
THEN = '; print(tools.call("ask_human", question="Why?"))'


@pytest.fixture(params=["none", "full"])
def run(request: pytest.FixtureRequest, worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a stand-in for claude in such a sandbox."""
    level = request.param
    rooms = detect(worker.layout, most=level)
    assert rooms.level == level, rooms.missing

    def run(act: str, **more: object) -> WorkerHome:
        question_agent.install(worker, monkeypatch, act, level)
        worker.run_daemon(worker.make_daemon(max_sandbox_level=level))
        worker.run("do it", kind="agent", agent="claude", **more)
        return worker

    return run


def ended_well(worker: WorkerHome) -> bool:
    finished = worker.server.wait_for_report(StageFinished)
    return (finished.how, finished.code) == ("exit", 0)


def test_the_agent_continues_with_the_answer(run: Run) -> None:
    worker = run(ASK)
    asked = worker.server.wait_for_report(QuestionOpened)
    assert asked == QuestionOpened(0, 0, "Which?", ["red", "blue"], 86_400.0)
    worker.server.send(Answer(7, 1, 0, choice="blue"))
    assert ended_well(worker)
    log = worker.server.log()
    assert log.index(b"? Which?") < log.index(b"> blue") < log.index(b"answer: blue")
    entries = [entry for each in worker.server.bodies(Transcript) for entry in each.entries]
    (question,) = (entry for entry in entries if entry.kind == "question")
    assert (question.text, question.data) == ("Which?", {"choices": ["red", "blue"]})
    assert worker.server.bodies(QuestionWithdrawn) == []


def test_a_second_question_waits_for_its_turn(run: Run) -> None:
    worker = run(
        'first, second = (tools.begin("tools/call", name="ask_human", arguments={"question": each})'
        ' for each in "ab"); tools.hear(second); tools.ask("ping")'
    )
    worker.server.wait_for_report(QuestionOpened)
    worker.server.send(Answer(7, 1, 0, input="one"))
    assert worker.server.wait_for_report(QuestionOpened, 2).question == "b"
    worker.server.send(Answer(7, 1, 1, input="two"))
    # The answer to the first has been read on the way.
    assert ended_well(worker)


def test_a_question_survives_the_daemon_and_is_asked_and_answered_once(run: Run) -> None:
    worker = run(ASK + THEN)
    worker.server.wait_for_report(QuestionOpened)
    worker.leave()
    worker.start()
    worker.server.send(Answer(7, 1, 0, choice="red"))
    assert worker.server.wait_for_report(QuestionOpened, 2).number == 1
    worker.server.send(Answer(7, 1, 0, choice="blue"))
    worker.server.send(Answer(7, 1, 1, input="just so"))
    assert ended_well(worker)
    assert [asked.number for asked in worker.server.bodies(QuestionOpened)] == [0, 1]
    log = worker.server.log()
    assert b"answer: red" in log
    assert b"just so" in log


def test_an_agent_without_an_answer_in_time_gets_a_text(run: Run) -> None:
    worker = run(ASK)
    worker.server.wait_for_report(QuestionOpened)
    worker.server.send(Answer(7, 1, 0))
    assert ended_well(worker)
    assert b"No one answered in time." in worker.server.log()


def test_the_time_stands_still_while_a_question_is_open(run: Run) -> None:
    worker = run('import time; time.sleep(1); print(tools.call("ask_human", question="Which?"))'
                 "; time.sleep(60)", timeout=3.0)  # fmt: skip
    worker.server.wait_for_report(QuestionOpened)
    worker.server.wait_for(lambda: len(worker.server.heartbeats) > 25)  # 5 s and more
    assert worker.server.bodies(StageFinished) == []
    worker.server.send(Answer(7, 1, 0, input="on"))
    assert worker.server.wait_for_report(StageFinished).how == "timeout"


def test_a_call_that_is_cancelled_takes_its_question_back(run: Run) -> None:
    worker = run(
        'asked = tools.begin("tools/call", name="ask_human", arguments={"question": "Which?"});'
        'sys.stdin = open("/dev/null"); import time; time.sleep(1);'
        'tools.say("notifications/cancelled", params={"requestId": asked});'
        'print(tools.call("progress", text="on without it"))'
    )
    assert worker.server.wait_for_report(QuestionWithdrawn) == QuestionWithdrawn(0, 0)
    assert ended_well(worker)
    assert b"on without it" in worker.server.log()


def test_a_stop_ends_who_asks(run: Run) -> None:
    worker = run(ASK)
    worker.server.wait_for_report(QuestionOpened)
    worker.server.send(Stop(7, 1, "cancelled"))
    worker.server.wait_for_report(Stopped)
    assert worker.server.bodies(QuestionWithdrawn) == []
