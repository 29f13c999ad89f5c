"""Writing the audit log: privileged actions, and who did them.

Actions on tasks are in the tasks' own events instead.
Why: docs/decisions/0009-audit-log-contents.md.
"""

from collections.abc import Mapping
from typing import Any

from flask import g

from app.domain import audit as rules
from app.extensions import db
from app.models import AuditEntry, Developer, Machine, Task
from app.services import clock, rights

ADDRESS_LENGTH = 100  # a proxy may send any text as an address


def record(
    action: str,
    target_type: str,
    target_id: object,
    *,
    actor: Developer | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    machine: Machine | None = None,
) -> None:
    """Add an entry to the current transaction, so that action and entry are committed together.

    `action` is two words with a dot: `machine.drained`. `before` and `after` have values by field;
    equal fields are omitted, and if none is left there is no entry. Values of secrets are always
    omitted.
    """
    changes = None
    if before is not None or after is not None:
        changes = rules.changes(before, after)
        if changes is None:
            return
    db.session.add(
        AuditEntry(
            at=clock.now(),
            actor_id=actor.id if actor else None,
            machine_id=machine.id if machine else None,
            actor_name=actor.name if actor else machine.name if machine else "",
            action=action,
            target_type=target_type,
            target_id=str(target_id),
            request_id=g.get("request_id"),
            remote_address=g.get("client_address", "")[:ADDRESS_LENGTH] or None,
            changes=changes,
        )
    )


def record_privileged(action: str, task: Task, actor: Developer) -> None:
    """Add an entry if the actor could act on the task only by their system role.

    That is, if the task is neither their own nor in a project of theirs. The task's events have the
    action itself; this entry records the use of the role.
    """
    if rights.acts_by_system_role(actor, task.project, creator_id=task.created_by):
        record(action, "task", task.id, actor=actor)
