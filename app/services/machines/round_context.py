"""The round in an order: its instruction (a follow-up's or the task's), and additional context
for a follow-up's agents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.domain import follow_up as rules
from app.domain.follow_up import ChangedFile, FollowUpState, Thread
from app.domain.pipeline import Stage, StageKind
from app.extensions import db
from app.models import Attempt, FollowUp, Task
from app.models import change as changes
from app.services.changes import change_queries
from app.services.reviews import prompts
from app.services.reviews.prompts import PromptThread


@dataclass(frozen=True)
class RoundContext:
    """A round's data for a stage's order.

    `history` is empty if the stage runs no agent, or the round is no follow-up; `says_it`: the
    stage's command includes the instruction, or needn't.
    """

    number: int
    instruction: str
    history: str = ""
    review: str = ""
    says_it: bool = True
    continues: int | None = None
    opening: str = ""
    threads: list[int] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        """Return the stages' variables; a follow-up's instruction replaces the task's
        description.
        """
        texts = dict.fromkeys(("description", "instruction"), self.instruction)
        return texts | {"round": str(self.number)}

    def fields(self, filled: str) -> dict[str, Any]:
        """Return the order's fields that depend on the round and the stage's command."""
        if not self.history:
            return {"text": filled}
        text = rules.build_prompt(filled, self.instruction, self.review, says_it=self.says_it)
        return {
            "text": text,
            "fresh_text": f"{self.history}\n\n{text}",
            "continues": self.continues,
            "opening": self.opening,
            "threads": self.threads,
        }


def build_context(row: Any, stages: Sequence[Stage], index: int, run: int) -> RoundContext:
    """Return the round of an attempt, from a `row` of `orders`, for that run of a stage. Costs
    nothing without a follow-up.
    """
    if row.follow_up is None:
        return RoundContext(row.round, row.description)
    known = _started_follow_ups(row.task_id, row.follow_up)
    latest = known[-1]
    if stages[index].kind is not StageKind.AGENT:
        return RoundContext(row.round, latest.instruction)
    agents = [i for i, each in enumerate(stages) if each.kind is StageKind.AGENT]
    # A retry may start before it, too.
    is_first = index <= min((i for i in agents if i >= latest.from_stage), default=index)
    earlier = [(each.round or 0, each.instruction) for each in known[:-1]]
    review, threads = review_text(row.task_id, latest.review_id)
    return RoundContext(
        row.round,
        latest.instruction,
        history=rules.format_history(row.description, earlier, changed_files(row)),
        review=review,
        says_it=not is_first or rules.has_placeholder(stages[index].command),
        continues=_predecessor(row),
        opening=rules.transcript_heading(row.round, latest.instruction)
        if is_first and run == 0
        else "",
        threads=threads,
    )


def previous_commit(checkpoints: Mapping[str, Any]) -> str | None:
    """Return the commit of the previous round, if this round started with its work."""
    known: Mapping[str, Any] = checkpoints.get(str(rules.BEFORE_FIRST_STAGE), {})
    return known.get("commit")


def _started_follow_ups(task_id: int, number: int) -> Sequence[FollowUp]:
    """Return the started follow-ups up to that one, in order."""
    query = select(FollowUp).where(
        FollowUp.task_id == task_id,
        FollowUp.number <= number,
        FollowUp.state == FollowUpState.STARTED,
    )
    return db.session.scalars(query.order_by(FollowUp.number)).all()


def _predecessor(row: Any) -> int | None:
    """Return the number of the previous attempt, if it ran on the same machine, which still has its
    home.

    The session of an older one would miss what happened in between.
    """
    before = db.session.scalar(
        select(Attempt)
        .where(Attempt.task_id == row.task_id, Attempt.number < row.attempt)
        .where(Attempt.started_at.is_not(None))
        .order_by(Attempt.number.desc())
        .limit(1)
    )
    if before is None or before.machine_id != row.machine_id or before.forgotten_at is not None:
        return None
    return before.number


def review_text(task_id: int, review_id: int | None) -> tuple[str, list[int]]:
    """Return the threads of a review with their code, as text, and their IDs."""
    threads = [] if review_id is None else prompts.threads_for_prompt(task_id, review_id)
    return rules.format_review([_thread(each) for each in threads]), [each.id for each in threads]


def _thread(thread: PromptThread) -> Thread:
    where = rules.format_location(
        thread.path, thread.line, thread.end_line, outdated=thread.outdated
    )
    return Thread(thread.id, where, thread.code, thread.first, thread.comments)


def changed_files(row: Any) -> list[ChangedFile]:
    """Return the first of the task's changed files."""
    change = change_queries.find_change(db.session.get_one(Task, row.task_id))
    files = change_queries.list_files(change, rules.MAX_FILES + 1) if change else ()
    return [ChangedFile(file.path, *_line_counts(file)) for file in files]


def _line_counts(file: changes.ChangedFile) -> tuple[int | None, int | None]:
    return (None, None) if file.binary else (file.insertions, file.deletions)
