"""Workspaces as their machines describe them: reported on each change, stored, and shown, never
polled.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.domain.attempt import WorkspaceState, attempt_branch
from app.domain.errors import NoWorkspace
from app.domain.pipeline import GateKind
from app.extensions import db
from app.models import Attempt, Developer, Gate, Task, Workspace
from app.services.tasks import queries
from muster.protocol import frames


def get_workspace(actor: Developer, task_id: int) -> Workspace:
    """Return the workspace of the task's latest attempt that had one. Raises NotFound,
    NoWorkspace.
    """
    task = queries.get(actor, task_id)
    query = (
        select(Workspace)
        .where(Workspace.task_id == task.id)
        .order_by(Workspace.attempt.desc())
        .limit(1)
    )
    found = db.session.scalar(query)
    if found is None:
        raise NoWorkspace
    return found


def latest_workspace(task: Task) -> Workspace | None:
    """Return the workspace of the task's latest attempt, if it has reported one."""
    return db.session.get(Workspace, (task.id, task.attempt))


def diff_at(
    task: Task, gate: Gate, workspace_of: Callable[[Task], Workspace | None] = latest_workspace
) -> dict[str, int] | None:
    """Return the changes of the work that the gate asks about: {filesChanged, insertions,
    deletions}.

    None if there is no work yet. `workspace_of` is called if its checkpoint doesn't have them.
    """
    partial = task.partial or {}
    if gate.number > 0 and partial.get("stageIndex") == gate.stage_index and "diff" in partial:
        of_middle: dict[str, int] = partial["diff"]
        return of_middle
    before = gate.stage_index - (gate.kind is not GateKind.BRANCH)  # which comes after the last
    if before < 0:
        return None  # the gate isn't about an earlier round's work
    checkpoint: dict[str, Any] = task.checkpoints.get(str(before), {})
    if "diff" in checkpoint:
        diff: dict[str, int] = checkpoint["diff"]
        return diff
    workspace = workspace_of(task)
    return workspace.diff if workspace else None


def store_facts(
    attempt: Attempt, reported: frames.WorkspaceFacts, now: datetime
) -> tuple[WorkspaceState | None, WorkspaceState]:
    """Store the machine's report about the attempt's workspace. Returns the state before (None: no
    report yet), and the state now. The caller commits.

    A deleted workspace keeps its last facts.
    """
    facts = {
        "machine_id": attempt.machine_id,
        "state": WorkspaceState(reported.state),
        "path": reported.path,
        "branch": attempt_branch(attempt.task_id, attempt.number),
        "base_commit": reported.base_commit,
        "head_commit": reported.head_commit,
        "dirty": reported.dirty,
        "diff": diff_to_json(reported.diff or frames.DiffStat()),
        "size_bytes": reported.size_bytes,
        "updated_at": now,
    }
    changing = (
        ("state", "size_bytes", "updated_at") if reported.state == "removed" else tuple(facts)
    )
    # A statement doesn't see what it writes: this is the previous row.
    old = aliased(Workspace)
    of_attempt = (old.task_id == attempt.task_id) & (old.attempt == attempt.number)
    before = db.session.scalar(
        insert(Workspace)
        .values(task_id=attempt.task_id, attempt=attempt.number, **facts)
        .on_conflict_do_update(
            index_elements=["task_id", "attempt"], set_={name: facts[name] for name in changing}
        )
        .returning(select(old.state).where(of_attempt).scalar_subquery())
    )
    return before, WorkspaceState(reported.state)


def diff_to_json(stat: frames.DiffStat) -> dict[str, int]:
    """Return a diff's counts in the stored form, which the API shows."""
    return {
        "filesChanged": stat.files_changed,
        "insertions": stat.insertions,
        "deletions": stat.deletions,
    }
