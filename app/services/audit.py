"""The audit log: who did what that needed a right beyond the everyday ones.

What people do to tasks is told by the tasks' own events; docs/decisions/0009 has the whole list.
"""

from collections.abc import Mapping
from typing import Any

from flask import g

from app.domain import audit as rules
from app.extensions import db
from app.models import AuditEntry, Developer, Machine, Task
from app.services import clock, rights

ADDRESS_LENGTH = 100  # what a proxy says may be anything


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
    """Write an entry with the current transaction: act and entry are committed together.

    `action` is two words with a dot: `machine.drained`. `before` and `after` hold values by field;
    what is the same in both is left out, and with nothing left there is no entry. The values of
    secrets are left out whatever the caller gives.
    """
    told = None
    if before is not None or after is not None:
        told = rules.changes(before, after)
        if told is None:
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
            changes=told,
        )
    )


def record_by_office(action: str, task: Task, actor: Developer) -> None:
    """Likewise, of an act on a task that is neither the actor's own nor in a project of theirs.

    The task's events tell what was done; this tells that somebody used an office to do it.
    """
    if rights.acts_by_office(actor, task.project, creator_id=task.created_by):
        record(action, "task", task.id, actor=actor)
