"""Contents as machines send them, in chunks: each is verified when it's complete."""

import hashlib
import zlib
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain import storage_limits
from app.domain.diff import MAX_CONTENT_BYTES
from app.domain.storage_limits import ForgedReport, LimitExceeded
from app.extensions import db
from app.models import Content, Task
from app.services.changes import patch_sections
from muster.protocol import frames

Spend = Callable[[int], None]
"""Subtracts bytes from the attempt's storage limit. Raises LimitExceeded if too few are left."""

_MAX_PACKING_OVERHEAD = 64 * 1024  # bytes that zlib may add to incompressible data
# No row of the session is one of these.
_NO_SYNC: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


def store_chunk(task: Task, body: frames.Content, spend: Spend) -> None:
    """Store a chunk. A content that is already complete isn't stored again.

    Raises ForgedReport, and LimitExceeded if the limit is reached. The caller holds the task's
    lock, and commits.
    """
    if body.size > MAX_CONTENT_BYTES or body.packed > MAX_CONTENT_BYTES + _MAX_PACKING_OVERHEAD:
        raise LimitExceeded(
            f"a content has {body.size} bytes; at most {MAX_CONTENT_BYTES} are allowed"
        )
    begun = _find_partial(task.id, body.id)
    if begun is not None and begun.is_complete:
        return
    if not body.data or body.offset + len(body.data) > body.packed:
        raise ForgedReport(f"its chunk of {body.id} isn't one of {body.packed} bytes")
    if body.offset and begun != (False, body.size, body.packed, body.offset):
        raise ForgedReport(f"its chunk of {body.id} doesn't follow the previous one")
    spend(storage_limits.storage_cost(len(body.data)))
    _append_chunk(task.id, body)
    task.has_contents = True
    if body.offset + len(body.data) == body.packed:
        _verify(task.id, body)


class _PartialContent(NamedTuple):
    """`kept`: the number of packed bytes that are stored."""

    is_complete: bool
    size: int
    packed: int
    stored_bytes: int


def _find_partial(task_id: int, id: str) -> _PartialContent | None:
    kept = func.length(Content.data)
    query = select(Content.is_complete, Content.size, Content.packed, kept).where(
        _is_content(task_id, id)
    )
    found = db.session.execute(query).one_or_none()
    return None if found is None else _PartialContent(*found)


def _is_content(task_id: int, id: str) -> ColumnElement[bool]:
    return and_(Content.task_id == task_id, Content.id == id)


def _append_chunk(task_id: int, body: frames.Content) -> None:
    """The first chunk replaces everything received before."""
    if body.offset:
        grown = Content.data.op("||")(body.data)
        db.session.execute(
            update(Content).where(_is_content(task_id, body.id)).values(data=grown), **_NO_SYNC
        )
        return
    about = {"size": body.size, "packed": body.packed, "is_complete": False, "data": body.data}
    stored = insert(Content).values(task_id=task_id, id=body.id, **about)
    anew = stored.on_conflict_do_update(index_elements=["task_id", "id"], set_=about)
    db.session.execute(anew)


def _verify(task_id: int, body: frames.Content) -> None:
    """Verify a complete content: it counts if it matches the machine's ID. Raises ForgedReport."""
    mine = _is_content(task_id, body.id)
    data = db.session.scalar(select(Content.data).where(mine)) or b""
    if not _is_valid(body.id, body.size, data):
        db.session.execute(delete(Content).where(mine), **_NO_SYNC)
        raise ForgedReport(f"it doesn't match git's ID {body.id}")
    db.session.execute(update(Content).where(mine).values(is_complete=True), **_NO_SYNC)


def _is_valid(id: str, size: int, packed: bytes) -> bool:
    """Whether it unpacks to that many bytes with that git ID."""
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(packed, size + 1)
    except zlib.error:
        return False
    if len(data) != size or not unpacking.eof or unpacking.unused_data:
        return False
    digest = hashlib.new("sha256" if len(id) == 64 else "sha1", usedforsecurity=False)
    digest.update(b"blob %d\0" % size)
    digest.update(data)
    return digest.hexdigest() == id


class StoredContent(NamedTuple):
    """A stored content of `size` bytes. `is_read`: its hunks have been parsed."""

    id: str
    size: int
    is_read: bool


def find_stored(task_id: int, ids: Collection[str]) -> dict[str, StoredContent]:
    """Return those of the contents that are completely stored."""
    query = select(Content.id, Content.size, Content.hunks.is_not(None)).where(
        Content.task_id == task_id, Content.id.in_(ids), Content.is_complete
    )
    return {id: StoredContent(id, size, is_read) for id, size, is_read in db.session.execute(query)}


def parse_hunks(task_id: int, id: str) -> None:
    """Parse the hunks of a content that is a section of a patch."""
    mine = _is_content(task_id, id)
    packed = db.session.scalar(select(Content.data).where(mine)) or b""
    hunks = patch_sections.encode_section(zlib.decompress(packed))
    db.session.execute(update(Content).where(mine).values(hunks=hunks), **_NO_SYNC)
