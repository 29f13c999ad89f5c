"""Inbox items: what needs a developer's attention, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain import sanitize
from app.domain.agents import NOT_INSTALLED
from app.domain.machine import MachineStatus
from app.domain.pipeline import AGENT_GATES, GateKind
from app.domain.task import EventType

MAX_AGE = timedelta(days=14)
"""A finished task leaves the inbox after this long, but stays in notifications and lists."""


class InboxKind(StrEnum):
    """Kinds of inbox items, in display order."""

    GATE = "gate"  # a gate of the pipeline, or a branch that couldn't be moved
    QUESTION = "question"  # an agent's question in the middle of its stage
    PERMISSION = "permission"  # an agent wants to do something; with the hosts that it was denied
    BUDGET = "budget"  # a budget is used up
    HOST = "host"  # a running task was denied a host that its project can allow
    TERMINAL = "terminal"  # an agent asks something in its terminal before it works
    FAILURE = "failure"
    RESULT = "result"  # without a review
    MACHINE = "machine"


class DefaultAction(StrEnum):
    """What happens if no one acts."""

    FAILS = "fails"
    CONTINUES = "continues"  # without an answer, which denies what it wants to do
    REQUEUES = "requeues"  # its work resumes elsewhere
    RECOVERS = "recovers"
    NOTHING = "nothing"


class InboxAction(StrEnum):
    """What the developer can do about an item with their current credential."""

    ANSWER = "answer"
    ALLOW_ALWAYS = "allow_always"
    ALLOW_HOST = "allow_host"  # in the project's network setting
    REVIEW = "review"
    FOLLOW_UP = "follow_up"
    RETRY = "retry"
    DISMISS = "dismiss"
    UNDRAIN = "undrain"


class MachineProblem(StrEnum):
    OFFLINE = "offline"
    DISK_FULL = "disk_full"  # the disk is full, so Muster drains it
    AGENT = "agent"  # one of its agents is unusable


# The order of kinds in the list: questions first, then items to review.
RANKS = {
    InboxKind.GATE: 6,
    InboxKind.QUESTION: 6,
    InboxKind.PERMISSION: 6,
    InboxKind.BUDGET: 6,
    InboxKind.HOST: 5,
    InboxKind.TERMINAL: 4,
    InboxKind.FAILURE: 3,
    InboxKind.RESULT: 2,
    InboxKind.MACHINE: 1,
}
_KIND_BY_GATE = {
    GateKind.QUESTION: InboxKind.QUESTION,
    GateKind.PERMISSION: InboxKind.PERMISSION,
    GateKind.BUDGET: InboxKind.BUDGET,
}
QUESTION_KINDS = (InboxKind.GATE, *_KIND_BY_GATE.values())


def kind_of_gate(gate: GateKind) -> InboxKind:
    """Return the kind of an open gate."""
    return _KIND_BY_GATE.get(gate, InboxKind.GATE)


def gates_of_kind(kind: InboxKind) -> tuple[GateKind, ...]:
    """Return the gates of that kind."""
    return tuple(gate for gate in GateKind if kind_of_gate(gate) is kind)


def default_action_of_gate(gate: GateKind, expires_at: datetime | None) -> DefaultAction:
    """Return what happens to an open gate if no one answers."""
    if expires_at is None:
        return DefaultAction.NOTHING
    return DefaultAction.CONTINUES if gate in AGENT_GATES else DefaultAction.FAILS


# ---- excerpts ----------------------------------------------------------------------------------

MAX_DIFF_LINES = 8
MAX_LOG_LINES = 6
MAX_LINE = 300  # characters


def last_lines(data: bytes) -> list[str]:
    """Return the last non-empty lines of a log as plain text, each cut to MAX_LINE.

    The first line of `data` may be incomplete.
    """
    plain = (line.rstrip() for line in sanitize.plain_lines(data))
    lines = [line for line in plain if any(map(str.isalnum, line))]
    return [line[:MAX_LINE] for line in lines[-MAX_LOG_LINES:]]


def excerpt(hunk: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of a hunk around its first change, each cut to MAX_LINE.

    It starts one line above the change.
    """
    changed = next((n for n, line in enumerate(hunk) if line["type"] != "context"), 0)
    shown = hunk[max(0, changed - 1) :][:MAX_DIFF_LINES]
    while shown and shown[-1]["type"] == "context" and len(shown) > 1:
        shown = shown[:-1]
    return [{**line, "text": line["text"][:MAX_LINE]} for line in shown]


# ---- machines ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProblemDetail:
    """Why a machine is unhealthy.

    `agent` and `detail` (the machine's text) describe an agent; `until` is its next try, if known.
    """

    reason: MachineProblem
    agent: str | None = None
    detail: str | None = None
    until: datetime | None = None


def find_problems(
    status: MachineStatus,
    capabilities: Sequence[Mapping[str, Any]],
    now: datetime,
    *,
    connected: bool,
    is_drained_by_us: bool,
) -> list[ProblemDetail]:
    """Return all problems of a machine. One that people have drained may be offline without one."""
    found = []
    if status is MachineStatus.OFFLINE or (status is MachineStatus.DRAINING and not connected):
        found.append(ProblemDetail(MachineProblem.OFFLINE))
    if is_drained_by_us:
        found.append(ProblemDetail(MachineProblem.DISK_FULL))
    for capability in capabilities:
        until = _parse_timestamp(capability.get("degradedUntil"))
        agent, why = capability.get("agentType"), capability.get("reason")
        has_ended = until is not None and until <= now
        if capability.get("healthy", True) or why == NOT_INSTALLED or has_ended:
            continue
        found.append(ProblemDetail(MachineProblem.AGENT, agent, why, until))
    return found


def _parse_timestamp(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def default_action_of_machine(
    found: Sequence[ProblemDetail], lease_until: datetime | None, now: datetime, *, is_at_work: bool
) -> tuple[DefaultAction, datetime | None]:
    """Return what happens to an unhealthy machine's work if no one acts, and when.

    Until `lease_until` its work belongs to it.
    """
    reasons = {each.reason for each in found}
    if MachineProblem.OFFLINE in reasons:
        if is_at_work and lease_until is not None and lease_until > now:
            return DefaultAction.REQUEUES, lease_until
        return DefaultAction.NOTHING, None
    ends = [each.until for each in found]
    known = [end for end in ends if end is not None]
    if MachineProblem.DISK_FULL not in reasons and known and len(known) == len(ends):
        return DefaultAction.RECOVERS, max(known)
    return DefaultAction.NOTHING, None


# ---- what changes an inbox -----------------------------------------------------------------------

# These open and close questions, which concern everyone who can answer them;
_QUESTION_EVENTS = frozenset(
    {
        EventType.SUSPENDED,
        EventType.CONFIRMED,
        EventType.EGRESS_REFUSED,
        EventType.COMPLETED,
        EventType.FAILED,
        EventType.CANCELLED,
        EventType.FOLLOWED_UP,
        EventType.REVIEWED,
        EventType.CHECKPOINT,
        EventType.MACHINE_LOST,
        EventType.MACHINE_BACK,
        EventType.WARNING,  # a question is withdrawn; an agent waits in its terminal
    }
)
# these report an end or its result, which concerns the task's creator.
_END_EVENTS = frozenset(
    {
        EventType.COMPLETED,
        EventType.EGRESS_REFUSED,
        EventType.FAILED,
        EventType.RETRIED,
        EventType.FOLLOWED_UP,
        EventType.REVIEWED,
        EventType.RESTORED,
    }
)


def is_changed_by(type_: EventType, *, may_answer: bool, is_creator: bool) -> bool:
    """Whether the task's event may change someone's inbox."""
    return (may_answer and type_ in _QUESTION_EVENTS) or (is_creator and type_ in _END_EVENTS)
