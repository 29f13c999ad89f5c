"""What an order has of the round that its attempt is in: whose words it goes by, a follow-up's or
the task's, and what a follow-up's agents are told besides.
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
    """A round as a stage's order tells it. `history` is empty where the stage is no agent's, or the
    round no follow-up's; `says_it`: the stage's command has what is to be done, or need not.
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
        """What stages know of it; a follow-up's words take the place of the task's."""
        texts = dict.fromkeys(("description", "instruction"), self.instruction)
        return texts | {"round": str(self.number)}

    def fields(self, filled: str) -> dict[str, Any]:
        """The order's fields that come of it, and of the stage's command, filled in."""
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
    """The round of an attempt, whose `row` is of `orders`, for that run of a stage. Costs nothing
    where it is no follow-up's.
    """
    if row.follow_up is None:
        return RoundContext(row.round, row.description)
    known = _started_follow_ups(row.task_id, row.follow_up)
    latest = known[-1]
    if stages[index].kind is not StageKind.AGENT:
        return RoundContext(row.round, latest.instruction)
    agents = [i for i, each in enumerate(stages) if each.kind is StageKind.AGENT]
    # A retry may begin before it, too.
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
    """The commit that the round before came to, if the round began with its work."""
    known: Mapping[str, Any] = checkpoints.get(str(rules.BEFORE_FIRST_STAGE), {})
    return known.get("commit")


def _started_follow_ups(task_id: int, number: int) -> Sequence[FollowUp]:
    """The follow-ups up to that one that have begun, in order."""
    query = select(FollowUp).where(
        FollowUp.task_id == task_id,
        FollowUp.number <= number,
        FollowUp.state == FollowUpState.STARTED,
    )
    return db.session.scalars(query.order_by(FollowUp.number)).all()


def _predecessor(row: Any) -> int | None:
    """The number of the attempt before this one, if it has run on the same machine, which still has
    its home. The conversation of an older one would not know of what came between.
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
    """The threads of a review with their code, in words, and their ids."""
    threads = [] if review_id is None else prompts.threads_for_prompt(task_id, review_id)
    return rules.format_review([_thread(each) for each in threads]), [each.id for each in threads]


def _thread(thread: PromptThread) -> Thread:
    where = rules.format_location(
        thread.path, thread.line, thread.end_line, outdated=thread.outdated
    )
    return Thread(thread.id, where, thread.code, thread.first, thread.comments)


def changed_files(row: Any) -> list[ChangedFile]:
    """What the task has changed by now, file by file; the first of them."""
    change = change_queries.find_change(db.session.get_one(Task, row.task_id))
    files = change_queries.list_files(change, rules.MAX_FILES + 1) if change else ()
    return [ChangedFile(file.path, *_line_counts(file)) for file in files]


def _line_counts(file: changes.ChangedFile) -> tuple[int | None, int | None]:
    return (None, None) if file.binary else (file.insertions, file.deletions)
