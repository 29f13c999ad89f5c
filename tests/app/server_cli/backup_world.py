"""A database with a row in each table, generated from the models' columns."""

import datetime as dt
import decimal
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.extensions import db

TIMESTAMP = dt.datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=dt.UTC)
# Values that COPY must escape: its own special characters, other letters, an empty text.
ODD = "tab\t line\n back\\slash \\N \\. “ä” 中 \u2028 ''"

# Where a constraint wants more than a value of the column's type.
FITTING: dict[str, Any] = {
    "tasks.suspend_reason": None,
    "tasks.status": "queued",
    "attempts.outcome": None,
    "attempts.ended_at": None,
    "tunnels.state": "connected",
    "machines.slots_used": 0,
    "channel_tokens.machine_id": None,
    "evidence_keys.retired_at": None,
    "review_comments.attempt": None,
    "comments.attempt": None,
    "bots.platform": "webhook",
}


def fill(connection: sa.Connection) -> None:
    """Put a row into each table, each pointing at those before it."""
    made: dict[str, dict[str, Any]] = {}
    for table in db.metadata.sorted_tables:
        row = {
            column.name: _value(table, column, made)
            for column in table.columns
            if column.computed is None and column.name != "xid"
        }
        given = {name: value for name, value in row.items() if value is not None}
        # A trigger may have written what follows from another row.
        connection.execute(insert(table).values(**given).on_conflict_do_nothing())
        made[table.name] = dict(connection.execute(sa.select(table)).mappings().first() or {})


def _value(table: sa.Table, column: sa.Column[Any], made: dict[str, dict[str, Any]]) -> Any:
    name = f"{table.name}.{column.name}"
    if name in FITTING:
        return FITTING[name]
    for key in column.foreign_keys:
        target = key.column
        return made.get(target.table.name, {}).get(target.name)
    if column.identity is not None:
        return None  # the sequence's
    return _of_type(column.type)


def _of_type(kind: Any) -> Any:
    match kind:
        case sa.Enum():
            return kind.enums[0]
        case JSONB():
            return [{"text": ODD, "number": 1.5}]
        case sa.LargeBinary():
            return bytes(range(256))
        case sa.Boolean():
            return True
        case sa.Numeric() if not isinstance(kind, sa.Float):
            return decimal.Decimal("12.34")
        case sa.Float():
            return 0.1
        case sa.Integer():
            return 7
        case sa.DateTime():
            return TIMESTAMP
        case sa.Date():
            return TIMESTAMP.date()
        case sa.Uuid():
            return uuid.UUID(int=42)
        case sa.ARRAY():
            return [_of_type(kind.item_type)]
    return ODD[: getattr(kind, "length", None)]
