"""What of all that happens needs one developer, and until when."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.agents import NOT_INSTALLED
from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.task import EventType

LEAVES_AFTER = timedelta(days=14)
"""So long after its end a task that nobody looked at is shown; notifications and lists keep it."""


class InboxKind(StrEnum):
    """What kind of a thing needs somebody, in the order in which they are shown."""

    GATE = "gate"  # a question of the pipeline's, or of a branch that could not be moved
    QUESTION = "question"  # an agent's, in the middle of its stage
    BUDGET = "budget"  # what a task may use is used up
    FAILURE = "failure"
    RESULT = "result"  # which nobody has reviewed
    MACHINE = "machine"


class Then(StrEnum):
    """What happens by itself where nobody does anything."""

    FAILS = "fails"
    GOES_ON = "goes_on"  # without an answer
    REQUEUES = "requeues"  # what runs there goes on elsewhere
    RECOVERS = "recovers"
    NOTHING = "nothing"


class InboxAct(StrEnum):
    """What the developer may do about an item, with the credential that they have come with."""

    ANSWER = "answer"
    REVIEW = "review"
    FOLLOW_UP = "follow_up"
    RETRY = "retry"
    SEEN = "seen"
    UNDRAIN = "undrain"


class MachineTrouble(StrEnum):
    OFFLINE = "offline"
    DISK_FULL = "disk_full"  # so that Muster drains it
    AGENT = "agent"  # one of its agents cannot be used


# The order of kinds in the list: what waits for an answer, then what is to be looked at.
RANKS = {
    InboxKind.GATE: 4,
    InboxKind.QUESTION: 4,
    InboxKind.BUDGET: 4,
    InboxKind.FAILURE: 3,
    InboxKind.RESULT: 2,
    InboxKind.MACHINE: 1,
}
_OF_GATES = {GateKind.QUESTION: InboxKind.QUESTION, GateKind.BUDGET: InboxKind.BUDGET}
ASKS = (InboxKind.GATE, InboxKind.QUESTION, InboxKind.BUDGET)


def kind_of(gate: GateKind) -> InboxKind:
    """The kind of an open gate."""
    return _OF_GATES.get(gate, InboxKind.GATE)


def gates_of(kind: InboxKind) -> tuple[GateKind, ...]:
    """The gates that are of that kind of item."""
    return tuple(gate for gate in GateKind if kind_of(gate) is kind)


def after_gate(gate: GateKind, expires_at: datetime | None) -> Then:
    """What becomes of an open gate by itself."""
    if expires_at is None:
        return Then.NOTHING
    return Then.GOES_ON if gate is GateKind.QUESTION else Then.FAILS


# ---- in short ------------------------------------------------------------------------------------

LINES_OF_DIFF = 8
LINES_OF_LOG = 6
LONGEST_LINE = 300  # characters
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x1b\\|\x07|$)|[ -/]*[0-~])|[\x00-\x08\x0b-\x1f\x7f]"
)


def last_lines(data: bytes) -> list[str]:
    """The last lines of a log's end that have words, as plain text, each cut to LONGEST_LINE.
    The first of `data` may be the rest of a line.
    """
    plain = (
        _ESCAPES.sub("", line.rpartition("\r")[2]).rstrip()
        for line in data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    )
    said = [line for line in plain if any(map(str.isalnum, line))]
    return [line[:LONGEST_LINE] for line in said[-LINES_OF_LOG:]]


def excerpt(hunk: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a hunk around its first change, each cut to LONGEST_LINE: one above it, and so
    many from there on."""
    changed = next((n for n, line in enumerate(hunk) if line["type"] != "context"), 0)
    shown = hunk[max(0, changed - 1) :][:LINES_OF_DIFF]
    while shown and shown[-1]["type"] == "context" and len(shown) > 1:
        shown = shown[:-1]
    return [{**line, "text": line["text"][:LONGEST_LINE]} for line in shown]


# ---- machines ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trouble:
    """Why a machine is unwell. `agent` and `why` (the machine's word) are those of an agent, which
    is tried again at `until`, if that is known."""

    reason: MachineTrouble
    agent: str | None = None
    why: str | None = None
    until: datetime | None = None


def troubles(
    status: MachineStatus,
    capabilities: Sequence[Mapping[str, Any]],
    now: datetime,
    *,
    connected: bool,
    is_drained_by_us: bool,
) -> list[Trouble]:
    """All that is wrong with a machine. One that people have drained may well be off."""
    found = []
    if status is MachineStatus.OFFLINE or (status is MachineStatus.DRAINING and not connected):
        found.append(Trouble(MachineTrouble.OFFLINE))
    if is_drained_by_us:
        found.append(Trouble(MachineTrouble.DISK_FULL))
    for capability in capabilities:
        until = _moment(capability.get("degradedUntil"))
        agent, why = capability.get("agentType"), capability.get("reason")
        has_ended = until is not None and until <= now
        if capability.get("healthy", True) or why == NOT_INSTALLED or has_ended:
            continue
        found.append(Trouble(MachineTrouble.AGENT, agent, why, until))
    return found


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def after_troubles(
    found: Sequence[Trouble], lease_until: datetime | None, now: datetime, *, is_at_work: bool
) -> tuple[Then, datetime | None]:
    """What becomes of an unwell machine by itself, and when. Until `lease_until` what it works on
    is its own."""
    reasons = {each.reason for each in found}
    if MachineTrouble.OFFLINE in reasons:
        if is_at_work and lease_until is not None and lease_until > now:
            return Then.REQUEUES, lease_until
        return Then.NOTHING, None
    ends = [each.until for each in found]
    known = [end for end in ends if end is not None]
    if MachineTrouble.DISK_FULL not in reasons and known and len(known) == len(ends):
        return Then.RECOVERS, max(known)
    return Then.NOTHING, None


# ---- what changes an inbox -----------------------------------------------------------------------

# These open and close questions, which is the business of all who may answer them;
_OF_QUESTIONS = frozenset(
    {
        EventType.SUSPENDED,
        EventType.CONFIRMED,
        EventType.FAILED,
        EventType.CANCELLED,
        EventType.FOLLOWED_UP,
        EventType.REVIEWED,
        EventType.CHECKPOINT,
        EventType.MACHINE_LOST,
        EventType.MACHINE_BACK,
        EventType.WARNING,  # a question is withdrawn
    }
)
# these are news of an end, or of what has come of it, for who has created the task.
_OF_ENDS = frozenset(
    {
        EventType.COMPLETED,
        EventType.FAILED,
        EventType.RETRIED,
        EventType.FOLLOWED_UP,
        EventType.REVIEWED,
        EventType.RESTORED,
    }
)


def is_changed_by(type_: EventType, *, may_answer: bool, is_creator: bool) -> bool:
    """Whether the event of a task may change somebody's inbox."""
    return (may_answer and type_ in _OF_QUESTIONS) or (is_creator and type_ in _OF_ENDS)
