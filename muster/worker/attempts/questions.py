"""What an attempt's agent asks people, reported once, and the answers on their way back.

The shim keeps the question while it is open, and the journal knows which was reported: so a daemon
that starts anew goes on where the last one stopped, and the server sends an answer again.
"""

import logging
from collections.abc import Callable
from typing import Any

from muster.protocol.frames import Answer, QuestionOpened, QuestionWithdrawn
from muster.worker.attempts.attempt_shim import AttemptShim
from muster.worker.attempts.context import Reporter
from muster.worker.shim.client import ShimGone, ShimRefused
from muster.worker.shim.wire import Question

_POLL_SECONDS = 0.5  # seconds until it may be known whether the server takes questions
_UNSUPPORTED_TEXT = "this server knows no questions"

log = logging.getLogger(__name__)


class AttemptQuestions:
    """For the attempt's thread, but for `order`."""

    def __init__(
        self, reporter: Reporter, shim: AttemptShim, may_go_on: Callable[[], bool]
    ) -> None:
        """Nothing is asked, or taken back, once what runs may not go on."""
        self._reporter = reporter
        self._shim = shim
        self._can_continue = may_go_on
        self._answer: Answer | None = None

    def accept_answer(self, answer: Answer) -> None:
        """Takes an answer, on any thread; it waits for nothing."""
        self._answer = answer
        self._shim.wake()

    def poll(self) -> float | None:
        """Reports what is asked, and passes on what is answered; in how many seconds to call again,
        None: when something has happened."""
        link = self._shim.link
        question = link.question if link else None
        if question is None or not self._can_continue():
            return None
        if not question.is_open:
            self._report_withdrawn(question)
        elif question.number > self._reporter.progress.last_question:
            return self._report_opened(question)
        elif (answer := self._answer) and answer.number == question.number:
            fields = {"choice": answer.choice, "input": answer.input}
            self._deliver_answer(
                question, {name: text for name, text in fields.items() if text is not None}
            )
        return None

    def _report_opened(self, question: Question) -> float | None:
        takes_questions = self._reporter.context.can_ask_questions()
        if takes_questions is None:
            return _POLL_SECONDS
        if takes_questions:
            _, stage, run, text, choices, timeout, _ = question
            number = question.number
            self._reporter.report(QuestionOpened(stage, number, text, choices, timeout, run))
        else:
            self._deliver_answer(question, {"refused": _UNSUPPORTED_TEXT})
        return None

    def _report_withdrawn(self, question: Question) -> None:
        standing, number = self._reporter.progress, question.number
        if (
            question.state == "withdrawn"
            and standing.last_withdrawn < number <= standing.last_question
        ):
            self._reporter.report(QuestionWithdrawn(question.stage_index, number, question.run))

    def _deliver_answer(self, question: Question, answer: dict[str, Any]) -> None:
        if (link := self._shim.link) is None:
            return
        try:
            link.answer(question.number, answer)
        except (ShimGone, ShimRefused, TimeoutError) as error:
            # It is tried again with the next change, and on the next connection.
            log.warning("task %d is not answered: %r", self._reporter.key.task_id, error)
