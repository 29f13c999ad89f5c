"""People send a failed check back: a follow-up from the last agent stage before it, with the
failure as its instruction.
"""

from sqlalchemy import select

from app.domain import follow_up, pipeline, send_back
from app.domain.follow_up import FollowUpState
from app.domain.send_back import NoFailedCheck
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Event, FollowUp, Task
from app.services.tasks import follow_ups, queries, stage_output


def create(actor: Developer, task_id: int) -> FollowUp:
    """Send the failed check back. Returns the follow-up. Commits.

    Raises what `follow_ups.create` does, and NoFailedCheck.
    """
    follow_ups.require_right(actor, task_id)
    task = queries.get(actor, task_id)
    start = send_back.find_start(task.pipeline, task.failure)
    if start is None or task.status is not TaskStatus.FAILED:
        raise NoFailedCheck
    text = _build_instruction(task, (task.failure or {})["stageIndex"])
    # Under the task's lock: someone else may have started another round meanwhile.
    return follow_ups.create(
        actor, task_id, instruction=text, from_stage=start, remember=_require_started
    )


def _require_started(made: FollowUp) -> None:
    if made.state is not FollowUpState.STARTED:
        raise NoFailedCheck


def _build_instruction(task: Task, index: int) -> str:
    """Return the failure, as a turn's prompt has it, within the length of an instruction."""
    stage = pipeline.parse(task.pipeline)[index]
    query = select(Event.data).where(
        Event.task_id == task.id, Event.type == EventType.STAGE_FINISHED
    )
    end = db.session.scalar(query.order_by(Event.number.desc()).limit(1)) or {}
    code = end.get("code") if end.get("how") == "exit" else None
    attempt = db.session.get_one(Attempt, (task.id, task.attempt))
    output = stage_output.read_end(task.id, attempt.number, index, attempt.log_bytes)
    message = send_back.message_of(stage)
    frame = len(send_back.build_prompt(stage.name, code, "…", message)) - 1
    # The end of the output says the most.
    shortened = output[-(follow_up.MAX_INSTRUCTION - frame) :]
    return send_back.build_prompt(stage.name, code, shortened, message)
