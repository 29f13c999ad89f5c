"""Tunnels into workspaces."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.tunnel import TunnelState
from app.extensions import Model
from app.models.columns import Big, Timestamp, pg_enum


class Tunnel(Model):
    """The tunnel into an attempt's workspace. Without a row there has never been one.

    `number` counts the starts; a machine's reports about another number have no effect. `runs`
    stays true until the machine has reported that nothing of the tunnel runs, whatever the state;
    until then the machine gets orders about it. `accepted_at` is the machine's first report about
    this start. While the tunnel starts, `error` is what a person must do first. `opened_by` is who
    started it.
    """

    __tablename__ = "tunnels"

    task_id: Mapped[Big] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("machines.id"))
    number: Mapped[int]
    opened_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"), nullable=True)
    state: Mapped[TunnelState] = mapped_column(pg_enum(TunnelState))
    runs: Mapped[bool]
    url: Mapped[str | None]
    error: Mapped[str | None]
    restarts: Mapped[int]
    started_at: Mapped[Timestamp]
    accepted_at: Mapped[Timestamp | None]
    changed_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp]

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
        CheckConstraint("state <> 'idle'", name="state"),
        Index("ix_tunnels_running", "machine_id", postgresql_where=text("runs")),
        Index(
            "ix_tunnels_open",
            "changed_at",
            postgresql_where=text("state IN ('starting', 'connected', 'closing')"),
        ),
    )
