"""Column types that several models share."""

import enum
from datetime import datetime
from typing import Annotated

from sqlalchemy import BigInteger, DateTime, Enum, Identity, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column

BigId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Big = Annotated[int, mapped_column(BigInteger)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
# The number of the transaction that wrote the row; null in rows that are older than the column.
# `services.notify.news` reads with it what has been committed since a snapshot.
Xid = Annotated[
    int | None,
    mapped_column(BigInteger, server_default=text("pg_current_xact_id()::text::bigint")),
]
Json = JSONB(none_as_null=True)


def pg_enum(values: type[enum.StrEnum]) -> Enum:
    """The Postgres enum of a domain enum. The type's name is the class's, in snake case."""
    name = "".join("_" + c.lower() if c.isupper() else c for c in values.__name__).lstrip("_")
    return Enum(values, name=name, values_callable=lambda e: [member.value for member in e])
