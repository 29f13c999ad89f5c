"""A page of a diff as JSON: the files' hunks are JSON already, and go into it as they are."""

import time
from typing import Any

import msgspec

from app.api.paging import PAGE_BYTES
from app.domain.diff import FileStatus
from app.models import Change
from app.services.changes import reading, sections, whitespace
from app.services.tasks.diffs import FilePage

ENVELOPE = 4_096
MOST_FILES_BYTES = PAGE_BYTES - ENVELOPE

_NO_HUNKS = msgspec.Raw(b"[]")
_CONTENTS = "contents"
"""Why white space counts in a file although it was not to."""
_MOST_READ = 8 << 20
_COMPARED = (FileStatus.MODIFIED, FileStatus.RENAMED, FileStatus.COPIED)


class _File(msgspec.Struct, rename="camel"):
    path: str
    old_path: str | None
    status: str
    insertions: int
    deletions: int
    binary: bool
    generated: bool
    blob: str | None
    old_blob: str | None
    mode: str | None
    old_mode: str | None
    left_out: str
    hunks: msgspec.Raw


_encode = msgspec.json.Encoder().encode


def page(change: Change, found: FilePage, *, ignore_whitespace: bool) -> bytes:
    """The answer: the change, and the files of the page."""
    if ignore_whitespace:
        said, following = _without_whitespace(change, found)
    else:
        said = [_said(change, file) for file in found.files]
        following = found.next_offset
    return _encode(
        {
            "taskId": change.task_id,
            "base": change.base,
            "commit": change.commit,
            "since": change.since,
            "round": change.round,
            "attempt": change.attempt,
            "stageIndex": change.stage_index,
            "partial": change.partial,
            "leftOut": change.left_out,
            "filesChanged": change.files_changed,
            "insertions": change.insertions,
            "deletions": change.deletions,
            "nextOffset": following,
            "files": said,
        }
    )


def _said(change: Change, file: Any) -> _File:
    hunks: bytes | None = file.hunks
    left_out = "" if hunks else change.left_out or "size"
    return _File(
        path=file.path,
        old_path=file.old_path or None,
        status=file.status,
        insertions=file.insertions,
        deletions=file.deletions,
        binary=file.binary,
        generated=file.generated,
        blob=file.blob or None,
        old_blob=file.old_blob or None,
        mode=file.mode or None,
        old_mode=file.old_mode or None,
        left_out=left_out,
        hunks=msgspec.Raw(hunks) if hunks else _NO_HUNKS,
    )


def _without_whitespace(change: Change, found: FilePage) -> tuple[list[_File], int | None]:
    """The files in which something else than white space has changed, and where the next page
    begins: it is made of the files' contents, and ends where these are too much, too.
    """
    said: list[_File] = []
    read = 0
    for file in found.files:
        if read > _MOST_READ:
            return said, file.position
        one = _said(change, file)
        if file.status not in _COMPARED or file.binary or file.blob == file.old_blob:
            said.append(one)
            continue
        old = reading.content(change.task_id, file.old_blob)
        new = reading.content(change.task_id, file.blob)
        read += len(old or b"") + len(new or b"")
        if _leaves_something(file, one, old, new):
            said.append(one)
        time.sleep(0)  # others of this process have their turn
    return said, found.next_offset


def _leaves_something(file: Any, one: _File, old: bytes | None, new: bytes | None) -> bool:
    """Whether the file is to be shown, as `one`, which becomes what remains of its change."""
    rest = None if old is None or new is None else whitespace.ignored(old, new)
    if rest is None:
        one.left_out = one.left_out or _CONTENTS
        return True
    one.insertions, one.deletions = rest.insertions, rest.deletions
    ready = sections.as_json(rest.hunks)
    one.left_out, one.hunks = ("", msgspec.Raw(ready)) if ready else ("size", _NO_HUNKS)
    is_same = file.status is FileStatus.MODIFIED and file.mode == file.old_mode
    return bool(rest.hunks) or not is_same
