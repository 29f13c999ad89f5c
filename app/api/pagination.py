"""Pages of lists, by cursor (stable under inserts) and by offset.

@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(TaskSchema))
def list_tasks(query): return paginate_by_cursor(queries.listing(…), Task.id, **query)
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import fields, post_dump, validate
from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.api.schemas.base import INT8, Integer, Schema
from app.domain import field_errors
from app.domain.errors import InvalidFields
from app.extensions import Model, db

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
PAGE_BYTES = 4 * 1024 * 1024
"""Maximum bytes per page."""
BATCH_ROWS = 101
"""Rows per fetch: each row may be large."""
_ENVELOPE_BYTES = 1024
"""Maximum bytes of a page outside its items."""

Rows = Select[*tuple[Any, ...]]
SortKey = Sequence[Any]
PageQuery = Callable[[SortKey | None, int], Rows | tuple[Rows, SortKey | None]]
"""Builds a page's query from the previous row's key (None for the first page) and the number of
rows.

Returns a key with the query if the search stopped there, before the end.
"""


class CursorQuery(Schema):
    """The query parameters of a cursor list; subclasses add filters."""

    limit = Integer(minimum=1, maximum=MAX_LIMIT, load_default=DEFAULT_LIMIT, strict=False)
    cursor = fields.String(load_default=None, validate=validate.Length(max=256))


class OffsetQuery(Schema):
    """The query parameters of an offset list; subclasses add filters."""

    limit = Integer(minimum=1, maximum=MAX_LIMIT, load_default=DEFAULT_LIMIT, strict=False)
    offset = Integer(maximum=INT8, load_default=0, strict=False)


def paginate_by_cursor(
    rows: Rows | PageQuery,
    *key: ColumnElement[Any] | InstrumentedAttribute[Any],
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    descending: bool = True,
) -> dict[str, Any]:
    """Return a page of the rows in the order of `key`: {items, next_cursor}.

    `rows` is a query, or a `PageQuery` if the limits belong deep inside the query. `key` is one or
    more columns: integers, UUIDs or timestamps, together unique and never null. It sends one query
    per `BATCH_ROWS` rows, and ends a page that becomes too large. Raises InvalidFields for an
    invalid cursor.
    """
    seen: SortKey | None = (
        None if cursor is None else _decode_values(key, decode_cursor(cursor, _order_name(key)))
    )
    order = [column.desc() if descending else column.asc() for column in key]
    width = len(key)
    found: list[Any] = []
    while True:
        wanted = min(limit + 1 - len(found), BATCH_ROWS)
        query, end = _page_query(rows, key, seen, wanted, descending)
        page = query.add_columns(*key).order_by(None).order_by(*order).limit(wanted)
        batch = list(db.session.execute(page))
        found += batch
        is_large = _estimate_bytes(found, width) > PAGE_BYTES
        if len(batch) < wanted or len(found) > limit or end or is_large:
            break
        seen = found[-1][-width:]
    places = [row[-width:] for row in found]
    last = end
    if len(found) > limit or (is_large and len(batch) == wanted):
        last = places[:limit][-1]

    def cursor_behind(number: int) -> str:
        return encode_cursor(places[number], _order_name(key))

    return {
        "items": [row[0] if len(row) == 1 + width else row[:-width] for row in found[:limit]],
        "next_cursor": encode_cursor(last, _order_name(key)) if last else None,
        "cursor_behind": cursor_behind,
    }


def _page_query(
    rows: Rows | PageQuery, key: SortKey, seen: SortKey | None, wanted: int, descending: bool
) -> tuple[Rows, SortKey | None]:
    """Return the query of the rows after `seen`, and where the search stopped, if it did."""
    if not isinstance(rows, Select):
        cut = rows(seen, wanted)
        return (cut, None) if isinstance(cut, Select) else cut
    if seen is None:
        return rows, None
    here, there = tuple_(*key), tuple_(*seen, types=[column.type for column in key])
    return rows.where(here < there if descending else here > there), None


def _estimate_bytes(found: Sequence[Any], width: int) -> int:
    """Estimate the bytes of the rows, if they may be large."""
    if len(found) < BATCH_ROWS:
        return 0  # there is nothing more to fetch
    return sum(_value_bytes(value) for row in found for value in row[:-width])


def _value_bytes(value: Any) -> int:
    if isinstance(value, Model):
        return sum(map(_value_bytes, vars(value).values()))
    if isinstance(value, str):
        return len(value)
    return len(msgspec.json.encode(value)) if isinstance(value, (list, dict)) else 0


def count_fitting(items: Sequence[Any], most: int = PAGE_BYTES) -> int:
    """Return how many of the JSON-ready items fit into a response; at least one."""
    size = 0
    for number, item in enumerate(items):
        size += len(msgspec.json.encode(item)) + 1
        if size > most - _ENVELOPE_BYTES and number:
            return number
    return len(items)


def paginate_by_offset(items: list[Any], total: int, *, limit: int, offset: int) -> dict[str, Any]:
    """Return an offset page in the API's format."""
    return {"items": items, "total": total, "limit": limit, "offset": offset}


def _serializer(order: str) -> URLSafeSerializer:
    # The salt has the order's name, so one list's cursor is invalid in another.
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"cursor {order}")


def encode_cursor(place: Sequence[Any], order: str) -> str:
    """Return the cursor of a position in the list of that order."""
    text = _serializer(order).dumps([str(value) for value in place])
    return text if isinstance(text, str) else text.decode()


def decode_cursor(cursor: str, order: str) -> list[str]:
    """Return a cursor's position. Raises InvalidFields if it isn't a cursor of that order."""
    try:
        texts: list[str] = _serializer(order).loads(cursor)
    except BadSignature:
        raise InvalidFields({"cursor": [field_errors.NO_CURSOR]}) from None
    return texts


def _order_name(key: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]]) -> str:
    return " ".join(map(str, key))


def _decode_values(
    key: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]], texts: Sequence[str]
) -> list[Any]:
    return [_decode_value(column, text) for column, text in zip(key, texts, strict=True)]


def _decode_value(column: ColumnElement[Any] | InstrumentedAttribute[Any], text: str) -> Any:
    kind = column.type.python_type
    return kind.fromisoformat(text) if issubclass(kind, datetime) else kind(text)


class _Page(Schema):
    @post_dump(pass_original=True)
    def _truncate(self, page: dict[str, Any], made: Any, **_: Any) -> dict[str, Any]:
        """End the page before it becomes too large."""
        fit = count_fitting(page["items"])
        if fit < len(page["items"]):
            page["items"] = page["items"][:fit]
            if "nextCursor" in page:
                page["nextCursor"] = made["cursor_behind"](fit - 1)
        return page


def cursor_page_schema(item: type[Schema]) -> type[Schema]:
    """Return the schema of a cursor page of these items."""
    return _page_schema(
        item, "Page", {"next_cursor": fields.String(required=True, allow_none=True)}
    )


def offset_page_schema(item: type[Schema]) -> type[Schema]:
    """Return the schema of an offset page of these items."""
    numbers = {name: Integer(maximum=INT8, required=True) for name in ("total", "limit", "offset")}
    return _page_schema(item, "OffsetPage", numbers)


def _page_schema(
    item: type[Schema], kind: str, more: Mapping[str, fields.Field[Any]]
) -> type[Schema]:
    name = item.__name__.removesuffix("Schema") + kind
    items = fields.List(fields.Nested(item), required=True)
    return cast("type[Schema]", _Page.from_dict({"items": items, **more}, name=name))
