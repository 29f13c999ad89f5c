"""Who gets a message to a task's agent now (`domain.task_message.find_recipients`)."""

from typing import Any

from app.domain import agents, interrupt, task_message
from app.domain.errors import TaskEnded
from app.domain.task_message import AgentWork, NoMessages, NoRecipient, Recipients
from app.models import Task
from app.services.locks import LockedTask


def find_recipients(locked: LockedTask) -> Recipients:
    """Return who gets a message to the locked task now."""
    task = locked.task
    if not locked.has_live_attempt:
        return task_message.find_recipients(task.status, task.pipeline, task.stage_index, None)
    work = describe_work(task, locked.attempt, locked.machine.capabilities)
    return task_message.find_recipients(task.status, task.pipeline, task.stage_index, work)


def require_recipient(found: Recipients) -> None:
    """Raise TaskEnded or NoMessages if a message would reach nobody, other than for being late."""
    if found.reason is NoRecipient.ENDED:
        raise TaskEnded("The task has already ended. Follow up on it instead.")
    if found.reason in (NoRecipient.NOT_SUPPORTED, NoRecipient.TERMINAL):
        raise NoMessages


def describe_work(task: Task, attempt: Any, capabilities: list[dict[str, Any]]) -> AgentWork:
    """Return the facts about the task's live attempt, a row or its columns. Its project must be
    loaded.
    """
    stopped = interrupt.find_interrupt(attempt.interrupt, attempt.stage_index, attempt.run)
    is_stopped = stopped is not None and stopped.state in interrupt.STOPS_STAGE
    return AgentWork(
        phase=attempt.phase,
        stage_index=attempt.stage_index,
        has_slot=attempt.has_slot,
        is_stopping=attempt.suspends or is_stopped or attempt.pending_exit is not None,
        pushes=attempt.pushes,
        takes_messages=task_message.takes_messages(capabilities, task.agent_type),
        interface=_interface(task, attempt.stage_index),
    )


def _interface(task: Task, stage_index: int) -> str | None:
    stage = task.pipeline[stage_index].get("agentOptions")
    options = agents.merge_options(task.agent_options, stage, task.project.agent_options)
    return options.get("interface")
