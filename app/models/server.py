"""The server processes, as far as machines could reach them."""

import uuid

from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Moment


class ServerProcess(Model):
    """A stretch of time in which a process served. One that was cut off begins another."""

    __tablename__ = "server_processes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    started_at: Mapped[Moment]
    seen_at: Mapped[Moment] = mapped_column(index=True)
