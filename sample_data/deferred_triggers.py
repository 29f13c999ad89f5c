"""Rows that triggers write per task, written all at once instead, in an empty database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

# Events of sample tasks don't count in the machines' counters.
_TABLES = ("tasks", "task_events")
_WORDS = "ix_task_texts_description"
_TEXTS = text("""
    INSERT INTO task_texts (task_id, project_id, description)
    SELECT id, project_id, description FROM tasks ORDER BY id
""")
_COUNTS = text("""
    INSERT INTO task_counts (project_id, status, tasks)
    SELECT project_id, status, count(*) FROM tasks GROUP BY project_id, status
""")
_ENDS = text("""
    INSERT INTO task_ends (project_id, day, status, tasks)
    SELECT project_id, (finished_at AT TIME ZONE 'UTC')::date, status, count(*) FROM tasks
    WHERE status IN ('completed', 'failed') AND finished_at >= :since
    GROUP BY 1, 2, 3
""")


@contextmanager
def defer_triggers(connection: Connection, now: datetime) -> Iterator[None]:
    """A context without these triggers; at its end the tasks' texts, their index, and the counts
    are written.

    Only for a database without tasks.
    """
    definition = connection.scalar(
        text("SELECT pg_get_indexdef(CAST(CAST(:name AS text) AS regclass))"), {"name": _WORDS}
    )
    for table in _TABLES:
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    connection.execute(text(f"DROP INDEX {_WORDS}"))
    yield
    connection.execute(_TEXTS)
    connection.execute(text(str(definition)))
    connection.execute(_COUNTS)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    connection.execute(_ENDS, {"since": midnight - timedelta(days=1)})
    for table in _TABLES:
        connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
