"""What the server is called, and when its processes ran, so that machines could reach them."""

import uuid

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Timestamp


class ServerIdentity(Model):
    """What the server is called among others; one row.

    `restored_at`: its database was made of a backup. From the first sign of a server process since
    until `machines_expected_until` what is of before waits for the machines that are to be heard of
    again (`Machine.is_expected`). Attempts have numbers above `attempts_from`, which no server
    before has given.
    """

    __tablename__ = "server_identity"

    is_only: Mapped[bool] = mapped_column(primary_key=True)
    id: Mapped[str]
    restored_at: Mapped[Timestamp | None]
    machines_expected_until: Mapped[Timestamp | None]
    attempts_from: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (CheckConstraint("is_only", name="one"),)


class ServerProcess(Model):
    """A time, from `started_at` to `seen_at`, in which a process served. A process that could not
    reach Postgres for a while begins a new row.
    """

    __tablename__ = "server_processes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    started_at: Mapped[Timestamp]
    seen_at: Mapped[Timestamp] = mapped_column(index=True)
