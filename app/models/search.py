"""The search indexes, and the tasks' texts in a separate table.

Each status change rewrites a task's row, with an entry in every index of the table. A task's text
never changes: in a separate table it's indexed once, and rows are in the order of their creation.
"""

from sqlalchemy import DDL, ForeignKey, Index, event, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big
from app.models.machine import Machine
from app.models.project import Project

# A partition is a range of this many task IDs; a search queries the word index one partition at a
# time.
PARTITION_SIZE = 50_000


class TaskText(Model):
    """A task's description; a trigger copies it when the task is created."""

    __tablename__ = "task_texts"

    task_id: Mapped[Big] = mapped_column(
        ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    project_id: Mapped[Big]
    description: Mapped[str]

    __table_args__ = (
        Index("ix_task_texts_project", "project_id", "task_id"),
        # btree_gin allows the numbers in the index, so that a search for a common word reads only
        # the entries of its project and partition.
        Index(
            "ix_task_texts_description",
            "project_id",
            text(f"(task_id / {PARTITION_SIZE})"),
            "description",
            postgresql_using="gin",
            postgresql_ops={"description": "gin_trgm_ops"},
            # With fastupdate, entries would pile up in a list that each search reads, and that a
            # task's creation sometimes has to merge.
            postgresql_with={"fastupdate": "off"},
        ),
    )


MACHINE_NAMES = Index(
    "ix_machines_name",
    Machine.name,
    postgresql_using="gin",
    postgresql_ops={"name": "gin_trgm_ops"},
)
PROJECT_NAMES = Index(
    "ix_projects_names",
    Project.key,
    Project.name,
    postgresql_using="gin",
    postgresql_ops={"key": "gin_trgm_ops", "name": "gin_trgm_ops"},
)

EXTENSIONS = ("pg_trgm", "btree_gin")
_COPY = """
CREATE FUNCTION copy_task_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO task_texts (task_id, project_id, description)
    VALUES (NEW.id, NEW.project_id, NEW.description);
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER tasks_copy_text AFTER INSERT ON tasks
FOR EACH ROW EXECUTE FUNCTION copy_task_text()
"""
for extension in EXTENSIONS:
    for table in (Machine.__table__, Project.__table__, TaskText.__table__):
        make = DDL(f"CREATE EXTENSION IF NOT EXISTS {extension}")  # type: ignore[no-untyped-call]
        event.listen(table, "before_create", make)
for statement in (_COPY, _TRIGGER):
    event.listen(TaskText.__table__, "after_create", DDL(statement))  # type: ignore[no-untyped-call]
