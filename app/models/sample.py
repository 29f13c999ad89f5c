"""Load of machines: per minute for a day, per hour for longer (`domain.samples`)."""

import uuid

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Timestamp


class MachineMinute(Model):
    """A machine's last report in the minute that started at `at`, in percent (null: not
    reported), and its used slots.
    """

    __tablename__ = "machine_minutes"

    machine_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("machines.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[Timestamp] = mapped_column(primary_key=True, index=True)
    cpu_percent: Mapped[float | None] = mapped_column(REAL)
    memory_percent: Mapped[float | None] = mapped_column(REAL)
    disk_percent: Mapped[float | None] = mapped_column(REAL)
    slots_used: Mapped[int]


class MachineHour(Model):
    """The means of the minutes in the hour that started at `at`, and their highest load."""

    __tablename__ = "machine_hours"

    machine_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("machines.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[Timestamp] = mapped_column(primary_key=True, index=True)
    cpu_percent: Mapped[float | None] = mapped_column(REAL)
    cpu_highest: Mapped[float | None] = mapped_column(REAL)
    memory_percent: Mapped[float | None] = mapped_column(REAL)
    disk_percent: Mapped[float | None] = mapped_column(REAL)
    slots_used: Mapped[float] = mapped_column(REAL)
