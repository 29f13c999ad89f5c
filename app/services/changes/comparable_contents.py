"""The contents of files whose lines are compared (`line_diff`)."""

import zlib
from collections.abc import Collection

from sqlalchemy import select

from app.extensions import db
from app.models import Content
from app.services.changes.line_diff import MAX_BYTES, is_comparable


def sizes(task_id: int, ids: Collection[str]) -> dict[str, int]:
    """Return the sizes of the task's contents that are stored and small enough to compare."""
    query = select(Content.id, Content.size).where(
        Content.task_id == task_id,
        Content.id.in_(ids),
        Content.is_complete,
        Content.size <= MAX_BYTES,
    )
    return {row.id: row.size for row in db.session.execute(query)} if ids else {}


def texts(task_id: int, ids: Collection[str]) -> dict[str, bytes]:
    """Return these contents, as far as they are stored and comparable."""
    query = select(Content.id, Content.data).where(
        Content.task_id == task_id,
        Content.id.in_(ids),
        Content.is_complete,
        Content.size <= MAX_BYTES,
    )
    rows = db.session.execute(query) if ids else ()
    unpacked = ((row.id, zlib.decompress(row.data)) for row in rows)
    return {id_: content for id_, content in unpacked if is_comparable(content)}
