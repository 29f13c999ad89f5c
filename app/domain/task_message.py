"""Messages of people to a task's agent: where each goes, and what becomes of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.domain import pipeline
from app.domain.agents import Interface
from app.domain.attempt import AttemptPhase
from app.domain.errors import Conflict
from app.domain.task import ENDED, TaskStatus

MAX_WAITING = 20
"""Maximum messages that wait, per task."""

MAX_TEXT = 20_000  # characters, as in an instruction

# As machines of this release write it.
_HEADING = "People have written these messages about this task since; follow them, too."


class NoMessages(Conflict):
    """This agent can't read messages while it works."""

    code = "no_messages"


class TooManyMessages(Conflict):
    """Too many messages wait. Withdraw one or wait."""

    code = "too_many_messages"


class MessageSent(Conflict):
    """The message has already been sent to the agent."""

    code = "message_sent"


class NotWorking(Conflict):
    """The agent isn't working now."""

    code = "not_working"


class MessageTiming(StrEnum):
    """When the agent gets a message."""

    NEXT = "next"  # at its next step
    NOW = "now"  # at once: the running step is stopped


class TooLate(StrEnum):
    """What happens to a message if no agent of its round is left to read it."""

    RETURN = "return"
    FOLLOW_UP = "follow_up"


class MessageState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"  # its agent has read it
    UNCONFIRMED = "unconfirmed"  # perhaps not read
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"  # not read: no agent of its round was left
    FOLLOWED_UP = "followed_up"  # it became a follow-up


UNREAD = frozenset({MessageState.UNCONFIRMED, MessageState.RETURNED})
"""The states of which authors are notified."""


class RecipientState(StrEnum):
    """Who gets a message that is sent now."""

    OPEN = "open"  # the agent that works now
    NEXT_STAGE = "next_stage"  # the round's next agent stage
    NONE = "none"


class NoRecipient(StrEnum):
    """Why a message would reach nobody."""

    ENDED = "task_ended"
    NOT_SUPPORTED = "not_supported"  # the agent reads nothing while it works
    TERMINAL = "terminal"  # people type into its terminal
    NO_STAGE = "no_stage_left"  # no agent stage of the round is left


@dataclass(frozen=True)
class Recipients:
    """Who gets a message now; `reason`: why nobody."""

    state: RecipientState
    reason: NoRecipient | None = None


NOBODY = Recipients(RecipientState.NONE, NoRecipient.ENDED)


@dataclass(frozen=True)
class AgentWork:
    """A task's live attempt, as far as it decides about messages. `takes_messages`: its machine's
    agent does. `is_stopping`: the stage is about to be interrupted, or has ended.
    """

    phase: AttemptPhase
    stage_index: int
    has_slot: bool
    is_stopping: bool
    pushes: int
    takes_messages: bool
    interface: str | None


def find_recipients(
    status: TaskStatus,
    stages: Sequence[Mapping[str, Any]],
    stage_index: int,
    work: AgentWork | None,
) -> Recipients:
    """Return who gets a message now. `stage_index` is the task's; `work` its live attempt's."""
    if status in ENDED:
        return NOBODY
    if work is None:
        return _next_stage(stages, stage_index)
    if work.phase is AttemptPhase.PUBLISH or work.pushes:
        return Recipients(RecipientState.NONE, NoRecipient.NO_STAGE)
    is_working = work.phase is AttemptPhase.RUN and work.has_slot and not work.is_stopping
    if not is_working or not pipeline.is_agent_stage(stages, work.stage_index):
        return _next_stage(stages, work.stage_index)
    if work.interface == Interface.TERMINAL:
        return Recipients(RecipientState.NONE, NoRecipient.TERMINAL)
    if not work.takes_messages:
        return Recipients(RecipientState.NONE, NoRecipient.NOT_SUPPORTED)
    return Recipients(RecipientState.OPEN)


def _next_stage(stages: Sequence[Mapping[str, Any]], index: int) -> Recipients:
    if has_agent_stage(stages, index):
        return Recipients(RecipientState.NEXT_STAGE)
    return Recipients(RecipientState.NONE, NoRecipient.NO_STAGE)


def can_send(recipients: Recipients, waiting: int) -> bool:
    """Whether a message can be sent now; if no agent is left to read it, its author chooses what
    happens to it.
    """
    return waiting < MAX_WAITING and recipients.reason in (None, NoRecipient.NO_STAGE)


def has_agent_stage(stages: Sequence[Mapping[str, Any]], first: int) -> bool:
    """Whether an agent stage is among those from `first` on."""
    return any(pipeline.is_agent_stage(stages, index) for index in range(first, len(stages)))


def takes_messages(capabilities: Iterable[Mapping[str, Any]], agent_type: str) -> bool:
    """Whether a machine's agent of that type reads messages while it works."""
    return any(
        each.get("agentType") == agent_type and bool(each.get("takesMessages"))
        for each in capabilities
    )


def build_prompt_end(messages: Iterable[tuple[str, str]]) -> str:
    """Return the end of the prompt of a stage for which messages, (author, text), waited."""
    parts = [f"{author}:\n{text}" for author, text in messages]
    return "\n\n".join([_HEADING, *parts]) if parts else ""


def build_stop_question(author: str) -> str:
    """Return the question of an agent that someone has stopped."""
    return f"Stopped by {author}. What now?"
