"""The audit log for bots that receive it: pending entries, and each bot's progress."""

from sqlalchemy import DDL, ForeignKey, Index, event, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.audit import AuditEntry
from app.models.columns import Big, Timestamp


class AuditStream(Model):
    """The progress of a bot that receives the audit log. It stays when the bot stops receiving it.

    `numbered` and `sent` are the numbers of the last numbered entry, and of the last that the bot's
    URL has accepted. A batch belongs to its sender until `leased_until`. `error` is why the last
    try failed, one of `failures` in a row; the next is at `due_at`.
    """

    __tablename__ = "audit_streams"

    bot_id: Mapped[Big] = mapped_column(
        ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    numbered: Mapped[Big] = mapped_column(default=0)
    sent: Mapped[Big] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    due_at: Mapped[Timestamp]
    leased_until: Mapped[Timestamp | None]


class AuditStreamEntry(Model):
    """An entry still to be sent to a bot, written with the entry by a trigger.

    It gets its `number` when it's first sent, because entries aren't committed in ID order. No
    foreign keys: an audited action waits for no bot, and doesn't fail because a bot is being
    deleted.
    """

    __tablename__ = "audit_stream_entries"

    bot_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[Big | None]

    __table_args__ = (
        Index(
            "ix_audit_stream_entries_number",
            "bot_id",
            "number",
            unique=True,
            postgresql_where=text("number IS NOT NULL"),
        ),
    )


_STREAM = """
CREATE FUNCTION stream_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_stream_entries (bot_id, entry_id)
    SELECT id, NEW.id FROM bots WHERE audit_log;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER audit_entries_streamed AFTER INSERT ON audit_entries
FOR EACH ROW EXECUTE FUNCTION stream_audit_entry()
"""
for statement in (_STREAM, _TRIGGER):
    event.listen(AuditEntry.__table__, "after_create", DDL(statement))  # type: ignore[no-untyped-call]
