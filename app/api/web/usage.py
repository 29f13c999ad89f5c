"""Agents' usage, summed up, as JSON or as a table."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from app.api import csv_table, pagination
from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.schemas.base import camel_case
from app.api.schemas.usage import UsageGroupPage, UsageQuery
from app.domain.usage import GroupBy
from app.services.usage import groups
from app.services.usage.groups import GroupPage, UsageFilter

MAX_ROWS = 10_000
"""Default number of table rows."""
_FIGURES = (
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost",
    "is_estimate",
)
_HEAD = ["key", "name", *map(camel_case, _FIGURES)]
_EXAMPLE = csv_table.render_table(
    _HEAD,
    [["WEB", "The web shop", 48_210, 36_000, 2140, None, 0.1842, True]],
)
_CSV = {
    "content": {csv_table.CONTENT_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}},
    "headers": {
        "Link": {
            "schema": {"type": "string"},
            "description": "URL of the next rows (`next`) of a table, if there are any",
        }
    },
}

blp = Blueprint("usage", __name__, url_prefix="/api/web/usage", description="Usage")


@blp.get("")
@blp.arguments(UsageQuery, location="query")
@blp.response(200, UsageGroupPage)
@blp.doc(responses={200: _CSV})
def list_usage(query: dict[str, Any]) -> dict[str, Any] | Response:
    """List agents' usage in the projects that you can see; `Accept: text/csv` for a table."""
    by: GroupBy = query.pop("group_by")
    cursor, limit, order = query.pop("cursor"), query.pop("limit"), f"usage by {by}"
    is_table = _accepts_csv()
    after = (
        None
        if cursor is None
        else groups.parse_position(by, pagination.decode_cursor(cursor, order))
    )
    wanted = UsageFilter(query["since"], query["to_time"], query["project"], query["task_id"])
    most = limit or (MAX_ROWS if is_table else pagination.DEFAULT_LIMIT)
    page = groups.page(current_developer(), by, wanted, after, most)
    if is_table:
        return _csv_response(page, order)
    following = pagination.encode_cursor(page.following, order) if page.following else None
    return {"items": page.items, "next_cursor": following}


def _accepts_csv() -> bool:
    offered = ["application/json", csv_table.CONTENT_TYPE]
    return request.accept_mimetypes.best_match(offered, offered[0]) == csv_table.CONTENT_TYPE


def _csv_response(page: GroupPage, order: str) -> Response:
    """Return the table, which ends before it becomes too large."""
    rows = (
        [group.key, group.name, *(getattr(group.usage, name) for name in _FIGURES)]
        for group in page.items
    )
    written, following = bytearray(), page.following
    for number, line in enumerate(csv_table.render_rows(_HEAD, rows)):  # the header, then each row
        if len(written) + len(line.encode()) > pagination.PAGE_BYTES:
            following = page.positions[number - 2]
            break
        written += line.encode()
    response = Response(bytes(written), content_type=csv_table.CONTENT_TYPE)
    if following is not None:
        query = urlencode({**request.args, "cursor": pagination.encode_cursor(following, order)})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response
