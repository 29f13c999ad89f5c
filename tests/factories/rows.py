"""Storing rows, for all factories."""

import itertools
from datetime import UTC, datetime
from typing import Any, TypeVar

from app.extensions import Model, db

T = TypeVar("T", bound=Model)
numbers = itertools.count(1)


def now() -> datetime:
    return datetime.now(UTC)


def stored(kind: type[T], defaults: dict[str, Any], fields: dict[str, Any]) -> T:
    row = kind(**(defaults | fields))
    db.session.add(row)
    db.session.commit()
    return row
