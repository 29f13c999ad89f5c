"""A line about the changed files of tasks, for messages."""

from collections.abc import Collection

from sqlalchemy import text

from app.domain import file_summary
from app.domain.file_summary import ChangedFileName
from app.extensions import db

_FIRST = text(f"""
    SELECT t.id AS task_id, c.files_changed, f.path, f.insertions, f.deletions, f.binary
    FROM unnest(CAST(:task_ids AS bigint[])) AS t(id)
    CROSS JOIN LATERAL (
        SELECT id, files_changed FROM changes
        WHERE task_id = t.id AND since = 'base' AND is_complete ORDER BY id DESC LIMIT 1
    ) AS c
    CROSS JOIN LATERAL (
        SELECT position, path, insertions, deletions, "binary" FROM changed_files
        WHERE change_id = c.id ORDER BY position LIMIT {file_summary.MAX_FILES}
    ) AS f
    ORDER BY t.id, f.position
""")


def summarize_changes(task_ids: Collection[int]) -> dict[int, str]:
    """Return, for each task with stored changes, its first changed files on one line.

    They are from its latest change since its base.
    """
    if not task_ids:
        return {}
    found: dict[int, list[ChangedFileName]] = {}
    totals: dict[int, int] = {}
    rows = db.session.execute(_FIRST, {"task_ids": sorted(task_ids)})
    for task_id, total, path, insertions, deletions, binary in rows:
        found.setdefault(task_id, []).append(ChangedFileName(path, insertions, deletions, binary))
        totals[task_id] = total
    return {
        task_id: file_summary.summarize_files(files, totals[task_id])
        for task_id, files in found.items()
    }
