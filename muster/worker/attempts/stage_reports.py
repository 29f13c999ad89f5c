"""What an attempt reports while its stage runs, and what people send its agent meanwhile."""

from collections.abc import Callable
from functools import partial

from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts.attempt_shim import AttemptShim
from muster.worker.attempts.context import Reporter
from muster.worker.attempts.messages import AttemptMessages
from muster.worker.attempts.questions import AttemptQuestions
from muster.worker.attempts.transcript import TranscriptReporter
from muster.worker.attempts.usage import UsageReporter


class StageReports:
    """For the attempt's thread; `questions` and `messages` accept orders on any."""

    def __init__(
        self,
        reporter: Reporter,
        shim: AttemptShim,
        is_wanted: Callable[[], bool],
        add_job: Callable[[Callable[[], None]], None],
    ) -> None:
        """People's answers and messages are passed on while the stage `is_wanted`. `add_job` adds
        a function to run on the attempt's thread."""
        self.questions = AttemptQuestions(reporter, shim, is_wanted)
        self.messages = AttemptMessages(reporter, shim, is_wanted, add_job)
        self.usage = UsageReporter(reporter, shim.read_facts)
        self._transcript = TranscriptReporter(reporter, shim.directory)

    def pollers(self, state: AttemptState) -> tuple[Callable[[], float | None], ...]:
        """Return the functions to call while that stage runs."""
        poll_usage = partial(self.usage.poll, state)
        return self._transcript.poll, self.questions.poll, self.messages.poll, poll_usage

    def report_rest(self, goes_on: Callable[[], bool], *, is_lost: bool = False) -> None:
        """Report the rest of a stage without processes, unless `goes_on` becomes false."""
        self._transcript.report_rest(goes_on)
        if goes_on():
            self.messages.report_rest(is_lost=is_lost)
