"""Follow-ups by people: adding the next instruction, and withdrawing it.

A follow-up starts at once if its task is idle: ended, or at the question before a stage. Otherwise
it's queued, and starts when the task next reaches such a question or completes. By the task's lock,
one of several concurrent ones starts and the others are queued in order.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import joinedload

from app.domain import field_errors, pipeline
from app.domain import follow_up as rules
from app.domain import task as task_rules
from app.domain.attempt import AttemptOutcome
from app.domain.errors import (
    InvalidFields,
    NoCheckpoint,
    NotFound,
    TunnelOpen,
)
from app.domain.follow_up import FollowUpStarted, FollowUpState
from app.domain.roles import Permission
from app.domain.task import EventType, SuspendReason, TaskEvent, TaskStatus
from app.extensions import db
from app.models import Developer, FollowUp, Gate, Review, Task
from app.services import audit, locks, rights
from app.services.locks import LockedTask
from app.services.projects import projects
from app.services.tasks import (
    attempts,
    follow_up_queue,
    gates,
    history,
    images,
    queries,
    questions,
    rounds,
    transitions,
)

_SUPERSEDED = "a follow-up starts another round"


def create(
    actor: Developer,
    task_id: int,
    *,
    instruction: str,
    from_stage: int = 0,
    review_id: int | None = None,
    image_ids: Sequence[int] = (),
    remember: Callable[[FollowUp], None] | None = None,
) -> FollowUp:
    """Follow up on the task: now, if it's idle, or as soon as it is. Returns the follow-up.
    Commits.

    `remember` is called with it just before the commit; if that raises, there is none. Raises
    NotFound, Forbidden, ProjectArchived, InvalidFields, NoCheckpoint, TunnelOpen, TooManyFollowUps.
    """
    seen = queries.get(actor, task_id)
    rights.require(Permission.FOLLOW_UP, actor, seen.project)
    projects.require_active(seen.project)
    locked = locks.lock_loaded_task(seen)
    if from_stage >= len(locked.task.pipeline):
        missing = field_errors.NO_SUCH_STAGE(stages=len(locked.task.pipeline))
        raise InvalidFields({"fromStage": [missing]})
    _require_review(locked.task, review_id)
    made = add(locked, actor, instruction, from_stage, review_id, image_ids)
    audit.record_privileged("task.followed_up", locked.task, actor)
    locked.wake_machine()
    if remember:
        remember(made)
    db.session.commit()
    return get(actor, task_id, made.id)


def add(
    locked: LockedTask,
    actor: Developer,
    instruction: str,
    from_stage: int,
    review_id: int | None,
    image_ids: Sequence[int] = (),
) -> FollowUp:
    """Start it if the task is idle and none is before it, or else queue it.

    The caller has checked the right, holds the locks, wakes the machine, and commits. Raises
    InvalidFields, NoCheckpoint, TunnelOpen, TooManyFollowUps.
    """
    task, now = locked.task, locked.now
    made = follow_up_queue.add(task, actor, instruction, from_stage, review_id, now)
    images.attach_to_follow_up(task, actor, made.number, image_ids)
    if rules.can_start_now(task.status, at_gate=_open_gate(task) is not None):
        following = follow_up_queue.find_next(task)
        assert following is not None
        try:
            _start(locked, following)
        except (NoCheckpoint, TunnelOpen):
            if following is made:
                raise
    if made.state is FollowUpState.QUEUED:
        text = f"{actor.name}'s follow-up {made.number} is queued"
        history.record_event(task, EventType.LOG, text, now, data={"by": actor.id})
    return made


def require_right(actor: Developer, task_id: int) -> None:
    """Require that the developer can follow up on the task. Raises NotFound, Forbidden."""
    rights.require(Permission.FOLLOW_UP, actor, queries.get(actor, task_id).project)


def withdraw(actor: Developer, task_id: int, follow_up_id: int) -> None:
    """Withdraw a queued one, anyone's: members can act for each other. Commits.

    Raises NotFound, Forbidden, FollowUpStarted.
    """
    seen = queries.get(actor, task_id)
    rights.require(Permission.FOLLOW_UP, actor, seen.project)
    locked = locks.lock_loaded_task(seen)
    row = get(actor, task_id, follow_up_id)
    if row.state is FollowUpState.STARTED:
        raise FollowUpStarted
    if row.state is FollowUpState.QUEUED:
        follow_up_queue.withdraw(locked.task, row)
        text = f"follow-up {row.number} withdrawn by {actor.name}"
        history.record_event(locked.task, EventType.LOG, text, locked.now, data={"by": actor.id})
        audit.record_privileged("task.follow_up_withdrawn", locked.task, actor)
    db.session.commit()


def listing(actor: Developer, task_id: int) -> Select[FollowUp]:
    """Return the task's follow-ups, in any order. Raises NotFound."""
    return _query(queries.get(actor, task_id).id)


def get(actor: Developer, task_id: int, follow_up_id: int) -> FollowUp:
    """Return one follow-up. Raises NotFound."""
    query = _query(queries.get(actor, task_id).id).where(FollowUp.id == follow_up_id)
    row = db.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(f"Task {task_id} has no follow-up {follow_up_id}.")
    return row


def _query(task_id: int) -> Select[FollowUp]:
    query = select(FollowUp).where(FollowUp.task_id == task_id)
    return query.options(joinedload(FollowUp.creator, innerjoin=True))


# ---- those that are queued ---------------------------------------------------------------------


def start_queued(locked: LockedTask) -> bool:
    """Start the first queued one, if the task is completed, or in place of a question before a
    stage. Returns whether one has started. The caller holds the locks, and commits.
    """
    row = follow_up_queue.find_next(locked.task)
    if row is None:
        return False
    db.session.flush()  # it resumes from what this batch of reports brings
    try:
        _start(locked, row)
    except (NoCheckpoint, TunnelOpen):
        return False  # it keeps waiting: for more work, or for the tunnel to close
    return True


def sweep(now: datetime) -> int:
    """Start queued ones of idle tasks: what blocked them may be over. Returns the number of
    checked tasks. Commits for each.
    """
    query = (
        select(Task.id)
        .where(Task.follow_ups_queued > 0)
        .where(
            or_(
                Task.status == TaskStatus.COMPLETED,
                and_(
                    Task.status == TaskStatus.SUSPENDED, Task.suspend_reason == SuspendReason.GATE
                ),
                Task.status == TaskStatus.QUEUED,
            )
        )
        .order_by(Task.id)
        .limit(100)
    )
    resting = list(db.session.scalars(query))
    db.session.rollback()
    for task_id in resting:
        locked = locks.lock_task(task_id, now)
        at_gate = _open_gate(locked.task) is not None
        can_start = rules.can_start_automatically(locked.task.status, at_gate=at_gate)
        if can_start and start_queued(locked):
            locked.wake_machine()
            db.session.commit()
        else:
            db.session.rollback()
    return len(resting)


# ---- common parts ------------------------------------------------------------------------------


def _start(locked: LockedTask, row: FollowUp) -> None:
    """Start the follow-up's round. A waiting attempt ends as requeued: the next one resumes from
    its checkpoint.

    Raises NoCheckpoint, TunnelOpen, and has changed nothing then.
    """
    task, now, start = locked.task, locked.now, row.from_stage
    work = rounds.work_for_round(task, start)
    gates.require_no_tunnel(locked)
    if (gate := _open_gate(task)) is not None:
        questions.close(locked, gate, _SUPERSEDED)
    if locked.has_live_attempt:
        attempts.finish(locked, AttemptOutcome.HANDED_OVER, gone=True)
    if task.status not in task_rules.ENDED and gate is None:
        transitions.apply_event(task, TaskEvent.ASK, now)  # and nobody is asked
    checkpoints = rules.seed_checkpoints(work.checkpoint, start)
    rounds.start_round(task, TaskEvent.FOLLOW_UP, start, checkpoints, now)
    follow_up_queue.start(task, row, now)
    _record(task, row, now)
    gates.open_first_gate(task, now)


def _record(task: Task, row: FollowUp, now: datetime) -> None:
    name = pipeline.parse(task.pipeline)[row.from_stage].name
    text = f"follow-up by {row.creator.name} from stage “{name}”, as round {task.round}"
    about = {
        "round": task.round,
        "number": row.number,
        "instruction": row.instruction,
        "reviewId": row.review_id,
        "by": row.created_by,
    }
    history.record_event(
        task,
        EventType.FOLLOWED_UP,
        text,
        now,
        stage_index=row.from_stage,
        data=about,
        by=row.created_by,
    )


def _open_gate(task: Task) -> Gate | None:
    """Return the waiting task's gate, if a follow-up can take its place."""
    gate = gates.find_open_gate(task) if task.status in task_rules.LIVE else None
    return gate if gate and rules.is_at_gate(gate.kind) else None


def _require_review(task: Task, review_id: int | None) -> None:
    review = None if review_id is None else db.session.get(Review, review_id)
    if review_id is not None and (review is None or review.task_id != task.id):
        raise InvalidFields({"reviewId": [field_errors.NO_SUCH_REVIEW]})
