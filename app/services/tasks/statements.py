"""The statements that create a task: one that reads, and one that writes task and event.

Like `dispatch.statements` they are built once. Each round trip delays the request, and the session
would write a row at a time.
"""

from sqlalchemy import Boolean, Insert, Text, bindparam, func, insert, literal, or_, select
from sqlalchemy.orm import make_transient_to_detached

from app.extensions import db
from app.models import Event, Machine, Project, ProjectMember, Task
from app.services.projects import agents

# The project for the new task, locked against deletion; whether the requested machine exists, and
# one with its agent; and the task's ID, which is drawn before its row is written so that nothing
# waits for it then.
NEW_TASK_CONTEXT = (
    select(
        Project,
        Machine.status.label("machine_status"),
        agents.is_known(func.coalesce(bindparam("agent", type_=Text), Project.agent_type)).label(
            "agent_is_known"
        ),
        func.nextval(func.pg_get_serial_sequence(literal("tasks"), literal("id"))).label("task_id"),
    )
    .outerjoin(Machine, Machine.id == bindparam("machine"))
    .where(
        func.lower(Project.key) == bindparam("key"),
        Project.deleted_at.is_(None),
        or_(
            bindparam("sees_all", type_=Boolean),
            Project.id.in_(
                select(ProjectMember.project_id).where(
                    ProjectMember.developer_id == bindparam("asking")
                )
            ),
        ),
    )
    .with_for_update(read=True, key_share=True, of=Project)
    .execution_options(prepared="task_position")
)


# Filled in by Postgres.
_GENERATED = {"xid"}
# The tables instead of the models: the session's own inserts check each row's values again.
_COLUMNS = {
    prefix: [c for c in db.metadata.tables[name].columns if c.name not in _GENERATED]
    for prefix, name in (("task", "tasks"), ("event", "task_events"))
}


def _insert(prefix: str) -> Insert:
    columns = _COLUMNS[prefix]
    given = {c.name: bindparam(f"{prefix}_{c.name}", type_=c.type) for c in columns}
    return insert(columns[0].table).values(given).inline()


_ADD = _insert("event").add_cte(_insert("task").cte("task")).execution_options(prepared="task_add")
_ADD_AND_COMMIT = _ADD.execution_options(commits=True)


def insert_task(task: Task, first: Event, *, commits: bool) -> None:
    """Write a new task, which has its ID, and its first event.

    With `commits` the statement is the transaction's last. After that the task belongs to the
    session, as if it had been read; columns without a given value would be queried. Other rows
    about the task must be added after this.
    """
    rows = {"task": task, "event": first}
    values = {
        f"{prefix}_{column.name}": getattr(rows[prefix], column.name)
        for prefix, columns in _COLUMNS.items()
        for column in columns
    }
    with db.session.no_autoflush:
        db.session.execute(_ADD_AND_COMMIT if commits else _ADD, values)
    make_transient_to_detached(task)
    db.session.add(task)
