"""A developer's inbox, with everything that a page needs to show and answer it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain import inbox as rules
from app.domain import task_actions
from app.domain.access import Access
from app.domain.inbox import DefaultAction, InboxAction, InboxKind
from app.domain.roles import Permission, ProjectRole
from app.domain.task_actions import TaskAction
from app.models import Developer, Task
from app.services import rights
from app.services.inbox import keys, machines, tasks
from app.services.inbox.keys import Key, Keys
from app.services.inbox.machines import UnhealthyMachine
from app.services.inbox.tasks import InboxTasks, ShortDiff
from app.services.tasks import actions, answerers, gates
from app.services.tasks.gates import PendingGate

_GATE_ACTIONS = (
    TaskAction.ANSWER,
    TaskAction.ALLOW_ALWAYS,
    TaskAction.REVIEW,
    TaskAction.FOLLOW_UP,
)
_FAILURE_ACTIONS = (TaskAction.RETRY, TaskAction.FOLLOW_UP)
_RESULT_ACTIONS = (TaskAction.REVIEW, TaskAction.FOLLOW_UP)


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
    refused_hosts: list[str] = field(default_factory=list)
    retry_from: int | None = None
    machine: UnhealthyMachine | None = None


@dataclass(frozen=True)
class _Viewer:
    """The developer, with their roles in the projects of a page."""

    developer: Developer
    roles: dict[int, ProjectRole] = field(default_factory=dict)

    def access(self, task: Task) -> Access:
        role = self.roles.get(task.project_id)
        return rights.access_with_role(
            self.developer, task.project, role, creator_id=task.created_by
        )


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
            item = _task_item(asking, of_tasks, key)
        if item is not None:  # it still exists since the keys were read
            made.append(item)
    return made


def counts(actor: Developer, now: datetime) -> dict[InboxKind, int]:
    """Return the number of items of each kind, each counted up to `keys.MAX_COUNT`."""
    return keys.counts(actor, now)


def _task_item(asking: _Viewer, of_tasks: InboxTasks, key: Key) -> InboxItem | None:
    task = of_tasks.tasks.get(int(key.id))
    if task is None:
        return None
    if key.rank == rules.RANKS[InboxKind.GATE]:
        return _gate_item(asking, of_tasks, task)
    if key.rank == rules.RANKS[InboxKind.HOST]:
        return _host_item(asking, of_tasks, task, key.since)
    if key.rank == rules.RANKS[InboxKind.TERMINAL]:
        return _terminal_item(task, key.since)
    return _end_item(asking, of_tasks, task, key.rank)


def _gate_item(asking: _Viewer, of_tasks: InboxTasks, task: Task) -> InboxItem | None:
    gate = of_tasks.gates.get(task.id)
    if gate is None:
        return None
    narrowed = of_tasks.answerers.get(task.id)
    state = actions.known_state(
        task,
        gate,
        has_work=task.id in of_tasks.with_work,
        is_answerer=answerers.is_answerer(narrowed, asking.developer),
    )
    access = asking.access(task)
    allowed = task_actions.allowed_actions(access, state, _GATE_ACTIONS)
    hosts = of_tasks.refused_hosts.get(task.id, [])
    name = task.stages[min(gate.stage_index, len(task.stages) - 1)]["name"]
    default_action = rules.default_action_of_gate(gate.kind, gate.expires_at)
    return InboxItem(
        id=f"gate-{task.id}-{gate.round}-{gate.stage_index}-{gate.number}",
        kind=rules.kind_of_gate(gate.kind),
        since=gate.requested_at,
        default_action=default_action,
        at=gate.expires_at,
        actions=[*(InboxAction(action) for action in allowed), *_host_actions(access, hosts)],
        task=task,
        gate=gates.to_pending(task, gate, name, of_tasks.diff_at(task, gate), narrowed),
        change=of_tasks.short_diff(task, gate),
        refused_hosts=hosts,
    )


def _host_item(
    asking: _Viewer, of_tasks: InboxTasks, task: Task, since: datetime
) -> InboxItem | None:
    hosts = of_tasks.refused_hosts.get(task.id)
    if not hosts:
        return None
    return InboxItem(
        id=f"host-{task.id}-{task.attempt}",
        kind=InboxKind.HOST,
        since=since,
        default_action=DefaultAction.NOTHING,
        at=None,
        actions=_host_actions(asking.access(task), hosts),
        task=task,
        refused_hosts=hosts,
    )


def _host_actions(access: Access, hosts: Collection[str]) -> list[InboxAction]:
    can_allow = bool(hosts) and access.allows(Permission.CHANGE_PROJECT)
    return [InboxAction.ALLOW_HOST] if can_allow else []


def _terminal_item(task: Task, since: datetime) -> InboxItem:
    """Return the item of an agent that waits in its terminal: nothing else can be done there."""
    return InboxItem(
        id=f"terminal-{task.id}-{task.attempt}-{task.current_stage_index}",
        kind=InboxKind.TERMINAL,
        since=since,
        default_action=DefaultAction.NOTHING,
        at=None,
        actions=[],
        task=task,
    )


def _end_item(asking: _Viewer, of_tasks: InboxTasks, task: Task, rank: int) -> InboxItem:
    is_failure = rank == rules.RANKS[InboxKind.FAILURE]
    access = asking.access(task)
    state = actions.known_state(task, None, has_work=task.id in of_tasks.with_work)
    among = _FAILURE_ACTIONS if is_failure else _RESULT_ACTIONS
    found = [InboxAction(each) for each in task_actions.allowed_actions(access, state, among)]
    if any(map(access.allows, (Permission.ANSWER_GATE, Permission.RETRY_TASK))):
        found.append(InboxAction.DISMISS)
    kind = InboxKind.FAILURE if is_failure else InboxKind.RESULT
    return InboxItem(
        id=f"{kind}-{task.id}-{task.round}",
        kind=kind,
        since=task.finished_at,
        default_action=DefaultAction.NOTHING,
        at=None,
        actions=found,
        task=task,
        change=of_tasks.short_diff(task, None),
        log_tail=of_tasks.log_ends.get(task.id, []),
        retry_from=_retry_from(task) if InboxAction.RETRY in found else None,
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
    can_undrain = unwell.is_in_drain and rights.has_role(Permission.DRAIN_MACHINE, asking.developer)
    return InboxItem(
        id=f"machine-{unwell.id}",
        kind=InboxKind.MACHINE,
        since=unwell.since,
        default_action=default_action,
        at=at,
        actions=[InboxAction.UNDRAIN] if can_undrain else [],
        machine=unwell,
    )
