"""The questions of an attempt's agent, reported once, and their answers.

The shim stores a question while it is open, and the journal knows which was reported, so a
restarted daemon continues where the last one stopped, and the server repeats an answer.
"""

import logging
from collections.abc import Callable

from muster.protocol.frames import (
    Answer,
    PermissionRequest,
    QuestionOpened,
    QuestionWithdrawn,
)
from muster.worker.attempts.attempt_shim import AttemptShim
from muster.worker.attempts.context import Reporter
from muster.worker.shim.client import ShimGone, ShimRefused
from muster.worker.shim.wire import Question

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

    def poll(self) -> None:
        """Report questions and pass on answers, after each change."""
        link = self._shim.link
        question = link.question if link else None
        if question is None or not self._can_continue():
            return
        if not question.is_open:
            self._report_withdrawn(question)
        elif question.number > self._reporter.progress.last_question:
            self._reporter.report(_describe_question(question))
        elif (answer := self._answer) and answer.number == question.number:
            self._deliver_answer(answer)

    def _report_withdrawn(self, question: Question) -> None:
        standing, number = self._reporter.progress, question.number
        if (
            question.state == "withdrawn"
            and standing.last_withdrawn < number <= standing.last_question
        ):
            self._reporter.report(QuestionWithdrawn(question.stage_index, number, question.run))

    def _deliver_answer(self, answer: Answer) -> None:
        if (link := self._shim.link) is None:
            return
        given = {
            "choice": answer.choice,
            "input": answer.input,
            "permission": answer.permission,
            "comment": answer.comment,
        }
        fields = {name: text for name, text in given.items() if text is not None}
        try:
            link.answer(answer.number, fields)
        except (ShimGone, ShimRefused, TimeoutError) as error:
            # Retried at the next change, and on the next connection.
            log.warning("can't answer task %d: %r", self._reporter.key.task_id, error)


def _describe_question(question: Question) -> QuestionOpened:
    wanted = question.permission
    return QuestionOpened(
        stage_index=question.stage_index,
        number=question.number,
        question=question.text,
        choices=question.choices,
        timeout=question.timeout,
        run=question.run,
        interrupt=question.interrupt,
        permission=None if wanted is None else PermissionRequest(**wanted),
    )
