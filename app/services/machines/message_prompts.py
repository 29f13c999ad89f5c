"""The messages of people that go with a stage's order."""

from collections.abc import Mapping
from typing import Any

from app.domain import pipeline
from app.domain.attempt import AttemptPhase
from app.domain.task_message import build_prompt_end
from app.extensions import db
from app.services import locks
from app.services.locks import LockedTask
from app.services.tasks import message_queue
from muster.protocol import frames


def complete(row: Any, run: int, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an order's `fields` with the messages that wait for its stage's agent.

    They are bound to that run of the stage first, in a transaction of its own, so that a repeated
    order has the same ones. Costs nothing if none waits. A machine of an earlier release gets them
    as the end of the text.
    """
    is_agent = pipeline.is_agent_stage(row.pipeline, row.attempt_stage)
    if not row.messages_waiting or not is_agent:
        return fields
    messages = _bind(row, run)
    if row.takes_messages:
        return {**fields, "messages": messages}
    end = build_prompt_end((each.author, each.text) for each in messages)
    texts = {name: fields[name] for name in ("text", "fresh_text") if fields.get(name)}
    return {**fields, **{name: f"{text}\n\n{end}" for name, text in texts.items() if end}}


def _bind(row: Any, run: int) -> list[frames.PromptMessage]:
    locked = locks.lock_task(row.task_id)
    found = message_queue.bind_to_prompt(locked) if _is_current(locked, row, run) else []
    messages = [frames.PromptMessage(each.number, each.creator.name, each.text) for each in found]
    db.session.commit()
    return messages


def _is_current(locked: LockedTask, row: Any, run: int) -> bool:
    """Whether the order is still the attempt's: it was read without a lock."""
    if not locked.has_live_attempt or locked.attempt.number != row.attempt:
        return False
    at = locked.attempt
    return (at.phase, at.stage_index, at.run) == (AttemptPhase.RUN, row.attempt_stage, run)
