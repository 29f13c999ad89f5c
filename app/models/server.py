"""The server's identity, and when its processes ran, so that machines could reach them."""

import uuid

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Timestamp


class ServerIdentity(Model):
    """The server's unique name; one row.

    `restored_at`: its database was restored from a backup. From the first server process since
    then until `machines_expected_until`, older work waits for its machines to reconnect
    (`Machine.is_expected`). Attempt numbers start above `attempts_from`, which no earlier server
    has used.
    """

    __tablename__ = "server_identity"

    is_only: Mapped[bool] = mapped_column(primary_key=True)
    id: Mapped[str]
    restored_at: Mapped[Timestamp | None]
    machines_expected_until: Mapped[Timestamp | None]
    attempts_from: Mapped[int] = mapped_column(default=0, server_default="0")
    # An admin hid the steps of `domain.getting_started` from everyone.
    getting_started_dismissed_at: Mapped[Timestamp | None]

    __table_args__ = (CheckConstraint("is_only", name="one"),)


class ServerProcess(Model):
    """A time span, from `started_at` to `seen_at`, in which a process served.

    A process that couldn't reach Postgres for a while starts a new row.
    """

    __tablename__ = "server_processes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    started_at: Mapped[Timestamp]
    seen_at: Mapped[Timestamp] = mapped_column(index=True)
