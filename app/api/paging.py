"""The two kinds of lists: by cursor (stable under inserts) and by offset.

@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_of(TaskSchema))
def list_tasks(query): return by_cursor(task_reads.listing(…), Task.id, **query)
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import fields, validate
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.api.schemas.base import INT8, Schema, Whole
from app.domain.errors import InvalidFields
from app.extensions import db

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Rows = Select[*tuple[Any, ...]]
SortKey = Sequence[Any]
Cut = Callable[[SortKey | None, int], Rows | tuple[Rows, SortKey | None]]
"""Makes the query of a page, from the key of the last row before it (None: the first page) and the
number of rows. May return a key with the query: the search ended there, short of all rows."""


class CursorQuery(Schema):
    """The query parameters of a cursor list; subclasses add filters."""

    limit = Whole(minimum=1, maximum=MAX_LIMIT, load_default=DEFAULT_LIMIT, strict=False)
    cursor = fields.String(load_default=None, validate=validate.Length(max=256))


class OffsetQuery(Schema):
    """The query parameters of an offset list; subclasses add filters."""

    limit = Whole(minimum=1, maximum=MAX_LIMIT, load_default=DEFAULT_LIMIT, strict=False)
    offset = Whole(maximum=INT8, load_default=0, strict=False)


def by_cursor(
    rows: Rows | Cut,
    *key: InstrumentedAttribute[Any],
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    descending: bool = True,
) -> dict[str, Any]:
    """A page of the rows (of one entity or of several), in the order of `key`: {items,
    next_cursor}.

    `rows` is a query, or a `Cut` that makes the query of a page, where the limits belong deep
    inside of the query. `key` is one column or several: integers, UUIDs or moments, together unique
    among the rows and never null. One query. Raises InvalidFields for an invalid cursor.
    """
    seen = None if cursor is None else _values(key, opened(cursor, _name(key)))
    end: SortKey | None = None
    if not isinstance(rows, Select):
        cut = rows(seen, limit + 1)
        rows, end = (cut, None) if isinstance(cut, Select) else cut
    elif seen is not None:
        here, there = tuple_(*key), tuple_(*seen, types=[column.type for column in key])
        rows = rows.where(here < there if descending else here > there)
    order = [column.desc() if descending else column.asc() for column in key]
    page = rows.add_columns(*key).order_by(None).order_by(*order).limit(limit + 1)
    found = list(db.session.execute(page))
    width = len(key)
    items = [row[0] if len(row) == 1 + width else row[:-width] for row in found[:limit]]
    last = found[limit - 1][-width:] if len(found) > limit else end
    return {"items": items, "next_cursor": sealed(last, _name(key)) if last else None}


def by_offset(items: list[Any], total: int, *, limit: int, offset: int) -> dict[str, Any]:
    """An offset page, in the API's shape."""
    return {"items": items, "total": total, "limit": limit, "offset": offset}


def _serializer(order: str) -> URLSafeSerializer:
    # Salted with the order's name, so that one list's cursor is not valid in another.
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"cursor {order}")


def sealed(place: Sequence[Any], order: str) -> str:
    """The cursor that denotes a place in the list of that order."""
    text = _serializer(order).dumps([str(value) for value in place])
    return text if isinstance(text, str) else text.decode()


def opened(cursor: str, order: str) -> list[str]:
    """The place that was sealed. Raises InvalidFields for what is no cursor of that order."""
    try:
        texts: list[str] = _serializer(order).loads(cursor)
    except BadSignature:
        raise InvalidFields({"cursor": ["is not a cursor of this list"]}) from None
    return texts


def _name(key: Sequence[InstrumentedAttribute[Any]]) -> str:
    return " ".join(map(str, key))


def _values(key: Sequence[InstrumentedAttribute[Any]], texts: Sequence[str]) -> list[Any]:
    return [_value(column, text) for column, text in zip(key, texts, strict=True)]


def _value(column: InstrumentedAttribute[Any], text: str) -> Any:
    kind = column.type.python_type
    return kind.fromisoformat(text) if issubclass(kind, datetime) else kind(text)


def cursor_page_of(item: type[Schema]) -> type[Schema]:
    """The schema of a cursor page of these items."""
    return _page_of(item, "Page", {"next_cursor": fields.String(required=True, allow_none=True)})


def offset_page_of(item: type[Schema]) -> type[Schema]:
    """The schema of an offset page of these items."""
    numbers = {name: Whole(maximum=INT8, required=True) for name in ("total", "limit", "offset")}
    return _page_of(item, "OffsetPage", numbers)


def _page_of(item: type[Schema], kind: str, more: Mapping[str, fields.Field[Any]]) -> type[Schema]:
    name = item.__name__.removesuffix("Schema") + kind
    items = fields.List(fields.Nested(item), required=True)
    return cast("type[Schema]", Schema.from_dict({"items": items, **more}, name=name))
