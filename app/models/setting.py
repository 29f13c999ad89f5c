"""The values of settings that admins have changed."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, Json, Timestamp


class StoredSetting(Model):
    """A value that replaces a setting's default; `domain.settings` has the keys."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | str | list[dict[str, Any]]] = mapped_column(Json, nullable=False)
    updated_at: Mapped[Timestamp]
    updated_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
