"""A stage's command asks: the shim stores the question, and passes the answer on."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.shim.client import attach
from muster.worker.shim.entries import QuestionRequest
from muster.worker.shim.questions import ShimQuestions
from muster.worker.shim.wire import Question, question_fields
from tests.muster.worker.repositories import wait_for
from tests.muster.worker.shim.test_channel import speaking
from tests.muster.worker.shim_stages import Stages

ASKED = QuestionRequest("Which?", ["red", "blue"], 60.0)
HERE = {"stage": 1, "run": 2}
ASK = """
def hear(): return json.loads(answers.readline())
number = ask({"ask": {"question": "Which hush-hush?", "choices": ["red", "hush-hush"]}})
"""


def opened(stages: Stages) -> Question:
    wait_for(lambda: (q := stages.shim.question) and q.is_open)
    question = stages.shim.question
    assert question is not None
    return question


def test_an_answer_goes_back_to_who_asked(stages: Stages) -> None:
    act = ASK + "show(json.dumps([number, hear()])); channel.close()"
    speaking(stages)(act, secrets=["hush-hush"])
    asked = Question(0, 0, 0, "Which ********?", ["red", "********"], 86_400.0)
    assert opened(stages) == asked
    stages.shim.answer(7, {"choice": "blue"})
    stages.shim.answer(0, {"choice": "red"})
    stages.shim.answer(0, {"choice": "blue"})
    assert stages.wait().code == 0
    assert stages.output() == b'[{"ok": 0}, {"answer": {"number": 0, "choice": "red"}}]'
    assert stages.shim.question is None, "it ended with its stage"


def test_who_comes_later_finds_the_question(stages: Stages) -> None:
    speaking(stages)(ASK + "hear()")
    question = opened(stages)
    another = attach(stages.directory)
    assert another is not None
    assert another.question == question
    another.answer(0, {"input": "on"})
    another.close()
    assert stages.wait().code == 0


def test_one_question_is_open_at_a_time(stages: Stages) -> None:
    act = (
        ASK
        + """
assert "open" in ask({"ask": {"question": "Another?"}})["error"]
ask({"ask": None})
assert ask({"ask": {"question": "Another?"}}) == {"ok": 1}
show("asked")
assert hear() == {"answer": {"number": 1}}
"""
    )
    speaking(stages)(act).wait_for(b"asked")
    assert opened(stages).number == 1
    stages.shim.answer(0, {"input": "late"})
    stages.shim.answer(1, {})
    assert stages.wait().code == 0, stages.output()


def test_a_question_ends_with_the_channel(stages: Stages) -> None:
    speaking(stages)(ASK + "channel.close(); answers.close(); sys.stdin.readline()")
    wait_for(lambda: (q := stages.shim.question) and q.state == "withdrawn")
    stages.shim.stop(grace=0)
    stages.wait()


def test_the_time_of_a_stage_stands_still_until_nobody_waits(stages: Stages) -> None:
    act = ASK + "import time; time.sleep(2); ask({'ask': None}); show('on'); time.sleep(60)"
    speaking(stages)(act, timeout=1.0).wait_for(b"on")
    assert stages.wait().how == "timeout"


def test_numbers_go_on_under_the_next_shim(start: Callable[..., Stages]) -> None:
    first = start()
    speaking(first)(ASK).wait()
    first.shim.quit()
    second = start()
    speaking(second)(ASK + "show(str(number))", index=1).wait(1)
    assert second.output().endswith(b"{'ok': 1}")


class RecordedQuestions:
    def __init__(self) -> None:
        self.kept: list[int] = []
        self.told: list[dict[str, Any]] = []
        self.asked: list[int] = []
        self.questions = ShimQuestions(5, self.kept.append, self.told.append, self.asked.append)


def test_a_questions_number_is_stored_before_it_is_published() -> None:
    on = RecordedQuestions()

    def tell(notice: dict[str, Any]) -> None:
        assert on.kept == [6]
        on.told.append(notice)

    on.questions = ShimQuestions(5, on.kept.append, tell, on.asked.append)
    assert on.questions.ask(HERE, ASKED, 0.0) == 5
    assert on.told == [{"question": question_fields(Question(5, 1, 2, *ASKED[:3]))}]


def test_a_number_that_cannot_be_kept_is_no_question() -> None:
    def store(_: int) -> None:
        raise OSError("full")

    on = RecordedQuestions()
    questions = ShimQuestions(0, store, on.told.append, on.asked.append)
    with pytest.raises(OSError, match="full"):
        questions.ask(HERE, ASKED, 0.0)
    assert (questions.latest, on.told) == (None, [])


def test_there_are_not_more_questions_than_people_can_bear() -> None:
    questions = RecordedQuestions().questions
    for _ in range(20):
        questions.ask(HERE, ASKED, 0.0)
        questions.withdraw()
    with pytest.raises(ValueError, match="too many"):
        questions.ask(HERE, ASKED, 29.0)
    assert questions.ask(HERE, ASKED, 31.0) == 25


ACTS = st.lists(
    st.sampled_from(["ask", "withdraw", "forget"]) | st.integers(min_value=3, max_value=15)
)


@given(ACTS)
def test_each_question_is_closed_once_and_no_other_by_its_answer(acts: list[str | int]) -> None:
    on = RecordedQuestions()
    for at, act in enumerate(acts):
        before = on.questions.latest
        is_open = before is not None and before.is_open
        match act:
            case "ask" if is_open:
                with pytest.raises(ValueError, match="open"):
                    on.questions.ask(HERE, ASKED, 100.0 * at)
            case "ask":
                assert on.questions.ask(HERE, ASKED, 100.0 * at) == on.kept[-1] - 1
            case "withdraw":
                on.questions.withdraw()
            case "forget":
                on.questions.clear()
            case int():
                was_this = is_open and before is not None and before.number == act
                assert on.questions.answer(act) is was_this
    assert on.kept == [*range(6, 6 + len(on.kept))]
    closed = [n["question"]["number"] for n in on.told if n["question"]["state"] != "open"]
    assert len(closed) == len(set(closed))


def test_questions_after_interrupts_are_not_counted() -> None:
    on = RecordedQuestions()
    for number in range(30):
        on.questions.ask(HERE, ASKED._replace(interrupt=number), 0.0)
        assert on.questions.latest is not None
        assert on.questions.latest.interrupt == number
        on.questions.withdraw()
    assert on.asked == [*range(30)]
    on.questions.ask(HERE, ASKED, 0.0)


def test_a_question_without_its_interrupt_is_none() -> None:
    def refuse(_: int) -> None:
        raise ValueError("no such interrupt is open")

    on = RecordedQuestions()
    questions = ShimQuestions(0, on.kept.append, on.told.append, refuse)
    with pytest.raises(ValueError, match="no such interrupt"):
        questions.ask(HERE, ASKED._replace(interrupt=9), 0.0)
    assert (questions.latest, on.kept, on.told) == (None, [], [])
