"""Terminals: which are requested, the tokens that open them, their sizes, and who typed when."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.domain.terminal import TerminalKind, TerminalMode
from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp, pg_enum
from app.models.developer import Developer


class _TerminalRequest:
    """What is (until `wanted_until`), or was, requested of an attempt.

    `dial_requests` counts how often the machine was asked to connect. A number larger than
    the last one sent to the machine is an order to connect.
    """

    task_id: Mapped[Big] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    wanted_until: Mapped[Timestamp]
    dial_requests: Mapped[int]
    requested_at: Mapped[Timestamp]

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[ForeignKeyConstraint]:
        of_attempt = ["attempts.task_id", "attempts.number"]
        return (ForeignKeyConstraint(["task_id", "attempt"], of_attempt, ondelete="CASCADE"),)


class Terminal(_TerminalRequest, Model):
    """An attempt's terminal."""

    __tablename__ = "terminals"


class Shell(_TerminalRequest, Model):
    """An attempt's shell."""

    __tablename__ = "shells"


class ChannelToken(Model):
    """A token that opens one terminal socket, once: a developer's, in `mode`, or a machine's."""

    __tablename__ = "channel_tokens"

    id: Mapped[BigId]
    digest: Mapped[str] = mapped_column(unique=True)
    task_id: Mapped[Big]
    attempt: Mapped[int]
    developer_id: Mapped[Big | None] = mapped_column(
        ForeignKey("developers.id", ondelete="CASCADE")
    )
    mode: Mapped[TerminalMode | None] = mapped_column(pg_enum(TerminalMode))
    machine_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("machines.id"))
    is_shell: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
    used_at: Mapped[Timestamp | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
        CheckConstraint(
            "(developer_id IS NULL) <> (machine_id IS NULL)"
            " AND (developer_id IS NULL) = (mode IS NULL)",
            name="bearer",
        ),
    )


class TerminalSize(Model):
    """The size of an attempt's terminal from the byte `byte_offset` of its log on."""

    __tablename__ = "terminal_sizes"

    task_id: Mapped[Big] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    byte_offset: Mapped[Big] = mapped_column(primary_key=True)
    cols: Mapped[int]
    rows: Mapped[int]

    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "attempt"], ["attempts.task_id", "attempts.number"], ondelete="CASCADE"
        ),
    )


class TerminalInput(Model):
    """A record that a developer typed `bytes` bytes into a terminal in a time span; the bytes
    themselves aren't stored.
    """

    __tablename__ = "terminal_inputs"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    started_at: Mapped[Timestamp]
    ended_at: Mapped[Timestamp] = mapped_column(index=True)
    bytes: Mapped[Big]
    is_shell: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    developer: Mapped[Developer] = relationship(lazy="raise")

    @property
    def terminal(self) -> TerminalKind:
        return TerminalKind.SHELL if self.is_shell else TerminalKind.STAGE

    __table_args__ = (Index("ix_terminal_inputs_task", "task_id", "id"),)
