"""The SQL of task searches: statements with limited cost, whatever the query.

Each varies in three parts: the projects (all, or those in :projects), the condition and rank over
the words, and the range of tasks. The rank is 2 if the words follow one another, 1 if each is a
complete word, 0 if one is only part of a word. Everything typed is sent as parameters.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text

from app.domain.search import SearchQuery
from app.models.search import PARTITION_SIZE

# Tasks of deleted projects stay in the table.
_VISIBLE = "EXISTS (SELECT FROM projects WHERE id = t.project_id AND deleted_at IS NULL)"

_NEWEST_EVERY = "SELECT * FROM task_texts ORDER BY task_id DESC LIMIT :window"
_NEWEST_OWN = """
SELECT t.* FROM unnest(CAST(:projects AS bigint[])) p CROSS JOIN LATERAL
  (SELECT * FROM task_texts WHERE project_id = p ORDER BY task_id DESC LIMIT :window) t"""
# Two rows besides the matches, marked by these ranks: how many tasks were read, and the newest ID.
SCANNED, NEWEST = -1, -2
_NEWEST = """
WITH t AS MATERIALIZED ({newest})
(SELECT task_id, {rank} AS rank FROM t WHERE {match} ORDER BY rank DESC, task_id DESC LIMIT :most)
UNION ALL
SELECT (SELECT count(*) FROM t), {looked_at}
UNION ALL
SELECT (SELECT max(task_id) FROM task_texts), {newest_of_all}"""

_BEST = """
SELECT task_id, {rank} AS rank FROM task_texts t WHERE {where} AND {match}
ORDER BY rank DESC, task_id DESC LIMIT :most"""
_IN_EACH = """
SELECT found.* FROM {places} CROSS JOIN LATERAL ({best}) found
ORDER BY rank DESC, task_id DESC LIMIT :most"""
_IN_PARTITION = f"task_id / {PARTITION_SIZE} = shelf"
_PARTITIONS = "unnest(CAST(:shelves AS bigint[])) shelf"
_OLDER = "task_id < :before"
_PROJECTS = "unnest(CAST(:projects AS bigint[])) project"
_OF_PROJECT = "project_id = project"


@dataclass(frozen=True)
class Visibility:
    """Which tasks can be found: those of `projects` (IDs), or of all projects (None), with or
    without deleted ones.
    """

    projects: list[int] | None
    deleted: bool = False


class Statements:
    """The statements for given words and projects; each finds at most `most` tasks."""

    def __init__(self, wanted: SearchQuery, scope: Visibility, most: int) -> None:
        self._own = scope.projects is not None
        words = range(len(wanted.words))
        match = " AND ".join(f"description ILIKE :word{n}" for n in words)
        if not self._own and not scope.deleted:
            match += f" AND {_VISIBLE}"
        whole = " AND ".join(f"description ~* :whole{n}" for n in words)
        rank = f"CASE WHEN description ~* :phrase THEN 2 WHEN {whole} THEN 1 ELSE 0 END"
        self._parts = {"match": match, "rank": rank}
        self.parameters: dict[str, Any] = {
            "most": most,
            "phrase": wanted.phrase,
            **{f"word{n}": pattern for n, pattern in enumerate(wanted.patterns)},
            **{f"whole{n}": pattern for n, pattern in enumerate(wanted.whole_word_patterns)},
        }
        if self._own:
            self.parameters["projects"] = scope.projects

    def newest(self) -> TextClause:
        """Return the statement for the newest :window tasks (per project), all of which are
        read.
        """
        newest = _NEWEST_OWN if self._own else _NEWEST_EVERY
        marks = {"looked_at": SCANNED, "newest_of_all": NEWEST}
        return text(_NEWEST.format(newest=newest, **marks, **self._parts))

    def in_partitions(self) -> TextClause:
        """Return the statement for the tasks in the partitions :shelves, by the index."""
        where = f"{_OF_PROJECT} AND {_IN_PARTITION}" if self._own else _IN_PARTITION
        return self._for_each(f"{_PROJECTS}, {_PARTITIONS}" if self._own else _PARTITIONS, where)

    def older(self) -> TextClause:
        """Return the statement for all tasks with IDs below :before, by the index."""
        if self._own:
            return self._for_each(_PROJECTS, f"{_OF_PROJECT} AND {_OLDER}")
        return text(_BEST.format(where=_OLDER, **self._parts))

    def _for_each(self, places: str, where: str) -> TextClause:
        best = _BEST.format(where=where, **self._parts)
        return text(_IN_EACH.format(places=places, best=best))
