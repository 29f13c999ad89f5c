"""The tasks of an inbox page, with their open questions and changes, read for all of them
together.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, tuple_

from app.domain.answerers import GateAnswerers
from app.domain.diff import EXPIRED, DiffBase
from app.domain.pipeline import AGENT_GATES, GateKind
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Change, ChangedFile, Gate, Task, Workspace
from app.services.inbox import excerpts, refused_hosts
from app.services.inbox.excerpts import Excerpt
from app.services.tasks import answerers, diffs, rounds, workspaces
from app.services.tasks.queries import FOR_LISTS

MAX_FILES = 4
"""Maximum files named per change, those with the most lines first."""


@dataclass(frozen=True)
class ShortFile:
    """A file of a change, the `position`-th."""

    position: int
    path: str
    insertions: int
    deletions: int


@dataclass(frozen=True)
class ShortDiff:
    """A summary of a task's changes: the counts, some of the `files`, and some lines of the
    first quotable one.
    """

    commit: str
    files_changed: int
    insertions: int
    deletions: int
    files: list[ShortFile]
    excerpt: Excerpt | None


@dataclass(frozen=True)
class InboxTasks:
    """Tasks by ID, and their data: `with_work` are those that a round can continue; open `gates`
    and their `answerers` by task, and the `refused_hosts` of tasks that ask for permissions or run;
    `changes` by task and commit; `files` by change; `workspaces` by task and attempt.
    """

    tasks: dict[int, Task] = field(default_factory=dict)
    with_work: set[int] = field(default_factory=set)
    gates: dict[int, Gate] = field(default_factory=dict)
    answerers: dict[int, GateAnswerers] = field(default_factory=dict)
    changes: dict[tuple[int, str], Change] = field(default_factory=dict)
    files: dict[int, list[ShortFile]] = field(default_factory=dict)
    workspaces: dict[tuple[int, int], Workspace] = field(default_factory=dict)
    excerpts: dict[int, Excerpt] = field(default_factory=dict)
    log_ends: dict[int, list[str]] = field(default_factory=dict)
    refused_hosts: dict[int, list[str]] = field(default_factory=dict)

    @property
    def projects(self) -> set[int]:
        return {task.project_id for task in self.tasks.values()}

    def diff_at(self, task: Task, gate: Gate) -> dict[str, Any] | None:
        """Return the same as `diffs.gate_diff`."""
        if gate.kind in AGENT_GATES:
            return None
        numbers = workspaces.diff_at(task, gate, self._workspace)
        return None if numbers is None else diffs.with_link(numbers, self._change(task, gate))

    def short_diff(self, task: Task, gate: Gate | None) -> ShortDiff | None:
        """Return the changes that the gate asks about or, without one, the task's latest. None:
        unknown.
        """
        change = self._change(task, gate)
        if change is None:
            return None
        return ShortDiff(
            commit=change.commit,
            files_changed=change.files_changed,
            insertions=change.insertions,
            deletions=change.deletions,
            files=self.files.get(change.id, []),
            excerpt=self.excerpts.get(change.id),
        )

    def _change(self, task: Task, gate: Gate | None) -> Change | None:
        commit = diffs.commit_at(task, gate) if gate else _last_commit(task)
        return self.changes.get((task.id, commit)) if commit else None

    def _workspace(self, task: Task) -> Workspace | None:
        return self.workspaces.get((task.id, task.attempt))


def read_tasks(task_ids: Collection[int]) -> InboxTasks:
    """Return the tasks, which the caller may see."""
    if not task_ids:
        return InboxTasks()
    query = select(Task).where(Task.id.in_(task_ids)).options(*FOR_LISTS)
    tasks = {task.id: task for task in db.session.scalars(query)}
    gates = _gates(task_ids)
    changes = _changes(list(_commits(tasks, gates)))
    files = _files([change.id for change in changes.values()])
    quoted = {change_id: of[0].position for change_id, of in files.items()}
    return InboxTasks(
        tasks=tasks,
        with_work=rounds.find_with_work(tasks.values()),
        gates=gates,
        answerers=answerers.read_answerers((tasks[id_], gate) for id_, gate in gates.items()),
        changes=changes,
        files=files,
        workspaces=_workspaces(tasks.values()),
        excerpts=excerpts.change_excerpts(quoted),
        log_ends=excerpts.log_tails(
            [_attempt_key(task) for task in tasks.values() if _has_log_tail(task)]
        ),
        refused_hosts=refused_hosts.read_hosts(
            [
                *(id_ for id_, gate in gates.items() if gate.kind is GateKind.PERMISSION),
                *(task.id for task in tasks.values() if task.status is TaskStatus.RUNNING),
            ]
        ),
    )


def _attempt_key(task: Task) -> tuple[int, int]:
    return task.id, task.attempt


def _has_log_tail(task: Task) -> bool:
    """Whether the end of its log may explain the failure."""
    return task.status is TaskStatus.FAILED and task.attempt > 0


def _gates(task_ids: Collection[int]) -> dict[int, Gate]:
    is_of_round = (Task.id == Gate.task_id) & (Task.round == Gate.round)
    query = select(Gate).join(Task, is_of_round)
    query = query.where(Gate.task_id.in_(task_ids), Gate.answered_at.is_(None))
    return {gate.task_id: gate for gate in db.session.scalars(query)}


def _commits(tasks: dict[int, Task], gates: dict[int, Gate]) -> Iterator[tuple[int, str]]:
    for task in tasks.values():
        gate = gates.get(task.id)
        commit = diffs.commit_at(task, gate) if gate else _last_commit(task)
        if commit:
            yield task.id, commit


def _last_commit(task: Task) -> str | None:
    """Return the commit of the task's latest work."""
    if task.result:
        return task.result.get("commit")
    last = max(task.checkpoints, key=int, default=None)
    return task.checkpoints[last].get("commit") if last is not None else None


def _changes(commits: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Change]:
    """Return the latest change of the task up to each commit, since the task's base."""
    query = select(Change).where(
        tuple_(Change.task_id, Change.commit).in_(commits),
        Change.since == DiffBase.BASE,
        Change.is_complete,
        Change.left_out != EXPIRED,
    )
    found = db.session.scalars(query.order_by(Change.id))
    return {(change.task_id, change.commit): change for change in found}


def _files(change_ids: Collection[int]) -> dict[int, list[ShortFile]]:
    lines = ChangedFile.insertions + ChangedFile.deletions
    place = func.row_number().over(
        partition_by=ChangedFile.change_id, order_by=(lines.desc(), ChangedFile.position)
    )
    columns = (
        ChangedFile.change_id,
        ChangedFile.position,
        ChangedFile.path,
        ChangedFile.insertions,
        ChangedFile.deletions,
    )
    ranked = select(*columns, place.label("place")).where(ChangedFile.change_id.in_(change_ids))
    each = ranked.subquery()
    query = select(each).where(each.c.place <= MAX_FILES).order_by(each.c.place)
    found: dict[int, list[ShortFile]] = {}
    for row in db.session.execute(query):
        shown = ShortFile(row.position, row.path, row.insertions, row.deletions)
        found.setdefault(row.change_id, []).append(shown)
    return found


def _workspaces(tasks: Collection[Task]) -> dict[tuple[int, int], Workspace]:
    places = [(task.id, task.attempt) for task in tasks]
    query = select(Workspace).where(tuple_(Workspace.task_id, Workspace.attempt).in_(places))
    return {(each.task_id, each.attempt): each for each in db.session.scalars(query)}
