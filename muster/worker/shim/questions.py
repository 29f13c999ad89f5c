"""The questions of an attempt's stages to people: one at a time, numbered within the attempt.

Standard library only.
"""

from collections.abc import Callable
from typing import Any

from muster.worker.shim.entries import QuestionRequest
from muster.worker.shim.token_bucket import TokenBucket
from muster.worker.shim.wire import Question, question_fields

_BURST, _INTERVAL_SECONDS = (
    20,
    30.0,
)  # that many questions at once, then one per that many seconds


class ShimQuestions:
    """`number` is the first one's; `keep` stores the next number before a question is published,
    and `tell` sends notices. `mark_asked` accepts the number of the interrupt after which it is
    asked; it raises ValueError for one that isn't open."""

    def __init__(
        self,
        number: int,
        keep: Callable[[int], None],
        tell: Callable[[dict[str, Any]], None],
        mark_asked: Callable[[int], None],
    ) -> None:
        self._next_number = number
        self._save_number = keep
        self._notify, self._mark_asked = tell, mark_asked
        self._bucket = TokenBucket(_BURST, _INTERVAL_SECONDS)
        self.latest: Question | None = None
        """The running stage's latest question; None before the first."""

    def ask(self, place: dict[str, int], asked: QuestionRequest | None, now: float) -> int:
        """Open a question of that `stage` and `run`; return its number. None withdraws the open
        one. Raises ValueError while another is open, and for too many of them, and OSError."""
        if asked is None:
            self.withdraw()
            return 0
        if self.latest is not None and self.latest.is_open:
            raise ValueError("a question is open")
        if asked.interrupt is not None:
            self._mark_asked(asked.interrupt)
        # Permission requests have a limit of their own, which ends the stage.
        elif asked.permission is None and not self._bucket.try_consume(now):
            raise ValueError("too many questions")
        self._save_number(self._next_number + 1)
        self._set_latest(
            Question(self._next_number, place["stage"], place["run"], **asked._asdict())
        )
        self._next_number += 1
        return self._next_number - 1

    def answer(self, number: int) -> bool:
        """Close that question; False if it isn't the open one."""
        if self.latest is None or not self.latest.is_open or self.latest.number != number:
            return False
        self._set_latest(self.latest._replace(state="answered"))
        return True

    def withdraw(self) -> None:
        """Close the open question: the command no longer waits for the answer."""
        if self.latest is not None and self.latest.is_open:
            self._set_latest(self.latest._replace(state="withdrawn"))

    def clear(self) -> None:
        """The stage has ended, and its exit implies this."""
        self.latest = None

    def _set_latest(self, question: Question) -> None:
        self.latest = question
        self._notify({"question": question_fields(question)})
