"""A developer's inbox, with everything that a page needs to show and answer it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain import inbox as rules
from app.domain.inbox import DefaultAction, InboxAction, InboxKind
from app.domain.roles import Permission, Person, ProjectRole, is_allowed
from app.domain.token_scope import REQUIRED_SCOPE
from app.models import Developer, Task
from app.services import rights
from app.services.inbox import keys, machines, tasks
from app.services.inbox.keys import Key, Keys
from app.services.inbox.machines import UnhealthyMachine
from app.services.inbox.tasks import InboxTasks, ShortDiff
from app.services.tasks import gates
from app.services.tasks.gates import PendingGate


@dataclass(frozen=True)
class InboxItem:
    """Something that needs the developer's attention.

    `default_action` happens by itself, `at` that time; `since` None: unknown. It has either `task`
    or `machine`. `log_tail`: the end of a failure's log; `retry_from`: the stage from which it can
    be retried, None: not allowed.
    """

    id: str
    kind: InboxKind
    since: datetime | None
    default_action: DefaultAction
    at: datetime | None
    actions: list[InboxAction]
    task: Task | None = None
    gate: PendingGate | None = None
    change: ShortDiff | None = None
    log_tail: list[str] = field(default_factory=list)
    retry_from: int | None = None
    machine: UnhealthyMachine | None = None


@dataclass(frozen=True)
class _Viewer:
    """The developer, with their roles in the projects of a page."""

    developer: Developer
    roles: dict[int, ProjectRole] = field(default_factory=dict)

    def is_allowed(self, act: Permission, task: Task | None = None) -> bool:
        """Whether the developer's credential allows it for the task (None: outside tasks)."""
        role = self.roles.get(task.project_id) if task else None
        is_creator = task is not None and task.created_by == self.developer.id
        if not self.developer.access_scope.allows(REQUIRED_SCOPE[act]):
            return False
        return is_allowed(act, Person(self.developer.role, role, is_creator))


def listing(
    actor: Developer, kinds: Collection[InboxKind], now: datetime
) -> Callable[[Sequence[Any] | None, int], Keys]:
    """Return a function that builds the query of a page's keys, for `pagination`. No kinds: all
    of them.
    """
    return lambda before, limit: keys.page_query(actor, kinds or [*InboxKind], before, limit, now)


def items(actor: Developer, found: Sequence[Key], now: datetime) -> list[InboxItem]:
    """Return the items of these keys, in order, with a constant number of queries."""
    task_ids = [int(key.id) for key in found if key.rank != rules.RANKS[InboxKind.MACHINE]]
    of_tasks = tasks.read_tasks(task_ids)
    unwell = machines.read_unhealthy(
        [key.id for key in found if key.rank == rules.RANKS[InboxKind.MACHINE]], now
    )
    asking = _Viewer(actor, rights.roles_of(actor, of_tasks.projects))
    made = []
    for key in found:
        if key.rank == rules.RANKS[InboxKind.MACHINE]:
            item = _machine_item(asking, unwell.get(key.id), now)
        else:
            item = _task_item(asking, of_tasks, int(key.id), key.rank)
        if item is not None:  # it still exists since the keys were read
            made.append(item)
    return made


def counts(actor: Developer, now: datetime) -> dict[InboxKind, int]:
    """Return the number of items of each kind, each counted up to `keys.MAX_COUNT`."""
    return keys.counts(actor, now)


def _task_item(asking: _Viewer, of_tasks: InboxTasks, task_id: int, rank: int) -> InboxItem | None:
    task = of_tasks.tasks.get(task_id)
    if task is None:
        return None
    if rank == rules.RANKS[InboxKind.GATE]:
        return _gate_item(asking, of_tasks, task)
    return _end_item(asking, of_tasks, task, rank)


def _gate_item(asking: _Viewer, of_tasks: InboxTasks, task: Task) -> InboxItem | None:
    gate = of_tasks.gates.get(task.id)
    if gate is None:
        return None
    can_answer = asking.is_allowed(Permission.ANSWER_GATE, task)
    actions = {
        InboxAction.ANSWER: can_answer,
        InboxAction.REVIEW: can_answer and asking.is_allowed(Permission.REVIEW, task),
        InboxAction.FOLLOW_UP: asking.is_allowed(Permission.FOLLOW_UP, task),
    }
    name = task.stages[min(gate.stage_index, len(task.stages) - 1)]["name"]
    default_action = rules.default_action_of_gate(gate.kind, gate.expires_at)
    return InboxItem(
        id=f"gate-{task.id}-{gate.round}-{gate.stage_index}-{gate.number}",
        kind=rules.kind_of_gate(gate.kind),
        since=gate.requested_at,
        default_action=default_action,
        at=gate.expires_at,
        actions=[action for action, is_allowed in actions.items() if is_allowed],
        task=task,
        gate=gates.to_pending(task, gate, name, of_tasks.diff_at(task, gate)),
        change=of_tasks.short_diff(task, gate),
    )


def _end_item(asking: _Viewer, of_tasks: InboxTasks, task: Task, rank: int) -> InboxItem:
    is_failure = rank == rules.RANKS[InboxKind.FAILURE]
    actions = {
        InboxAction.RETRY: is_failure and asking.is_allowed(Permission.RETRY_TASK, task),
        InboxAction.REVIEW: not is_failure and asking.is_allowed(Permission.REVIEW, task),
        InboxAction.FOLLOW_UP: asking.is_allowed(Permission.FOLLOW_UP, task)
        and of_tasks.has_work(task),
        InboxAction.DISMISS: asking.is_allowed(Permission.ANSWER_GATE, task)
        or asking.is_allowed(Permission.RETRY_TASK, task),
    }
    kind = InboxKind.FAILURE if is_failure else InboxKind.RESULT
    return InboxItem(
        id=f"{kind}-{task.id}-{task.round}",
        kind=kind,
        since=task.finished_at,
        default_action=DefaultAction.NOTHING,
        at=None,
        actions=[action for action, is_allowed in actions.items() if is_allowed],
        task=task,
        change=of_tasks.short_diff(task, None),
        log_tail=of_tasks.log_ends.get(task.id, []),
        retry_from=_retry_from(task) if actions[InboxAction.RETRY] else None,
    )


def _retry_from(task: Task) -> int:
    """Return the failed stage, if its starting point exists; else the first."""
    failed: int = (task.failure or {}).get("stageIndex") or 0
    return failed if str(failed - 1) in task.checkpoints else 0


def _machine_item(
    asking: _Viewer, unwell: UnhealthyMachine | None, now: datetime
) -> InboxItem | None:
    if unwell is None:
        return None
    default_action, at = unwell.default_action(now)
    can_undrain = unwell.is_in_drain and asking.is_allowed(Permission.DRAIN_MACHINE)
    return InboxItem(
        id=f"machine-{unwell.id}",
        kind=InboxKind.MACHINE,
        since=unwell.since,
        default_action=default_action,
        at=at,
        actions=[InboxAction.UNDRAIN] if can_undrain else [],
        machine=unwell,
    )
