"""Reading the audit log."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from app.models import AuditEntry, Developer
from app.services import rights

MAX_ID = 2**63 - 1


def listing(
    asking: Developer,
    *,
    actor: str | None = None,
    action: str | None = None,
    target_type: str | None = None,
    target_id: str | None = None,
    since: datetime | None = None,
    to_time: datetime | None = None,
) -> Select[AuditEntry]:
    """Return the query of the entries that match all filters; for `pagination`, by `at` and `id`.

    `actor` is a developer's ID or name; an `action` that ends in a dot matches all actions that
    start with it. Case is ignored. `since` is inclusive, `to_time` exclusive. Raises Forbidden.
    """
    rights.require_admin(asking)
    wanted: list[ColumnElement[bool]] = []
    if actor is not None:
        wanted.append(AuditEntry.actor_id == _actor_id(actor))
    if action is not None:
        wanted.append(_matches_action(action.lower()))
    if target_type is not None:
        wanted.append(AuditEntry.target_type == target_type.lower())
    if target_id is not None:
        wanted.append(AuditEntry.target_id == target_id)
    if since is not None:
        wanted.append(AuditEntry.at >= since)
    if to_time is not None:
        wanted.append(AuditEntry.at < to_time)
    return select(AuditEntry).where(*wanted)


def _actor_id(actor: str) -> object:
    if actor.isascii() and actor.isdigit() and int(actor) <= MAX_ID:
        return int(actor)
    named = func.lower(Developer.name) == func.lower(actor)
    return select(Developer.id).where(named).scalar_subquery()


def _matches_action(action: str) -> ColumnElement[bool]:
    if not action.endswith("."):
        return AuditEntry.action == action
    # Exactly as in the index, so that Postgres uses it.
    family: ColumnElement[str] = literal_column("split_part(action, '.', 1)")
    return family == action.removesuffix(".")
