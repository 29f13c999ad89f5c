"""A developer's inbox: what needs them, with all that a page needs to show it and to answer."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain import inbox as rules
from app.domain.inbox import InboxAct, InboxKind, Then
from app.domain.roles import Act, Person, ProjectRole, may
from app.domain.token_scope import SCOPE_OF
from app.models import Developer, Task
from app.services import rights
from app.services.inbox import keys, machines, tasks
from app.services.inbox.keys import Key, Keys
from app.services.inbox.machines import UnwellMachine
from app.services.inbox.tasks import ShortDiff, Works
from app.services.tasks import gates
from app.services.tasks.gates import PendingGate


@dataclass(frozen=True)
class InboxItem:
    """Something that needs the developer. `then` happens by itself, `at` that time; `since` None:
    not known. Of `task` and `machine` there is one. `said`: how the log of a failure ends;
    `retry_from`: the stage that it can be retried from, None: it may not be.
    """

    id: str
    kind: InboxKind
    since: datetime | None
    then: Then
    at: datetime | None
    acts: list[InboxAct]
    task: Task | None = None
    gate: PendingGate | None = None
    change: ShortDiff | None = None
    said: list[str] = field(default_factory=list)
    retry_from: int | None = None
    machine: UnwellMachine | None = None


@dataclass(frozen=True)
class _Actor:
    """Who asks, with their roles in the projects of a page."""

    developer: Developer
    roles: dict[int, ProjectRole] = field(default_factory=dict)

    def may(self, act: Act, task: Task | None = None) -> bool:
        """Whether they may, with their credential, do it to the task (None: to no task)."""
        role = self.roles.get(task.project_id) if task else None
        is_creator = task is not None and task.created_by == self.developer.id
        if not self.developer.reach.allows(SCOPE_OF[act]):
            return False
        return may(act, Person(self.developer.role, role, is_creator))


def listing(
    actor: Developer, kinds: Collection[InboxKind], now: datetime
) -> Callable[[Sequence[Any] | None, int], Keys]:
    """A function that makes the query of a page's keys, for `paging`. No kinds: all of them."""
    return lambda before, limit: keys.page(actor, kinds or [*InboxKind], before, limit, now)


def items(actor: Developer, found: Sequence[Key], now: datetime) -> list[InboxItem]:
    """The items of these keys, in their order, by the same few queries however many there are."""
    task_ids = [int(key.id) for key in found if key.rank != rules.RANKS[InboxKind.MACHINE]]
    of_tasks = tasks.read(task_ids)
    unwell = machines.read(
        [key.id for key in found if key.rank == rules.RANKS[InboxKind.MACHINE]], now
    )
    asking = _Actor(actor, rights.roles_of(actor, of_tasks.projects))
    made = []
    for key in found:
        if key.rank == rules.RANKS[InboxKind.MACHINE]:
            item = _of_machine(asking, unwell.get(key.id), now)
        else:
            item = _of_task(asking, of_tasks, int(key.id), key.rank)
        if item is not None:  # it has not gone since the keys were read
            made.append(item)
    return made


def counts(actor: Developer, now: datetime) -> dict[InboxKind, int]:
    """How many items of each kind there are, each counted to `keys.COUNTED`."""
    return keys.counts(actor, now)


def _of_task(asking: _Actor, of_tasks: Works, task_id: int, rank: int) -> InboxItem | None:
    task = of_tasks.tasks.get(task_id)
    if task is None:
        return None
    if rank == rules.RANKS[InboxKind.GATE]:
        return _of_gate(asking, of_tasks, task)
    return _of_end(asking, of_tasks, task, rank)


def _of_gate(asking: _Actor, of_tasks: Works, task: Task) -> InboxItem | None:
    gate = of_tasks.gates.get(task.id)
    if gate is None:
        return None
    can_answer = asking.may(Act.ANSWER_GATE, task)
    acts = {
        InboxAct.ANSWER: can_answer,
        InboxAct.REVIEW: can_answer and asking.may(Act.REVIEW, task),
        InboxAct.FOLLOW_UP: asking.may(Act.FOLLOW_UP, task),
    }
    name = task.stages[min(gate.stage_index, len(task.stages) - 1)]["name"]
    then = rules.after_gate(gate.kind, gate.expires_at)
    return InboxItem(
        id=f"gate-{task.id}-{gate.round}-{gate.stage_index}-{gate.number}",
        kind=rules.kind_of(gate.kind),
        since=gate.requested_at,
        then=then,
        at=gate.expires_at,
        acts=[act for act, is_allowed in acts.items() if is_allowed],
        task=task,
        gate=gates.shown(task, gate, name, of_tasks.diff_at(task, gate)),
        change=of_tasks.short(task, gate),
    )


def _of_end(asking: _Actor, of_tasks: Works, task: Task, rank: int) -> InboxItem:
    is_failure = rank == rules.RANKS[InboxKind.FAILURE]
    acts = {
        InboxAct.RETRY: is_failure and asking.may(Act.RETRY_TASK, task),
        InboxAct.REVIEW: not is_failure and asking.may(Act.REVIEW, task),
        InboxAct.FOLLOW_UP: asking.may(Act.FOLLOW_UP, task) and of_tasks.has_work(task),
        InboxAct.SEEN: asking.may(Act.ANSWER_GATE, task) or asking.may(Act.RETRY_TASK, task),
    }
    kind = InboxKind.FAILURE if is_failure else InboxKind.RESULT
    return InboxItem(
        id=f"{kind}-{task.id}-{task.round}",
        kind=kind,
        since=task.finished_at,
        then=Then.NOTHING,
        at=None,
        acts=[act for act, is_allowed in acts.items() if is_allowed],
        task=task,
        change=of_tasks.short(task, None),
        said=of_tasks.log_ends.get(task.id, []),
        retry_from=_retry_from(task) if acts[InboxAct.RETRY] else None,
    )


def _retry_from(task: Task) -> int:
    """The stage that has failed, where there is what it began with; else the first."""
    failed: int = (task.failure or {}).get("stageIndex") or 0
    return failed if str(failed - 1) in task.checkpoints else 0


def _of_machine(asking: _Actor, unwell: UnwellMachine | None, now: datetime) -> InboxItem | None:
    if unwell is None:
        return None
    then, at = unwell.following(now)
    can_undrain = unwell.is_in_drain and asking.may(Act.DRAIN_MACHINE)
    return InboxItem(
        id=f"machine-{unwell.id}",
        kind=InboxKind.MACHINE,
        since=unwell.since,
        then=then,
        at=at,
        acts=[InboxAct.UNDRAIN] if can_undrain else [],
        machine=unwell,
    )
