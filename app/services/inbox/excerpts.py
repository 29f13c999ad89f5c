"""Quotes for an inbox: some lines of a change, and the end of a failed stage's log."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import func, select, true, tuple_

from app.domain import inbox as rules
from app.domain.patch import LineType
from app.extensions import db
from app.models import Attempt, Change, ChangedFile, Content, LogChunk

MAX_HUNKS_BYTES = 64 * 1024
"""Files with larger hunks aren't quoted, because all hunks would have to be read."""
_TAIL_BYTES = 4096


@dataclass(frozen=True)
class Excerpt:
    """Lines of a changed file: {type, old_line, new_line, text, no_newline?} each."""

    path: str
    lines: list[dict[str, Any]]


def change_excerpts(places: Mapping[int, int]) -> dict[int, Excerpt]:
    """Return the first changed lines of one file per change. The argument maps change IDs to
    file positions.
    """
    is_its = (Content.task_id == Change.task_id) & (Content.id == ChangedFile.patch)
    query = (
        select(Change.id, ChangedFile.path, Content.hunks)
        .join(ChangedFile, ChangedFile.change_id == Change.id)
        .join(Content, is_its)
        .where(
            tuple_(ChangedFile.change_id, ChangedFile.position).in_(list(places.items())),
            func.length(Content.hunks).between(1, MAX_HUNKS_BYTES),
        )
    )
    found = {}
    for change_id, path, data in db.session.execute(query):
        if hunks := msgspec.json.decode(bytes(data or b"[]")):
            found[change_id] = Excerpt(
                path, [_line_from_json(each) for each in rules.excerpt(hunks[0]["lines"])]
            )
    return found


def _line_from_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a stored line."""
    about = {"type": LineType(fields["type"]), "text": fields["text"]}
    about |= {"old_line": fields["oldLine"], "new_line": fields["newLine"]}
    return about | ({"no_newline": True} if fields.get("noNewline") else {})


def log_tails(attempts: Collection[tuple[int, int]]) -> dict[int, list[str]]:
    """Return the last lines of these attempts' logs, by task: [task, attempt]."""
    end = func.substr(LogChunk.data, func.greatest(1, LogChunk.size - _TAIL_BYTES + 1))
    last = (
        select(end.label("data"))
        .where(LogChunk.task_id == Attempt.task_id, LogChunk.attempt == Attempt.number)
        .order_by(LogChunk.byte_offset.desc())
        .limit(1)
        .lateral("last_chunk")
    )
    query = select(Attempt.task_id, last.c.data).join(last, true())
    query = query.where(tuple_(Attempt.task_id, Attempt.number).in_(list(attempts)))
    return {task_id: rules.last_lines(bytes(data)) for task_id, data in db.session.execute(query)}
