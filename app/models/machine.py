"""Machines, their heartbeats, and the tokens with which they enroll."""

import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain import labels
from app.domain.machine import MachineStatus
from app.domain.sandbox import SandboxLevel
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, pg_enum


class Machine(Model):
    """A host with a worker on it.

    `generation` is raised by each new connection of the machine, so that writes of older
    connections can be rejected. `orders_version` is raised by each action that changes its orders.
    `journal_id` and `journal_seq` name the last report that took effect. JWTs of the machine with
    another `jwt_version` are invalid. `slots_used` counts the attempts that hold a slot. `sandbox`
    is {level, missing}: its sandbox level; null if not reported. `labels` are its own,
    `admin_labels` those that admins set. `misbehavior` lists the reasons (`Refusal`) that the audit
    log has recorded. `is_expected`: the server was restored from a backup, and the machine hasn't
    connected since. `is_pinned`: it's offered no release. `upgrade` is its report {state,
    version, reason} about the offered release, null until its first hello. `audited_upgrades` has
    the server versions about which the audit log has recorded upgrades, by action. `checks_commits`
    is unused. `fetches_images`, `takes_messages`, `opens_shells` and `repeats_stages`: its release
    fetches the images of tasks, understands messages to agents, opens shells beside stages, and
    runs stages again. `uninstalled_at`: its worker was uninstalled, and can never connect again.
    """

    __tablename__ = "machines"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[MachineStatus] = mapped_column(pg_enum(MachineStatus), index=True)
    connected: Mapped[bool] = mapped_column(default=False)
    generation: Mapped[Big] = mapped_column(default=0)
    orders_version: Mapped[Big] = mapped_column(default=0)
    slots_total: Mapped[int]
    slots_used: Mapped[int] = mapped_column(default=0)
    capabilities: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    repositories: Mapped[list[str]] = mapped_column(Json, default=list)
    hardware: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    sandbox: Mapped[dict[str, Any] | None] = mapped_column(Json)
    labels: Mapped[dict[str, str]] = mapped_column(Json, default=dict, server_default="{}")
    admin_labels: Mapped[dict[str, str]] = mapped_column(Json, default=dict, server_default="{}")
    version: Mapped[str] = mapped_column(default="")
    journal_id: Mapped[str | None]
    journal_seq: Mapped[Big] = mapped_column(default=0)
    jwt_version: Mapped[int] = mapped_column(default=1)
    recovery_digest: Mapped[str]
    # The digest of an issued recovery secret whose response may have been lost: it replaces the
    # other once the machine has connected with the JWT of the same response.
    next_recovery_digest: Mapped[str | None]
    drain_started_at: Mapped[Timestamp | None]
    drain_by: Mapped[Big | None] = mapped_column(ForeignKey("developers.id"))
    drain_note: Mapped[str | None]
    drain_deadline: Mapped[Timestamp | None]
    # Someone undrained the machine although its disk was too full.
    disk_accepted: Mapped[bool] = mapped_column(default=False)
    misbehavior: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    is_expected: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    is_pinned: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    upgrade: Mapped[dict[str, Any] | None] = mapped_column(Json)
    checks_commits: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    fetches_images: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    takes_messages: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    opens_shells: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    repeats_stages: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    audited_upgrades: Mapped[dict[str, str]] = mapped_column(
        Json, default=dict, server_default="{}"
    )
    connected_at: Mapped[Timestamp | None]  # the first time; until then enrollment may be repeated
    last_assigned_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp]
    uninstalled_at: Mapped[Timestamp | None]

    @property
    def sandbox_level(self) -> SandboxLevel | None:
        return SandboxLevel(self.sandbox["level"]) if self.sandbox else None

    @property
    def all_labels(self) -> dict[str, str]:
        return labels.effective_labels(self.labels, self.admin_labels)

    __table_args__ = (CheckConstraint("slots_used >= 0 AND slots_total >= 0", name="slots"),)


class MachineHeartbeat(Model):
    """A machine's last heartbeat, in its own table so that it locks no other row.

    Until `lease_until` the machine may continue working without a connection.
    """

    __tablename__ = "machine_heartbeats"

    machine_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("machines.id", ondelete="CASCADE"), primary_key=True
    )
    received_at: Mapped[Timestamp]
    lease_until: Mapped[Timestamp]
    metrics: Mapped[dict[str, float] | None] = mapped_column(Json)


class EnrollmentToken(Model):
    """A token with which one machine enrolls. `machine_id` is the machine that used it."""

    __tablename__ = "enrollment_tokens"

    id: Mapped[BigId]
    label: Mapped[str] = mapped_column(default="")
    prefix: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    created_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    created_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp]
    revoked_at: Mapped[Timestamp | None]
    used_at: Mapped[Timestamp | None]
    machine_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("machines.id"), unique=True)

    __table_args__ = (Index("ix_enrollment_tokens_end", text("LEAST(expires_at, revoked_at)")),)
