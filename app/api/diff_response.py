"""A page of a diff as JSON: the files' hunks are already JSON and are inserted unchanged."""

from typing import Any

import msgspec

from app.api.pagination import PAGE_BYTES
from app.domain.diff import FileStatus
from app.models import Change
from app.services.changes.whitespace import RemainingChange
from app.services.changes.whitespace_filter import FilteredPage, UncomparedReason
from app.services.tasks.diffs import FilePage

ENVELOPE_BYTES = 4_096
MAX_FILES_BYTES = PAGE_BYTES - ENVELOPE_BYTES

_NO_HUNKS = msgspec.Raw(b"[]")


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


def encode_page(change: Change, found: FilePage, compared: FilteredPage | None) -> bytes:
    """Return the response: the change, and the page's files.

    `compared`: white space is ignored for the compared files.
    """
    if compared is not None:
        files, following = _without_whitespace(change, found, compared)
    else:
        files = [_file_payload(change, file) for file in found.files]
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
            "files": files,
        }
    )


def _file_payload(change: Change, file: Any) -> _File:
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


def _without_whitespace(
    change: Change, found: FilePage, compared: FilteredPage
) -> tuple[list[_File], int | None]:
    """Return the files with changes other than white space, and where the next page starts.

    The page also ends after the compared files, or when it becomes too large.
    """
    files: list[_File] = []
    used = 0
    for file in found.files[: compared.length]:
        one = _file_payload(change, file)
        if not _has_remaining_changes(file, one, compared.rests.get(file.position)):
            continue
        used += len(one.hunks)
        if files and used > MAX_FILES_BYTES:
            return files, file.position
        files.append(one)
    if compared.length < len(found.files):
        return files, found.files[compared.length].position
    return files, found.next_offset


def _has_remaining_changes(
    file: Any, one: _File, rest: RemainingChange | UncomparedReason | None
) -> bool:
    """Whether to show the file; updates `one` to what remains of its change."""
    if rest is None:
        return True
    if isinstance(rest, UncomparedReason):
        one.left_out = one.left_out or rest
        return True
    one.insertions, one.deletions = rest.insertions, rest.deletions
    is_short = bytes(rest.hunks) != b"null"
    one.left_out, one.hunks = ("", rest.hunks) if is_short else ("size", _NO_HUNKS)
    is_same = file.status is FileStatus.MODIFIED and file.mode == file.old_mode
    return not (rest.is_none and is_same)
