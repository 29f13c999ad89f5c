"""The questions of an attempt's agent, reported once, and their answers.

The shim stores a question while it is open, and the journal knows which was reported, so a
restarted daemon continues where the last one stopped, and the server repeats an answer.
"""

import logging
from collections.abc import Callable
from typing import Any

from muster.protocol.frames import Answer, QuestionOpened, QuestionWithdrawn
from muster.worker.attempts.attempt_shim import AttemptShim
from muster.worker.attempts.context import Reporter
from muster.worker.shim.client import ShimGone, ShimRefused
from muster.worker.shim.wire import Question

_POLL_SECONDS = 0.5  # seconds until it may be known whether the server supports questions
_UNSUPPORTED_TEXT = "this server doesn't support questions"

log = logging.getLogger(__name__)


class AttemptQuestions:
    """For the attempt's thread, except `accept_answer`."""

    def __init__(
        self, reporter: Reporter, shim: AttemptShim, may_go_on: Callable[[], bool]
    ) -> None:
        """Nothing is asked or withdrawn once the stage must stop."""
        self._reporter = reporter
        self._shim = shim
        self._can_continue = may_go_on
        self._answer: Answer | None = None

    def accept_answer(self, answer: Answer) -> None:
        """Accept an answer, on any thread; waits for nothing."""
        self._answer = answer
        self._shim.wake()

    def poll(self) -> float | None:
        """Report questions and pass on answers; return the seconds until the next call, None: after
        the next change."""
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
            # Retried at the next change, and on the next connection.
            log.warning("can't answer task %d: %r", self._reporter.key.task_id, error)
