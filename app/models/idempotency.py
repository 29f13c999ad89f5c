"""Idempotency keys: requests that must not take effect twice."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, Json, Timestamp


class IdempotencyKey(Model):
    """A request that took effect under its sender's key, and its response's body.

    `fingerprint` is a digest of the parsed request.
    """

    __tablename__ = "idempotency_keys"

    developer_id: Mapped[Big] = mapped_column(
        ForeignKey("developers.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    response: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[Timestamp] = mapped_column(index=True)
