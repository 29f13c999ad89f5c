"""What attempts have changed."""

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any

from app.domain.diff import DiffBase, FileStatus
from app.extensions import db
from app.models import Change, ChangedFile, Content, Task
from tests.factories.rows import now, stored

COMMITS = ("ba5e" + "0" * 36, "c0ffee" + "0" * 34)


def git_id(data: bytes) -> str:
    """What git calls the bytes as a blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def make_content(task: Task, data: bytes) -> Content:
    """One content of the task's, whole; the same again where it is there."""
    packed = zlib.compress(data)
    if found := db.session.get(Content, (task.id, git_id(data))):
        return found
    known = {"task_id": task.id, "id": git_id(data), "size": len(data), "packed": len(packed)}
    return stored(Content, known, {"is_complete": True, "data": packed})


def make_change(task: Task, files: Sequence[dict[str, Any]] = (), **about: Any) -> Change:
    """A change of the task's latest attempt, which there is, with files of these columns."""
    known: dict[str, Any] = {
        "task_id": task.id,
        "attempt": task.attempt,
        "round": task.round,
        "stage_index": 0,
        "partial": False,
        "since": DiffBase.BASE,
        "base": COMMITS[0],
        "commit": COMMITS[1],
        "is_complete": True,
        "total": len(files),
        "files_changed": len(files),
        "insertions": sum(file.get("insertions", 0) for file in files),
        "deletions": sum(file.get("deletions", 0) for file in files),
        "patch_bytes": 0,
        "left_out": "",
        "created_at": now(),
    }
    change = stored(Change, known, about)
    plain: dict[str, Any] = {
        "old_path": "",
        "status": FileStatus.MODIFIED,
        "mode": "100644",
        "old_mode": "100644",
        "blob": "",
        "old_blob": "",
        "insertions": 0,
        "deletions": 0,
        "binary": False,
        "generated": False,
        "patch": None,
    }
    for position, file in enumerate(files):
        db.session.add(ChangedFile(change_id=change.id, position=position, **(plain | file)))
    task.has_contents = True
    db.session.commit()
    return change
