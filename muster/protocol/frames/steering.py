"""Frames and reports with which people watch and steer a working agent."""

from typing import Literal

from muster.protocol.bounds import (
    Big,
    BoundedList,
    Choice,
    Count,
    Question,
    Seconds,
    Text,
    TruncatedTo20,
)
from muster.protocol.frames.parts import Frame, Part, PermissionRequest, ReportBody, UpdatedEntry

PermissionAnswer = Literal["allow_once", "allow_for_task", "deny"]


class AgentMessage(Frame, tag="message"):
    """Server: people's message number `number` of the task to the agent that runs this stage.

    `next`: it arrives at the agent's next step; `now`: the running step is stopped first. Answered
    by `MessageOutcome`; repeated until then, and a repeated number has no effect. Sent only to
    agents whose capability `takes_messages`.
    """

    task_id: Big
    attempt: Count
    number: Big
    text: Text
    author: Text
    when: Literal["next", "now"] = "next"


class Interrupt(Frame, tag="interrupt"):
    """Server: stop the agent's running step. The agent then waits, as at a question of its own
    (`QuestionOpened` with this `interrupt`), for what to do instead. `number` counts the attempt's
    interrupts; a repeated one has no effect. Without an effect within 10 s, the machine answers
    with `InterruptIgnored`.
    """

    task_id: Big
    attempt: Count
    number: Big
    author: Text


class PromptMessage(Part):
    """A message of people that waited for this stage; the agent's prompt ends with it."""

    number: Big
    author: Text
    text: Text


class TranscriptUpdated(ReportBody, tag="transcript-updated"):
    """Reported entries that have changed since; they keep their numbers."""

    stage_index: Count
    entries: BoundedList[UpdatedEntry]
    run: Count = 0


class MessageOutcome(ReportBody, tag="message-outcome"):
    """What became of people's message with that number. Reported once for each `AgentMessage`.

    `delivered`: its agent has read it. `unconfirmed`: it was handed to the agent, which ended or
    was stopped before it confirmed that; it isn't handed over again. `returned`: it was never
    handed over.
    """

    number: Big
    state: Literal["delivered", "unconfirmed", "returned"]
    stage_index: Count
    run: Count = 0


class InterruptIgnored(ReportBody, tag="interrupt-ignored"):
    """The agent didn't stop its running step within 10 s of the `Interrupt` with that number."""

    number: Big
    stage_index: Count
    run: Count = 0


class QuestionOpened(ReportBody, tag="asked"):
    """An agent asks a question during its stage. Its process waits for the `Answer` with the same
    number, and the stage's timeout pauses until then. One question at a time: a new one replaces an
    open one.

    `number` counts the attempt's questions. The answer is one of `choices`, or any text if there
    are none. After `timeout` seconds (None: never) the agent stops waiting.

    `permission`: the agent wants to do this, and waits for `Answer.permission`. `interrupt`: people
    stopped the agent with that `Interrupt`, and it waits for what to do instead.
    """

    stage_index: Count
    number: Count
    question: Question
    choices: TruncatedTo20[Choice] = []
    timeout: Seconds | None = None
    run: Count = 0
    permission: PermissionRequest | None = None
    interrupt: Big | None = None


class QuestionWithdrawn(ReportBody, tag="unasked"):
    """The agent no longer waits for an answer to the question with that number, and continues."""

    stage_index: Count
    number: Count
    run: Count = 0
