"""The basis of evidence: signing keys, and the hash chains of deleted logs."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, Json, Timestamp


class EvidenceKey(Model):
    """An Ed25519 key of the server's.

    `public_key` is raw; `private_key` is a Fernet token of the raw private half in Base64, null
    once the key is retired. At most one key has `is_current`; it's null for the others.
    """

    __tablename__ = "evidence_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    is_current: Mapped[bool | None] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    private_key: Mapped[str | None]
    created_at: Mapped[Timestamp]
    retired_at: Mapped[Timestamp | None]

    __table_args__ = (
        CheckConstraint("is_current", name="current"),
        CheckConstraint("(is_current IS NULL) = (retired_at IS NOT NULL)", name="retired"),
        CheckConstraint("(is_current IS NULL) = (private_key IS NULL)", name="private"),
    )


class LogChain(Model):
    """The chain (`muster.protocol.evidence.HashChain`) of an attempt's log that was deleted at
    `expired_at`, after its retention period.

    The log had `byte_count` bytes, besides the `gaps` in it; `links` are the chain's, 32 bytes
    each.
    """

    __tablename__ = "log_chains"

    task_id: Mapped[Big] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    byte_count: Mapped[Big]
    gaps: Mapped[list[list[int]]] = mapped_column(Json)
    head: Mapped[bytes]
    links: Mapped[bytes]
    expired_at: Mapped[Timestamp]

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
    )
