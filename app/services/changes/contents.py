"""Contents as machines send them, piece by piece: each is believed when all of it is there."""

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
"""Takes bytes off what may be kept of the attempt. Raises Excessive where there is no room."""

_MAX_PACKING_OVERHEAD = 64 * 1024  # bytes that zlib may add to what cannot be packed
# No row of the session is one of these.
_NO_SYNC: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


def store_chunk(task: Task, body: frames.Content, spend: Spend) -> None:
    """Store a piece. What is there already, whole, is not stored again. Raises Forged, and
    Excessive where there is no room. The caller holds the task's lock, and commits.
    """
    if body.size > MAX_CONTENT_BYTES or body.packed > MAX_CONTENT_BYTES + _MAX_PACKING_OVERHEAD:
        raise LimitExceeded(f"a content has {body.size} bytes, of {MAX_CONTENT_BYTES} at most")
    begun = _find_partial(task.id, body.id)
    if begun is not None and begun.is_complete:
        return
    if not body.data or body.offset + len(body.data) > body.packed:
        raise ForgedReport(f"its piece of {body.id} is not one of {body.packed} bytes")
    if body.offset and begun != (False, body.size, body.packed, body.offset):
        raise ForgedReport(f"its piece of {body.id} does not follow the one before")
    spend(storage_limits.storage_cost(len(body.data)))
    _append_chunk(task.id, body)
    task.has_contents = True
    if body.offset + len(body.data) == body.packed:
        _verify(task.id, body)


class _PartialContent(NamedTuple):
    """`kept`: so many bytes of the packed ones are there."""

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
    """The first piece takes the place of whatever had come before."""
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
    """The content is all there: it counts if it is what the machine says. Raises Forged."""
    mine = _is_content(task_id, body.id)
    data = db.session.scalar(select(Content.data).where(mine)) or b""
    if not _is_valid(body.id, body.size, data):
        db.session.execute(delete(Content).where(mine), **_NO_SYNC)
        raise ForgedReport(f"it is not what git calls {body.id}")
    db.session.execute(update(Content).where(mine).values(is_complete=True), **_NO_SYNC)


def _is_valid(id: str, size: int, packed: bytes) -> bool:
    """Whether it unpacks to that many bytes, and git calls these so."""
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
    """A content that is there: `size` bytes. `is_read`: its hunks have been looked for."""

    id: str
    size: int
    is_read: bool


def find_stored(task_id: int, ids: Collection[str]) -> dict[str, StoredContent]:
    """Those of the contents that are there, whole."""
    query = select(Content.id, Content.size, Content.hunks.is_not(None)).where(
        Content.task_id == task_id, Content.id.in_(ids), Content.is_complete
    )
    return {id: StoredContent(id, size, is_read) for id, size, is_read in db.session.execute(query)}


def parse_hunks(task_id: int, id: str) -> None:
    """Look for the hunks of a content that is a section of a patch."""
    mine = _is_content(task_id, id)
    packed = db.session.scalar(select(Content.data).where(mine)) or b""
    hunks = patch_sections.encode_section(zlib.decompress(packed))
    db.session.execute(update(Content).where(mine).values(hunks=hunks), **_NO_SYNC)
