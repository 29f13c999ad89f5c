"""The rule that keeps a machine from a task, with the numbers that decide it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.scheduling import Candidate, Reason, Request


class MeasureKind(StrEnum):
    CPU_PERCENT = "cpu_percent"
    SLOTS = "slots"


@dataclass(frozen=True)
class Measure:
    """A number that a rule compares. `setting`: the one that sets the limit; None for the machine's
    own limit.
    """

    kind: MeasureKind
    value: float
    limit: float
    setting: str | None = None


@dataclass(frozen=True)
class BlockerFacts:
    """What explains a blocker, and isn't needed to choose a machine.

    `avoided_until`: when the agent's account on it has quota again.
    """

    name: str
    last_seen_at: datetime | None = None
    drain_started_at: datetime | None = None
    overloaded_since: datetime | None = None
    avoided_until: datetime | None = None


@dataclass(frozen=True)
class Blocker:
    """Why a machine can't take a task.

    `detail` is the machine's own text. `required` and `actual`: what the task requires, and what
    the machine has of it. `since` and `until` are None if unknown.
    """

    machine_id: str
    machine_name: str
    reason: Reason
    detail: str | None = None
    measure: Measure | None = None
    required: str | None = None
    actual: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def describe_blocker(
    request: Request, machine: Candidate, reason: Reason, facts: BlockerFacts, max_load: float
) -> Blocker:
    """Return the blocker of a machine, which `reason` excludes."""
    agent = machine.agents.get(request.agent_type)
    is_degraded = reason is Reason.CAPABILITY_DEGRADED
    required, actual = _compare_requirement(request, machine, reason)
    return Blocker(
        machine.id,
        facts.name,
        reason,
        agent.reason if agent and is_degraded else None,
        _find_measure(machine, reason, max_load),
        required,
        actual,
        _find_start(reason, facts),
        agent.degraded_until if agent and is_degraded else _find_end(reason, facts),
    )


def _find_measure(machine: Candidate, reason: Reason, max_load: float) -> Measure | None:
    match reason:
        case Reason.OVERLOADED:
            percent = round(machine.load_percent, 1)
            return Measure(MeasureKind.CPU_PERCENT, percent, max_load, "maxLoadPercent")
        case Reason.NO_FREE_SLOT:
            return Measure(MeasureKind.SLOTS, machine.slots_used, machine.slots_total)
    return None


def _compare_requirement(
    request: Request, machine: Candidate, reason: Reason
) -> tuple[str | None, str | None]:
    if reason is Reason.SANDBOX_UNAVAILABLE:
        return request.placement.min_sandbox, machine.sandbox_level
    if reason is Reason.LABEL_MISMATCH:
        # None: a protected project that doesn't list the machine.
        return _join_unmet(request, machine.labels)
    return None, None


def _join_unmet(request: Request, its: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return the unmet requirements, and the machine's labels of those names."""
    unmet = [each for each in request.placement.selector if not each.is_met(its)]
    names = dict.fromkeys(each.name for each in unmet if each.name in its)
    actual = ",".join(f"{name}={its[name]}" for name in names)
    return ",".join(map(str, unmet)) or None, actual or None


def _find_start(reason: Reason, facts: BlockerFacts) -> datetime | None:
    match reason:
        case Reason.OFFLINE:
            return facts.last_seen_at
        case Reason.DRAINING:
            return facts.drain_started_at
        case Reason.OVERLOADED:
            return facts.overloaded_since
    return None


def _find_end(reason: Reason, facts: BlockerFacts) -> datetime | None:
    return facts.avoided_until if reason is Reason.QUOTA_EXHAUSTED else None
