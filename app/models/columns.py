"""Column types that several models share."""

import enum
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Enum, Identity, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, MappedSQLExpression, column_property, mapped_column

BigId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Big = Annotated[int, mapped_column(BigInteger)]
Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]
# The number of the transaction that wrote the row; null in rows from a backup.
# `services.notify.stream_batch` uses it to read what was committed after a snapshot.
Xid = Annotated[
    int | None,
    mapped_column(BigInteger, server_default=text("pg_current_xact_id()::text::bigint")),
]
Json = JSONB(none_as_null=True)


def pg_enum(values: type[enum.StrEnum]) -> Enum:
    """Return the Postgres enum of a domain enum. The type has the class's name in snake case."""
    name = "".join("_" + c.lower() if c.isupper() else c for c in values.__name__).lstrip("_")
    return Enum(values, name=name, values_callable=lambda e: [member.value for member in e])


def stages_of(
    pipeline: Mapped[list[dict[str, Any]]],
) -> MappedSQLExpression[list[dict[str, str]]]:
    """Return a pipeline's part for lists, {name, kind} of each stage, for queries that undefer it.

    A pipeline may have a megabyte; the rest of it stays in Postgres.
    """
    stage = func.jsonb_array_elements(pipeline, type_=JSONB).column_valued("stage")
    kind = func.coalesce(stage["kind"], literal("agent", JSONB))
    shown = func.jsonb_build_object("name", stage["name"], "kind", kind)
    query = select(func.jsonb_agg(shown, type_=JSONB))
    return column_property(query.scalar_subquery(), deferred=True)
