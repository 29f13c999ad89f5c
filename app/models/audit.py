"""The audit log. Its table is append-only: a trigger and the app role's grants reject everything
else.
"""

import uuid
from typing import Any, NamedTuple

from sqlalchemy import DDL, Index, event, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp


class Actor(NamedTuple):
    """The developer or machine that acted, under its name at that time."""

    id: int | uuid.UUID
    name: str


class AuditEntry(Model):
    """An action of a developer, a machine (`machine_id`), or neither (a command or an anonymous
    request).

    No column has a foreign key: an entry outlives the rows it describes, and locks none.
    """

    __tablename__ = "audit_entries"

    id: Mapped[BigId]
    at: Mapped[Timestamp]
    actor_id: Mapped[Big | None]
    machine_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str]
    action: Mapped[str]
    target_type: Mapped[str]
    target_id: Mapped[str]
    request_id: Mapped[str | None]
    remote_address: Mapped[str | None]
    changes: Mapped[dict[str, Any] | None] = mapped_column(Json)

    # Each filter of the list has an index in the list's order.
    __table_args__ = (
        Index("ix_audit_entries_at", "at", "id"),
        Index("ix_audit_entries_actor", "actor_id", "at", "id"),
        Index("ix_audit_entries_action", "action", "at", "id"),
        Index("ix_audit_entries_family", text("split_part(action, '.', 1)"), "at", "id"),
        Index("ix_audit_entries_type", "target_type", "at", "id"),
        Index("ix_audit_entries_target", "target_type", "target_id", "at", "id"),
        Index("ix_audit_entries_target_id", "target_id", "at", "id"),
    )

    @property
    def actor(self) -> Actor | None:
        return Actor(self.actor_id, self.actor_name) if self.actor_id is not None else None

    @property
    def machine(self) -> Actor | None:
        return Actor(self.machine_id, self.actor_name) if self.machine_id is not None else None


_REFUSE = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are never changed' USING ERRCODE = 'insufficient_privilege';
END $$
"""
_TRIGGER = """
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""
for statement in (_REFUSE, _TRIGGER):
    event.listen(AuditEntry.__table__, "after_create", DDL(statement))  # type: ignore[no-untyped-call]
